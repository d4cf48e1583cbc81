// Charged exactly once, or not at all: across retries, processes and crashes.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import {
  IdempotencyConflict,
  InvalidArgumentError,
  JournalError,
  LLMClient,
  PaymentOutcomeUnknown,
  SpendLimitError,
} from 'blockrun-llm';
import { ADDRESS, balance, folder, front, gateway, KEY, ROOT, thrown } from './support.mjs';

const HELLO = [{ role: 'user', content: 'Hello!' }];
/** What a call costs here, in micro-USDC. */
const PRICE = 1_000n;

/** A gateway, the way to it, and a wallet home nobody used. */
async function setup(t) {
  const apiUrl = await gateway(t);
  const way = await front(t, apiUrl);
  const home = folder(t);
  const options = { privateKey: KEY, apiUrl: way.url, home, timeout: 20_000 };
  const full = await balance(apiUrl, ADDRESS);
  const spent = async () => full - (await balance(apiUrl, ADDRESS));
  return {
    apiUrl,
    way,
    home,
    options,
    spent,
    open: (more) => new LLMClient({ ...options, ...more }),
  };
}

/** Makes a call in another process; its answer is the JSON that it prints. */
function elsewhere(options, call) {
  const code = `
    const { LLMClient } = require('blockrun-llm');
    const [options, call] = JSON.parse(process.argv[1]);
    new LLMClient(options).chatCompletion(${JSON.stringify(HELLO)}, call).then(
      ({ id, costMicro }) => console.log(JSON.stringify({ id, costMicro: String(costMicro) })),
      ({ code, scope }) => console.log(JSON.stringify({ code, scope })),
    );`;
  const child = spawn(execPath, ['-e', code, JSON.stringify([options, call])], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 120_000,
  });
  return { child, answer: text(child.stdout).then((said) => said && JSON.parse(said)) };
}

/** Makes a call whose answer is lost, ends it there, and gives the key that was made up for it. */
async function lose(way, client, prompt = 'Hello!') {
  const controller = new AbortController();
  way.loses = 'answer';
  way.events.once('lost', () => controller.abort());
  await thrown(client.chat(prompt, { signal: controller.signal }));
  way.loses = undefined;
  const record = client.payments().at(-1);
  assert.equal(record.state, 'unknown');
  return record.key;
}

test('a key pays once in two processes that race, and in a third', async (t) => {
  const { way, options, spent, open } = await setup(t);
  const call = { idempotencyKey: 'invoice-1' };
  const answers = await Promise.all([
    elsewhere(options, call).answer,
    elsewhere(options, call).answer,
  ]);
  answers.push(await elsewhere(options, call).answer);
  for (const answer of answers) assert.deepEqual(answer, { ...answers[0], costMicro: '1000' });
  assert(answers[0].id);
  assert.equal(new Set(way.payments).size, 1);
  assert.equal(await spent(), PRICE);
  const [record, ...others] = open().payments({ scope: 'home' });
  assert.deepEqual([record.state, record.key, others], ['settled', undefined, []]);
});

test('a key belongs to one call', async (t) => {
  const { way, spent, open } = await setup(t);
  const client = open();
  await client.chat('Hello!', { idempotencyKey: 'a' });
  const seen = way.payments.length;
  const error = await thrown(client.chat('Something else', { idempotencyKey: 'a' }));
  assert(error instanceof IdempotencyConflict, String(error));
  assert.deepEqual([error.key, error.payment], ['a', { state: 'not_charged' }]);
  assert.deepEqual([way.payments.length, await spent()], [seen, PRICE]);
  for (const idempotencyKey of ['', ' ', 'x'.repeat(256)]) {
    const error = await thrown(client.chat('Hello!', { idempotencyKey }));
    assert.deepEqual([error.code, error.field], ['INVALID_ARGUMENT', 'idempotencyKey']);
  }
});

test('a plain retry after a lost answer resumes', async (t) => {
  const { way, spent, open } = await setup(t);
  const client = open();
  way.loses = 'answer';
  const error = await thrown(client.chat('Hello!', { timeout: 4_000 }));
  way.loses = undefined;
  assert.deepEqual([error.payment.state, typeof error.key], ['unknown', 'string'], String(error));
  const response = await client.chatCompletion(HELLO);
  assert.equal(response.costMicro, PRICE);
  assert(way.payments.length >= 2);
  assert.equal(new Set(way.payments).size, 1);
  assert.deepEqual([await spent(), client.getSpending().totalMicro], [PRICE, PRICE]);
  // It is answered now: the same words again are another purchase.
  await client.chat('Hello!');
  assert.deepEqual([await spent(), client.payments().length], [2n * PRICE, 2]);
});

