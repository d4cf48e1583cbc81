// The shared scenarios, played by the scripted gateway, through the public API.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { BlockrunError, LLMClient } from 'blockrun-llm';
import { KEY, load, program, started, thrown } from './support.mjs';

const HELLO = [{ role: 'user', content: 'Hello!' }];

async function check({ take }, call) {
  const code = take('error');
  if (code === undefined) {
    const response = await call;
    assert.equal(response.choices[0].message.content, 'ok');
    assert.equal(response.costMicro, BigInt(take('amount_micro')));
    return;
  }
  const error = await thrown(call);
  assert(error instanceof BlockrunError, inspect(error));
  assert.deepEqual([error.code, error.payment.state], [code, take('payment')], inspect(error));
  const [field, status] = [take('field'), take('status')];
  if (field) assert.deepEqual([error.field, !!error.got, !!error.allowed], [field, true, true]);
  if (status) assert.equal(error.statusCode, status);
  assert(!inspect(error, { depth: 9 }).includes(KEY.slice(2)), 'the key is printed');
}

for (const file of ['hostile.json', 'after_sending.json']) {
  test(file, async (t) => {
    const scenarios = load(`scenarios/${file}`);
    const line = await started(t, program('scripted-gateway'), file);
    const server = line.replace('listening on ', '');
    let ran = 0;
    // All at once: most of their time is waiting.
    const play = async ({ id, expect }) => {
      const take = (name) => {
        const value = expect[name];
        delete expect[name];
        return value;
      };
      const client = new LLMClient({ privateKey: KEY, apiUrl: `${server}/${id}`, timeout: 60_000 });
      await check({ take }, client.chatCompletion(HELLO));
      const seen = await (await fetch(`${server}/seen/${id}`)).json();
      assert.equal(seen.payments.length, take('paid_requests'));
      assert.equal(new Set(seen.payments).size, take('signatures'));
      const most = take('max_validity');
      if (most !== undefined) assert(seen.validity <= most, `${seen.validity} s`);
      assert.deepEqual(expect, {}, 'expectations that nobody looked at');
      ran += 1;
    };
    const plays = scenarios.map((scenario) => t.test(scenario.id, () => play(scenario)));
    await Promise.all(plays);
    t.diagnostic(`${file}: ran ${ran} of ${scenarios.length}`);
    assert.equal(ran, scenarios.length);
  });
}
