// A chat endpoint behind the official Express middleware, as its documentation uses it: version 2 of
// the protocol, or with `v1` as argument the older package and version 1.

import express from 'express';

const { FACILITATOR_URL, PAYEE, PORT } = process.env;
const PATH = '/api/v1/chat/completions';

async function v2() {
  const { HTTPFacilitatorClient } = await import('@x402/core/server');
  const { ExactEvmScheme } = await import('@x402/evm/exact/server');
  const { paymentMiddleware, x402ResourceServer } = await import('@x402/express');
  const network = 'eip155:84532';
  const facilitator = new HTTPFacilitatorClient({ url: FACILITATOR_URL });
  const server = new x402ResourceServer(facilitator).register(network, new ExactEvmScheme());
  const accepts = { scheme: 'exact', price: '$0.001', network, payTo: PAYEE };
  return paymentMiddleware({ [`POST ${PATH}`]: { accepts, description: 'A chat' } }, server);
}

async function v1() {
  const { paymentMiddleware } = await import('x402-express');
  const route = { price: '$0.001', network: 'base-sepolia', config: { description: 'A chat' } };
  return paymentMiddleware(PAYEE, { [`POST ${PATH}`]: route }, { url: FACILITATOR_URL });
}

const app = express();
app.get('/health', (_, response) => response.send('ok'));
app.use(await (process.argv[2] === 'v1' ? v1() : v2()));
app.use(express.json());
app.post(PATH, (request, response) => {
  const message = { role: 'assistant', content: 'Hello from Express' };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  const { model } = request.body;
  response.json({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model, choices });
});
app.listen(Number(PORT), '127.0.0.1');
