"""Answers that come piece by piece: paid for once, read once, in a thread or in a task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._chunks import ChatCompletionChunk
from ._errors import StreamConsumed
from ._money import PaymentState
from ._naming import as_imported
from ._paid import Paid
from ._response import ServerEvent
from ._types import ChatResponse

if TYPE_CHECKING:
    from . import _native
    from ._waiting import Waiting

_Piece = TypeVar("_Piece")
_Stream = TypeVar("_Stream", bound="_Reading[Any]")

_Head = tuple[int, list[tuple[str, str]], "str | None"]


class _Reading(Paid, ABC, Generic[_Piece]):
    """What the streams of all kinds share."""

    _head: _Head | None

    def __init__(self, head: _Head | None) -> None:
        self._head = head
        self._iterated = False

    @property
    def status_code(self) -> int | None:
        """HTTP status; None before the head of the answer has come."""
        head = self._known_head()
        return head[0] if head else None

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers, their names in lower case; none before the head of the answer has come."""
        head = self._known_head()
        return dict(head[1]) if head else {}

    @property
    def cost_micro(self) -> int | None:
        """What the call cost, in micro-USDC.

        None before the head of the answer has come, and with an API key.
        """
        return super().cost_micro if self._known_head() else None

    @abstractmethod
    def close(self) -> None:
        """Ends the answer here: closes its connection and its books. What was paid is paid."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(status_code={self.status_code}, cost_usd={self.cost_usd})"

    def _known_head(self) -> _Head | None:
        return self._head

    @property
    def _about(self) -> str | None:  # type: ignore[override]
        head = self._known_head()
        return head[2] if head else None

    def _begin(self) -> None:
        """Refuses a second reader; what has failed before its head came may be tried again."""
        if self._iterated and self._known_head():
            error = StreamConsumed("the stream was read before; nothing is paid twice", 0)
            if self.payment_scheme:
                error.payment = PaymentState(
                    "charged", amount_micro=self.cost_micro, proof="server"
                )
            raise error
        self._iterated = True

    def _let_go(self) -> None:
        """Its reader has gone: at the end, or before."""
        if self._known_head():
            self.close()


class _ThreadReading(_Reading[_Piece]):
    """A stream that a thread reads."""

    _wait: Callable[[_native.Call[Any]], Any]

    def __iter__(self) -> Iterator[_Piece]:
        """The pieces, once: again it is `StreamConsumed`, and nothing is paid."""
        self._begin()
        return _Pieces(self)

    @abstractmethod
    def __next__(self) -> _Piece: ...

    def __enter__(self: _Stream) -> _Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _TaskReading(_Reading[_Piece]):
    """A stream that a task reads."""

    _pending: Waiting[bool] | None
    _start: Callable[[_native.Call[bool]], Waiting[bool]]

    def __aiter__(self) -> AsyncIterator[_Piece]:
        """The pieces, once: again it is `StreamConsumed`, and nothing is paid."""
        self._begin()
        return _AsyncPieces(self)

    @abstractmethod
    async def __anext__(self) -> _Piece: ...

    async def _more(self, native: _native.ChatStream | _native.AnswerStream) -> bool:
        """Waits until there is something to take; other tasks have their turn meanwhile."""
        # Large, and needed by those only who use it already.
        from asyncio import CancelledError

        if self._pending is None:
            self._pending = self._start(native.more())
        try:
            more = await self._pending.end()
        except CancelledError:
            # What this task has waited for is left to the next one. What is not paid yet is not
            # gone on with, though.
            if not self._known_head():
                self._drop_pending()
            raise
        except BaseException:
            self._pending = None
            raise
        self._pending = None
        return more

    def _drop_pending(self) -> None:
        if self._pending:
            self._pending.cancel()
            self._pending = None

    async def aclose(self) -> None:
        """The same as `close`, which does not wait either."""
        self.close()

    async def __aenter__(self: _Stream) -> _Stream:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Pieces(Iterator[_Piece]):
    """The one reader of a stream: a loop that is left early ends the answer there."""

    def __init__(self, stream: _ThreadReading[_Piece]) -> None:
        self._stream = stream

    def __next__(self) -> _Piece:
        return self._stream.__next__()

    def __del__(self) -> None:
        self._stream._let_go()


class _AsyncPieces(AsyncIterator[_Piece]):
    """The same for a task."""

    def __init__(self, stream: _TaskReading[_Piece]) -> None:
        self._stream = stream

    async def __anext__(self) -> _Piece:
        return await self._stream.__anext__()

    def __del__(self) -> None:
        self._stream._let_go()


class _Chat(_Reading[ChatCompletionChunk]):
    _native: _native.ChatStream

    def response(self) -> ChatResponse:
        """What was received so far, as the same call would have had it without a stream.

        Tool calls are put together, and ``finish_reason`` and ``usage`` are in it when they came.

        Raises:
            RuntimeError: Another thread or task is reading at this moment.
        """
        return ChatResponse(*self._native.received())

    def close(self) -> None:
        """Ends the answer here: closes its connection and its books. What was paid is paid.

        ``response()`` still has what was received.
        """
        self._native.close()

    def _known_head(self) -> _Head | None:
        if self._head is None:
            self._head = self._native.head
        return self._head

    def _chunk(self, text: str) -> ChatCompletionChunk:
        return ChatCompletionChunk(text, self._about)


class ChatStream(_Chat, _ThreadReading[ChatCompletionChunk]):
    """A chat completion in chunks, as they are written. Nothing is sent before it is first read.

    Its key is fixed when it is made: whatever is done with it, it pays at most once. A connection
    that is lost is found again without paying, where the server stores its answers::

        for chunk in client.chat_completion_stream("openai/gpt-4o", messages):
            print(chunk.text, end="")

    A loop that is left early ends the answer there, and so do ``close()`` and the end of a ``with``
    block. Read by one thread; a second one waits.
    """

    def __init__(
        self,
        native: _native.ChatStream,
        wait: Callable[[_native.Call[Any]], Any],
    ) -> None:
        super().__init__(None)
        self._native = native
        self._wait = wait

    def __next__(self) -> ChatCompletionChunk:
        """The next chunk.

        Raises:
            StreamBroken: The answer was cut short, or the server says that it failed. ``payment``
                says what was charged, and ``response`` is what was received.
            BlockrunError: As ``chat_completion``. When the head of the answer has not come yet, the
                stream can be read again: the same call is made, with the same payment.
        """
        while (text := self._native.take()) is None:
            if not self._wait(self._native.more()):
                raise StopIteration
        return self._chunk(text)


class AsyncChatStream(_Chat, _TaskReading[ChatCompletionChunk]):
    """A `ChatStream` that is read by ``async for``.

    A cancelled ``anext(stream)`` loses no chunk: the next one gets it. Cancelled before the head of
    the answer has come, the call is dropped, and can be made again. An ``async for`` that is left,
    by a cancellation too, ends the answer there.
    """

    def __init__(
        self,
        native: _native.ChatStream,
        start: Callable[[_native.Call[Any]], Waiting[Any]],
    ) -> None:
        super().__init__(None)
        self._native = native
        self._start = start
        self._pending = None

    def close(self) -> None:
        """As that of `ChatStream`."""
        self._drop_pending()
        super().close()

    async def __anext__(self) -> ChatCompletionChunk:
        """The next chunk; errors as of `ChatStream`."""
        while (text := self._native.take()) is None:
            if not await self._more(self._native):
                raise StopAsyncIteration
        return self._chunk(text)


_Event = tuple[str, str, "str | None"]


class _Events(_Reading[ServerEvent]):
    _native: _native.AnswerStream

    def close(self) -> None:
        """Ends the answer here: closes its connection and its books. What was paid is paid."""
        self._native.close()


class EventStream(_Events, _ThreadReading[ServerEvent]):
    """The event stream of any endpoint, up to ``[DONE]`` where it has one.

    A connection that is lost is found again without paying, where the server stores its answers.
    An answer that is no event stream is one event. A loop that is left early ends the answer there.
    """

    def __init__(
        self,
        native: _native.AnswerStream,
        wait: Callable[[_native.Call[Any]], Any],
    ) -> None:
        super().__init__((native.status, native.headers, native.about))
        self._native = native
        self._wait = wait

    def __next__(self) -> ServerEvent:
        """The next event.

        Raises:
            StreamBroken: The answer was cut short.
            APITimeoutError: The call's time was spent waiting.
        """
        while (event := self._native.take()) is None:
            if not self._wait(self._native.more()):
                raise StopIteration
        return ServerEvent(*event)


class AsyncEventStream(_Events, _TaskReading[ServerEvent]):
    """An `EventStream` that is read by ``async for``."""

    def __init__(
        self,
        native: _native.AnswerStream,
        start: Callable[[_native.Call[Any]], Waiting[Any]],
    ) -> None:
        super().__init__((native.status, native.headers, native.about))
        self._native = native
        self._start = start
        self._pending = None

    def close(self) -> None:
        """As that of `EventStream`."""
        self._drop_pending()
        super().close()

    async def __anext__(self) -> ServerEvent:
        """The next event; errors as of `EventStream`."""
        while (event := self._native.take()) is None:
            if not await self._more(self._native):
                raise StopAsyncIteration
        return ServerEvent(*event)


as_imported(__name__)
