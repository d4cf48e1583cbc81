"""Images that were made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._json_object import Field, JsonObject
from ._naming import as_imported
from ._paid import PaidObject


class ImageData(JsonObject):
    """One image: an address, or the file itself."""

    __slots__ = ()

    url = Field[str | None](None)
    """Where it is; may be a ``data:`` URL, and may expire."""
    b64_json = Field[str | None](None)
    """The file in base64, when ``response_format="b64_json"`` was asked for."""
    revised_prompt = Field[str | None](None)
    """The prompt that the model made of the one given."""
    source_url = Field[str | None](None)
    """Where the provider has it, where the server keeps a copy."""
    backed_up = Field[bool | None](None)
    """Whether the server keeps a copy."""

    def bytes(self) -> bytes:
        """The file, of an image that came inline.

        Raises:
            ValueError: It came as an address, or is not base64.
        """
        text = self.b64_json
        if text is None and (self.url or "").startswith("data:"):
            text = (self.url or "").partition(",")[2]
        if text is None:
            raise ValueError("the image is not inline: download its url, or ask for b64_json")
        # Needed by few.
        import base64

        return base64.b64decode(text, validate=True)


class ImageResponse(PaidObject):
    """Images, with what they cost."""

    __slots__ = ()

    created = Field(0)
    """Unix time."""

    @property
    def data(self) -> tuple[ImageData, ...]:
        """The images."""
        return self._objects("data", ImageData)

    def _shown(self) -> Mapping[str, Any]:
        return {"data": list(self.data), "cost_usd": self.cost_usd}


as_imported(__name__)
