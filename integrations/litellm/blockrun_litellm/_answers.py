"""Answers of ours as LiteLLM has them, with what they cost where LiteLLM looks for it."""

from __future__ import annotations

from typing import Any

from litellm import ModelResponse
from litellm.types.utils import ImageResponse as HostImages
from litellm.types.utils import ModelResponseStream

from blockrun_llm import ChatCompletionChunk, ChatResponse, ImageResponse

COST = "llm_provider-x-litellm-response-cost"
"""The header by which an upstream tells LiteLLM what a call cost; nothing is estimated then."""


def to_response(answer: ChatResponse) -> ModelResponse:
    """A whole answer."""
    return _paid(ModelResponse(**_fields(answer)), answer)


class Pieces:
    """A stream, in the order in which LiteLLM reads one.

    It reads nothing behind the piece that ends an answer, so the token counts go before it, with
    what the call cost.
    """

    def __init__(self) -> None:
        self._last: list[ModelResponseStream] = []

    def take(self, chunk: ChatCompletionChunk) -> list[ModelResponseStream]:
        """What to pass on when this one has come."""
        fields = _fields(chunk)
        if chunk.usage:
            fields["usage"] = {**fields["usage"], "cost": chunk.cost_usd}
        piece = _paid(ModelResponseStream(**fields), chunk)
        if any(choice.finish_reason for choice in chunk.choices):
            self._last.append(piece)
            return []
        return [piece]

    def end(self) -> list[ModelResponseStream]:
        """What to pass on at the end."""
        return self._last


def to_images(images: ImageResponse) -> HostImages:
    """Pictures."""
    return _paid(
        HostImages(created=images.created, data=[dict(one) for one in images.data]), images
    )


def _fields(answer: ChatResponse | ChatCompletionChunk) -> dict[str, Any]:
    told = answer.model_dump()
    for name in ("cost_usd", "cost_micro", "settlement", "payment_scheme"):
        told.pop(name, None)
    return {name: value for name, value in told.items() if value is not None}


def _paid(host: Any, answer: Any) -> Any:
    told = {"cost_micro": answer.cost_micro, "settlement": answer.settlement}
    headers = {} if answer.cost_usd is None else {COST: answer.cost_usd}
    host._hidden_params = {"additional_headers": headers, "blockrun": told}
    return host
