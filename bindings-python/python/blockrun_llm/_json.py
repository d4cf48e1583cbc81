"""Python values out, as the JSON text in which they reach the native half."""

from __future__ import annotations

import json
from typing import Any


def dump(name: str, value: object) -> str:
    """Writes a value as JSON; an error names the argument.

    Beside what ``json`` takes: our own answers and whatever else has ``model_dump()``, so that the
    message of an answer can be put into the next call.
    """
    try:
        return json.dumps(value, default=_plain, allow_nan=False, separators=(",", ":"))
    except TypeError as cause:
        raise TypeError(f"{name}: {cause}") from None
    except ValueError as cause:
        raise ValueError(f"{name}: {cause}") from None


def _plain(value: Any) -> Any:
    model_dump = getattr(value, "model_dump", None)
    if callable(model_dump):
        return model_dump()
    raise TypeError(f"a value of type {type(value).__name__} is not JSON")
