"""Tools of MCP servers, called by the application's own session and paid by the core."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from ._json import dump
from ._naming import as_imported
from ._paid import Paid
from ._value import Value

if TYPE_CHECKING:
    from ._desk import Desk
    from ._native import Question

ToolSession = Callable[[dict[str, Any]], Any] | Any
"""What performs a ``tools/call``: a session of the package ``mcp``, or a function that is given the
parameters of the call (``name``, ``arguments``, ``_meta``) and returns its result."""


class ToolResult(Value, Paid):
    """What a tool answered, with what it cost."""

    result: Any
    """What the session returned: of ``mcp`` a ``CallToolResult``."""
    is_error: bool
    """Whether the tool says that it failed."""
    raw: str
    """The whole result as JSON."""
    _about: str | None = None

    def _shown(self) -> Mapping[str, Any]:
        return {"result": self.result, "is_error": self.is_error}


class ToolDesk:
    """Where the questions of one call of a tool are answered: its own, and those of its client."""

    __slots__ = ("_call", "_desk", "_result")

    def __init__(self, desk: Desk, session: ToolSession) -> None:
        self._desk = desk
        self._call = _caller(session)
        self._result: Any = None

    def answer(self, question: Question) -> None:
        """Lets the session make the call on this thread."""
        if question.kind != "tool":
            self._desk.answer(question)
            return
        try:
            self._tell(question, self._call(json.loads(question.text)))
        except Exception as raised:
            _failed(question, raised)

    async def answer_in_task(self, question: Question) -> None:
        """Lets the session make the call in this task."""
        if question.kind != "tool":
            await self._desk.answer_in_task(question)
            return
        try:
            result = self._call(json.loads(question.text))
            self._tell(question, await result if isinstance(result, Awaitable) else result)
        except Exception as raised:
            _failed(question, raised)

    def read(self, told: tuple[str, str | None]) -> ToolResult:
        """The answer of the call that was told last."""
        raw, about = told
        return ToolResult(self._result, json.loads(raw).get("isError") is True, raw, about)

    def _tell(self, question: Question, result: Any) -> None:
        model_dump = getattr(result, "model_dump", None)
        plain = model_dump(mode="json", by_alias=True, exclude_none=True) if model_dump else result
        response: dict[str, Any] = {"result": plain}
        question.answer(dump("result", response).encode())
        self._result = result


def tool_arguments(
    server: str,
    name: str,
    arguments: Mapping[str, Any] | None,
    idempotency_key: str | None,
    timeout: float | None,
    replay: Literal["always", "never"] | None,
) -> dict[str, Any]:
    """A call of a tool as the native half takes it."""
    return {
        "server": server,
        "name": name,
        "arguments": dump("arguments", arguments or {}),
        "idempotency_key": idempotency_key,
        "timeout": timeout,
        "replay": replay,
    }


def _caller(session: ToolSession) -> Callable[[dict[str, Any]], Any]:
    call_tool = getattr(session, "call_tool", None)
    if callable(call_tool):
        return lambda params: call_tool(
            params["name"], params["arguments"], meta=params.get("_meta")
        )
    if callable(session):
        return session
    raise TypeError(f"session: expected a session or a function, got {type(session).__name__}")


def _failed(question: Question, raised: Exception) -> None:
    error = getattr(raised, "error", None)
    code = getattr(error, "code", None)
    if isinstance(code, int):
        # An error of the protocol is an answer.
        said = {"code": code, "message": str(raised), "data": getattr(error, "data", None)}
        question.answer(json.dumps({"error": said}, default=str).encode())
    else:
        question.refuse(f"the session failed: {type(raised).__name__}: {raised}", raised)


as_imported(__name__)
