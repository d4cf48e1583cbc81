// The official TypeScript client of the Model Context Protocol, buying a gateway's tools with `callTool`.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { LLMClient } from 'blockrun-llm';

const KEY = `0x${'59c6995e998f97a5a0044966f0945389'}dc9e86dae88c7a8412f4603b6b78690d`;
const ARGUMENTS = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello!' }] };

/** A practice gateway: its address without a path. */
async function gateway(t) {
  const args = ['gateway', '--practice', '--ephemeral', '--port', '0'];
  const server = spawn(env.BLOCKRUN_BIN, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => server.kill());
  const [line] = await once(createInterface(server.stdout), 'line');
  return line.replace('listening on ', '').replace(/\/api$/, '');
}

function folder(t) {
  const made = mkdtempSync(join(tmpdir(), 'blockrun-'));
  t.after(() => rmSync(made, { recursive: true }));
  return made;
}

function client(t, base) {
  const apiUrl = `${base}/api`;
  const rpcUrl = `${base}/practice/rpc`;
  const made = new LLMClient({ privateKey: KEY, apiUrl, rpcUrl, home: folder(t) });
  t.after(() => made.close());
  return made;
}

/** A session over `fetch`, which spoils what comes back for the first payment. */
async function session(t, base, spoil) {
  const payments = [];
  const carry = async (url, init) => {
    const answer = await fetch(url, init);
    const said = init?.body ? JSON.parse(init.body) : {};
    const payment = said.params?._meta?.['x402/payment'];
    if (!payment) return answer;
    payments.push(JSON.stringify(payment));
    return payments.length === 1 ? spoil(answer) : answer;
  };
  const made = new Client({ name: 'test', version: '1' });
  await made.connect(new StreamableHTTPClientTransport(new URL(`${base}/mcp`), { fetch: carry }));
  t.after(() => made.close());
  return { made, payments };
}

const FATES = {
  'comes back': (answer) => answer,
  'is lost': async (answer) => {
    await answer.text();
    throw new TypeError('fetch failed');
  },
  'is lost behind a busy front': () => new Response('busy', { status: 503 }),
  'is cut': () => new Response('{"jso', { headers: { 'content-type': 'application/json' } }),
};

for (const [fate, spoil] of Object.entries(FATES)) {
  test(`a tool whose answer ${fate} is bought once`, async (t) => {
    const base = await gateway(t);
    const { made, payments } = await session(t, base, spoil);
    const buyer = client(t, base);
    const { tools } = await made.listTools();
    assert.deepEqual(tools.map((tool) => tool.name).sort(), ['chat', 'image']);
    const server = `${base}/mcp`;
    const answer = await buyer.callTool(made, 'chat', ARGUMENTS, { server });
    assert.match(answer.result.content[0].text, /^Hello!/);
    assert.equal(answer.costMicro, 1000n);
    assert.match(answer.settlement.transaction, /^0x/);
    assert.equal(payments.length, fate === 'comes back' ? 1 : 2);
    assert.equal(new Set(payments).size, 1);
    assert.equal(await buyer.getBalance(), 9.999);
  });
}

test('a tool that fails costs nothing', async (t) => {
  const base = await gateway(t);
  const { made, payments } = await session(t, base, FATES['comes back']);
  const wrong = { ...ARGUMENTS, model: 'no/such-model' };
  const server = `${base}/mcp`;
  const answer = await client(t, base).callTool(made, 'chat', wrong, { server });
  assert.ok(answer.isError);
  assert.deepEqual(payments, []);
});

test('the block of the guide', async (t) => {
  const base = await gateway(t);
  const guide = readFileSync('docs/guide/mcp.md', 'utf8');
  const [block] = guide.match(/(?<=^<!-- run by: .*-->\n+```js\n).*?(?=^```$)/gms);
  // Beside the packages, where they are found.
  const file = join(import.meta.dirname, 'block.mjs');
  writeFileSync(file, block.replace('http://127.0.0.1:8402', base));
  t.after(() => rmSync(file));
  const told = {
    ...env,
    BLOCKRUN_API_URL: `${base}/api`,
    BLOCKRUN_WALLET_KEY: KEY,
    BLOCKRUN_HOME: folder(t),
  };
  const { stdout } = await promisify(execFile)(execPath, [file], { env: told, timeout: 60_000 });
  assert.match(stdout, /^Hello!.* 0\.001\n$/s);
});
