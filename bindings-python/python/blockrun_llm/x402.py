"""The protocol by hand, under the path by which users of earlier packages import it.

What is signed here is not recorded, not counted in any budget, and can be executed by whoever gets
it: `LLMClient` does all of that. See `blockrun_llm.offline` for the whole of it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, cast

__all__ = ["extract_payment_details", "parse_payment_required"]


def parse_payment_required(header: str) -> dict[str, Any]:
    """The 402 that a ``PAYMENT-REQUIRED`` header holds.

    Raises:
        ValueError: It is not JSON in base64.
    """
    text = header.strip().replace("-", "+").replace("_", "/")
    try:
        parsed: object = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise ValueError("Failed to parse payment required header: invalid format")
    return cast("dict[str, Any]", parsed)


def extract_payment_details(payment_required: Mapping[str, Any]) -> dict[str, Any]:
    """What the first option of a 402 asks that has the scheme ``exact``. Nothing of it is checked.

    Returns:
        ``amount`` (micro-USDC as text), ``recipient``, ``network``, ``asset``, ``scheme``,
        ``maxTimeoutSeconds``, ``extra`` and ``resource``.

    Raises:
        ValueError: There is none.
    """
    options = payment_required.get("accepts")
    if not isinstance(options, list) or not options:
        raise ValueError("No payment options in payment required response")
    for option in cast("list[object]", options):
        if isinstance(option, dict) and option.get("scheme", "exact") == "exact":  # pyright: ignore[reportUnknownMemberType]
            return _details(cast("dict[str, Any]", option), payment_required)
    raise ValueError("No payment option with the scheme 'exact'; nothing else is signed")


def _details(option: dict[str, Any], payment_required: Mapping[str, Any]) -> dict[str, Any]:
    amount = option.get("amount") or option.get("maxAmountRequired")
    if not amount:
        raise ValueError("No amount found in payment requirements")
    return {
        "amount": str(amount),
        "recipient": option.get("payTo"),
        "network": option.get("network"),
        "asset": option.get("asset"),
        "scheme": "exact",
        "maxTimeoutSeconds": option.get("maxTimeoutSeconds", 300),
        "extra": option.get("extra"),
        "resource": payment_required.get("resource") or option.get("resource"),
    }
