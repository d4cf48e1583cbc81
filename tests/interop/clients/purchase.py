"""What the purchases in Python have in common: who buys what, and what is told of it."""

import base64
import json
import os
from collections.abc import Mapping
from typing import Any

from eth_account import Account

URL = os.environ["BLOCKRUN_API_URL"] + "/v1/chat/completions"
BODY = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}


def account() -> Any:
    """The buyer's."""
    return Account.from_key(os.environ["BLOCKRUN_WALLET_KEY"])


def tell(answer: dict[str, Any], headers: Mapping[str, str]) -> None:
    """Prints the answer and the transaction of its receipt, of either version."""
    receipt = headers.get("payment-response") or headers["x-payment-response"]
    print("reply       ", answer["choices"][0]["message"]["content"])
    print("transaction ", json.loads(base64.b64decode(receipt))["transaction"])
