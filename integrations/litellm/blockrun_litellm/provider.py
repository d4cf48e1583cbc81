"""The provider."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import litellm
from litellm import CustomLLM, ModelResponse
from litellm.types.utils import ImageResponse, ModelResponseStream

from blockrun_llm import LLMClient

from ._answers import Pieces, to_images, to_response
from ._errors import host_errors


def register(client: LLMClient | None = None) -> BlockRunLLM:
    """Makes LiteLLM send models named ``blockrun/…`` to BlockRun, from here on.

    ::

        import litellm
        import blockrun_litellm

        blockrun_litellm.register()
        litellm.completion("blockrun/openai/gpt-4o-mini", messages)

    Registered again, the last one counts.

    Args:
        client: Who pays. Default: made at the first call, from the environment.
    """
    provider = BlockRunLLM(client)
    others = [one for one in litellm.custom_provider_map if one["provider"] != "blockrun"]
    litellm.custom_provider_map = [*others, {"provider": "blockrun", "custom_handler": provider}]
    return provider


class BlockRunLLM(CustomLLM):
    """Handler of LiteLLM's calls: completions, streams and images, in threads and in asyncio.

    ``api_key`` and ``api_base`` of a call name another payer, the key of a wallet or ``brk_…``,
    and another endpoint. What a call cost is what LiteLLM reports as ``response_cost``.

    A call that LiteLLM makes again, by ``num_retries`` or its router, takes up the payment that
    there is. Errors are LiteLLM's, with ``payment``, ``key`` and ``code``.
    """

    def __init__(self, client: LLMClient | None = None) -> None:
        super().__init__()
        self._default = client
        self._clients: dict[tuple[str | None, str | None], LLMClient] = {}
        self._lock = threading.Lock()

    def client(self, api_key: str | None = None, api_base: str | None = None) -> LLMClient:
        """Who pays for calls with this key at this address.

        Raises:
            ValueError: The key or the address cannot be used.
        """
        base = api_base and api_base.rstrip("/").removesuffix("/v1")
        with self._lock:
            if not (api_key or base) and self._default:
                return self._default
            payer = (api_key, base)
            if payer not in self._clients:
                self._clients[payer] = LLMClient(*payer)
            return self._clients[payer]

    def completion(self, *, model: str, messages: list[Any], **given: Any) -> ModelResponse:
        """A whole answer."""
        with host_errors(model):
            client, body = self._call(given)
            return to_response(client.chat_completion(model, messages, **body))

    async def acompletion(self, *, model: str, messages: list[Any], **given: Any) -> ModelResponse:
        """The same in asyncio."""
        with host_errors(model):
            client, body = self._call(given)
            return to_response(await client.aio.chat_completion(model, messages, **body))

    def streaming(
        self, *, model: str, messages: list[Any], **given: Any
    ) -> Iterator[ModelResponseStream]:
        """An answer in pieces."""
        with host_errors(model):
            pieces, (client, body) = Pieces(), self._call(given, _USAGE)
            with client.chat_completion_stream(model, messages, **body) as stream:
                for chunk in stream:
                    for piece in pieces.take(chunk):
                        yield piece
        for piece in pieces.end():
            yield piece

    async def astreaming(
        self, *, model: str, messages: list[Any], **given: Any
    ) -> AsyncIterator[ModelResponseStream]:
        """The same in asyncio."""
        with host_errors(model):
            pieces, (client, body) = Pieces(), self._call(given, _USAGE)
            async with client.aio.chat_completion_stream(model, messages, **body) as stream:
                async for chunk in stream:
                    for piece in pieces.take(chunk):
                        yield piece
        for piece in pieces.end():
            yield piece

    def image_generation(self, *, model: str, prompt: str, **given: Any) -> ImageResponse:
        """Pictures."""
        with host_errors(model):
            client, body = self._call(given)
            return to_images(client.image(prompt, model=model, **body))

    async def aimage_generation(self, *, model: str, prompt: str, **given: Any) -> ImageResponse:
        """The same in asyncio."""
        with host_errors(model):
            client, body = self._call(given)
            return to_images(await client.aio.image(prompt, model=model, **body))

    def _call(
        self, given: Mapping[str, Any], more: Mapping[str, Any] | None = None
    ) -> tuple[LLMClient, dict[str, Any]]:
        options = {**(more or {}), **(given.get("optional_params") or {})}
        further = options.pop("extra_body", None) or {}
        for name in _OF_THE_HOST:
            options.pop(name, None)
        client = self.client(given.get("api_key"), given.get("api_base"))
        return client, {**options, **further, "timeout": _seconds(given.get("timeout"))}


_USAGE = {"stream_options": {"include_usage": True}}
_OF_THE_HOST = ("stream", "max_retries", "extra_headers", "user")
"""What LiteLLM has seen to, and what is told to nobody."""


def _seconds(timeout: float | httpx.Timeout | None) -> float | None:
    return timeout.read if isinstance(timeout, httpx.Timeout) else timeout
