// LangChain's own entry points pay at the practice gateway, through the real `@langchain/core`: once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { getRetryable } from '@langchain/core/errors';
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { tool } from '@langchain/core/tools';
import { LLMClient, SpendLimitError } from 'blockrun-llm';
import { ChatBlockRun } from 'langchain-blockrun';
import { z } from 'zod';
import {
  answering,
  bought,
  gateway,
  KEY,
  NOBODY,
  offering,
  oneTransfer,
  runExample,
  runReadme,
  thrown,
} from '../../testing/hosts.mjs';

const COUNTED = '[practice] 1 2 3 4 5';
const model = (apiUrl, options) => new ChatBlockRun({ privateKey: KEY, apiUrl, ...options });
const place = z.object({ city: z.string(), days: z.number() }).describe('A place');
const weather = tool(({ city }) => `${city}: fine`, {
  name: 'get_weather',
  description: 'The weather of a city',
  schema: z.object({ city: z.string() }),
});

test('an answer says what it cost', async (t) => {
  const apiUrl = await gateway(t);
  const answer = await bought(apiUrl, 1, () => model(apiUrl).invoke('Hello!'));
  const { cost_usd, cost_micro, settlement, finish_reason, model_name } = answer.response_metadata;
  assert.deepEqual([cost_usd, cost_micro, settlement.success], [0.001, 1000, true]);
  assert.deepEqual([finish_reason, model_name], ['stop', 'openai/gpt-4o-mini']);
  assert(answer.text && answer.usage_metadata.total_tokens > 1);
  JSON.stringify(answer);
});

test('a stream, its callbacks, and what it cost', async (t) => {
  const apiUrl = await gateway(t);
  const tokens = [];
  const ended = [];
  const callbacks = [
    { handleLLMNewToken: (token) => tokens.push(token), handleLLMEnd: (end) => ended.push(end) },
  ];
  let whole;
  await bought(apiUrl, 1, async () => {
    for await (const chunk of await model(apiUrl).stream('Count to 5', { callbacks })) {
      whole = whole ? whole.concat(chunk) : chunk;
    }
  });
  assert.deepEqual([whole.text, tokens.join('')], [COUNTED, COUNTED]);
  assert.equal(whole.response_metadata.cost_micro, 1000);
  assert(whole.usage_metadata.output_tokens >= 5);
  await bought(apiUrl, 1, () => model(apiUrl).invoke('Hello!', { callbacks }));
  assert.equal(ended.length, 2);
});

test('events, chains and several answers', async (t) => {
  const apiUrl = await gateway(t);
  const chain = ChatPromptTemplate.fromTemplate('Count to {n}').pipe(model(apiUrl));
  assert.equal((await chain.invoke({ n: 5 })).text, COUNTED);
  const kinds = new Set();
  for await (const { event } of chain.streamEvents({ n: 5 }, { version: 'v2' })) kinds.add(event);
  assert(kinds.has('on_chat_model_stream') && kinds.has('on_chat_model_end'));
  const several = await model(apiUrl, { n: 2 }).generate([[new HumanMessage('Hello!')]]);
  assert.equal(several.generations[0].length, 2);
});

test('a batch with a prompt twice is two purchases', async (t) => {
  const apiUrl = await gateway(t);
  const answers = await bought(apiUrl, 2, () => model(apiUrl).batch(['Hello!', 'Hello!']));
  assert.equal(answers.length, 2);
});

