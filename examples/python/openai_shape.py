"""The calls in the shape of OpenAI's package, without that package."""

from blockrun_llm import LLMClient

client = LLMClient()
create = client.openai.chat.completions.create
messages = [{"role": "user", "content": "Hello!"}]

answer = create(model="openai/gpt-4o-mini", messages=messages)
print(answer.choices[0].message.content, f"${answer.cost_usd}")
for chunk in create(model="openai/gpt-4o-mini", messages=messages, stream=True):
    print(chunk.choices[0].delta.content or "", end="")
print()
print([model.id for model in client.openai.models.list()][:3])
