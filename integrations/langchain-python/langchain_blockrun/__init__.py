"""LangChain's chat model over BlockRun: each call is paid in USDC over x402, exactly once."""

from .chat_models import ChatBlockRun

__all__ = ["ChatBlockRun"]
