// What every host is held to: its retries, and a lost answer, end in one transfer.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ADDRESS, balance, folder, front, gateway, KEY } from '../../tests/node/support.mjs';

export * from '../../tests/node/support.mjs';

/** What each of the small calls of these tests costs, in micro-USDC. */
export const FLOOR = 1000n;

/** Holds what `run` does to so many purchases, as the ledger of the gateway sees them. */
export async function bought(apiUrl, calls, run) {
  const before = await balance(apiUrl, ADDRESS);
  const result = await run();
  assert.equal(before - (await balance(apiUrl, ADDRESS)), BigInt(calls) * FLOOR);
  return result;
}

/**
 * A gateway behind a way that loses paid answers: the first one, or all for `dark` milliseconds from
 * then on.
 * What `run` calls there has to end as one transfer, though it was sent more than once.
 */
export async function oneTransfer(t, { dark }, run) {
  const apiUrl = await gateway(t);
  const way = await front(t, apiUrl);
  way.loses = 'answer';
  const light = () => {
    way.loses = undefined;
  };
  way.events.once('lost', () => (dark ? setTimeout(light, dark) : light()));
  await bought(apiUrl, 1, () => run(way.url));
  assert(way.payments.length > 1, 'an answer was lost');
  assert.equal(new Set(way.payments).size, 1);
}

/** Runs the README of the package that a test belongs to, its programs as one. */
export function runReadme(t, test) {
  const place = fileURLToPath(new URL('..', test));
  const blocks = readFileSync(join(place, 'README.md'), 'utf8').matchAll(/^```js\n(.*?)^```$/gms);
  // Within the package, so that it finds what the package finds.
  const program = join(place, `readme-${process.pid}.mjs`);
  t.after(() => rmSync(program, { force: true }));
  writeFileSync(program, [...blocks].map(([, block]) => block).join('\n'));
  return run(t, program);
}

/** Runs an example of the package that a test belongs to. */
export function runExample(t, test, name) {
  return run(t, fileURLToPath(new URL(`../examples/${name}`, test)));
}

async function run(t, program) {
  const env = {
    ...process.env,
    BLOCKRUN_WALLET_KEY: KEY,
    BLOCKRUN_API_URL: await gateway(t),
    BLOCKRUN_HOME: folder(t),
  };
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env });
  return stdout;
}
