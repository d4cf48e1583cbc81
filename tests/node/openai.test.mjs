// The package `openai`, as it comes from npm, pays through `client.fetch`, retries of its own
// included, and never twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LLMClient } from 'blockrun-llm';
import OpenAI from 'openai';
import {
  ADDRESS,
  balance,
  folder,
  front,
  gateway,
  KEY,
  NOBODY,
  thrown,
  until,
} from './support.mjs';

const HI = [{ role: 'user', content: 'Hi' }];
const ASKED = { model: 'openai/gpt-4o-mini', messages: HI };

/** The package over a client whose gateway is behind something that can lose answers. */
async function setup(t, options) {
  const apiUrl = await gateway(t);
  const way = await front(t, apiUrl);
  const home = folder(t);
  const client = new LLMClient({ privateKey: KEY, apiUrl: way.url, home, ...options });
  const openai = new OpenAI({ baseURL: client.baseURL, apiKey: 'blockrun', fetch: client.fetch });
  const full = await balance(apiUrl, ADDRESS);
  return { way, client, openai, spent: async () => full - (await balance(apiUrl, ADDRESS)) };
}

test('chats, streams, images and models', async (t) => {
  const { client, openai, spent } = await setup(t);
  const one = await openai.chat.completions.create(ASKED);
  assert(one.choices[0].message.content);
  const stream = await openai.chat.completions.create({ ...ASKED, stream: true });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  assert(text);
  const image = await openai.images.generate({ model: 'openai/dall-e-3', prompt: 'A boat' });
  assert(image.data.length === 1);
  assert((await openai.models.list()).data.length > 0);
  await until(() => client.payments({ state: 'settled' }).length === 3, 'all is settled');
  assert.equal(await spent(), client.getSpending().totalMicro);
});

test('default retries and the first answer lost: one transfer', async (t) => {
  for (const asked of [ASKED, { ...ASKED, stream: true }]) {
    // The core gives up before the package does, so that the package retries by itself.
    const { way, client, openai, spent } = await setup(t);
    way.loses = 'answer';
    way.events.once('lost', () => {
      way.loses = undefined;
    });
    const answer = await openai.chat.completions.create(asked);
    if (asked.stream) for await (const _chunk of answer);
    else assert(answer.choices[0].message.content);
    assert.equal(new Set(way.payments).size, 1);
    await until(() => client.payments({ state: 'settled' }).length === 1, 'it is settled');
    assert.equal(await spent(), client.payments()[0].amountMicro);
  }
});

test('a time-out of the package in the middle, and its retry: one transfer', async (t) => {
  const { way, client, spent } = await setup(t);
  const openai = new OpenAI({
    baseURL: client.baseURL,
    apiKey: 'blockrun',
    fetch: client.fetch,
    timeout: 2_500,
  });
  way.loses = 'answer';
  let lost = 0;
  way.events.on('lost', () => {
    lost += 1;
    // Until the package has given up on its first try, and retries.
    if (lost === 2) setTimeout(() => (way.loses = undefined), 3_000);
  });
  const { choices } = await openai.chat.completions.create(ASKED);
  assert(choices[0].message.content);
  assert.equal(new Set(way.payments).size, 1);
  assert.equal(client.payments().length, 1);
  assert.equal(await spent(), client.payments()[0].amountMicro);
});

test('once a payment was sent an error is an answer that is not retried', async (t) => {
  const { way, client, openai, spent } = await setup(t, { timeout: 5_000 });
  way.loses = 'answer';
  const error = await thrown(openai.chat.completions.create(ASKED));
  assert(error instanceof OpenAI.APIError && error.status >= 400, error);
  assert.deepEqual([error.error.payment.state, error.error.key.length], ['unknown', 64]);
  assert.equal(error.headers.get('x-should-retry'), 'false');
  assert.equal(new Set(way.payments).size, 1);
  way.loses = undefined;
  const { choices } = await openai.chat.completions.create(ASKED);
  assert(choices[0].message.content);
  assert.equal(client.payments().length, 1);
  assert.equal(await spent(), client.payments()[0].amountMicro);
});

test('what was never sent rejects, and a signal ends a call', async (t) => {
  const lonely = new LLMClient({ privateKey: KEY, apiUrl: NOBODY });
  const openai = new OpenAI({
    baseURL: lonely.baseURL,
    apiKey: 'blockrun',
    fetch: lonely.fetch,
    maxRetries: 0,
  });
  const error = await thrown(openai.chat.completions.create(ASKED));
  assert(error instanceof OpenAI.APIConnectionError);
  assert.equal(error.cause.code, 'API_CONNECTION');
  const { openai: other } = await setup(t);
  const controller = new AbortController();
  const call = other.chat.completions.create(ASKED, { signal: controller.signal });
  controller.abort();
  assert((await thrown(call)) instanceof OpenAI.APIUserAbortError);
});

test('a plain fetch', async (t) => {
  const { client } = await setup(t);
  const post = (body, more) =>
    client.fetch(`${client.baseURL}/chat/completions`, { method: 'POST', body, ...more });
  const answer = await post(JSON.stringify({ ...ASKED, max_tokens: 5 }));
  assert.deepEqual([answer.ok, answer.status], [true, 200]);
  assert((await answer.json()).choices.length);
  const named = { headers: { 'idempotency-key': 'invoice-1' } };
  const ids = [];
  for (let count = 0; count < 2; count++) {
    ids.push((await (await post(JSON.stringify({ ...ASKED, max_tokens: 6 }), named)).json()).id);
  }
  assert.deepEqual([new Set(ids).size, client.payments().length], [1, 2]);
  const models = await client.fetch(new Request(`${client.baseURL}/models`));
  assert((await models.json()).data.length);
  const form = new FormData();
  form.set('a', 'b');
  assert.equal((await thrown(post(form))).field, 'body');
});
