"""Requests to any endpoint, and to what a search found, for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ._arguments import api_arguments
from ._async_chat import AsyncChatMethods
from ._base import Params
from ._discovery import Resource
from ._response import ApiResponse
from ._streams import AsyncEventStream
from ._tools import ToolDesk, ToolResult, ToolSession, tool_arguments
from ._waiting import finish

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._dollars import Dollars


class AsyncEndpointMethods(AsyncChatMethods):
    """What `LLMClient` has of endpoints without a method of their own, to be awaited."""

    __slots__ = ()

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Params | None = None,
        model: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        replay: Literal["always", "never"] | None = None,
    ) -> ApiResponse:
        """Sends a request to any endpoint; all as `LLMClient.request`."""
        options = {
            "model": model,
            "idempotency_key": idempotency_key,
            "timeout": timeout,
            "replay": replay,
        }
        arguments = api_arguments(method, path, body, params, options)
        return ApiResponse.from_native(await self._finish(self._native.request(arguments)))

    async def request_at(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        params: Params | None = None,
        model: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        replay: Literal["always", "never"] | None = None,
    ) -> ApiResponse:
        """Sends a request to any address; all as `LLMClient.request_at`."""
        options = {
            "url": url,
            "model": model,
            "idempotency_key": idempotency_key,
            "timeout": timeout,
            "replay": replay,
        }
        arguments = api_arguments(method, "", body, params, options)
        return ApiResponse.from_native(await self._finish(self._native.request_at(arguments)))

    async def poll(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Params | None = None,
        model: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        budget: float | None = None,
        interval: float | None = None,
    ) -> ApiResponse:
        """Makes a request whose answer may take its time; all as `LLMClient.poll`."""
        options = {
            "model": model,
            "idempotency_key": idempotency_key,
            "timeout": timeout,
            "budget": budget,
            "interval": interval,
        }
        arguments = api_arguments(method, path, body, params, options)
        return ApiResponse.from_native(await self._finish(self._native.poll(arguments)))

    async def stream(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Params | None = None,
        model: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        replay: Literal["always", "never"] | None = None,
    ) -> AsyncEventStream:
        """The same for an event stream; all as `LLMClient.stream`."""
        options = {
            "model": model,
            "idempotency_key": idempotency_key,
            "timeout": timeout,
            "replay": replay,
        }
        arguments = api_arguments(method, path, body, params, options)
        return AsyncEventStream(await self._finish(self._native.stream(arguments)), self._start)

    async def call_tool(
        self,
        session: ToolSession,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        server: str,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        replay: Literal["always", "never"] | None = None,
    ) -> ToolResult:
        """Calls a tool of an MCP server and pays for it; all as `LLMClient.call_tool`.

        ``session`` is a ``ClientSession`` or ``Client`` of the package ``mcp``, or a function, also
        a coroutine function, as for `LLMClient`. It is used in the task that made the call.
        """
        desk = ToolDesk(self._desk, session)
        asked = tool_arguments(server, name, arguments, idempotency_key, timeout, replay)
        return desk.read(await finish(self._native.call_tool(asked, desk), desk, self._native.warn))

    async def discover(
        self,
        query: str | None = None,
        *,
        url: str | None = None,
        network: str | None = None,
        max_price: Dollars | None = None,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> list[Resource]:
        """Finds what can be bought; all as `LLMClient.discover`."""
        asked = {
            "query": query,
            "url": url,
            "network": network,
            "max_price": max_price,
            "limit": limit,
            "timeout": timeout,
        }
        return Resource.list_from_native(await self._finish(self._native.discover(asked)))
