// Calls leave nothing behind: memory and file descriptors stay where they are. As many calls as
// BLOCKRUN_SOAK says, else 5,000.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { env, memoryUsage } from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LLMClient } from 'blockrun-llm';
import { folder, gateway, thrown } from './support.mjs';

const CALLS = Number(env.BLOCKRUN_SOAK ?? 5_000);
const ROUNDS = 10;
const SIDE_BY_SIDE = 20;
/** Calls that a wallet of the practice ledger can pay for, with room. */
const CALLS_PER_WALLET = 10_000;
const HI = [{ role: 'user', content: 'Hi' }];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** Everything that can become of a call, one after the other. */
const KINDS = [
  (client) => client.chat('Hi'),
  (client) => client.chatCompletion(HI, { maxTokens: 9 }),
  async (client) => {
    for await (const _chunk of client.chatCompletionStream(HI));
  },
  async (client) => {
    for await (const _chunk of client.chatCompletionStream(HI)) break;
  },
  async (client) => {
    const stream = client.chatCompletionStream(HI);
    await stream[Symbol.asyncIterator]().next();
    // And left to the garbage collector.
  },
  (client) => thrown(client.chat('no/model', 'Hi')),
  (client) => thrown(client.chat('Hi', { signal: AbortSignal.timeout(1) })).catch(() => {}),
  async (client) => {
    const body = JSON.stringify({ model: 'openai/gpt-4o-mini', messages: HI });
    await (
      await client.fetch(`${client.baseURL}/chat/completions`, { method: 'POST', body })
    ).text();
  },
];

async function settled() {
  for (let count = 0; count < 3; count++) {
    collect();
    await sleep(50);
  }
  return { rss: memoryUsage().rss / 1e6, files: readdirSync('/dev/fd').length };
}

test(`${CALLS} calls leave nothing behind`, async (t) => {
  const apiUrl = await gateway(t);
  const home = folder(t);
  const make = () => {
    const privateKey = `0x${randomBytes(32).toString('hex')}`;
    return new LLMClient({ privateKey, apiUrl, home });
  };
  let client = make();
  let made = 0;
  const worker = async (until) => {
    while (made < until) {
      made += 1;
      if (made % CALLS_PER_WALLET === 0) client = make();
      await KINDS[made % KINDS.length](client);
    }
  };
  const seen = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const until = Math.ceil((CALLS * round) / ROUNDS);
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => worker(until)));
    seen.push(await settled());
  }
  t.diagnostic(seen.map(({ rss, files }) => `${rss.toFixed(1)} MB ${files} files`).join(', '));
  // Pools and caches fill in the first half, and the allocator takes memory in steps of about 10 MB.
  const [half, end] = [seen[ROUNDS / 2 - 1], seen[ROUNDS - 1]];
  // Such a step is no leak: it would be there in the round before as well.
  const grown = Math.min(seen[ROUNDS - 2].rss, end.rss) - half.rss;
  assert(grown < 16 + CALLS / 50_000, `${grown.toFixed(1)} MB more after the first half`);
  assert(end.files <= half.files + SIDE_BY_SIDE / 2, `${half.files} files, then ${end.files}`);
});
