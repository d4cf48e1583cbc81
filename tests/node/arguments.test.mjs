// Bad arguments are named before any traffic.

import assert from 'node:assert/strict';
import { env } from 'node:process';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { BlockrunError, InvalidArgumentError, LLMClient } from 'blockrun-llm';
import { ADDRESS, answering, KEY, NOBODY, thrown } from './support.mjs';

const SIGNER = { address: ADDRESS, signTypedData: async () => '0x' };

/** The environment for the time of a function. */
function within(variables, run) {
  Object.assign(env, variables);
  try {
    return run();
  } finally {
    for (const name of Object.keys(variables)) delete env[name];
  }
}

function check(error, field, says = '') {
  assert(error instanceof InvalidArgumentError && error instanceof BlockrunError, inspect(error));
  assert.equal(error.code, 'INVALID_ARGUMENT');
  assert.equal(error.field, field);
  assert(error.message.startsWith(`${field}: `) && error.message.includes(says), error.message);
  assert.deepEqual(error.payment, { state: 'not_charged' });
  assert(!inspect(error, { depth: 9 }).includes(KEY.slice(2)), 'the key is printed');
}

test('options of a client', async () => {
  const good = { privateKey: KEY, apiUrl: NOBODY };
  for (const [options, field, says] of [
    [{ ...good, apiKey: 'brk_1' }, 'apiKey', 'is given beside privateKey'],
    [{ ...good, signer: SIGNER }, 'signer', 'is given beside privateKey'],
    [{ apiKey: 'sk-1' }, 'apiKey', "must begin with 'brk_'"],
    [{ apiKey: 'brk_ä' }, 'apiKey', "must begin with 'brk_'"],
    [{ privateKey: 'brk_' }, 'privateKey', 'Invalid API key'],
    [{ signer: { address: ADDRESS } }, 'signer', 'must have an address and signTypedData'],
    [{ signer: { ...SIGNER, address: '0x1' } }, 'signer.address', '0x1'],
    [{ ...good, prepay: 'always' }, 'prepay', '"always" is not one of auto, off'],
    [{ ...good, payees: [] }, 'payees', 'nobody could be paid'],
    [{ ...good, payees: ['0x12'] }, 'payees', '"0x12" is no address'],
    [{ ...good, privatKey: KEY }, 'privatKey', 'did you mean privateKey?'],
    [{ ...good, max_cost_per_call: 1 }, 'max_cost_per_call', 'did you mean maxCostPerCall?'],
    [{ ...good, privateKey: 7 }, 'privateKey', 'must be a string, got number'],
    [{ ...good, privateKey: KEY.slice(0, -2) }, 'privateKey', 'must be 66 characters'],
    [{ ...good, privateKey: `${KEY.slice(0, -1)}g` }, 'privateKey', 'hexadecimal'],
    [{ ...good, privateKey: `0x${'0'.repeat(64)}` }, 'privateKey', 'not a secp256k1 key'],
    [{ ...good, timeout: '5' }, 'timeout', 'must be a number, got string'],
    [{ ...good, timeout: 0 }, 'timeout', 'more than 0'],
    [{ ...good, timeout: -1 }, 'timeout', 'not a number of milliseconds'],
    [{ ...good, timeout: Number.NaN }, 'timeout', 'not a number of milliseconds'],
    [{ ...good, model: ' ' }, 'model', 'non-empty'],
    [{ ...good, maxCostPerCall: 0 }, 'maxCostPerCall', 'more than 0'],
    [{ ...good, maxCostPerCall: -1 }, 'maxCostPerCall', 'not a decimal amount'],
    [{ ...good, maxCostPerCall: 1e-7 }, 'maxCostPerCall', 'more than 6 decimals'],
    [{ ...good, maxSessionCost: '0.1234567' }, 'maxSessionCost', 'more than 6 decimals'],
    [{ ...good, maxSessionCost: {} }, 'maxSessionCost', 'must be dollars'],
    [{ ...good, apiUrl: 'http://blockrun.ai' }, 'apiUrl', 'https'],
    [{ ...good, apiUrl: 'http://localhost:80@evil.example' }, 'apiUrl', ''],
    [{ ...good, apiUrl: 'https://blockrun.ai/?a=1' }, 'apiUrl', 'query'],
    [{ ...good, caFile: '/nowhere/ca.pem' }, 'caFile', ''],
    [{}, 'privateKey', 'BLOCKRUN_WALLET_KEY'],
    [KEY, 'options', 'must be an object such as { privateKey, apiKey }, got string'],
  ]) {
    check(await thrown(() => new LLMClient(options)), field, says);
  }
});

