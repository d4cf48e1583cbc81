"""Requests to any endpoint, and to what a search found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ._arguments import api_arguments
from ._base import Params
from ._chat import ChatMethods
from ._discovery import Resource
from ._response import ApiResponse
from ._streams import EventStream
from ._tools import ToolDesk, ToolResult, ToolSession, tool_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._dollars import Dollars


class EndpointMethods(ChatMethods):
    """What a client has of endpoints without a method of their own."""

    __slots__ = ()

    def request(
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
        """Sends a request to any endpoint below the base address and pays for it when asked.

        Args:
            method: HTTP method.
            path: Path below the base address, such as ``/v1/search``; it must lead nowhere else.
            body: JSON value to send, or bytes that are JSON.
            params: Query.
            model: Name for the records and for budgets by model.
            idempotency_key: As for `chat`.
            timeout: Total seconds of this call. Default: the client's.
            replay: Whether a payment may be sent again when its answer is lost: ``"always"`` (the
                default), or ``"never"`` for a handler that does its work anew for each request.

        Raises:
            APIError: The answer is not a 2xx; and as `chat`.
            ValueError: As `chat`, and so are the others.
        """
        options = {
            "model": model,
            "idempotency_key": idempotency_key,
            "timeout": timeout,
            "replay": replay,
        }
        arguments = api_arguments(method, path, body, params, options)
        return ApiResponse.from_native(self._wait(self._native.request(arguments)))

    def request_at(
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
        """Sends a request to any address, such as that of a found `Resource`, and pays when asked.

        Wallet, limits, records and ``on_payment`` are those of this client; the server of ``url``
        is paid, and no other.

        Args:
            method: As for `request`, and so are the others.
            url: Whole address, https, or http where this client's own server is on this machine.
            body: JSON value to send, or bytes that are JSON.
            params: Query, after that of the address.
            model: Name for the records and for budgets by model.
            idempotency_key: As for `chat`.
            timeout: Total seconds of this call. Default: the client's.
            replay: Whether a payment may be sent again when its answer is lost.

        Raises:
            ValueError: No payment may travel there, or an API key is used; and as `request`.
        """
        options = {
            "url": url,
            "model": model,
            "idempotency_key": idempotency_key,
            "timeout": timeout,
            "replay": replay,
        }
        arguments = api_arguments(method, "", body, params, options)
        return ApiResponse.from_native(self._wait(self._native.request_at(arguments)))

    def poll(
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
        """Sends a request that may be accepted first and answered later, and asks until it is.

        The answer to a 202 is asked for at its ``poll_url``, below the same address only, with the
        same payment. Any other success is returned at once.

        Args:
            method: As for `request`, and so are the others.
            path: Path below the base address.
            body: JSON value to send.
            params: Query.
            model: Name for the records and for budgets by model.
            idempotency_key: As for `chat`; the same call with the same key asks on.
            timeout: Total seconds until the request is accepted. Default: the client's.
            budget: Seconds to wait for the answer after that. Default 300.
            interval: Seconds between two questions; ``Retry-After`` prolongs it. Default 5.

        Raises:
            APITimeoutError: The budget was spent; ``payment`` says what was charged.
            APIError: The server says that it failed; and as `request`.
        """
        options = {
            "model": model,
            "idempotency_key": idempotency_key,
            "timeout": timeout,
            "budget": budget,
            "interval": interval,
        }
        arguments = api_arguments(method, path, body, params, options)
        return ApiResponse.from_native(self._wait(self._native.poll(arguments)))

    def stream(
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
    ) -> EventStream:
        """The same for an endpoint that answers with an event stream, as soon as it begins to.

        What a chat needs to be streamed, ``"stream": True``, is for you to put into the body.

        Raises:
            APIError: As `request`, and so are the others.
        """
        options = {
            "model": model,
            "idempotency_key": idempotency_key,
            "timeout": timeout,
            "replay": replay,
        }
        arguments = api_arguments(method, path, body, params, options)
        return EventStream(self._wait(self._native.stream(arguments)), self._wait)

    def call_tool(
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
        """Calls a tool of an MCP server, and pays for it when the server asks, by x402 over MCP.

        Wallet, limits, records and ``on_payment`` are those of this client, and so is what it does
        when an answer is lost: the same payment again, or nothing.

        Args:
            session: A function that performs one ``tools/call``: it is given its parameters, with
                what belongs to the payment under ``_meta``, and returns the result as a dict or a
                model. (A session of the package ``mcp`` is asynchronous: `AsyncLLMClient`.)
            name: Name of the tool.
            arguments: Its arguments.
            server: Whom it is asked of: the server's address, or a name of your own (letters,
                digits, ``-`` and ``.``) for one without, such as a program that is spoken to over
                its standard input. It names the payee in records and budgets, and belongs to the
                call.
            idempotency_key: As for `chat`.
            timeout: Total seconds of this call. Default: the client's.
            replay: As for `request`.

        Raises:
            APIConnectionError: The session raised something that is no error of the protocol, which
                is the ``__cause__``; ``payment`` says what happened to the money.
            APIError: The server answered with an error of the protocol.
            ValueError: As `request`, and so are the others. A tool that fails is no error:
                ``is_error``.
        """
        desk = ToolDesk(self._desk, session)
        asked = tool_arguments(server, name, arguments, idempotency_key, timeout, replay)
        return desk.read(self._wait(self._native.call_tool(asked, desk)))

    def discover(
        self,
        query: str | None = None,
        *,
        url: str | None = None,
        network: str | None = None,
        max_price: Dollars | None = None,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> list[Resource]:
        """Finds what can be bought, in the order of the listing. Pays nothing and shows no wallet.

        At most 2,000 items of a listing are looked at. `request_at` buys what was found.

        Args:
            query: Words that must all be in address, description, service name or tags.
            url: Server that lists resources, a gateway, a facilitator or a catalog, at
                ``/discovery/resources`` of x402. Default: the client's own.
            network: Only what can be paid on this network: a CAIP-2 identifier, or a name of x402
                v1.
            max_price: Only what is offered for at most so many dollars.
            limit: Most results, up to 2,000. Default 20.
            timeout: Seconds for the whole search. Default 30.

        Raises:
            ValueError: An argument that cannot be used.
            APIError: The server has no such listing, was not reached, or took too long.
        """
        asked = {
            "query": query,
            "url": url,
            "network": network,
            "max_price": max_price,
            "limit": limit,
            "timeout": timeout,
        }
        return Resource.list_from_native(self._wait(self._native.discover(asked)))
