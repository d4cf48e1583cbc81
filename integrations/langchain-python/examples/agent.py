"""An agent with a tool and a purse: it stops when the next call would cost more than is left."""

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.tools import tool

from blockrun_llm import SpendLimitError
from langchain_blockrun import ChatBlockRun


@tool
def tide(place: str) -> str:
    """Height of the tide at a place, in metres."""
    return f"2.1 m at {place}"


model = ChatBlockRun(model="openai/gpt-4o-mini", max_tokens=300, max_session_cost="0.01")
agent = model.bind_tools([tide])
messages: list[BaseMessage] = [HumanMessage("How high is the tide in Hamburg?")]
try:
    while True:
        answer = agent.invoke(messages)
        messages.append(answer)
        print(f"${answer.response_metadata['cost_usd']}", answer.text or answer.tool_calls)
        if not isinstance(answer, AIMessage) or not answer.tool_calls:
            break
        messages += [tide.invoke(call) for call in answer.tool_calls]
except SpendLimitError as error:
    print(f"the purse is empty: {error}")
