"""Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """Tells type checkers what a subclass takes; there is none before Python 3.11."""
        return lambda kind: kind


@dataclass_transform(frozen_default=True)
class Value:
    """A value that is frozen, and compared, hashed and shown by its fields.

    Its fields are the annotations of its class, and what these are set to is their default. The
    same as a frozen dataclass, whose import (``inspect``, ``ast``, ``dis``) and whose generated
    methods would take longer than the import of all the rest of this package.
    """

    __match_args__: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        cls.__match_args__ = tuple(cls.__annotations__)  # type: ignore[misc]

    def __init__(self, *args: Any, **named: Any) -> None:
        fields = self.__match_args__
        values = self.__dict__
        values.update(zip(fields, args, strict=False))
        if named or len(args) != len(fields):
            wrong = [name for name in named if name in values or name not in fields]
            values.update(named)
            missing = [name for name in fields if name not in values and not hasattr(self, name)]
            if wrong or missing or len(args) > len(fields):
                raise TypeError(f"{type(self).__name__} takes {', '.join(fields)}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name!r} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name!r} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Value) or type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self._shown().items())
        return f"{type(self).__name__}({shown})"

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__match_args__)

    def _shown(self) -> Mapping[str, Any]:
        return dict(zip(self.__match_args__, self._values(), strict=True))
