// One purchase of a tool with the official TypeScript client of MCP. What it is to pay it is told in a
// result; the payment is the official x402 client's.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { x402Client } from '@x402/core/client';
import { registerExactEvmScheme } from '@x402/evm/exact/client';
import { account, BODY } from './purchase.mjs';

const client = new x402Client();
registerExactEvmScheme(client, { signer: account });
const session = new Client({ name: 'buyer', version: '1' });
await session.connect(new StreamableHTTPClientTransport(new URL(process.env.MCP_URL)));
const call = { name: 'chat', arguments: BODY };
const asked = await session.callTool(call);
const payment = await client.createPaymentPayload(asked.structuredContent);
const answer = await session.callTool({ ...call, _meta: { 'x402/payment': payment } });
const { transaction } = answer._meta['x402/payment-response'];
console.log(JSON.stringify({ text: answer.content[0].text, transaction }));
await session.close();
