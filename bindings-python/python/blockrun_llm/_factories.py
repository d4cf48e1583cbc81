"""Clients and lists at the level of the module."""

from __future__ import annotations

import os
from typing import Any

from ._async_client import AsyncLLMClient
from ._client import LLMClient
from .apikey import resolve_api_key


def list_models(api_url: str | None = None) -> list[dict[str, Any]]:
    """The models that a server offers, without a wallet.

    Args:
        api_url: Base address of the endpoint; default as of `LLMClient`, with whose API key it is
            asked where ``BLOCKRUN_API_KEY`` is set.

    Raises:
        APIError: The server answered with an error, was not reached, or took too long.
    """
    with _asking(api_url) as client:
        return client.list_models()


def list_image_models(api_url: str | None = None) -> list[dict[str, Any]]:
    """Those of them that make images; all as `list_models`."""
    with _asking(api_url) as client:
        return client.list_image_models()


def testnet_client(private_key: str | None = None, **options: Any) -> LLMClient:
    """An `LLMClient` of the test network, ``https://testnet.blockrun.ai/api``."""
    options.setdefault("api_url", LLMClient.TESTNET_API_URL)
    return LLMClient(private_key, **options)


def async_testnet_client(private_key: str | None = None, **options: Any) -> AsyncLLMClient:
    """An `AsyncLLMClient` of the test network.

    ``async with async_testnet_client() as client`` and ``client = await async_testnet_client()``
    both work.
    """
    options.setdefault("api_url", LLMClient.TESTNET_API_URL)
    return AsyncLLMClient(private_key, **options)


def _asking(api_url: str | None) -> LLMClient:
    # A list is not paid for, so the key of a wallet that nobody has will do.
    return LLMClient(resolve_api_key() or "0x" + os.urandom(32).hex(), api_url)
