"""A transport for ``httpx2`` that pays: its requests go through a client of ours.

So OpenAI's package, and whatever else takes an HTTP client, pays for its calls::

    import httpx2
    from openai import OpenAI
    from blockrun_llm import LLMClient
    from blockrun_llm.httpx2 import BlockrunTransport

    client = LLMClient()
    openai = OpenAI(
        base_url=client.base_url,
        api_key="blockrun",
        http_client=httpx2.Client(transport=BlockrunTransport(client)),
    )

A host that retries by itself does not pay twice: once a payment was sent, an error is an answer
with ``x-should-retry: false``, and a retry that says it is one takes the call up. The timeouts and
headers of the host's requests stay behind: the client's count.
"""

from __future__ import annotations

import httpx2

from ._async_client import AsyncLLMClient
from ._client import LLMClient
from ._errors import APITimeoutError
from ._host import UNSENT, AsyncPieces, Pieces, host_arguments

__all__ = ["AsyncBlockrunTransport", "BlockrunTransport"]


class BlockrunTransport(httpx2.BaseTransport):
    """Sends the requests of an ``httpx2.Client`` through an `LLMClient`, which stays open."""

    def __init__(self, client: LLMClient) -> None:
        self._client = client

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pays when asked, and answers.

        Raises:
            httpx2.TransportError: Nothing was sent, so that a retry is safe.
            ValueError: The request goes elsewhere than below the client's base address.
        """
        request.read()
        call = self._client._native.serve_host(host_arguments(self._client, request))
        try:
            answer = self._client._wait(call)
        except UNSENT as error:
            raise _unsent(error, request) from error
        stream = _Pieces(self._client, answer) if answer.is_events else None
        whole = None if answer.is_events else answer.take_whole() or b""
        return httpx2.Response(
            answer.status, headers=answer.headers, content=whole, stream=stream, request=request
        )


class _Pieces(Pieces, httpx2.SyncByteStream):
    pass


class AsyncBlockrunTransport(httpx2.AsyncBaseTransport):
    """The same for an ``httpx2.AsyncClient`` and an `AsyncLLMClient`, under asyncio."""

    def __init__(self, client: AsyncLLMClient) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """As `BlockrunTransport.handle_request`."""
        await request.aread()
        call = self._client._native.serve_host(host_arguments(self._client, request))
        try:
            answer = await self._client._finish(call)
        except UNSENT as error:
            raise _unsent(error, request) from error
        stream = _AsyncPieces(self._client, answer) if answer.is_events else None
        whole = None if answer.is_events else answer.take_whole() or b""
        return httpx2.Response(
            answer.status, headers=answer.headers, content=whole, stream=stream, request=request
        )


class _AsyncPieces(AsyncPieces, httpx2.AsyncByteStream):
    pass


def _unsent(error: Exception, request: httpx2.Request) -> httpx2.TransportError:
    kind = httpx2.ConnectTimeout if isinstance(error, APITimeoutError) else httpx2.ConnectError
    return kind(str(error), request=request)
