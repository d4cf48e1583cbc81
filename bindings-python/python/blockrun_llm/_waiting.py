"""How a coroutine waits for a call of the native half.

The call runs on the native half's threads. What becomes of it is put into a queue of the event
loop by ``call_soon_threadsafe``, once for all calls that ended at the same time: no thread for a
call, no polling.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from ._native import Question

if TYPE_CHECKING:
    import asyncio

    from ._desk import Desk
    from ._native import Call
    from ._tools import ToolDesk

_T = TypeVar("_T")

News = Question | tuple[_T, None] | tuple[None, Exception]
"""A question, or the end of a call: its value or its error."""


class Waiting(Generic[_T]):
    """A call under way, which a coroutine waits for."""

    __slots__ = ("_call", "_desk", "_inbox", "_warn")

    def __init__(self, call: Call[_T], desk: Desk | ToolDesk, warn: Callable[[int], None]) -> None:
        """Starts the call; ``warn`` is told the stack level of the application."""
        # Large, and needed by those only who use it already.
        import asyncio

        try:
            event_loop = asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError(
                "AsyncLLMClient needs a running asyncio event loop; "
                "under trio, run LLMClient in a thread (trio.to_thread.run_sync)"
            ) from None
        self._inbox: asyncio.Queue[News[_T]] = asyncio.Queue()
        self._call = call
        self._desk = desk
        self._warn = warn
        call.post(event_loop, self._inbox)

    async def end(self) -> _T:
        """What the call brings. Cancelled, it can be waited for again."""
        while isinstance(news := await self._inbox.get(), Question):
            await self._desk.answer_in_task(news)
        self._warn(4)
        value, error = news
        if error is None:
            return cast("_T", value)
        try:
            raise error
        finally:
            # Otherwise the error would hold this frame, and this frame the error.
            del error, news

    def cancel(self) -> None:
        """Drops the call. When this returns, the core has closed its books on it."""
        self._call.cancel()


async def finish(call: Call[_T], desk: Desk | ToolDesk, warn: Callable[[int], None]) -> _T:
    """Makes a call and waits for it; when this task is cancelled, the call is dropped."""
    waiting = Waiting(call, desk, warn)
    try:
        return await waiting.end()
    except BaseException:
        waiting.cancel()
        raise


def deliver(letters: list[tuple[asyncio.Queue[News[object]], News[object]]]) -> None:
    """Puts news into the queues of their calls; called in the event loop."""
    for inbox, news in letters:
        inbox.put_nowait(news)
