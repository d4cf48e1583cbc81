// One purchase with the official fetch client, as its documentation uses it.

import { registerExactEvmScheme } from '@x402/evm/exact/client';
import { wrapFetchWithPayment, x402Client } from '@x402/fetch';
import { account, BODY, tell, URL } from './purchase.mjs';

const client = new x402Client();
registerExactEvmScheme(client, { signer: account });
const pay = wrapFetchWithPayment(fetch, client);
const headers = { 'content-type': 'application/json' };
const response = await pay(URL, { method: 'POST', headers, body: JSON.stringify(BODY) });
if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`);
tell(await response.json(), (name) => response.headers.get(name));
