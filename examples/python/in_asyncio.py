"""Many calls at once in asyncio, a stream, and a call that is dropped when it takes too long."""

import asyncio

from blockrun_llm import AsyncLLMClient


async def main() -> None:
    async with AsyncLLMClient(max_session_cost=1) as client:
        questions = [f"Count to {number}" for number in range(1, 6)]
        for text in await asyncio.gather(*(client.chat(question) for question in questions)):
            print(text)

        async for chunk in client.chat_completion_stream([{"role": "user", "content": "Hello!"}]):
            print(chunk.text, end="")
        print()

        try:
            # Cancelled: nothing is paid, or the same call takes the payment up.
            await asyncio.wait_for(client.chat("Hello?"), timeout=0.0001)
        except asyncio.TimeoutError:
            print("dropped")
        print(await client.get_spending())


asyncio.run(main())
