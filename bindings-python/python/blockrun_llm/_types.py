"""Answers: JSON that reads like objects, without loss.

Known fields are typed attributes; a field that this version does not know is an attribute as well;
and an answer of a shape that nobody expected is still handed over, since it was paid for.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar, cast, overload

from ._money import dollars

_T = TypeVar("_T")
_Value = TypeVar("_Value", bound="JsonObject")

_REPR_LENGTH = 60


class JsonObject:
    """A frozen JSON object whose fields are attributes."""

    __slots__ = ("_fields",)
    _fields: Mapping[str, Any]

    def __init__(self, fields: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_fields", fields)

    def __getattr__(self, name: str) -> Any:
        """A field that has no property of its own."""
        if not name.startswith("__"):
            try:
                return self._fields[name]
            except KeyError:
                pass
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name!r} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name!r} cannot be deleted")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._fields})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.model_dump() == other.model_dump()

    # Equal by content that may be a dict or a list, so not to be hashed, as those are not.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_short(value)}" for name, value in self._shown().items())
        return f"{type(self).__name__}({shown})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self._fields),)

    def model_dump(self) -> dict[str, Any]:
        """All fields as plain Python values; a copy."""
        return copy.deepcopy(dict(self._fields))

    def model_dump_json(self) -> str:
        """All fields as JSON text."""
        return json.dumps(self.model_dump(), ensure_ascii=False)

    def _shown(self) -> Mapping[str, Any]:
        return self._fields

    def _object(self, name: str, kind: type[_Value]) -> _Value:
        return kind(_mapping(self._fields.get(name)))

    def _objects(self, name: str, kind: type[_Value]) -> tuple[_Value, ...]:
        return tuple(kind(_mapping(value)) for value in _items(self._fields.get(name)))


class _Field(Generic[_T]):
    """A field that every answer is known to have, or may have; ``default`` where it is absent."""

    def __init__(self, default: _T) -> None:
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> _Field[_T]: ...

    @overload
    def __get__(self, instance: JsonObject, owner: type) -> _T: ...

    def __get__(self, instance: JsonObject | None, owner: type) -> _Field[_T] | _T:
        if instance is None:
            return self
        value: _T = instance._fields.get(self._name, self._default)
        return value


class ToolFunction(JsonObject):
    """The function that a model wants to be called."""

    __slots__ = ()

    name = _Field("")
    """Its name."""
    arguments = _Field("")
    """Its arguments as JSON text, exactly as the model wrote them."""


class ToolCall(JsonObject):
    """A call that a model wants to be made."""

    __slots__ = ()

    id = _Field("")
    """Names the call in the message that answers it."""
    type = _Field("function")
    """``function``."""

    @property
    def function(self) -> ToolFunction:
        """What to call."""
        return self._object("function", ToolFunction)


class ChatMessage(JsonObject):
    """The message of an answer. Can be put into the messages of the next call as it is."""

    __slots__ = ()

    role = _Field("assistant")
    """``assistant``."""
    content = _Field[str | None](None)
    """The text; None when there is none, as with a tool call."""

    @property
    def tool_calls(self) -> tuple[ToolCall, ...] | None:
        """The calls that the model wants to be made."""
        return self._objects("tool_calls", ToolCall) or None


class ChatChoice(JsonObject):
    """One answer."""

    __slots__ = ()

    index = _Field(0)
    """Its position."""

    @property
    def message(self) -> ChatMessage:
        """The message."""
        return self._object("message", ChatMessage)

    finish_reason = _Field[str | None](None)
    """Why it ended: ``stop``, ``length``, ``tool_calls`` and others."""


class ChatUsage(JsonObject):
    """Token counts."""

    __slots__ = ()

    prompt_tokens = _Field(0)
    """Tokens of the messages."""
    completion_tokens = _Field(0)
    """Tokens of the answers."""
    total_tokens = _Field(0)
    """Both."""


class ChatResponse(JsonObject):
    """A chat completion, with what it cost.

    The body is kept as text and read when a field is first asked for.
    """

    __slots__ = ("_raw", "_receipt")
    _raw: str
    _receipt: str | None

    def __init__(self, raw: str, receipt: str | None = None) -> None:
        """Made by a client: the body, and the native half's receipt as JSON."""
        object.__setattr__(self, "_raw", raw)
        object.__setattr__(self, "_receipt", receipt)

    def __getattr__(self, name: str) -> Any:
        """A field that has no property of its own, and the parsed body itself."""
        if name == "_fields":
            object.__setattr__(self, "_fields", _read_object(self._raw))
            return self._fields
        return super().__getattr__(name)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._raw, self._receipt)

    @property
    def raw(self) -> str:
        """The body exactly as received."""
        return self._raw

    id = _Field("")
    """Id of the completion."""
    object = _Field("chat.completion")
    """``chat.completion``."""
    created = _Field(0)
    """Unix time."""
    model = _Field("")
    """The model that answered."""

    @property
    def choices(self) -> tuple[ChatChoice, ...]:
        """The answers."""
        return self._objects("choices", ChatChoice)

    @property
    def usage(self) -> ChatUsage | None:
        """Token counts."""
        return self._object("usage", ChatUsage) if self._fields.get("usage") else None

    @property
    def cost_micro(self) -> int:
        """What the call cost, in micro-USDC; 0 when the server asked nothing."""
        return self._paid()["amount"] if self._receipt else 0

    @property
    def cost_usd(self) -> float:
        """What the call cost, in dollars; ``cost_micro`` is exact."""
        return dollars(self.cost_micro)

    @property
    def settlement(self) -> dict[str, Any] | None:
        """What the server reported about the payment: ``transaction``, ``network``, ``payer``."""
        return self._paid().get("settlement")

    @property
    def payment_scheme(self) -> Literal["exact"] | None:
        """How it was paid; None when the server asked nothing."""
        return "exact" if self._receipt else None

    def model_dump(self) -> dict[str, Any]:
        """The body as plain Python values, and what was paid. An unreadable body is in ``raw``."""
        paid = ("cost_usd", "cost_micro", "settlement", "payment_scheme")
        return {**super().model_dump(), **{name: getattr(self, name) for name in paid}}

    def _paid(self) -> dict[str, Any]:
        return _read_object(self._receipt) if self._receipt else {}

    def _shown(self) -> Mapping[str, Any]:
        first = self.choices[0] if self.choices else ChatChoice({})
        return {
            "model": self.model,
            "content": first.message.content,
            "finish_reason": first.finish_reason,
            "cost_usd": self.cost_usd,
        }


def _read_object(text: str) -> dict[str, Any]:
    try:
        return _mapping(json.loads(text))
    except ValueError:
        return {}


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _REPR_LENGTH else f"{text[: _REPR_LENGTH - 1]}…"