test('a retry can be refused, or be another purchase', async (t) => {
  const { way, spent, open } = await setup(t);
  const key = await lose(way, open());
  const error = await thrown(open({ onUnresolved: 'refuse' }).chat('Hello!'));
  assert(error instanceof PaymentOutcomeUnknown, String(error));
  assert.equal(error.key, key);
  assert.equal(await spent(), PRICE);
  await open({ onUnresolved: 'new' }).chat('Hello!');
  assert.deepEqual([new Set(way.payments).size, await spent()], [2, 2n * PRICE]);
});

for (const [loses, call] of [
  ['request', {}],
  ['request', { idempotencyKey: 'job-7' }],
  ['answer', {}],
  ['answer', { idempotencyKey: 'job-7' }],
]) {
  const how = call.idempotencyKey ? 'with a key' : 'without a key';
  test(`a process is killed after its paid ${loses} was lost, ${how}`, async (t) => {
    const { way, options, spent, open } = await setup(t);
    way.loses = loses;
    const { child } = elsewhere(options, call);
    await once(way.events, 'lost');
    child.kill('SIGKILL');
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
    way.loses = undefined;
    assert.equal(await spent(), loses === 'answer' ? PRICE : 0n);
    const [left] = open().payments({ scope: 'home' });
    assert.equal(left.state, 'signed');
    const answer = await elsewhere(options, call).answer;
    assert.equal(answer.costMicro, '1000');
    assert.equal(new Set(way.payments).size, 1);
    assert.equal(await spent(), PRICE);
    const records = open().payments({ scope: 'home' });
    assert.deepEqual(
      records.map(({ state, nonce }) => [state, nonce]),
      [['settled', left.nonce]],
    );
  });
}

test('the chain tells what became of a lost payment', async (t) => {
  const { way, apiUrl, spent, open } = await setup(t);
  await lose(way, open());
  const asked = await open().reconcile();
  assert.deepEqual(asked, { open: 1, paid: 0, freed: 0, unknown: 1 });
  const client = open({ rpcUrl: String(new URL('/practice/rpc', apiUrl)) });
  assert.deepEqual(await client.reconcile(), { open: 1, paid: 1, freed: 0, unknown: 0 });
  assert.deepEqual(await client.reconcile(), { open: 0, paid: 0, freed: 0, unknown: 0 });
  const [record] = client.payments({ scope: 'home' });
  assert.equal(record.state, 'settled');
  assert.match(record.transaction, /^0x[0-9a-f]{64}$/);
  assert.equal(await spent(), PRICE);
});

test('a paid answer is fetched again, by key and by id', async (t) => {
  const { spent, open } = await setup(t);
  const paid = await open().chatCompletion(HELLO, { idempotencyKey: 'report' });
  const client = open();
  const [{ paymentId }] = client.payments({ scope: 'home' });
  for (const key of ['report', paymentId]) {
    const again = await client.recover(key);
    assert.deepEqual([again.id, again.choices, again.costMicro], [paid.id, paid.choices, PRICE]);
  }
  assert.equal(await spent(), PRICE);
  const error = await thrown(client.recover('another'));
  assert(error instanceof InvalidArgumentError && error.field === 'key', String(error));
  assert.equal((await thrown(client.recover(7))).field, 'key');
  const signal = AbortSignal.abort(new Error('enough'));
  assert.equal((await thrown(client.recover('report', { signal }))).message, 'enough');
});

test('hour and day are counted over all processes of a wallet home', async (t) => {
  for (const [option, scope] of [
    ['maxCostPerHour', 'hour'],
    ['maxCostPerDay', 'day'],
  ]) {
    const { options, spent, open } = await setup(t);
    const limited = { ...options, [option]: 0.003 };
    const calls = Array.from({ length: 3 }, () => elsewhere(limited, {}).answer);
    const client = open({ [option]: '0.003' });
    calls.push(...Array.from({ length: 4 }, () => client.chat('Hello!').catch((error) => error)));
    const ended = await Promise.all(calls);
    const refused = ended.filter(({ code }) => code === 'SPEND_LIMIT');
    assert.deepEqual([refused.length, await spent()], [4, 3n * PRICE], JSON.stringify(ended));
    assert(refused.every((error) => error.scope === scope));
    const error = await thrown(client.chat('Hello!'));
    assert(error instanceof SpendLimitError);
    assert.deepEqual([error.limitMicro, error.reservedMicro], [3_000n, 3_000n]);
    const frees = error.freesAt - Date.now() / 1000 - (scope === 'hour' ? 3_600 : 86_400);
    // The windows are kept by the minute.
    assert(frees > -30 && frees <= 60, `${frees} s`);
  }
});

