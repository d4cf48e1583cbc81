"""One purchase with the official requests client, as its documentation uses it."""

from purchase import BODY, URL, account, tell
from x402 import x402ClientSync
from x402.http.clients import x402_requests
from x402.mechanisms.evm import EthAccountSigner
from x402.mechanisms.evm.exact.register import register_exact_evm_client

client = x402ClientSync()
register_exact_evm_client(client, EthAccountSigner(account()))
with x402_requests(client) as session:
    response = session.post(URL, json=BODY, timeout=30)
    response.raise_for_status()
    tell(response.json(), response.headers)
