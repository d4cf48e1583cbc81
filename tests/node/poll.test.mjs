// Answers that are made in the background are asked for with the payment that was accepted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APIError, APITimeoutError, BlockrunClient, LLMClient } from 'blockrun-llm';
import { folder, KEY, offering, serving, thrown } from './support.mjs';

const FAST = { intervalMs: 10 };

/** A server that asks for money, accepts work, and answers questions about it one by one. */
async function setup(t, pollUrl, ...answers) {
  const accept = ({ method }, say) => {
    if (method === 'GET') return say(...(answers.length > 1 ? answers.shift() : answers[0]));
    say(202, { id: 'job-7', status: 'queued', poll_url: pollUrl(server) });
  };
  const server = await offering(t, accept);
  const options = { privateKey: KEY, apiUrl: server.url, home: folder(t) };
  return { server, options, client: new LLMClient(options) };
}

const here = () => '/api/v1/videos/generations/job-7';

test('until it is made, with the same payment', async (t) => {
  const { server, client, options } = await setup(
    t,
    here,
    [202, { status: 'queued' }],
    [503, {}],
    [200, { status: 'in_progress' }],
    [429, {}],
    [200, { status: 'completed', data: [7] }],
  );
  const answer = await client.poll('POST', '/v1/videos/generations', {
    body: { prompt: 'x' },
    ...FAST,
  });
  assert.deepEqual([answer.status, answer.body.data, answer.costMicro], [200, [7], 1_000n]);
  const [unpaid, paid, ...asked] = server.requests;
  assert.equal(unpaid.headers['payment-signature'], undefined);
  assert.equal(asked.length, 5);
  for (const { method, url, headers, body } of asked) {
    assert.deepEqual([method, url, body], ['GET', here(), '']);
    assert.equal(headers['payment-signature'], paid.headers['payment-signature']);
  }
  assert.equal(client.getSpending().totalMicro, 1_000n);
  const api = new BlockrunClient(options);
  assert.deepEqual(await api.poll('/v1/videos/generations', { prompt: 'y' }, FAST), answer.body);
});

test('what is made at once is returned at once', async (t) => {
  const server = await serving(t, (_request, response) => response.end('{"data":[1]}'));
  const client = new LLMClient({ privateKey: KEY, apiUrl: server.url });
  assert.deepEqual((await client.poll('POST', '/v1/x', { body: {} })).body, { data: [1] });
  assert.equal(server.requests.length, 1);
});

test('the payment is shown to nobody else', async (t) => {
  const thief = await serving(t, (_request, response) => response.end('{}'));
  for (const place of [
    () => `${thief.url}/v1/videos/7`,
    () => `//127.0.0.1:${new URL(thief.url).port}/v1/videos/7`,
    (server) => server.url.replace('http://', 'http://user@'),
    () => '/api/v1/a%2fb',
  ]) {
    const { server, client } = await setup(t, place, [200, {}]);
    const error = await thrown(client.poll('POST', '/v1/videos', { body: {}, ...FAST }));
    assert(error instanceof APIError && /leads elsewhere/.test(error.message), error);
    assert.deepEqual([error.payment.state, error.payment.amountMicro], ['charged', 1_000n]);
    assert.equal(server.requests.length, 2);
  }
  assert.deepEqual(thief.requests, []);
});

test('a failure, and the end of the budget, say what was charged', async (t) => {
  const failed = await setup(t, here, [200, { status: 'failed', error: { message: 'no video' } }]);
  const error = await thrown(failed.client.poll('POST', '/v1/videos', { body: {}, ...FAST }));
  assert(error instanceof APIError && error.message.includes('no video'), error);
  assert.equal(error.payment.state, 'charged');

  const { server, client } = await setup(t, here, [202, { status: 'queued' }]);
  const slow = { body: {}, idempotencyKey: 'video-7', intervalMs: 10, budgetMs: 3_000 };
  const late = await thrown(client.poll('POST', '/v1/videos', slow));
  assert(late instanceof APITimeoutError, late);
  assert.deepEqual([late.payment.state, late.key], ['charged', 'video-7']);
  await thrown(client.poll('POST', '/v1/videos', slow));
  assert.equal(server.payments().size, 1);
  assert.equal(client.payments().length, 1);

  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 50);
  const { signal } = controller;
  const aborted = await thrown(
    client.poll('POST', '/v1/videos', { ...slow, budgetMs: 60_000, signal }),
  );
  assert.equal(aborted.message, 'enough');
  for (const [options, field] of [
    [{ budgetMs: -1 }, 'budgetMs'],
    [{ intervalMs: '5' }, 'intervalMs'],
    [{ budget: 1 }, 'budget'],
  ]) {
    assert.equal((await thrown(client.poll('POST', '/v1/videos', options))).field, field);
  }
});
