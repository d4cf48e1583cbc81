// A runtime of ElizaOS pays for its models at the practice gateway: once.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { env } from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

env.LOG_LEVEL = 'fatal';
const { AgentRuntime, ModelType } = await import('@elizaos/core');
const { default: plugin, blockrunPlugin, clientOf } = await import('elizaos-plugin-blockrun');

import { SpendLimitError } from 'blockrun-llm';
import {
  bought,
  folder,
  gateway,
  KEY,
  NOBODY,
  offering,
  oneTransfer,
  runReadme,
  thrown,
} from '../../testing/hosts.mjs';

const COUNTED = '[practice] 1 2 3 4 5';

/** The host's database, which keeps nothing here. */
const adapter = new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : async () => []) });

/** An agent with the plugin. */
async function agent(t, apiUrl, settings, character) {
  const secrets = { BLOCKRUN_WALLET_KEY: KEY, BLOCKRUN_API_URL: apiUrl, BLOCKRUN_HOME: folder(t) };
  const runtime = new AgentRuntime({
    character: {
      name: 'Ann',
      bio: 'A test',
      settings: { secrets: { ...secrets, ...settings } },
      ...character,
    },
    adapter,
  });
  await runtime.registerPlugin(plugin);
  return runtime;
}

function said(text, more) {
  const ids = { id: randomUUID(), entityId: randomUUID(), roomId: randomUUID() };
  return { ...ids, content: { text, ...more } };
}

test('texts of both sizes, and what the agent is told', async (t) => {
  const apiUrl = await gateway(t);
  const runtime = await agent(t, apiUrl);
  const used = [];
  runtime.registerEvent('MODEL_USED', async (event) => used.push(event));
  await bought(apiUrl, 1, async () => {
    const text = await runtime.useModel(ModelType.TEXT_SMALL, { prompt: 'Count to 5' });
    assert.equal(text, COUNTED);
  });
  assert.equal(await runtime.useModel('TEXT_LARGE', { prompt: 'Count to 5' }), COUNTED);
  assert.deepEqual(
    clientOf(runtime)
      .payments()
      .map(({ model }) => model),
    ['openai/gpt-4o-mini', 'openai/gpt-4o'],
  );
  assert.deepEqual([used[0].type, used[0].costUsd], ['TEXT_SMALL', 0.001]);
  assert(used[0].tokens.completion >= 5);
  assert.equal(plugin, blockrunPlugin);
});

test('the settings and the character of an agent', async (t) => {
  const { url, requests } = await offering(t, (_, say) => say(200, { choices: [] }));
  const settings = { BLOCKRUN_SMALL_MODEL: 'deepseek/deepseek-chat', TEXT_SMALL_MAX_TOKENS: '77' };
  const runtime = await agent(t, url, settings, { system: 'Be brief' });
  const asked = { prompt: 'Hi', stopSequences: ['END'], seed: 7, responseFormat: 'json_object' };
  assert.equal(await runtime.useModel('TEXT_SMALL', asked), '');
  const { body } = requests.find(({ method }) => method === 'POST');
  assert.deepEqual(body.messages, [
    { role: 'system', content: 'Be brief' },
    { role: 'user', content: 'Hi' },
  ]);
  assert.deepEqual(
    [body.model, body.max_tokens, [body.stop].flat(), body.seed, body.response_format, body.user],
    ['deepseek/deepseek-chat', 77, ['END'], 7, { type: 'json_object' }, undefined],
  );
});

test('streams', async (t) => {
  const apiUrl = await gateway(t);
  const runtime = await agent(t, apiUrl);
  const pieces = [];
  const onStreamChunk = (piece) => pieces.push(piece);
  const asked = { prompt: 'Count to 5' };
  await bought(apiUrl, 1, () => runtime.useModel('TEXT_SMALL', { ...asked, onStreamChunk }));
  assert.equal(pieces.join(''), COUNTED);
  assert(pieces.length > 3);
  await bought(apiUrl, 1, async () => {
    const whole = await runtime.useModel('TEXT_SMALL', { ...asked, stream: true });
    assert.deepEqual([await whole.text, await whole.finishReason], [COUNTED, 'stop']);
    assert((await whole.usage).completionTokens >= 5);
  });
  await bought(apiUrl, 1, async () => {
    const left = await runtime.useModel('TEXT_SMALL', { ...asked, stream: true });
    for await (const _piece of left.textStream) break;
    assert(COUNTED.startsWith((await left.text).trim()));
  });
  const broken = await agent(t, NOBODY);
  const stream = await broken.useModel('TEXT_SMALL', { ...asked, stream: true });
  assert.equal((await thrown(stream.text)).code, 'API_CONNECTION');
});

