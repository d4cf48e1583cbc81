"""Requests of a host that speaks HTTP by itself, as the core serves them.

What a transport for `httpx` and one for `httpx2` share: which request it is, how it is answered.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from ._errors import APIConnectionError, APITimeoutError

if TYPE_CHECKING:
    from ._async_client import AsyncLLMClient
    from ._base import BaseClient
    from ._client import LLMClient
    from ._native import AnswerStream

RETRY = "x-stainless-retry-count"
"""How OpenAI's packages say that a request is a retry of theirs."""


class HostRequest(Protocol):
    """A request of httpx or httpx2 whose body was read."""

    @property
    def url(self) -> object: ...

    @property
    def content(self) -> bytes: ...

    method: str
    headers: Any


def host_arguments(client: BaseClient[Any], request: HostRequest) -> dict[str, Any]:
    """The arguments of ``serve_host`` for a request.

    Its own headers stay behind, but for an ``Idempotency-Key``: what is sent is the client's.

    Raises:
        ValueError: It goes elsewhere than below the client's base address.
    """
    base, url = urlsplit(client.api_url), urlsplit(str(request.url))
    same = (url.scheme, url.hostname, url.port) == (base.scheme, base.hostname, base.port)
    if not same or not url.path.startswith(base.path + "/"):
        raise ValueError(
            f"this client pays at {client.api_url} only, not at {url.scheme}://{url.netloc}; "
            "give base_url=client.base_url"
        )
    return {
        "method": request.method,
        "path": url.path.removeprefix(base.path),
        "query": parse_qsl(url.query, keep_blank_values=True),
        "body": request.content,
        "idempotency_key": request.headers.get("idempotency-key"),
        "retry": request.headers.get(RETRY, "0") not in ("", "0"),
    }


UNSENT = (APIConnectionError, APITimeoutError)
"""Errors of ``serve_host`` after which a retry is safe: nothing was sent."""


class Pieces:
    """The events of an answer, as they come; the byte stream of either package."""

    def __init__(self, client: LLMClient, answer: AnswerStream) -> None:
        self._client = client
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        while (piece := self._client._wait(self._answer.next_bytes())) is not None:
            yield piece

    def close(self) -> None:
        """Wants no more of them."""
        self._answer.close()


class AsyncPieces:
    """The same under asyncio."""

    def __init__(self, client: AsyncLLMClient, answer: AnswerStream) -> None:
        self._client = client
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._client._finish(self._answer.next_bytes())) is not None:
            yield piece

    async def aclose(self) -> None:
        """Wants no more of them."""
        self._answer.close()
