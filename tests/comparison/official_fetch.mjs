// One purchase with the official fetch client, as its documentation uses it.

import { readFileSync } from 'node:fs';
import { ExactEvmScheme } from '@x402/evm';
import { wrapFetchWithPaymentFromConfig } from '@x402/fetch';
import { privateKeyToAccount } from 'viem/accounts';

const { BUYER_KEY, BUYER_URL, BUYER_TIMEOUT } = process.env;
const account = privateKeyToAccount(BUYER_KEY);
const fetchWithPayment = wrapFetchWithPaymentFromConfig(fetch, {
  schemes: [{ network: 'eip155:*', client: new ExactEvmScheme(account) }],
});

async function buy() {
  const response = await fetchWithPayment(`${BUYER_URL}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'openai/gpt-4o-mini',
      messages: [{ role: 'user', content: 'Hello!' }],
    }),
    signal: AbortSignal.timeout(Number(BUYER_TIMEOUT) * 1000),
  });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return (await response.json()).choices.length > 0;
}

let answered = false;
// The call, and after an error the application's own plain retry.
for (let attempt = 0; attempt < 2 && !answered; attempt++) {
  try {
    answered = await buy();
  } catch (error) {
    console.error(String(error));
  }
}

const manifest = new URL('node_modules/@x402/fetch/package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
const client = `@x402/fetch ${version} (Node ${process.versions.node})`;
console.log(JSON.stringify({ client, payer: account.address, answered }));
