// One purchase with the fetch client of version 1, as its documentation uses it.

import { createWalletClient, http } from 'viem';
import { baseSepolia } from 'viem/chains';
import { wrapFetchWithPayment } from 'x402-fetch';
import { account, BODY, tell, URL } from './purchase.mjs';

const wallet = createWalletClient({ account, chain: baseSepolia, transport: http() });
const pay = wrapFetchWithPayment(fetch, wallet);
const headers = { 'content-type': 'application/json' };
const response = await pay(URL, { method: 'POST', headers, body: JSON.stringify(BODY) });
if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`);
tell(await response.json(), (name) => response.headers.get(name));
