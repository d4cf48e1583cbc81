"""The clients, under the path by which users of earlier packages import them."""

from ._async_client import AsyncLLMClient
from ._client import LLMClient
from ._factories import async_testnet_client, list_image_models, list_models, testnet_client

__all__ = [
    "AsyncLLMClient",
    "LLMClient",
    "async_testnet_client",
    "list_image_models",
    "list_models",
    "testnet_client",
]