test('amounts of dollars in every spelling', () => {
  for (const maxCostPerCall of [1, 0.1, 1n, '0.000001', 1e-6, undefined, null]) {
    assert(new LLMClient({ privateKey: KEY, apiUrl: NOBODY, maxCostPerCall }));
  }
});

test('the environment, after the options', async () => {
  within({ BLOCKRUN_WALLET_KEY: KEY.slice(2), BLOCKRUN_API_URL: `${NOBODY}/` }, () => {
    const client = new LLMClient();
    assert.deepEqual([client.getWalletAddress(), client.apiUrl], [ADDRESS, NOBODY]);
    assert.equal(client.model, 'openai/gpt-4o-mini');
    assert.equal(new LLMClient({ apiUrl: 'https://a.example' }).apiUrl, 'https://a.example');
  });
  within({ BASE_CHAIN_WALLET_KEY: KEY, BLOCKRUN_WALLET_KEY: ' ' }, () => {
    assert.equal(new LLMClient().apiUrl, 'https://blockrun.ai/api');
  });
  for (const name of ['BLOCKRUN_MAX_COST_PER_CALL', 'BLOCKRUN_CHAT_TIMEOUT']) {
    const run = () => within({ [name]: 'lots' }, () => new LLMClient({ privateKey: KEY }));
    check(await thrown(run), name, 'lots');
  }
});

