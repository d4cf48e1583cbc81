// Images, any endpoint, API keys, signers, and OpenAI's shape: what is sent and handed over.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  BlockrunClient,
  InvalidArgumentError,
  LLMClient,
  OpenAI,
  PaymentError,
} from 'blockrun-llm';
import { privateKeyToAccount } from 'viem/accounts';
import {
  ADDRESS,
  ANSWER,
  answering,
  balance,
  chunkOf,
  events,
  gateway,
  KEY,
  LAST,
  serving,
  thrown,
} from './support.mjs';

const HI = [{ role: 'user', content: 'Hi' }];
const EVENT_STREAM = { 'content-type': 'text/event-stream' };

function client(server, options) {
  return new LLMClient({ privateKey: KEY, apiUrl: server.url, ...options });
}

async function read(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

test('searching, reasoning and fallback models', async (t) => {
  const server = await answering(t, () => [
    server.requests.at(-1).body.model === 'one' ? 503 : 200,
    ANSWER,
  ]);
  await client(server).chat('one', 'Hi', {
    search: true,
    reasoningEffort: 'low',
    fallbackModels: ['two'],
  });
  const one = server.requests[0].body;
  assert.deepEqual([one.model, server.requests.at(-1).body.model], ['one', 'two']);
  assert.deepEqual([one.search_parameters, one.reasoning_effort], [{ mode: 'on' }, 'low']);
  await client(server).chat('Hi', { search: true, searchParameters: { mode: 'auto' } });
  assert.deepEqual(server.requests.at(-1).body.search_parameters, { mode: 'auto' });
});

test('a model that answered in place of another is told', async (t) => {
  const headers = {
    'x-fallback-used': 'true',
    'x-fallback-model': 'm',
    'x-settlement-skipped': 'true',
  };
  const server = await answering(t, () => [200, ANSWER, headers]);
  const fallback = { used: true, model: 'm', settlementSkipped: true };
  const response = await client(server).chatCompletion(HI);
  assert.deepEqual(response, { ...ANSWER, fallback, costUsd: 0 });
  assert.deepEqual((await client(server).chatCompletionStream(HI)).fallback, fallback);
});

test('an image', async (t) => {
  const answer = {
    created: 1,
    data: [{ url: 'https://a.example/1.png', new: 1 }],
    backed_up: true,
  };
  const server = await answering(t, () => [200, answer]);
  const image = await client(server).image('A boat', {
    model: 'openai/dall-e-3',
    size: '512x512',
    n: 2,
    quality: 'hd',
    responseFormat: 'url',
    extra: { style: 'vivid' },
  });
  assert.deepEqual(image, { ...answer, costUsd: 0 });
  assert.equal(image.costMicro, 0n);
  assert.equal(server.requests[0].url, '/api/v1/images/generations');
  assert.deepEqual(server.requests[0].body, {
    model: 'openai/dall-e-3',
    prompt: 'A boat',
    size: '512x512',
    n: 2,
    quality: 'hd',
    response_format: 'url',
    style: 'vivid',
  });
});

test('any endpoint', async (t) => {
  const server = await serving(t, ({ url }, response) => {
    if (url.includes('events')) {
      const named = 'id: 7\nevent: tick\ndata: 1\ndata: 2\n\n';
      return response.writeHead(200, EVENT_STREAM).end(`${named}data: {"a":1}\n\ndata: [DONE]\n\n`);
    }
    response.writeHead(200, { 'x-a': 'b' }).end(url.includes('text') ? 'plain' : '{"a":1}');
  });
  const one = client(server);
  const { status, headers, body, costUsd } = await one.request('get', '/v1/pm/markets', {
    params: { limit: 5, tag: ['a', 'b c'], none: undefined, nil: null, yes: true },
  });
  assert.deepEqual([status, headers.get('x-a'), body, costUsd], [200, 'b', { a: 1 }, 0]);
  const [asked] = server.requests;
  assert.equal(asked.method, 'GET');
  assert.equal(asked.url, '/api/v1/pm/markets?limit=5&tag=a&tag=b+c&yes=true');
  assert.equal((await one.request('POST', '/v1/text', { body: [1] })).body, 'plain');
  assert.deepEqual(server.requests[1].body, [1]);

  const stream = await one.stream('POST', '/v1/events', { body: {} });
  assert.deepEqual([stream.status, stream.costMicro], [200, 0n]);
  const expected = [
    { id: '7', event: 'tick', data: '1\n2' },
    // The id of the last event stays until there is another.
    { id: '7', event: 'message', data: '{"a":1}' },
    { id: '7', event: 'message', data: '[DONE]' },
  ];
  assert.deepEqual(await read(stream), expected);
  assert.equal((await thrown(read(stream))).code, 'STREAM_CONSUMED');
  const whole = await read(await one.stream('GET', '/v1/text'));
  assert.deepEqual(whole, [{ event: 'message', data: 'plain' }]);
});

test('BlockrunClient', async (t) => {
  const server = await serving(t, (request, response) => {
    if (request.url.includes('events')) {
      return response
        .writeHead(200, EVENT_STREAM)
        .end('data: {"a":1}\n\ndata: b\n\ndata: [DONE]\n\n');
    }
    response.end('{"a":1}');
  });
  const api = new BlockrunClient({ privateKey: KEY, apiUrl: server.url });
  assert.deepEqual(await api.get('/v1/x', { q: 1 }), { a: 1 });
  assert.deepEqual(await api.post('/v1/x', { b: 2 }), { a: 1 });
  assert.deepEqual(await read(api.stream('/v1/events', { c: 3 })), [{ a: 1 }, 'b']);
  assert.deepEqual(
    server.requests.map(({ method, url, body }) => [method, url, body]),
    [
      ['GET', '/api/v1/x?q=1', ''],
      ['POST', '/api/v1/x', { b: 2 }],
      ['POST', '/api/v1/events', { c: 3 }],
    ],
  );
  assert.deepEqual([api.getWalletAddress(), api.getSpending().calls], [ADDRESS, 0]);
});

test('an API key', async (t) => {
  const server = await answering(t, (url) =>
    url.includes('poor') ? [402, { error: 'no credit' }] : [200, ANSWER],
  );
  const account = new LLMClient({ apiKey: 'brk_live_1-a', apiUrl: server.url });
  assert.deepEqual([account.authMode, account.getWalletAddress()], ['api-key', '']);
  const response = await account.chatCompletion(HI);
  assert.deepEqual([response.costUsd, response.costMicro], [null, null]);
  assert.equal(server.requests[0].headers.authorization, 'Bearer brk_live_1-a');
  const stream = await account.chatCompletionStream(HI);
  assert.deepEqual([stream.status, stream.costUsd, stream.costMicro], [200, null, null]);
  const error = await thrown(account.request('GET', '/v1/poor'));
  assert(error instanceof PaymentError && error.statusCode === 402, inspect(error));
  for (const call of [
    () => account.getBalance(),
    () => account.getSpending(),
    () => account.quote('Hi'),
    () => account.payments(),
  ]) {
    const error = await thrown(call);
    assert(error instanceof InvalidArgumentError && /wallet-only/.test(error.message), error);
  }
  const shown = [account, response, error, stream].map((one) => inspect(one, { depth: 9 })).join();
  assert(!shown.includes('live_1-a'), shown);
  assert.deepEqual(account.toJSON(), { apiUrl: server.url });
});

test('a signer keeps the key', async (t) => {
  const apiUrl = await gateway(t);
  const account = privateKeyToAccount(KEY);
  const seen = [];
  const signer = {
    address: account.address,
    signTypedData: (data) => {
      seen.push(data);
      return account.signTypedData(data);
    },
  };
  const one = new LLMClient({ signer, apiUrl });
  assert.equal(one.getWalletAddress(), ADDRESS);
  const before = await balance(apiUrl, ADDRESS);
  const { costMicro } = await one.chatCompletion(HI);
  assert.equal(before - (await balance(apiUrl, ADDRESS)), costMicro);
  assert.deepEqual([seen.length, seen[0].primaryType], [1, 'TransferWithAuthorization']);
  assert.equal(seen[0].message.value, costMicro);
  const refusal = new Error('the user said no');
  for (const [signTypedData, says] of [
    [() => Promise.reject(refusal), 'the user said no'],
    [async () => '0x12', '65 bytes'],
    [async () => 7, 'must answer a string'],
  ]) {
    const careful = new LLMClient({ signer: { ...signer, signTypedData }, apiUrl });
    const error = await thrown(careful.chat('Hi'));
    assert(error instanceof PaymentError && error.message.includes(says), inspect(error));
    assert.equal(error.payment.state, 'not_charged');
    if (says === refusal.message) assert.equal(error.cause, refusal);
    assert.equal(careful.getSpending().reservedMicro, 0n);
  }
});

test('a balance is read or an error, never a zero that nobody said', async (t) => {
  const apiUrl = await gateway(t);
  const rpcUrl = new URL('/practice/rpc', apiUrl).href;
  const one = new LLMClient({ privateKey: KEY, apiUrl, rpcUrl });
  assert(one.isTestnet());
  assert.equal(await one.getBalanceMicro(), await balance(apiUrl, ADDRESS));
  assert.equal(await one.getBalance(), Number(await one.getBalanceMicro()) / 1e6);
  for (const url of ['off', 'http://127.0.0.1:9/']) {
    await thrown(new LLMClient({ privateKey: KEY, apiUrl, rpcUrl: url }).getBalance());
  }
  assert(!new LLMClient({ privateKey: KEY }).isTestnet());
});

test("OpenAI's shape", async (t) => {
  const image = { created: 1, data: [{ b64_json: 'AAAA' }] };
  const server = await serving(t, (request, response) => {
    const { url } = request;
    const asked = server.requests.at(-1).body;
    if (asked.stream) return response.writeHead(200, EVENT_STREAM).end(events(chunkOf('Hi')));
    const said = url.includes('images')
      ? image
      : url.includes('models')
        ? { data: [{ id: 'm' }] }
        : ANSWER;
    response.end(JSON.stringify(said));
  });
  const openai = new OpenAI({ walletKey: KEY, baseURL: `${server.url}/v1/` });
  const tools = [{ type: 'function', function: { name: 'f' } }];
  const params = { model: 'm', messages: HI, n: 2, user: 'u', seed: 7, tools, temperature: null };
  const response = await openai.chat.completions.create({ ...params, stream: false });
  assert.equal(response.choices[0].message.content, 'ok');
  const { temperature, ...sent } = params;
  assert.deepEqual(server.requests[0].body, { ...sent, max_tokens: 1_024 });
  const stream = await openai.chat.completions.create({ ...params, stream: true });
  assert.deepEqual(await read(stream), [chunkOf('Hi'), LAST]);
  assert.deepEqual(await openai.images.generate({ prompt: 'A boat', user: 'u' }), {
    ...image,
    costUsd: 0,
  });
  assert.equal(server.requests[2].body.user, 'u');
  assert.deepEqual(await openai.models.list(), { object: 'list', data: [{ id: 'm' }] });
  assert.equal(openai.client.getWalletAddress(), ADDRESS);
  assert.equal(client(server).openai.chat.completions.constructor.name, 'Completions');
  for (const [options, field] of [
    [{ walletKey: KEY, privateKey: KEY }, 'walletKey'],
    [{ baseURL: 'https://a.example', apiUrl: 'https://a.example' }, 'baseURL'],
    [{ walletKey: KEY, apiKey: 'brk_1' }, 'apiKey'],
    [{ walletkey: KEY }, 'walletkey'],
  ]) {
    assert.equal((await thrown(() => new OpenAI(options))).field, field);
  }
});