test('pictures', async (t) => {
  const apiUrl = await gateway(t);
  const runtime = await agent(t, apiUrl, { BLOCKRUN_IMAGE_MODEL: 'openai/dall-e-3' });
  const drawn = await runtime.useModel(ModelType.IMAGE, { prompt: 'A boat', count: 2 });
  assert.equal(drawn.length, 2);
  assert.equal((await fetch(drawn[0].url)).headers.get('content-type'), 'image/png');
});

test('a lost answer, and a call that an agent makes again, pay once', async (t) => {
  const asked = { prompt: 'Count to 5' };
  await oneTransfer(t, {}, async (url) => {
    assert.equal(await (await agent(t, url)).useModel('TEXT_SMALL', asked), COUNTED);
  });
  // All are lost until the client's time is over; ElizaOS itself retries nothing.
  for (const stream of [false, true]) {
    await oneTransfer(t, { dark: 2_600 }, async (url) => {
      const runtime = await agent(t, url, { BLOCKRUN_CHAT_TIMEOUT: '2' });
      const onStreamChunk = stream ? () => {} : undefined;
      const ask = () => runtime.useModel('TEXT_SMALL', { ...asked, onStreamChunk });
      assert.equal((await thrown(ask())).payment.state, 'unknown');
      await sleep(2_600);
      assert.equal(await ask(), COUNTED);
    });
  }
});

test('the wallet', async (t) => {
  const apiUrl = await gateway(t);
  const runtime = await agent(t, apiUrl, {
    BLOCKRUN_WALLET_KEY: undefined,
    BASE_CHAIN_WALLET_KEY: KEY,
  });
  await runtime.useModel('TEXT_SMALL', { prompt: 'Hello!' });
  const asked = await runtime.composeState(said('How much is left?'), ['BLOCKRUN_WALLET']);
  assert.match(asked.text, /Wallet 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 pays/);
  assert.match(asked.text, /It holds \$9\.999|balance cannot be read/);
  assert.equal(asked.values.blockrunSpentUsd, 0.001);
  const unasked = await runtime.composeState(said('Hi'));
  assert.equal(unasked.text, '');
  const account = await agent(t, apiUrl, { BLOCKRUN_API_KEY: 'brk_test_0123456789abcdef' });
  const { text } = await plugin.providers[0].get(account, said('Hi'), {});
  assert.match(text, /billed to the account/);
});

test('the action asks another model', async (t) => {
  const apiUrl = await gateway(t);
  const runtime = await agent(t, apiUrl);
  const message = said('Count to 5', { model: 'anthropic/claude-3-5-haiku' });
  const [action] = runtime.actions;
  assert(await action.validate(runtime, message));
  assert(!(await action.validate(runtime, said(' '))));
  const spoken = [];
  const callback = async (content) => spoken.push(content.text) && [];
  const response = { ...said('I ask it.', { actions: ['BLOCKRUN_CHAT'] }) };
  await runtime.processActions(message, [response], undefined, callback);
  assert.deepEqual(spoken, [COUNTED]);
  assert.equal(clientOf(runtime).payments()[0].model, 'anthropic/claude-3-5-haiku');
  const options = { prompt: 'Count to 2', model: 'openai/gpt-4o-mini' };
  const { success, text, data } = await action.handler(
    runtime,
    message,
    undefined,
    options,
    callback,
  );
  assert.deepEqual([success, text, data.costUsd], [true, '[practice] 1 2', 0.001]);
});

test('errors say what happened to the money', async (t) => {
  const apiUrl = await gateway(t);
  const runtime = await agent(t, apiUrl, { BLOCKRUN_MAX_COST_PER_CALL: '0.0001' });
  const error = await thrown(runtime.useModel('TEXT_SMALL', { prompt: 'Hi' }));
  assert(error instanceof SpendLimitError);
  const spoken = [];
  const callback = async (content) => spoken.push(content.text) && [];
  const result = await runtime.actions[0].handler(runtime, said('Hi'), undefined, {}, callback);
  assert.deepEqual([result.success, result.data.payment.state], [false, 'not_charged']);
  assert.match(spoken[0], /Nothing was charged\.$/);
  const wrong = await thrown(agent(t, apiUrl, { BLOCKRUN_WALLET_KEY: '0x12' }));
  assert.equal(wrong.field, 'privateKey');
});

test('the README, and the character of the examples', async (t) => {
  const example = new URL('../examples/character.json', import.meta.url);
  const { settings, ...character } = JSON.parse(readFileSync(example, 'utf8'));
  const runtime = await agent(t, await gateway(t), settings, character);
  await runtime.useModel('TEXT_LARGE', { prompt: 'Hi' });
  assert.equal(clientOf(runtime).payments()[0].model, 'anthropic/claude-3-5-sonnet');
  assert.match(await runReadme(t, import.meta.url), /\$0\.00/);
});
