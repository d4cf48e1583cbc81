"""A proxy between one client and the gateway that spoils the first paid request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

DELAY = 5.0
"""Seconds that the delayed answer is held back."""

Again = Callable[[], Awaitable[bytes]]
"""Delivers the paid request once more and gives that answer."""

Fault = Callable[[bytes, Again], Awaitable[bytes]]
"""From the gateway's answer, after it settled, to what the client gets; nothing: hang up."""


async def _untouched(answer: bytes, _: Again) -> bytes:
    return answer


async def _lost(_answer: bytes, _: Again) -> bytes:
    return b""


async def _delayed(answer: bytes, _: Again) -> bytes:
    await asyncio.sleep(DELAY)
    return answer


async def _twice(_answer: bytes, again: Again) -> bytes:
    return await again()


def _replaced(status: str) -> Fault:
    async def fault(_answer: bytes, _: Again) -> bytes:
        return f"HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()

    return fault


FAULTS: dict[str, Fault] = {
    "nothing": _untouched,
    "answer lost, connection closed": _lost,
    "answer replaced by 502": _replaced("502 Bad Gateway"),
    "answer replaced by 504": _replaced("504 Gateway Timeout"),
    "answer replaced by 500": _replaced("500 Internal Server Error"),
    "answer later than the client waits": _delayed,
    "paid request delivered twice": _twice,
}
"""What happens to the first paid request, in the words of the table."""


class Proxy:
    """HTTP/1.1 on loopback, one request per connection."""

    def __init__(self, port: int, fault: Fault) -> None:
        """Stands in front of the gateway on ``port``."""
        self._upstream = port
        self._fault = fault
        self.first_paid: bytes | None = None
        """Status line that the gateway gave to the first paid request."""

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[int]:
        """Serves, on the port that it gives."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that has gone before its answer is one of the cases; the run may end before it.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            request = await _request(reader)
            writer.write(await self._answer(request))
            await writer.drain()
        writer.close()

    async def _answer(self, request: bytes) -> bytes:
        answer = await self._forward(request)
        if self.first_paid is not None or not _is_paid(request):
            return answer
        self.first_paid = answer.split(b"\r\n", 1)[0]
        return await self._fault(answer, lambda: self._forward(request))

    async def _forward(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    """A whole request, changed only to ask for an answer that ends with the connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    body = await reader.readexactly(int(length[1])) if length else b""
    head = re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head)
    return head.replace(b"\r\n", b"\r\nconnection: close\r\n", 1) + body


def _is_paid(request: bytes) -> bool:
    head = request.split(b"\r\n\r\n", 1)[0]
    return re.search(rb"(?i)\r\n(payment-signature|x-payment):", head) is not None
