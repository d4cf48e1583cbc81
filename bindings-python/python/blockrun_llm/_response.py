"""Answers of endpoints that have no method of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._naming import as_imported
from ._paid import Paid
from ._value import Value


class ApiResponse(Value, Paid):
    """A whole answer, with what it cost."""

    status_code: int
    """HTTP status."""
    headers: Mapping[str, str]
    """Headers; their names are lower-case."""
    content: bytes
    """Body."""
    _about: str | None = None

    @classmethod
    def from_native(cls, told: tuple[int, list[tuple[str, str]], bytes, str | None]) -> ApiResponse:
        """Reads what the native half tells."""
        status, headers, content, about = told
        return cls(status, dict(headers), content, about)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: It is something else.
        """
        return json.loads(self.content)

    def _shown(self) -> Mapping[str, Any]:
        return {"status_code": self.status_code, "content": self.content}


class ServerEvent(Value):
    """An event that a server sent."""

    event: str
    """Its type; ``message`` unless the server named another."""
    data: str
    """Its data."""
    id: str | None = None
    """The id in force, by which a stream can be resumed."""

    def json(self) -> Any:
        """The data as JSON.

        Raises:
            ValueError: It is something else.
        """
        return json.loads(self.data)


as_imported(__name__)
