"""Any endpoint of the server: whole, and as a stream of events."""

from blockrun_llm import LLMClient

client = LLMClient()
body = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}

answer = client.request("POST", "/v1/chat/completions", body)
print(answer.status_code, answer.headers["content-type"], f"${answer.cost_usd}")

with client.stream("POST", "/v1/chat/completions", {**body, "stream": True}) as events:
    for event in events:
        print(event.id, event.json()["choices"][0]["delta"])
print(f"${events.cost_usd}")
