"""An agent that looks into documents, and what its answer cost."""

import asyncio

from llama_index.core import Document, SummaryIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.tools import QueryEngineTool

from llama_index.llms.blockrun import BlockRun

llm = BlockRun(model="openai/gpt-4o-mini", max_tokens=300, max_session_cost="0.01")
index = SummaryIndex.from_documents([Document(text="The tide in Hamburg is 2.1 m high today.")])
tides = QueryEngineTool.from_defaults(
    index.as_query_engine(llm=llm), name="tides", description="Knows today's tides."
)
agent = FunctionAgent(tools=[tides], llm=llm)


async def main() -> None:
    print(await agent.run("What do the tides say about Hamburg?"))
    spending = llm.client.get_spending()
    print(f"{spending['calls']} calls, ${spending['total_usd']}")


asyncio.run(main())
