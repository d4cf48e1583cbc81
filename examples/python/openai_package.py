"""The package `openai` as it is, with its own retries, pays through a transport of ours."""

import httpx2
from openai import OpenAI

from blockrun_llm import LLMClient
from blockrun_llm.httpx2 import BlockrunTransport

client = LLMClient()
ai = OpenAI(
    base_url=client.base_url,
    api_key="blockrun",
    http_client=httpx2.Client(transport=BlockrunTransport(client)),
)

answer = ai.chat.completions.create(
    model="openai/gpt-4o-mini", messages=[{"role": "user", "content": "Hello!"}]
)
print(answer.choices[0].message.content)
stream = ai.chat.completions.create(
    model="openai/gpt-4o-mini", messages=[{"role": "user", "content": "Count to 5"}], stream=True
)
print("".join(chunk.choices[0].delta.content or "" for chunk in stream))
for payment in client.payments():
    print(f"${payment.amount_usd} {payment.transaction}")
