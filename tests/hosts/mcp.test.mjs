// The official TypeScript client of the Model Context Protocol.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const { BLOCKRUN_BIN, BLOCKRUN_MCP } = env;
const TOKEN = 'a-token-that-a-test-shows';

/** Starts a server and gives the address that it prints. */
async function started(t, args, more = {}) {
  const server = spawn(BLOCKRUN_BIN, args, {
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.after(() => server.kill());
  const [line] = await once(createInterface(server.stdout), 'line');
  return line.replace('listening on ', '');
}

/** What a server is told of its wallet and of whom it pays. */
async function told(t) {
  const home = mkdtempSync(join(tmpdir(), 'blockrun-'));
  t.after(() => rmSync(home, { recursive: true }));
  return {
    BLOCKRUN_API_URL: await started(t, ['gateway', '--practice', '--ephemeral', '--port', '0']),
    BLOCKRUN_WALLET_KEY: `0x${'59c6995e998f97a5a0044966f0945389'}dc9e86dae88c7a8412f4603b6b78690d`,
    BLOCKRUN_HOME: home,
    BLOCKRUN_PROXY_TOKEN: TOKEN,
  };
}

async function check(transport) {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  try {
    const { tools } = await client.listTools();
    const paid = tools.filter((tool) => !tool.annotations.readOnlyHint);
    assert.deepEqual(paid.map((tool) => tool.name).sort(), ['blockrun_chat', 'blockrun_image']);
    let told = 0;
    const answer = await client.callTool(
      { name: 'blockrun_chat', arguments: { prompt: 'Count slowly to 40' } },
      undefined,
      { onprogress: () => told++ },
    );
    assert.match(answer.content[0].text, /40/);
    assert.equal(answer.structuredContent.cost_micro, 1000);
    assert.ok(told > 0);
    const wrong = await client.callTool({
      name: 'blockrun_chat',
      arguments: { prompt: 'x', model: 'no/such-model' },
    });
    assert.ok(wrong.isError);
    assert.match(wrong.content[0].text, /Nothing was charged/);
    const { structuredContent } = await client.callTool({ name: 'blockrun_spending' });
    assert.deepEqual([structuredContent.calls, structuredContent.spent_usd], [1, '0.001']);
  } finally {
    await client.close();
  }
}

test('over standard input and output', async (t) => {
  const server = { command: BLOCKRUN_BIN, args: ['mcp'], env: await told(t), stderr: 'ignore' };
  await check(new StdioClientTransport(server));
});

test('over HTTP', async (t) => {
  const url = await started(t, ['mcp', '--http', '--port', '0'], await told(t));
  const headers = { Authorization: `Bearer ${TOKEN}` };
  await check(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
});

test('as the npm package', { skip: !BLOCKRUN_MCP && 'not packed' }, async (t) => {
  const server = { command: execPath, args: [BLOCKRUN_MCP], env: await told(t), stderr: 'ignore' };
  await check(new StdioClientTransport(server));
});
