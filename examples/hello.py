"""The shortest paid call in Python. The key is read from BLOCKRUN_WALLET_KEY."""

import os

from blockrun_llm import LLMClient

client = LLMClient(private_key=os.environ["BLOCKRUN_WALLET_KEY"])
response = client.chat("Hello!")
# Payment handled automatically via x402. What it cost:
payment = client.payments()[-1]

print(f"reply        {response}")
print(f"model        {payment.model}")
print(f"price        {payment.amount_usd:.6f} USDC")
print(f"transaction  {payment.transaction}")
