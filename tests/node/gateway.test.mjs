// End to end against the practice gateway.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LLMClient, SpendLimitError } from 'blockrun-llm';
import { balance, gateway, KEY, thrown } from './support.mjs';

test('calls pay for themselves', async (t) => {
  const apiUrl = await gateway(t);
  const client = new LLMClient({ privateKey: KEY, apiUrl });
  const address = client.getWalletAddress();

  await t.test('a quote is what a call costs, to the unit', async () => {
    const quoted = await client.quote('openai/gpt-4o', 'Hello!', { maxTokens: 2_000 });
    assert.equal(await client.chat('Hello!').then((text) => typeof text), 'string');
    const before = await balance(apiUrl, address);
    const hello = [{ role: 'user', content: 'Hello!' }];
    const response = await client.chatCompletion('openai/gpt-4o', hello, { maxTokens: 2_000 });
    assert.equal(response.costMicro, quoted.amountMicro);
    assert.equal(response.costUsd, quoted.amountUsd);
    assert.equal(before - (await balance(apiUrl, address)), response.costMicro);
    assert.deepEqual([quoted.network, response.settlement.network], Array(2).fill('eip155:84532'));
    const [last] = client.payments().slice(-1);
    assert.deepEqual(
      [last.state, last.model, last.amountMicro, last.transaction],
      ['settled', 'openai/gpt-4o', response.costMicro, response.settlement.transaction],
    );
  });

  await t.test('spending is the sum of the payments', () => {
    const sum = client.payments().reduce((sum, { amountMicro }) => sum + amountMicro, 0n);
    const spending = client.getSpending();
    assert.deepEqual([spending.totalMicro, spending.reservedMicro, spending.calls], [sum, 0n, 2]);
    assert.equal(spending.totalUsd, Number(sum) / 1e6);
  });

  await t.test('a limit refuses before anything is signed', async () => {
    const careful = new LLMClient({ privateKey: KEY, apiUrl, maxCostPerCall: '0.000999' });
    const error = await thrown(careful.chat('Hello!'));
    assert(error instanceof SpendLimitError);
    assert.deepEqual([error.quotedMicro, error.limitMicro, error.scope], [1_000n, 999n, 'call']);
    assert.deepEqual([error.quotedUsd, error.limitUsd], [0.001, 0.000999]);
    assert.deepEqual(careful.payments(), []);
  });

  await t.test('a session limit holds for calls side by side', async () => {
    const careful = new LLMClient({ privateKey: KEY, apiUrl, maxSessionCost: 0.003 });
    const calls = Array.from({ length: 8 }, () => careful.chat('Hello!'));
    const ended = await Promise.allSettled(calls);
    assert.equal(ended.filter(({ status }) => status === 'fulfilled').length, 3);
    const { reason } = ended.find(({ status }) => status === 'rejected');
    assert.deepEqual([reason.code, reason.scope], ['SPEND_LIMIT', 'session']);
    assert.equal(careful.getSpending().totalMicro, 3_000n);
  });

  await t.test('an unknown model names its neighbours', async () => {
    const error = await thrown(client.chat('openai/gpt-4oo', 'Hello!'));
    assert.deepEqual([error.code, error.statusCode], ['API_ERROR', 400]);
    assert.match(error.reason, /openai\/gpt-4o/);
  });

  await t.test('models', async () => {
    const models = await client.listModels();
    assert(models.some(({ id, pricing }) => id === 'openai/gpt-4o-mini' && pricing.input === 0.15));
  });
});
