// Loading: both module systems, threads, twice, without an addon, and without side effects.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import * as esm from 'blockrun-llm';
import { ADDRESS, ANSWER, answering, KEY, ROOT, thrown } from './support.mjs';

const require = createRequire(import.meta.url);

/** A copy of what npm would install, with or without its addon. */
function copy(test, ...folders) {
  const folder = mkdtempSync(join(tmpdir(), 'blockrun-'));
  test.after(() => rmSync(folder, { recursive: true }));
  for (const name of folders) {
    cpSync(join(ROOT, 'bindings-node', name), join(folder, name), { recursive: true });
  }
  return join(folder, 'dist', 'index.js');
}

test('ES modules and CommonJS share their classes', () => {
  const cjs = require('blockrun-llm');
  assert.equal(esm.default, esm.LLMClient);
  const exported = { ...esm };
  for (const name of Object.keys(cjs)) assert.equal(exported[name], cjs[name], name);
});

test('importing loads no addon and reads no file of ours', () => {
  const code = `
    require('blockrun-llm');
    const libraries = process.report.getReport().sharedObjects;
    console.log(libraries.filter((name) => name.endsWith('.node')).length);`;
  const printed = execFileSync(execPath, ['-e', code], { cwd: ROOT, encoding: 'utf8' });
  assert.equal(printed.trim(), '0');
});

test('a second copy in one process', async (t) => {
  const server = await answering(t, () => [200, ANSWER]);
  const second = require(copy(t, 'dist', 'native'));
  assert.notEqual(second.LLMClient, esm.LLMClient);
  for (const { LLMClient } of [second, esm]) {
    const client = new LLMClient({ privateKey: KEY, apiUrl: server.url });
    assert.equal(await client.chat('Hi'), 'ok');
  }
});

test('a missing addon names the platform and the way out', async (t) => {
  const { LLMClient } = require(copy(t, 'dist'));
  const error = await thrown(() => new LLMClient({ privateKey: KEY }));
  assert(error.message.includes(`${process.platform}-${process.arch}`), error.message);
  assert.match(error.message, /npm install blockrun-llm --include=optional/);
  assert(error.cause.errors.length > 0);
});

test('worker threads, also when they are ended in the middle of a call', async (t) => {
  const server = await answering(t, (url) =>
    url.startsWith('/slow') ? new Promise(() => {}) : [200, ANSWER],
  );
  const code = `
    const { LLMClient } = require('blockrun-llm');
    const { parentPort, workerData } = require('node:worker_threads');
    const client = new LLMClient(workerData);
    client.chat('Hi').then((text) => parentPort.postMessage([text, client.getWalletAddress()]));
    parentPort.postMessage('started');`;
  const start = (apiUrl) =>
    new Worker(code, { eval: true, workerData: { privateKey: KEY, apiUrl } });
  const run = async () => {
    const worker = start(server.url);
    const messages = [];
    worker.on('message', (message) => messages.push(message));
    await once(worker, 'exit');
    assert.deepEqual(messages, ['started', ['ok', ADDRESS]]);
  };
  await Promise.all([run(), run(), run(), run()]);
  const slow = start(server.url.replace('/api', '/slow'));
  await once(slow, 'message');
  await slow.terminate();
  const client = new esm.LLMClient({ privateKey: KEY, apiUrl: server.url });
  assert.equal(await client.chat('Hi'), 'ok');
});

test('a process ends by itself after its last call', async (t) => {
  const server = await answering(t, () => [200, ANSWER]);
  const code = `
    const { LLMClient } = require('blockrun-llm');
    new LLMClient({ apiUrl: '${server.url}' }).chat('Hi').then(console.log);`;
  const given = { ...env, BLOCKRUN_WALLET_KEY: KEY };
  const child = spawn(execPath, ['-e', code], { cwd: ROOT, timeout: 60_000, env: given });
  child.stdout.setEncoding('utf8');
  const printed = once(child.stdout, 'data');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
  assert.equal((await printed)[0], 'ok\n');
});

test('using closes the client', async () => {
  const client = new esm.LLMClient({ privateKey: KEY });
  client[Symbol.dispose]();
  client.close();
  assert.equal((await thrown(() => client.getSpending())).field, 'client');
});
