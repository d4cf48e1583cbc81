"""A key that this program does not have to see: an account of `eth_account`, or a key service."""

import os

from eth_account import Account

from blockrun_llm import LLMClient

account = Account.from_key(os.environ["BLOCKRUN_WALLET_KEY"])
client = LLMClient(signer=account)
print(client.get_wallet_address() == account.address)
print(client.chat("Hello!"))
print(f"${client.payments()[-1].amount_usd} signed by {account.address}")
