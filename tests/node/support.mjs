// What the tests start and share. The servers come with the workspace, as Rust programs.

import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
export const ADDRESS = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
/** An address where nothing listens: whatever is sent there fails. */
export const NOBODY = 'http://127.0.0.1:9/api';

// Nobody's settings decide what is tested.
for (const name of Object.keys(env)) {
  if (/^(BLOCKRUN_(?!BIN$|SOAK$)|BASE_CHAIN_)|_PROXY$/i.test(name)) delete env[name];
}

/** A folder that is gone after the test, or after all of them. */
export function folder(hooks = { after }) {
  const path = mkdtempSync(join(tmpdir(), 'blockrun-'));
  hooks.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A wallet home of this test file's own. */
env.BLOCKRUN_HOME = folder();

/** A chat completion as a server answers it, with fields that no type knows. */
export const ANSWER = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  service_tier: 'default',
  choices: [
    {
      index: 0,
      finish_reason: 'stop',
      logprobs: null,
      message: { role: 'assistant', content: 'ok', refusal: null },
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, details: { a: 1 } },
};

/** A file of the shared tests. */
export function load(path) {
  return JSON.parse(readFileSync(join(ROOT, 'tests', path), 'utf8'));
}

/** A program of the workspace: from an environment variable, else the newest that was built. */
export function program(name, variable) {
  if (variable && env[variable]) return env[variable];
  const age = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const [newest] = ['release', 'debug']
    .map((profile) => join(ROOT, 'target', profile, name))
    .sort((one, two) => age(two) - age(one));
  if (!age(newest)) {
    throw new Error(`${name} is not built: cargo build -p blockrun-cli -p conformance`);
  }
  return newest;
}

/** Runs a server until the test ends and gives the first line that it prints. */
export async function started(test, ...command) {
  const server = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  test.after(async () => {
    server.kill();
    await ended;
  });
  const [line] = await once(createInterface(server.stdout), 'line');
  return line;
}

/** Starts the practice gateway until the test ends and gives its base address. */
export async function gateway(test) {
  const options = ['gateway', '--practice', '--ephemeral', '--port', '0'];
  const line = await started(test, program('blockrun', 'BLOCKRUN_BIN'), ...options);
  return line.replace('listening on ', '');
}

/** What the practice gateway's ledger holds for an account, in micro-USDC. */
export async function balance(apiUrl, address) {
  const call = {
    to: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
    data: `0x70a08231${address.slice(2).toLowerCase().padStart(64, '0')}`,
  };
  const answer = await fetch(new URL('/practice/rpc', apiUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_call', params: [call, 'latest'] }),
  });
  return BigInt((await answer.json()).result);
}

/**
 * A way to a gateway that keeps the payment headers it saw. As long as `loses` says so, it loses
 * each paid `request` before it arrives, or the `answer` to it; each loss is an event `lost`.
 */
export async function front(test, apiUrl) {
  const state = { loses: undefined, payments: [], events: new EventEmitter() };
  const server = createServer(async (request, response) => {
    const { host, connection, 'content-length': _, ...headers } = request.headers;
    const payment = headers['payment-signature'] ?? headers['x-payment'];
    if (payment) state.payments.push(payment);
    const loses = payment && state.loses;
    const lose = () => {
      response.destroy();
      state.events.emit('lost');
    };
    if (loses === 'request') return lose();
    const { method, url } = request;
    const body = method === 'POST' ? await text(request) : undefined;
    const answer = await fetch(new URL(url, apiUrl), { method, headers, body });
    const said = await answer.text();
    if (loses === 'answer') return lose();
    const given = Object.fromEntries(answer.headers);
    for (const name of ['content-length', 'content-encoding', 'transfer-encoding', 'connection']) {
      delete given[name];
    }
    response.writeHead(answer.status, given).end(said);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(state, { url: `http://127.0.0.1:${server.address().port}/api` });
}

/**
 * Serves what `answer` says to each request, as `[status, JSON or text, headers?]`, and keeps the
 * requests.
 */
export function answering(test, answer) {
  return serving(test, async (request, response) => {
    const [status, said, headers] = await answer(request.url);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
  });
}

/** Lets `serve` answer each request, and keeps the requests. */
export async function serving(test, serve) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const body = await text(request);
    requests.push({ method, url, headers, body: body && JSON.parse(body) });
    await serve(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}/api`, requests };
}

/** What a server asks for here. */
const OFFER = {
  scheme: 'exact',
  network: 'eip155:84532',
  amount: '1000',
  asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  payTo: '0x4020000000000000000000000000000000000402',
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2' },
};

/**
 * Asks for money, and lets `accept` answer what is paid for by `say(status, body)`, once `unpaid`,
 * where there is one, has let it ask. Knows the payments that it saw.
 */
export async function offering(test, accept, unpaid = () => {}) {
  const server = await serving(test, async (request, response) => {
    const say = (status, body, headers) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(body));
    if (paymentOf(request)) return accept(request, say);
    await unpaid();
    const challenge = { x402Version: 2, resource: { url: 'x' }, accepts: [OFFER] };
    const header = Buffer.from(JSON.stringify(challenge)).toString('base64');
    say(402, challenge, { 'payment-required': header });
  });
  const payments = () => new Set(server.requests.map(paymentOf).filter(Boolean));
  return { ...server, payments };
}

function paymentOf({ headers }) {
  return headers['payment-signature'];
}

/** A chunk of a stream that adds this text. */
export function chunkOf(content, more) {
  const choices = [{ index: 0, delta: { content }, finish_reason: null }];
  return { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more };
}

/** The chunk with which an answer ends. */
export const LAST = {
  ...chunkOf(''),
  choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
};

/** Chunks as an event stream with its end. */
export function events(...chunks) {
  const data = [...chunks, LAST].map((chunk) => JSON.stringify(chunk));
  return [...data, '[DONE]'].map((one) => `data: ${one}\n\n`).join('');
}

/** Waits until something holds. */
export async function until(holds, what) {
  for (let tries = 0; tries < 6_000; tries++) {
    if (await holds()) return;
    await sleep(10);
  }
  throw new Error(`never: ${what}`);
}

/** What a promise or a function throws; fails when it does not. */
export async function thrown(run) {
  try {
    await (typeof run === 'function' ? run() : run);
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