test('options and contents of a call', async (t) => {
  const server = await answering(t, () => [500, {}]);
  const client = new LLMClient({ privateKey: KEY, apiUrl: server.url });
  const hi = [{ role: 'user', content: 'Hi' }];
  const cycle = {};
  cycle.self = cycle;
  for (const [call, field, says] of [
    [() => client.chat(), 'prompt', 'must be a string, got undefined'],
    [() => client.chat(7), 'prompt', 'must be a string, got number'],
    [() => client.chat(hi), 'prompt', 'got an array'],
    [() => client.chat('m', hi), 'prompt', 'got an array'],
    [() => client.chat('Hi', 'there', 7), 'options', 'must be an object'],
    [() => client.chat('m', 'Hi', { model: 'n' }), 'model', 'given twice'],
    [() => client.chat(' ', 'Hi'), 'model', 'non-empty'],
    [() => client.chat('Hi', { max_tokens: 5 }), 'max_tokens', 'did you mean maxTokens?'],
    [() => client.chat('Hi', { maxToken: 5 }), 'maxToken', 'did you mean maxTokens?'],
    [() => client.chat('Hi', { maxTokens: 0 }), 'maxTokens', 'at least 1'],
    [() => client.chat('Hi', { maxTokens: 1.5 }), 'maxTokens', 'whole number'],
    [() => client.chat('Hi', { maxTokens: '5' }), 'maxTokens', 'got string'],
    [() => client.chat('Hi', { maxTokens: 1_000_001 }), 'maxTokens', 'implausibly large'],
    [() => client.chat('Hi', { temperature: 2.1 }), 'temperature', 'between 0 and 2'],
    [() => client.chat('Hi', { temperature: Number.NaN }), 'temperature', 'between 0 and 2'],
    [() => client.chat('Hi', { topP: -0.1 }), 'topP', 'between 0 and 1'],
    [() => client.chat('Hi', { n: 129 }), 'n', 'at most 128'],
    [() => client.chat('Hi', { stop: [1] }), 'stop[0]', 'must be a string'],
    [() => client.chat('Hi', { stop: ['', '', '', '', ''] }), 'stop', 'at most 4'],
    [() => client.chat('Hi', { timeout: 0 }), 'timeout', 'more than 0'],
    [() => client.chat('Hi', { tools: {} }), 'tools', 'must be an array'],
    [() => client.chat('Hi', { responseFormat: 'json' }), 'responseFormat', 'must be an object'],
    [() => client.chat('Hi', { toolChoice: () => 1 }), 'toolChoice', 'got function'],
    [() => client.chat('Hi', { extra: cycle }), 'extra', 'cannot be written as JSON'],
    [() => client.chat('Hi', { extra: { seed: 1n } }), 'extra', 'cannot be written as JSON'],
    [() => client.chat('Hi', { extra: { toJSON: () => 7 } }), 'extra', 'must be an object'],
    [() => client.chat('Hi', { extra: { stream: true } }), 'stream', 'one whole answer'],
    [() => client.chat('Hi', { signal: {} }), 'signal', 'must be an AbortSignal'],
    [() => client.chat('Hi', { search: 'on' }), 'search', 'must be true or false'],
    [() => client.chat('Hi', { searchParameters: [] }), 'searchParameters', 'must be an object'],
    [() => client.chat('Hi', { reasoningEffort: ' ' }), 'reasoningEffort', 'is empty'],
    [() => client.chat('Hi', { fallbackModels: 'm' }), 'fallbackModels', 'must be an array'],
    [() => client.chat('Hi', { fallbackModels: ['m', ' '] }), 'fallbackModels[1]', 'non-empty'],
    [() => client.chatCompletionStream('Hi'), 'messages', 'must be an array of messages'],
    [() => client.chatCompletionStream(hi, { topP: 2 }), 'topP', 'between 0 and 1'],
    [() => client.chatCompletionStream(hi, { extra: { stream: false } }), 'stream', 'stream'],
    [() => client.image(), 'prompt', 'must be a string'],
    [() => client.image(' '), 'prompt', 'is empty'],
    [() => client.image('A boat', { n: 11 }), 'n', 'at most 10'],
    [() => client.image('A boat', { size: '0x1' }), 'size', '1 to 16384 pixels'],
    [() => client.image('A boat', { temperature: 1 }), 'temperature', 'is not an option'],
    [() => client.request('GET', 'v1/x'), 'path', 'begin with a slash'],
    [() => client.request('GET', '/v1/../x'), 'path', 'leads elsewhere'],
    [() => client.request('GET', '/v1/x?a=1'), 'path', 'give the query apart'],
    [() => client.request('GET', '//evil.example/x'), 'path', 'empty segment'],
    [() => client.request('A B', '/v1/x'), 'method', 'not an HTTP method'],
    [() => client.request('GET', '/v1/x', { params: 'a=1' }), 'params', 'must be an object'],
    [() => client.request('GET', '/v1/x', { params: { a: {} } }), 'params.a', 'must be text'],
    [() => client.request('POST', '/v1/x', { replay: 'once' }), 'replay', 'not one of'],
    [() => client.stream('POST', '/v1/x', { body: 1n }), 'body', 'cannot be written as JSON'],
    [() => client.getBalance({ network: 'eip155:1' }), 'network', 'not known'],
    [() => client.fetch('https://blockrun.ai/api/v1/models'), 'url', 'is not below'],
    [() => client.fetch(`${server.url}x/v1/models`), 'url', 'is not below'],
    [() => client.openai.chat.completions.create(), 'params', 'must be an object'],
    [() => client.openai.chat.completions.create({ messages: hi, top_p: 2 }), 'topP', 'between'],
    [() => client.chatCompletion('Hi'), 'messages', 'must be an array of messages, got string'],
    [() => client.chatCompletion('m', 'Hi'), 'messages', 'got string'],
    [() => client.chatCompletion([]), 'messages', 'is empty'],
    [() => client.chatCompletion([{ content: 'Hi' }]), 'messages[0].role', 'is missing'],
    [() => client.chatCompletion(['\ud800']), 'messages', 'not valid JSON'],
    [() => client.quote(), 'prompt or messages', 'got undefined'],
    [() => client.listModels({ timeout: 1 }), 'timeout', 'is not an option'],
  ]) {
    check(await thrown(call), field, says);
  }
  client.close();
  check(await thrown(() => client.chat('Hi')), 'client', 'is closed');
  check(await thrown(() => client.payments()), 'client', 'is closed');
  assert.equal(client.getWalletAddress(), ADDRESS);
  assert.deepEqual(server.requests, []);
});
