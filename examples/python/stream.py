"""An answer as it comes, token by token. It is paid once, when its head has come."""

from blockrun_llm import LLMClient

client = LLMClient()
messages = [{"role": "user", "content": "Tell me about lighthouses."}]
stream = client.chat_completion_stream(
    messages, max_tokens=100, stream_options={"include_usage": True}
)
for chunk in stream:
    print(chunk.text, end="", flush=True)
print(f"\ncost ${stream.cost_usd}")

# The whole answer, put together again: text, tool calls, token counts.
whole = stream.response()
print(whole.choices[0].finish_reason, whole.usage and whole.usage.total_tokens, "tokens")
