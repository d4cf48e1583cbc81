"""LlamaIndex's LLM over BlockRun: each call is paid in USDC over x402, exactly once."""

from llama_index.llms.blockrun.base import BlockRun

__all__ = ["BlockRun"]
