"""One purchase through the Python that UniFFI generates for the library of Swift and Kotlin."""

import asyncio
import os
import sys

import blockrun_ffi as ffi


async def main() -> None:
    """Buys, and tells."""
    options = ffi.ClientOptions(
        api_url=os.environ["BLOCKRUN_API_URL"], home=os.environ["BLOCKRUN_HOME"]
    )
    key = os.environ["BLOCKRUN_WALLET_KEY"]
    client = ffi.NativeClient(key, None, None, "python", options)
    messages = [ffi.ChatMessage(role="user", content="Hello!", parts=[], extra=None)]
    answer = await client.chat_completion(messages, None, None, ffi.ChatOptions())
    print("reply       ", answer.text)
    print("transaction ", answer.transaction)


asyncio.run(main())
# The library's threads call back into this Python, whose interpreter they would find half gone.
sys.stdout.flush()
os._exit(0)
