"""One purchase with `blockrun_llm`, ours or the published one: both have this interface."""

import json
import os
import sys
from importlib.metadata import version

from blockrun_llm import LLMClient


def main() -> None:
    client = LLMClient(
        private_key=os.environ["BUYER_KEY"],
        api_url=os.environ["BUYER_URL"],
        timeout=float(os.environ["BUYER_TIMEOUT"]),
    )
    answered = False
    for _ in range(2):  # the call, and after an error the application's own plain retry
        try:
            answered = bool(client.chat("openai/gpt-4o-mini", "Hello!"))
            break
        except Exception as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
    payer = client.get_wallet_address()
    named = f"blockrun-llm {version('blockrun-llm')}"
    print(json.dumps({"client": named, "payer": payer, "answered": answered}))


main()