test('tools, and their answers', async (t) => {
  const apiUrl = await gateway(t);
  const bound = model(apiUrl).bindTools([weather]);
  const asked = [new SystemMessage('Be brief'), new HumanMessage('Please call get_weather')];
  const call = await bound.invoke(asked);
  assert.deepEqual(call.tool_calls[0].args, { city: 'practice' });
  const done = await weather.invoke(call.tool_calls[0]);
  assert(done instanceof ToolMessage);
  assert.match((await bound.invoke([...asked, call, done])).text, /practice: fine/);
  let streamed;
  for await (const chunk of await bound.stream(asked)) {
    streamed = streamed ? streamed.concat(chunk) : chunk;
  }
  assert.deepEqual(streamed.tool_calls[0].args, { city: 'practice' });
  for (const tool_choice of ['any', 'get_weather', 'required']) {
    const forced = model(apiUrl).bindTools([weather], { tool_choice, strict: true });
    assert.equal((await forced.invoke('Hello!')).tool_calls.length, 1);
  }
  const none = model(apiUrl).bindTools([weather], { tool_choice: 'none' });
  assert.equal((await none.invoke(asked)).tool_calls.length, 0);
});

test('answers in a form', async (t) => {
  const apiUrl = await gateway(t);
  for (const method of [undefined, 'functionCalling', 'jsonSchema']) {
    for (const strict of [undefined, true]) {
      const typed = model(apiUrl).withStructuredOutput(place, { method, strict });
      assert.deepEqual(await typed.invoke('Where to?'), { city: 'practice', days: 1 });
    }
  }
  const raw = model(apiUrl).withStructuredOutput(z.toJSONSchema(place), { includeRaw: true });
  const answer = await raw.invoke('Where to?');
  assert.deepEqual(answer.parsed, { city: 'practice', days: 1 });
  assert.equal(answer.raw.response_metadata.cost_micro, 1000);
  const json = model(apiUrl).withStructuredOutput(place, { method: 'jsonMode', includeRaw: true });
  assert.equal((await json.invoke('Where to?')).parsed, null);
  const wrong = () => model(apiUrl).withStructuredOutput(place, { method: 'guess' });
  assert.match((await thrown(wrong)).message, /none of functionCalling/);
});

test('messages are sent in the form of OpenAI', async (t) => {
  const { url, requests } = await offering(t, (_, say) => say(200, { choices: [] }));
  const data = { type: 'image', mimeType: 'image/png', data: 'AA==' };
  const old = { type: 'image', source_type: 'url', url: 'https://example.com/a.png' };
  const call = { id: '1', name: 'f', args: { a: 1 } };
  const broken = { id: '2', name: 'f', args: '{' };
  const messages = [
    new HumanMessage({ content: [{ type: 'text', text: 'What?' }, data, old], name: 'ann' }),
    new AIMessage({ content: '', tool_calls: [call], invalid_tool_calls: [broken] }),
    new ToolMessage({ content: 'fine', tool_call_id: '1' }),
    new AIMessage({
      content: [
        { type: 'reasoning', reasoning: 'hm' },
        { type: 'text', text: 'So' },
      ],
    }),
  ];
  await thrown(model(url, { modelKwargs: { seed: 7 }, maxRetries: 0 }).invoke(messages));
  const { body } = requests.find(({ method }) => method === 'POST');
  const image = (to) => ({ type: 'image_url', image_url: { url: to } });
  const made = (id, args) => ({ id, type: 'function', function: { name: 'f', arguments: args } });
  assert.equal(body.seed, 7);
  assert.deepEqual(body.messages, [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What?' },
        image('data:image/png;base64,AA=='),
        image('https://example.com/a.png'),
      ],
      name: 'ann',
    },
    { role: 'assistant', content: null, tool_calls: [made('1', '{"a":1}'), made('2', '{')] },
    { role: 'tool', content: 'fine', tool_call_id: '1' },
    { role: 'assistant', content: 'So' },
  ]);
});

test('a key is paid once', async (t) => {
  const apiUrl = await gateway(t);
  await bought(apiUrl, 1, async () => {
    const ask = () => model(apiUrl).invoke('Hello!', { idempotencyKey: 'order-1' });
    assert.equal((await ask()).id, (await ask()).id);
  });
});

