// What npm would install works, in an empty folder, without this checkout.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { test } from 'node:test';
import { folder, gateway, KEY, ROOT } from './support.mjs';

/** Runs a program and gives what it prints. */
function run(cwd, program, ...args) {
  return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** An empty folder with the packages installed, without asking any registry. */
function install(t) {
  const place = mkdtempSync(join(realpathSync(tmpdir()), 'blockrun-'));
  t.after(() => rmSync(place, { recursive: true }));
  const packed = run(ROOT, execPath, 'bindings-node/scripts/pack.mjs', join(place, 'packed'));
  writeFileSync(join(place, 'package.json'), '{"private":true}');
  const options = ['install', '--offline', '--no-audit', '--no-fund', '--loglevel=error'];
  run(place, 'npm', ...options, ...packed.trim().split('\n'));
  return place;
}

const PROGRAM = `
  const client = new LLMClient();
  const text = await client.chat('Hello!');
  let streamed = '';
  for await (const chunk of client.chatCompletionStream([{ role: 'user', content: 'Hello!' }])) {
    streamed += chunk.choices[0]?.delta.content ?? '';
  }
  console.log(JSON.stringify([text === streamed, client.getSpending().calls]));`;

test('the packages, installed elsewhere', async (t) => {
  const place = install(t);
  const names = readdirSync(join(place, 'node_modules')).filter((name) => !name.startsWith('.'));
  assert.equal(names.length, 2, String(names));
  const apiUrl = await gateway(t);
  const given = {
    ...env,
    BLOCKRUN_WALLET_KEY: KEY,
    BLOCKRUN_API_URL: apiUrl,
    BLOCKRUN_HOME: folder(t),
  };
  for (const [file, source] of [
    ['a.mjs', `import LLMClient from 'blockrun-llm';${PROGRAM}`],
    ['a.cjs', `const { LLMClient } = require('blockrun-llm');(async () => {${PROGRAM}})();`],
  ]) {
    writeFileSync(join(place, file), source);
    const printed = execFileSync(execPath, [file], { cwd: place, env: given, encoding: 'utf8' });
    assert.deepEqual(JSON.parse(printed), [true, 2], file);
  }
  const said = run(place, 'npx', '--no-install', 'blockrun', 'chat', '--help');
  assert.match(said, /^Ask a model, pay for it/);

  const source = `import LLMClient, { type ChatResponse } from 'blockrun-llm';
    const { costMicro }: ChatResponse = await new LLMClient().chatCompletion([]);
    export const cost: bigint | null = costMicro;`;
  writeFileSync(join(place, 'a.mts'), source);
  const types = join(ROOT, 'node_modules', '@types');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  run(place, tsc, ...options, '--types', 'node', '--typeRoots', types, 'a.mts');

  const installed = join(place, 'node_modules', 'blockrun-llm', 'package.json');
  const { version, optionalDependencies, scripts, devDependencies } = JSON.parse(
    readFileSync(installed, 'utf8'),
  );
  const addons = Object.entries(optionalDependencies);
  assert.equal(addons.length, 8);
  for (const [name, wanted] of addons) {
    assert.match(name, /^blockrun-llm-(linux|darwin|win32)-(x64|arm64)(-gnu|-musl|-msvc)?$/);
    assert.equal(wanted, version);
  }
  assert.deepEqual([scripts, devDependencies], [undefined, undefined]);
});
