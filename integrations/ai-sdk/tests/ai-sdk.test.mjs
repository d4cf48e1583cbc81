// The AI SDK's own functions pay at the practice gateway: once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { APICallError, NoSuchModelError } from '@ai-sdk/provider';
import { generateImage, generateText, Output, RetryError, stepCountIs, streamText, tool } from 'ai';
import { createBlockRun, PaidCallError } from 'blockrun-ai-provider';
import { LLMClient, SpendLimitError } from 'blockrun-llm';
import { z } from 'zod';
import {
  answering,
  bought,
  gateway,
  KEY,
  NOBODY,
  oneTransfer,
  runExample,
  runReadme,
  thrown,
} from '../../testing/hosts.mjs';

const COUNTED = '[practice] 1 2 3 4 5';
const MINI = 'openai/gpt-4o-mini';
const paying = (apiUrl, options) => createBlockRun({ privateKey: KEY, apiUrl, ...options });

test('a text says what it cost', async (t) => {
  const apiUrl = await gateway(t);
  const model = paying(apiUrl)(MINI);
  const said = await bought(apiUrl, 1, () => generateText({ model, prompt: 'Count to 5' }));
  assert.equal(said.text, COUNTED);
  assert(said.usage.outputTokens >= 5);
  const { costUsd, costMicro, settlement } = said.providerMetadata.blockrun;
  assert.deepEqual([costUsd, costMicro, settlement.success], [0.001, 1000, true]);
  assert.deepEqual([model.provider, model.modelId], ['blockrun.chat', MINI]);
});

test('a stream says it too', async (t) => {
  const apiUrl = await gateway(t);
  await bought(apiUrl, 1, async () => {
    const stream = streamText({ model: paying(apiUrl)(MINI), prompt: 'Count to 5' });
    let text = '';
    for await (const piece of stream.textStream) text += piece;
    assert.equal(text, COUNTED);
    assert.equal((await stream.providerMetadata).blockrun.costMicro, 1000);
    assert((await stream.usage).outputTokens >= 5);
    assert.equal(await stream.finishReason, 'stop');
  });
});

test('tools, whole and streamed', async (t) => {
  const apiUrl = await gateway(t);
  const tools = {
    get_weather: tool({
      description: 'The weather of a city',
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => `${city}: fine`,
    }),
  };
  const asked = { model: paying(apiUrl)(MINI), tools, stopWhen: stepCountIs(2) };
  const prompt = 'Please call get_weather';
  const said = await bought(apiUrl, 2, () => generateText({ ...asked, prompt }));
  assert.match(said.text, /practice: fine/);
  await bought(apiUrl, 2, async () => {
    assert.match(await streamText({ ...asked, prompt }).text, /practice: fine/);
  });
});

test('answers in a form', async (t) => {
  const schema = z.object({ city: z.string(), days: z.number() });
  const model = paying(await gateway(t))(MINI);
  const said = await generateText({
    model,
    prompt: 'Where to?',
    output: Output.object({ schema }),
  });
  assert.deepEqual(said.output, { city: 'practice', days: 1 });
});

test('pictures', async (t) => {
  const provider = paying(await gateway(t));
  const model = provider.imageModel('openai/dall-e-3');
  const { image } = await generateImage({ model, prompt: 'A boat', size: '1024x1024' });
  assert.equal(image.mediaType, 'image/png');
  assert(provider.client.getSpending().totalMicro > 1000n);
  const none = () => provider.embeddingModel('any');
  assert(NoSuchModelError.isInstance(await thrown(none)));
});

test('default retries pay once', async (t) => {
  const ask = (url, options) =>
    generateText({ model: paying(url, options)(MINI), prompt: 'Count to 5' });
  await oneTransfer(t, {}, (url) => ask(url));
  // All are lost until the client's time is over: what asks again is the AI SDK.
  await oneTransfer(t, { dark: 2_600 }, (url) => ask(url, { timeout: 2_000 }));
  await oneTransfer(t, { dark: 2_600 }, async (url) => {
    const model = paying(url, { timeout: 2_000 })(MINI);
    assert.equal(await streamText({ model, prompt: 'Count to 5' }).text, COUNTED);
  });
});

test('two of the same at once are two purchases', async (t) => {
  const apiUrl = await gateway(t);
  const model = paying(apiUrl)(MINI);
  const ask = () => generateText({ model, prompt: 'Hello!' });
  await bought(apiUrl, 2, () => Promise.all([ask(), ask()]));
});

test('a signal ends a call', async (t) => {
  const model = paying(await gateway(t))('practice/slow');
  const abortSignal = AbortSignal.timeout(100);
  const error = await thrown(generateText({ model, prompt: 'Hello!', abortSignal }));
  assert.equal(error.name, 'TimeoutError');
});

test('errors are those of the AI SDK and keep what they know', async (t) => {
  const apiUrl = await gateway(t);
  const ask = (provider, id = MINI) => thrown(generateText({ model: provider(id), prompt: 'Hi' }));
  const limit = await ask(paying(apiUrl, { maxCostPerCall: '0.0001' }));
  assert(limit instanceof PaidCallError && APICallError.isInstance(limit));
  assert(limit.cause instanceof SpendLimitError);
  assert.deepEqual(
    [limit.code, limit.isRetryable, limit.payment.state],
    ['SPEND_LIMIT', false, 'not_charged'],
  );
  const wrong = await ask(paying(apiUrl), 'no/model');
  assert.deepEqual([wrong.statusCode, wrong.isRetryable, wrong.key], [400, false, undefined]);
  const busy = await answering(t, () => [
    429,
    { error: { message: 'no' } },
    { 'retry-after': '0' },
  ]);
  const retried = await ask(paying(busy.url));
  assert(RetryError.isInstance(retried));
  assert.equal(retried.lastError.statusCode, 429);
  assert.equal(busy.requests.filter(({ method }) => method === 'POST').length, 3);
  const lost = await thrown(
    generateText({ model: paying(NOBODY)(MINI), prompt: 'Hi', maxRetries: 0 }),
  );
  assert.deepEqual([lost.code, lost.isRetryable], ['API_CONNECTION', true]);
});

test('a key of the caller is used', async (t) => {
  const apiUrl = await gateway(t);
  const asked = {
    model: paying(apiUrl)(MINI),
    prompt: 'Hi',
    headers: { 'Idempotency-Key': 'order-1' },
  };
  await bought(apiUrl, 1, async () => {
    const [one, two] = [await generateText(asked), await generateText(asked)];
    assert.equal(one.response.id, two.response.id);
  });
});

test('what users of other providers try first, and a client of their own', async (t) => {
  const apiUrl = await gateway(t);
  const first = createBlockRun({ apiKey: KEY, baseURL: `${apiUrl}/v1` });
  const said = await generateText({
    model: first.chat('openai/gpt-4o'),
    prompt: 'Hi',
    maxOutputTokens: 9,
  });
  assert(said.text);
  assert(!inspect([first, first(MINI)], { depth: 9 }).includes(KEY));
  const client = new LLMClient({ privateKey: KEY, apiUrl });
  assert.equal(createBlockRun({ client }).client, client);
  const twice = () => createBlockRun({ client, apiKey: KEY });
  assert.match((await thrown(twice)).message, /apiKey: give it to the client/);
});

test('the README and the examples', async (t) => {
  assert.match(await runReadme(t, import.meta.url), /\$0\.001/);
  assert.match(await runExample(t, import.meta.url, 'agent.mjs'), /2 steps, \$0\.001 \+ \$0\.001/);
});