test('default retries pay once', async (t) => {
  await oneTransfer(t, {}, (url) => model(url).invoke('Hello!'));
  // All are lost until the client's time is over: what asks again is LangChain.
  await oneTransfer(t, { dark: 2_600 }, (url) => model(url, { timeout: 2_000 }).invoke('Hello!'));
  await oneTransfer(t, { dark: 2_600 }, async (url) => {
    let text = '';
    for await (const chunk of await model(url, { timeout: 2_000 }).stream('Count to 5'))
      text += chunk.text;
    assert.equal(text, COUNTED);
  });
});

test('withRetry pays once', async (t) => {
  await oneTransfer(t, { dark: 2_600 }, async (url) => {
    const once = model(url, { timeout: 2_000, maxRetries: 0 });
    const error = await thrown(once.invoke('Hello!'));
    assert.deepEqual([error.payment.state, getRetryable(error)], ['unknown', true]);
    await once.withRetry({ stopAfterAttempt: 3 }).invoke('Hello!');
  });
});

test('a signal ends a call', async (t) => {
  const apiUrl = await gateway(t);
  const controller = new AbortController();
  const slow = model(apiUrl, { model: 'practice/slow' });
  const call = slow.invoke('Hello!', { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 100);
  assert.match((await thrown(call)).message, /enough|abort/i);
  const counting = new AbortController();
  const stream = await model(apiUrl).stream('Count slowly to 100', { signal: counting.signal });
  const read = (async () => {
    for await (const _chunk of stream) counting.abort();
  })();
  assert(await thrown(read));
});

test('limits and errors keep what they know', async (t) => {
  const apiUrl = await gateway(t);
  const error = await thrown(model(apiUrl, { maxCostPerCall: '0.0001' }).invoke('Hello!'));
  assert(error instanceof SpendLimitError);
  assert.deepEqual([error.payment.state, getRetryable(error)], ['not_charged', false]);
  const wrong = await thrown(model(apiUrl, { model: 'no/model' }).stream('Hello!'));
  assert.deepEqual([wrong.status, wrong.payment.state], [400, 'not_charged']);
  const lost = await thrown(model(NOBODY, { maxRetries: 0 }).invoke('Hello!'));
  assert.deepEqual([lost.code, getRetryable(lost)], ['API_CONNECTION', true]);
  for (const [status, code] of [
    [401, 'MODEL_AUTHENTICATION'],
    [404, 'MODEL_NOT_FOUND'],
    [429, 'MODEL_RATE_LIMIT'],
    [418, undefined],
  ]) {
    const { url } = await answering(t, () => [status, { error: { message: 'no' } }]);
    const refused = await thrown(model(url, { maxRetries: 0 }).invoke('Hello!'));
    assert.deepEqual([refused.status, refused.lc_error_code], [status, code]);
  }
});

test('what users of @langchain/openai try first, and a client of their own', async (t) => {
  const apiUrl = await gateway(t);
  const configuration = { baseURL: `${apiUrl}/v1` };
  const first = new ChatBlockRun({
    model: 'openai/gpt-4o',
    apiKey: KEY,
    configuration,
    maxTokens: 9,
  });
  assert((await first.invoke('Hello!')).text);
  const asked = [];
  const onPayment = ({ amountUsd }) => asked.push(amountUsd) > 0;
  const client = new LLMClient({ privateKey: KEY, apiUrl, onPayment });
  await new ChatBlockRun({ client }).invoke('Hello!');
  assert.deepEqual(asked, [0.001]);
  const twice = () => new ChatBlockRun({ client, apiKey: KEY });
  assert.match((await thrown(twice)).message, /apiKey: give it to the client/);
  const shown = [first, first.invocationParams(), first._identifyingParams()];
  assert(!`${JSON.stringify(shown)}${inspect(shown, { depth: 9 })}`.includes(KEY));
  client.close();
});

test('the README and the examples', async (t) => {
  assert.match(await runReadme(t, import.meta.url), /\$0\.001/);
  assert.match(await runExample(t, import.meta.url, 'agent.mjs'), /The tool answered: 2\.1 m/);
});
