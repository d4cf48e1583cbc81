"""The arguments of the published packages, as the native half takes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from ._json import dump

_PLAIN = frozenset(
    {
        "model",
        "system",
        "max_tokens",
        "temperature",
        "top_p",
        "n",
        "stop",
        "search",
        "reasoning_effort",
        "fallback_models",
        "idempotency_key",
        "timeout",
    }
)
_JSON = frozenset({"tools", "tool_choice", "response_format", "search_parameters"})

Content = Literal["prompt", "messages"]


def client_options(
    unavailable: Mapping[str, tuple[object, Collection[object]]], **options: Any
) -> dict[str, Any]:
    """Options of a client; ``unavailable`` are those that may only have one of a few values.

    An option that does nothing yet is refused: to ignore it would break a promise.
    """
    for name, (value, neutral) in unavailable.items():
        if value not in neutral:
            raise ValueError(f"{name}: {value!r} is not available in this version; leave it out")
    return options


def content_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Content:
    """Whether a call that takes both was given a prompt or messages."""
    if "messages" in kwargs or (args and not isinstance(args[-1], str)):
        return "messages"
    return "prompt"


def chat_arguments(
    method: str, content: Content, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Arguments of ``method(content)``, ``method(model, content)`` or all by keyword.

    What is not an option of ours is a further field of the body.
    """
    given = _by_name(method, content, args, kwargs)
    arguments = {name: given.pop(name) for name in _PLAIN & given.keys()}
    arguments |= {name: dump(name, given.pop(name)) for name in sorted(_JSON & given.keys())}
    arguments[content] = _content(method, content, given.pop(content, None))
    return {**arguments, "extra": further_fields(given)}


def further_fields(given: Mapping[str, Any]) -> str:
    """Fields of a body as JSON, one by one, so that an error names the one that is wrong."""
    fields = (
        f"{dump(name, name)}:{dump(name, value)}"
        for name, value in given.items()
        if value is not None
    )
    return "{" + ",".join(fields) + "}"


def api_arguments(
    method: str,
    path: str,
    body: Any,
    params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None,
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """Arguments of a request to any endpoint."""
    arguments = {"method": method, "path": path, **options}
    if body is not None:
        arguments["body"] = body if isinstance(body, bytes) else dump("body", body).encode()
    pairs = params.items() if isinstance(params, Mapping) else params or ()
    arguments["query"] = [
        (name, _query_text(item))
        for name, value in pairs
        for item in (value if isinstance(value, (list, tuple)) else (value,))  # pyright: ignore[reportUnknownVariableType]
        if item is not None
    ]
    return arguments


def _query_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise TypeError(f"params: expected text or numbers, got {type(value).__name__}")


def _by_name(
    method: str, content: Content, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    if len(args) > 2:
        raise TypeError(f"{method}() takes at most 2 positional arguments, got {len(args)}")
    alone = len(args) == 1 and content not in kwargs
    named = dict(zip((content,) if alone else ("model", content), args, strict=False))
    other = "messages" if content == "prompt" else "prompt"
    for name in (*(named.keys() & kwargs.keys()), *({other} & kwargs.keys())):
        raise TypeError(f"{method}() got an unexpected {name!r}: it needs one {content}")
    return {name: value for name, value in {**named, **kwargs}.items() if value is not None}


def _content(method: str, content: Content, value: Any) -> Any:
    if value is None:
        raise TypeError(f"{method}() needs {'a prompt' if content == 'prompt' else 'messages'}")
    if content == "prompt":
        return value
    if type(value) not in (list, tuple):
        raise TypeError(f"messages: expected a list of messages, got {type(value).__name__}")
    return dump("messages", value)
