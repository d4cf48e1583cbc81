"""Answers and errors, under the path by which users of earlier packages import them."""

from ._chunks import (
    ChatChunkChoice,
    ChatChunkDelta,
    ChatChunkToolCall,
    ChatChunkToolFunction,
    ChatCompletionChunk,
    accumulate_chunks,
)
from ._errors import APIError, BlockrunError, PaymentError, SpendLimitError
from ._images import ImageData, ImageResponse
from ._types import ChatChoice, ChatMessage, ChatResponse, ChatUsage, ToolCall, ToolFunction

__all__ = [
    "APIError",
    "BlockrunError",
    "ChatChoice",
    "ChatChunkChoice",
    "ChatChunkDelta",
    "ChatChunkToolCall",
    "ChatChunkToolFunction",
    "ChatCompletionChunk",
    "ChatMessage",
    "ChatResponse",
    "ChatUsage",
    "ImageData",
    "ImageResponse",
    "PaymentError",
    "SpendLimitError",
    "ToolCall",
    "ToolFunction",
    "accumulate_chunks",
]
