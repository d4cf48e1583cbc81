"""An agent that calls a tool: the model asks for it, we run it, the model goes on."""

import json
from typing import Any

from blockrun_llm import ChatMessage, LLMClient

client = LLMClient()
tools = [
    {
        "type": "function",
        "function": {
            "name": "tide",
            "description": "Height of the tide at a place, in metres.",
            "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
        },
    }
]
messages: list[Any] = [{"role": "user", "content": "How high is the tide in Hamburg?"}]


def ask() -> ChatMessage:
    message = client.chat_completion(messages, tools=tools).choices[0].message
    messages.append(message)
    return message


for call in ask().tool_calls or ():
    print(f"calls {call.function.name}({call.function.arguments})")
    result = json.dumps({"metres": 2.1})
    messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
print(ask().content)

spending = client.get_spending()
print(f"{spending['calls']} calls, ${spending['total_usd']}")
