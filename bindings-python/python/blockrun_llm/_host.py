"""Requests of a host that speaks HTTP by itself, as the core serves them.

What a transport for `httpx` and one for `httpx2` share: which request it is, and what is answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from ._errors import APIConnectionError, APITimeoutError

if TYPE_CHECKING:
    from ._base import BaseClient

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
