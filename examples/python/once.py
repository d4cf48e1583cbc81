"""Charged once: the same key is paid at most once, whatever happens in between."""

import os

from blockrun_llm import BlockrunError, LLMClient

client = LLMClient()
key = f"report-{os.getpid()}"


def report() -> str:
    for attempt in range(3):
        try:
            return client.chat("Write the report.", idempotency_key=key)
        except BlockrunError as error:
            # Every error says what happened to the money; the same call takes it up.
            if not error.retryable or attempt == 2:
                raise
            print(error.code, error.payment.state)
    raise AssertionError("the last attempt returns or raises")


print(report())
print(report())
spending = client.get_spending()
print(f"{len(client.payments())} payment, ${spending['total_usd']}")
again = client.recover(key)
print(f"fetched once more: {again.text}")
