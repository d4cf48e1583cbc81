"""LiteLLM's way to BlockRun: models named ``blockrun/…`` are paid in USDC over x402."""

from .provider import BlockRunLLM, register

__all__ = ["BlockRunLLM", "register"]
