// A signal at each stage of a paid call: what was not sent is free again, what was sent is counted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LLMClient } from 'blockrun-llm';
import { privateKeyToAccount } from 'viem/accounts';
import { ANSWER, folder, KEY, offering, thrown, until } from './support.mjs';

const ACCOUNT = privateKeyToAccount(KEY);
const NEVER = new Promise(() => {});

/** A call that stops at a stage, and is ended there. */
async function setup(t, stalls) {
  const reached = [];
  const stall = (stage) => {
    reached.push(stage);
    return stalls[stage] && NEVER;
  };
  const accept = async (_request, say) => {
    await stall('paid');
    say(200, ANSWER);
  };
  const server = await offering(t, accept, () => stall('unpaid'));
  const client = new LLMClient({
    apiUrl: server.url,
    home: folder(t),
    onPayment: async () => {
      await stall('asked');
    },
    signer: {
      address: ACCOUNT.address,
      signTypedData: async (data) => {
        await stall('signed');
        return ACCOUNT.signTypedData(data);
      },
    },
  });
  return { server, client, reached };
}

async function abortedAt(t, stage) {
  const stalls = { [stage]: true };
  const { server, client, reached } = await setup(t, stalls);
  const controller = new AbortController();
  const call = client.chat('Hi', { signal: controller.signal });
  call.catch(() => {});
  await until(() => reached.includes(stage), stage);
  const reason = new Error('enough');
  controller.abort(reason);
  assert.equal(await thrown(call), reason);
  return { stalls, server, client };
}

for (const stage of ['unpaid', 'asked', 'signed']) {
  test(`${stage}: nothing was sent, nothing is counted`, async (t) => {
    const { server, client, stalls } = await abortedAt(t, stage);
    await until(() => client.getSpending().reservedMicro === 0n, 'nothing is reserved');
    assert.equal(server.payments().size, 0);
    stalls[stage] = false;
    assert.equal(await client.chat('Hi'), 'ok');
    assert.deepEqual([server.payments().size, client.getSpending().totalMicro], [1, 1_000n]);
  });
}

test('paid: it stays counted, and the same call takes it up', async (t) => {
  const { server, client, stalls } = await abortedAt(t, 'paid');
  await until(() => client.payments()[0].state === 'unknown', 'it is unknown');
  assert.equal(client.getSpending().reservedMicro, 1_000n);
  stalls.paid = false;
  assert.equal(await client.chat('Hi'), 'ok');
  const { reservedMicro, totalMicro } = client.getSpending();
  assert.deepEqual([server.payments().size, reservedMicro, totalMicro], [1, 0n, 1_000n]);
});