test('a filter chooses payments', async (t) => {
  const { way, open } = await setup(t);
  const [one, two] = [open(), open()];
  await one.chat('Hello!');
  await two.chat('openai/gpt-4o', 'Hello!');
  await lose(way, two, 'Hi');
  const models = (filter) => two.payments(filter).map(({ model }) => model.slice(7));
  const [gpt4o, mini] = ['gpt-4o', 'gpt-4o-mini'];
  for (const [filter, expected] of [
    [undefined, [gpt4o, mini]],
    [{ scope: 'client' }, [gpt4o, mini]],
    [{ scope: 'home' }, [mini, gpt4o, mini]],
    [{ scope: 'home', state: 'settled' }, [mini, gpt4o]],
    [{ scope: 'home', state: 'unknown' }, [mini]],
    [{ scope: 'home', limit: 2 }, [gpt4o, mini]],
    [{ model: 'openai/gpt-4o' }, [gpt4o]],
    [{ origin: `${way.url}/v1` }, [gpt4o, mini]],
    [{ origin: 'https://blockrun.ai' }, []],
    [{ since: Math.floor(Date.now() / 1000) + 60 }, []],
  ]) {
    assert.deepEqual(models(filter), expected, JSON.stringify(filter));
  }
  for (const [filter, field] of [
    [{ scope: 'all' }, 'scope'],
    [{ state: 'paid' }, 'state'],
    [{ since: '2026' }, 'since'],
    [{ origin: 'here' }, 'origin'],
    [{ modle: 'm' }, 'modle'],
  ]) {
    assert.equal((await thrown(() => two.payments(filter))).field, field);
  }
});

test('bad options are named', async () => {
  for (const [name, value] of [
    ['onUnresolved', 'retry'],
    ['onPayment', true],
    ['durability', 'none'],
    ['rpcUrl', 'ftp://x'],
    ['maxCostPerHour', 0],
    ['maxCostPerDay', 'much'],
    ['home', 7],
  ]) {
    const error = await thrown(() => new LLMClient({ privateKey: KEY, [name]: value }));
    assert.deepEqual([error.code, error.field], ['INVALID_ARGUMENT', name], String(error));
  }
  env.BLOCKRUN_MAX_COST_PER_DAY = 'much';
  const error = await thrown(() => new LLMClient({ privateKey: KEY }));
  delete env.BLOCKRUN_MAX_COST_PER_DAY;
  assert.equal(error.field, 'BLOCKRUN_MAX_COST_PER_DAY');
});

test('a journal in a file, also with durability against the loss of power', async (t) => {
  const { open } = await setup(t);
  const client = open({ durability: 'power' });
  assert.equal(client.journal, undefined);
  await client.chat('Hello!');
  assert.equal(client.journal, 'file');
});

test('a journal that cannot be written', async (t) => {
  const { spent, open } = await setup(t);
  const file = join(folder(t), 'a file');
  writeFileSync(file, '');
  const home = join(file, 'home');
  const warnings = [];
  const keep = (warning) => warnings.push(warning);
  process.on('warning', keep);
  t.after(() => process.off('warning', keep));

  const error = await thrown(open({ home, maxCostPerDay: 1 }).chat('Hello!'));
  assert(error instanceof JournalError, String(error));
  assert.deepEqual([error.payment.state, await spent()], ['not_charged', 0n]);

  for (const client of [open({ home }), open({ home })]) {
    assert.equal(client.journal, undefined);
    await client.chat('Hello!');
    assert.equal(client.journal, 'memory');
    assert.equal(client.payments().length, 1);
  }
  await new Promise(setImmediate);
  assert.deepEqual(
    warnings.map(({ name, code }) => [name, code]),
    [['BlockrunWarning', 'BLOCKRUN_JOURNAL_IN_MEMORY']],
  );
  assert(warnings[0].message.includes(file), warnings[0].message);
});
