// What is sent, what is handed over, and how a call ends early.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { APIConnectionError, APIError, APITimeoutError, LLMClient } from 'blockrun-llm';
import { ANSWER, answering, KEY, NOBODY, thrown } from './support.mjs';

const HI = [{ role: 'user', content: 'Hi', name: 'a' }];

function client(server, options) {
  return new LLMClient({ privateKey: KEY, apiUrl: server.url, ...options });
}

test('both forms of every call', async (t) => {
  const server = await answering(t, () => [200, ANSWER]);
  const one = client(server, { model: 'mine' });
  assert.equal(await one.chat('Hi'), 'ok');
  assert.equal(await one.chat('other', 'Hi'), 'ok');
  assert.equal(await one.chat('Hi', { model: 'option', system: 'Be brief.' }), 'ok');
  await one.chatCompletion(HI);
  await one.chatCompletion('other', HI, { system: 'Be brief.' });
  await one.quote('Hi');
  await one.quote('other', HI);
  const user = { role: 'user', content: 'Hi' };
  const system = { role: 'system', content: 'Be brief.' };
  assert.deepEqual(
    server.requests.map(({ body }) => [body.model, body.messages]),
    [
      ['mine', [user]],
      ['other', [user]],
      ['option', [system, user]],
      ['mine', HI],
      ['other', [system, ...HI]],
      ['mine', [user]],
      ['other', HI],
    ],
  );
  const { version } = createRequire(import.meta.url)('blockrun-llm/package.json');
  assert.equal(server.requests[0].headers['user-agent'], `blockrun-node/${version}`);
});

test('every option has its place in the body', async (t) => {
  const server = await answering(t, () => [200, ANSWER]);
  const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } };
  await client(server).chat('Hi', {
    maxTokens: 5,
    temperature: 0,
    topP: 0.5,
    n: 2,
    stop: 'a',
    responseFormat: { type: 'json_object' },
    tools: [tool],
    toolChoice: 'auto',
    timeout: 5_000,
    extra: { seed: 7, n: 9, user: null, at: new Date(0) },
  });
  const { messages, model, ...sent } = server.requests[0].body;
  assert.deepEqual(sent, {
    max_tokens: 5,
    temperature: 0,
    top_p: 0.5,
    n: 2,
    stop: 'a',
    response_format: { type: 'json_object' },
    tools: [tool],
    tool_choice: 'auto',
    seed: 7,
    at: '1970-01-01T00:00:00.000Z',
  });
});

test('a response is handed over whole, and is a plain object', async (t) => {
  const server = await answering(t, () => [200, ANSWER]);
  const response = await client(server).chatCompletion(HI);
  assert.deepEqual(response, { ...ANSWER, costUsd: 0 });
  assert.equal(response.costMicro, 0n);
  assert.deepEqual(JSON.parse(response.raw), ANSWER);
  assert.deepEqual(JSON.parse(JSON.stringify(response)), { ...ANSWER, costUsd: 0 });
});

test('a surprising body is handed over too', async (t) => {
  let body = '<html>';
  const server = await answering(t, () => [200, body]);
  const response = await client(server).chatCompletion(HI);
  assert.deepEqual([response.raw, response.choices], ['<html>', []]);
  assert.equal(await client(server).chat('Hi'), '');
  body = '{"id":7,"choices":[{"message":{"content":"still here"}}]}';
  assert.equal(await client(server).chat('Hi'), 'still here');
});

test('an error of the server', async (t) => {
  const error = { message: 'no such model', code: 'model_not_found' };
  const server = await answering(t, () => [404, { error }]);
  const caught = await thrown(client(server).chat('Hi'));
  assert(caught instanceof APIError);
  assert.deepEqual([caught.statusCode, caught.status, caught.retryable], [404, 404, false]);
  assert.deepEqual(caught.response, { error });
  assert.equal(caught.message, 'API error: 404: no such model');
  assert.match(caught.stack, /^APIError: .*calls\.test\.mjs/s);
  assert.equal(JSON.parse(JSON.stringify(caught)).message, caught.message);
});

test('nobody answers', async () => {
  const caught = await thrown(client({ url: NOBODY }).chat('Hi'));
  assert(caught instanceof APIConnectionError && caught instanceof APIError);
  assert.deepEqual([caught.statusCode, caught.payment], [0, { state: 'not_charged' }]);
});

test('the deadline of a client and of a call, in milliseconds', async (t) => {
  const server = await answering(t, () => new Promise(() => {}));
  for (const call of [
    client(server, { timeout: 50 }).chat('Hi'),
    client(server).chat('Hi', { timeout: 50 }),
  ]) {
    const caught = await thrown(call);
    assert(caught instanceof APITimeoutError);
    assert.deepEqual([caught.code, caught.statusCode], ['API_TIMEOUT', 0]);
  }
});

test('a signal ends a call with its reason', async (t) => {
  let heard;
  const server = await answering(t, () => {
    heard?.();
    return new Promise(() => {});
  });
  const one = client(server);
  for (const start of [
    (options) => one.chat('Hi', options),
    (options) => one.chatCompletion(HI, options),
    (options) => one.quote('Hi', options),
    (options) => one.listModels(options),
  ]) {
    const controller = new AbortController();
    const reason = new Error('enough');
    heard = () => controller.abort(reason);
    const call = start({ signal: controller.signal });
    assert.equal(await thrown(call), reason);
    assert.equal(await thrown(start({ signal: controller.signal })), reason);
  }
  assert.equal(server.requests.length, 4);
  heard = undefined;
  assert.equal(
    (await thrown(one.chat('Hi', { signal: AbortSignal.timeout(20) }))).name,
    'TimeoutError',
  );
});

test('a signal that is never used changes nothing', async (t) => {
  const server = await answering(t, () => [200, ANSWER]);
  const { signal } = new AbortController();
  assert.equal(await client(server).chat('Hi', { signal }), 'ok');
});

test('calls run side by side', async (t) => {
  const server = await answering(t, () => [200, ANSWER]);
  const one = client(server);
  const answers = await Promise.all(Array.from({ length: 50 }, () => one.chat('Hi')));
  assert.deepEqual(new Set(answers), new Set(['ok']));
});

test('models as the server publishes them', async (t) => {
  const data = [{ id: 'a/b', pricing: { input: 0.15 }, hidden: null }];
  const server = await answering(t, () => [200, { data }]);
  assert.deepEqual(await client(server).listModels(), data);
  data.push({ id: 'a/c', categories: ['image'] });
  assert.deepEqual(await client(server).listImageModels(), [data[1]]);
  const types = (await client(server).listAllModels()).map(({ id, type }) => [id, type]);
  assert.deepEqual(types, [
    ['a/b', 'llm'],
    ['a/c', 'image'],
  ]);
});
