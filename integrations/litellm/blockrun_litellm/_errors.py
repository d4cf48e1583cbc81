"""Our errors as LiteLLM's, with ``payment``, ``key`` and ``code``; ours is the ``__cause__``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import litellm

from blockrun_llm import APIConnectionError, APITimeoutError, BlockrunError

_PROVIDER = "blockrun"

_BY_STATUS: dict[int, Callable[..., Exception]] = {
    400: litellm.BadRequestError,
    401: litellm.AuthenticationError,
    404: litellm.NotFoundError,
    429: litellm.RateLimitError,
    500: litellm.InternalServerError,
    503: litellm.ServiceUnavailableError,
}
_WITH_RESPONSE: dict[int, Callable[..., Exception]] = {
    403: litellm.PermissionDeniedError,
    422: litellm.UnprocessableEntityError,
}


@contextmanager
def host_errors(model: str) -> Iterator[None]:
    """Raises our errors as LiteLLM's, and bad arguments as its ``BadRequestError``."""
    try:
        yield
    except BlockrunError as error:
        raised = host_error(error, model)
        for name in ("payment", "key", "code"):
            setattr(raised, name, getattr(error, name))
        raise raised from error
    except (ValueError, TypeError) as error:
        raise litellm.BadRequestError(str(error), model, _PROVIDER) from error


def host_error(error: BlockrunError, model: str) -> Exception:
    """LiteLLM's error, by which its retries and fallbacks decide."""
    said = {"message": str(error), "model": model, "llm_provider": _PROVIDER}
    if isinstance(error, APITimeoutError):
        return litellm.Timeout(**said)
    if isinstance(error, APIConnectionError):
        return litellm.APIConnectionError(**said)
    status = error.status_code or 0
    if kind := _BY_STATUS.get(status):
        return kind(**said)
    if kind := _WITH_RESPONSE.get(status):
        request = httpx.Request("POST", "https://blockrun.ai/api/v1/chat/completions")
        return kind(**said, response=httpx.Response(status, request=request))
    # Of what has no status: 409 is retried, and then takes the payment up; 402 is not.
    return litellm.APIError(status or (409 if error.retryable else 402), **said)
