"""Our errors as LangChain's kinds of errors, which stay ours too.

What is raised is of two classes: of LangChain's (``ModelTimeoutError``, ``ModelRateLimitError``,
…) and of our own (``blockrun_llm.APITimeoutError``, ``blockrun_llm.SpendLimitError``, …), with
``payment`` and ``key``. Code that catches either works.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelTimeoutError,
)

from blockrun_llm import APIConnectionError, APITimeoutError, BlockrunError

_BY_STATUS: dict[int, type[ModelError]] = {
    400: ModelInvalidRequestError,
    401: ModelAuthenticationError,
    403: ModelPermissionDeniedError,
    404: ModelNotFoundError,
    422: ModelInvalidRequestError,
    429: ModelRateLimitError,
}


@contextmanager
def model_errors() -> Iterator[None]:
    """Raises our errors as LangChain's kinds."""
    try:
        yield
    except BlockrunError as error:
        raise model_error(error) from error


def model_error(error: BlockrunError) -> BlockrunError:
    """The same error, of LangChain's kind too."""
    attributes = {**error.__dict__, "is_retryable": error.retryable}
    return _restored(_host_kind(error), type(error), str(error), attributes)


def _host_kind(error: BlockrunError) -> type[ModelError]:
    if isinstance(error, APITimeoutError):
        return ModelTimeoutError
    if isinstance(error, APIConnectionError):
        return ModelConnectionError
    status = error.status_code or 0
    return _BY_STATUS.get(status, ModelAPIError if status >= 500 else ModelError)


class _OfBoth:
    """What the classes made here share: they are pickled as what they were made of."""

    def __reduce__(self) -> tuple[Any, ...]:
        _, host, ours = type(self).__bases__
        return _restored, (host, ours, str(self), self.__dict__)


_KINDS: dict[tuple[type, type], type[BlockrunError]] = {}


def _both(host: type[ModelError], ours: type[BlockrunError]) -> type[BlockrunError]:
    if (host, ours) not in _KINDS:
        members = {"__module__": ours.__module__, "__doc__": ours.__doc__}
        _KINDS[host, ours] = type(ours.__name__, (_OfBoth, host, ours), members)
    return _KINDS[host, ours]


def _restored(
    host: type[ModelError], ours: type[BlockrunError], message: str, attributes: dict[str, Any]
) -> BlockrunError:
    kind = _both(host, ours)
    error: BlockrunError = kind.__new__(kind, message)
    error.args = (message,)
    error.__dict__.update(attributes)
    return error
