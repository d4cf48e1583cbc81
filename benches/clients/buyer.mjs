// Buyers in Node, each as its documentation uses it: `node buyer.mjs CONTENDER`, beside the packages.
// A line of JSON in, a line of JSON out, as rows.py has it.

import { createInterface } from 'node:readline';

const { BUYER_KEY, BUYER_URL } = process.env;
const MODEL = 'openai/gpt-4o-mini';
const ASKING = `${BUYER_URL}/v1/chat/completions`;
const FREE = ASKING.replace('/api/', '/free/');
const CHUNKS = 200;

/** Ends the driver, which fails the measurement. */
function check(good, what) {
  if (!good) throw new Error(what);
}

function messagesOf(row) {
  return [{ role: 'user', content: 'x'.repeat(row.prompt) }];
}

/** Reads every chunk of an event stream that comes as bytes. */
async function readChunks(body) {
  let chunks = 0;
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith('data: {') && JSON.parse(line.slice(6)).choices.length > 0) chunks += 1;
    }
  }
  check(chunks === CHUNKS, `${chunks} chunks`);
}

/** Ours: with and without knowing prices beforehand. */
async function blockrun() {
  const { LLMClient } = await import('blockrun-llm');
  const options = { privateKey: BUYER_KEY, apiUrl: BUYER_URL };
  const clients = [null, new LLMClient(options), new LLMClient({ ...options, prepay: 'off' })];
  return (row) => {
    const client = clients[row.trips];
    const messages = messagesOf(row);
    if (row.call !== 'stream') {
      const prompt = messages[0].content;
      return async () => check(await client.chat(MODEL, prompt), 'empty');
    }
    return async () => {
      let chunks = 0;
      for await (const chunk of client.chatCompletionStream(MODEL, messages)) {
        if (chunk.choices.length > 0) chunks += 1;
      }
      check(chunks === CHUNKS, `${chunks} chunks`);
    };
  };
}

/** The published package. */
async function published() {
  const { LLMClient } = await import('@blockrun/llm');
  const client = new LLMClient({ privateKey: BUYER_KEY, apiUrl: BUYER_URL });
  return (row) => {
    const messages = messagesOf(row);
    if (row.call !== 'stream') {
      const prompt = messages[0].content;
      return async () => check(await client.chat(MODEL, prompt), 'empty');
    }
    return async () => readChunks((await client.chatCompletionStream(MODEL, messages)).body);
  };
}

/** Asks each address in turn; the last one answers. */
function asking(steps, row) {
  const asked = { model: MODEL, messages: messagesOf(row), max_tokens: 1024 };
  if (row.call === 'stream') asked.stream = true;
  const headers = { 'content-type': 'application/json' };
  return async () => {
    const body = JSON.stringify(asked);
    let response;
    for (const { fetch, url, status } of steps) {
      await response?.arrayBuffer();
      response = await fetch(url, { method: 'POST', headers, body });
      check(response.status === status, `${url} answers ${response.status}`);
    }
    if (row.call === 'stream') return readChunks(response.body);
    check((await response.json()).choices[0].message.content, 'empty');
  };
}

/** The official client. */
async function x402() {
  const { ExactEvmScheme } = await import('@x402/evm');
  const { wrapFetchWithPaymentFromConfig } = await import('@x402/fetch');
  const { privateKeyToAccount } = await import('viem/accounts');
  const client = new ExactEvmScheme(privateKeyToAccount(BUYER_KEY));
  const schemes = [{ network: 'eip155:*', client }];
  const paying = wrapFetchWithPaymentFromConfig(fetch, { schemes });
  return (row) => asking([{ fetch: paying, url: ASKING, status: 200 }], row);
}

/** fetch, which pays nothing. */
async function bare() {
  const free = { fetch, url: FREE, status: 200 };
  const steps = [null, [free], [{ fetch, url: ASKING, status: 402 }, free]];
  return (row) => asking(steps[row.trips], row);
}

const CONTENDERS = { nothing: async () => () => () => {}, blockrun, published, x402, fetch: bare };

async function play(row, call) {
  const latencies = [];
  let left = row.calls;
  const begun = performance.now();
  const repeat = async () => {
    let start = performance.now();
    while (start < begun + 1000 * row.seconds && left > 0) {
      left -= 1;
      await call();
      const end = performance.now();
      latencies.push(Math.round(1e4 * (end - start)) / 10);
      start = end;
    }
  };
  await Promise.all(Array.from({ length: row.in_flight }, repeat));
  return { seconds: (performance.now() - begun) / 1000, latencies_us: latencies };
}

const caller = await CONTENDERS[process.argv[2]]();
for await (const line of createInterface({ input: process.stdin })) {
  const row = JSON.parse(line);
  console.log(JSON.stringify(await play(row, caller(row))));
}
