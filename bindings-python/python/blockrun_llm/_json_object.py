"""JSON that reads like objects, without loss.

Known fields are typed attributes; a field that this version does not know is an attribute as well;
and an answer of a shape that nobody expected is still handed over, since it was paid for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar, cast, overload

from ._naming import as_imported

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
        shown = ", ".join(f"{name}={short(value)}" for name, value in self._shown().items())
        return f"{type(self).__name__}({shown})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self._fields),)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Names and plain values, so that ``dict(value)`` is ``value.model_dump()``."""
        return iter(self.model_dump().items())

    def model_dump(self, *, exclude_none: bool = False) -> dict[str, Any]:
        """All fields as plain Python values; a copy."""
        fields: dict[str, Any] = copied(self._plain(), exclude_none)
        return fields

    def model_dump_json(self, *, indent: int | None = None, exclude_none: bool = False) -> str:
        """All fields as JSON text."""
        fields = self.model_dump(exclude_none=exclude_none)
        return json.dumps(fields, ensure_ascii=False, indent=indent)

    def _plain(self) -> dict[str, Any]:
        return dict(self._fields)

    def _shown(self) -> Mapping[str, Any]:
        return self._fields

    def _object(self, name: str, kind: type[_Value]) -> _Value:
        return kind(mapping(self._fields.get(name)))

    def _objects(self, name: str, kind: type[_Value]) -> tuple[_Value, ...]:
        return tuple(kind(mapping(value)) for value in items(self._fields.get(name)))


class Field(Generic[_T]):
    """A field that every answer is known to have, or may have; ``default`` where it is absent."""

    def __init__(self, default: _T) -> None:
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Field[_T]: ...

    @overload
    def __get__(self, instance: JsonObject, owner: type) -> _T: ...

    def __get__(self, instance: JsonObject | None, owner: type) -> Field[_T] | _T:
        if instance is None:
            return self
        value: _T = instance._fields.get(self._name, self._default)
        return value


def read_object(text: str) -> dict[str, Any]:
    """The fields of a JSON object; none when the text is anything else."""
    try:
        return mapping(json.loads(text))
    except ValueError:
        return {}


def read_list(text: str) -> list[dict[str, Any]]:
    """A list of JSON objects."""
    found: list[dict[str, Any]] = json.loads(text)
    return found


def text_of(content: Any) -> str:
    """The text of a message's content: a text, or parts of which some are texts."""
    if isinstance(content, str):
        return content
    texts = (mapping(part).get("text") for part in items(content))
    return "".join(text for text in texts if isinstance(text, str))


def mapping(value: Any) -> dict[str, Any]:
    """The value, if it is an object."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """The value, if it is a list."""
    return cast("list[object]", value) if isinstance(value, list) else []


def short(value: object) -> str:
    """A repr that fits into a line."""
    text = repr(value)
    return text if len(text) <= _REPR_LENGTH else f"{text[: _REPR_LENGTH - 1]}…"


def copied(value: Any, exclude_none: bool) -> Any:
    """A copy of plain values, on demand without the members of objects that are None."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).items()
        return {
            name: copied(member, exclude_none)
            for name, member in members
            if member is not None or not exclude_none
        }
    if isinstance(value, list):
        return [copied(item, exclude_none) for item in cast("list[object]", value)]
    return value


as_imported(__name__)
