// The command, as npm puts it on the PATH: it does what the program of the workspace does.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { folder, gateway, KEY, program, ROOT } from './support.mjs';

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const OURS = [execPath, join(ROOT, manifest.bin.blockrun)];
const THEIRS = [program('blockrun', 'BLOCKRUN_BIN')];

/** What a paid call needs, with a wallet home of its own. */
const surroundings = async (t) => ({
  ...env,
  BLOCKRUN_WALLET_KEY: KEY,
  BLOCKRUN_API_URL: await gateway(t),
  BLOCKRUN_HOME: folder(t),
});

function run(given, [command, ...first], args, input = '') {
  const options = { env: given, encoding: 'utf8', input };
  const { status, signal, stdout, stderr } = spawnSync(command, [...first, ...args], options);
  assert.ok(!(stdout + stderr).includes(KEY.slice(2)));
  return { status, signal, stdout, stderr };
}

test('the command is there and pays', async (t) => {
  const given = await surroundings(t);
  assert.equal(run(given, OURS, ['--version']).stdout, `blockrun ${manifest.version}\n`);
  const answer = run(given, OURS, ['chat', '-'], 'Hello!\n');
  assert.equal(answer.status, 0, answer.stderr);
  assert.match(answer.stdout, /^Hello!/);
  assert.match(answer.stderr, /price +0\.001 USDC\ntransaction +0x/);
  assert.match(run(given, OURS, ['payments', 'list']).stdout, /settled/);
});

test('it ends as the program does', async (t) => {
  const given = await surroundings(t);
  const endings = [
    [0, 'quote Hello!'],
    [0, '--help'],
    [2, 'chat --temperature 3 Hello!'],
    [2, 'no-such-command'],
    [3, 'chat -m gpt-4o-mini-x Hello!'],
    [4, 'chat --api-url http://127.0.0.1:1 Hello!'],
    [5, 'chat --max-cost 0.0001 Hello!'],
  ];
  for (const [code, line] of endings) {
    const ours = run(given, OURS, line.split(' '));
    assert.equal(ours.status, code, `${line}: ${ours.stderr}`);
    assert.deepEqual(ours, run(given, THEIRS, line.split(' ')), line);
  }
});

test('a signal ends it as it ends the program', {
  skip: process.platform === 'win32',
}, async (t) => {
  const given = await surroundings(t);
  for (const signal of ['SIGINT', 'SIGTERM']) {
    const ends = [];
    for (const [command, ...first] of [OURS, THEIRS]) {
      const args = [...first, 'chat', '--stream', 'Count slowly to 200'];
      const child = spawn(command, args, { env: given });
      const told = text(child.stderr);
      await once(child.stdout, 'data');
      child.kill(signal);
      const [code, by] = await once(child, 'exit');
      ends.push([code, by, await told]);
    }
    assert.deepEqual(ends[0], ends[1]);
    assert.deepEqual(ends[0].slice(0, 2), signal === 'SIGINT' ? [130, null] : [null, signal]);
  }
});
