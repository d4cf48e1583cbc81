// Tools of the practice gateway, bought by x402 over MCP through sessions that lose what they carry.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { APIConnectionError, APIError, InvalidArgumentError, LLMClient } from 'blockrun-llm';
import { balance, folder, gateway, KEY, thrown } from './support.mjs';

const HELLO = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello!' }] };

/** A session over HTTP; so many answers to a payment are lost. */
function session(server, lost = 0) {
  const payments = [];
  let left = lost;
  const callTool = async (params) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    const headers = { 'content-type': 'application/json' };
    const { result, error } = await (await fetch(server, { method: 'POST', headers, body })).json();
    if (params._meta) payments.push(JSON.stringify(params._meta['x402/payment']));
    if (params._meta && left-- > 0) throw new Error('lost');
    if (error) throw Object.assign(new Error(error.message), error);
    return result;
  };
  return { callTool, payments };
}

test('tools are paid once', async (t) => {
  const apiUrl = await gateway(t);
  const server = apiUrl.replace(/\/api$/, '/mcp');
  const client = new LLMClient({ privateKey: KEY, apiUrl, home: folder(t) });
  const held = () => balance(apiUrl, client.getWalletAddress());

  await t.test('whatever is lost', async () => {
    for (const lost of [0, 1, 2]) {
      const before = await held();
      const mcp = session(server, lost);
      const answer = await client.callTool(mcp, 'chat', HELLO, { server });
      assert.deepEqual([answer.isError, answer.costMicro, answer.costUsd], [false, 1_000n, 0.001]);
      assert.equal(answer.result.structuredContent.model, 'gpt-4o-mini');
      assert.equal(answer.settlement.network, 'eip155:84532');
      assert.deepEqual([mcp.payments.length, new Set(mcp.payments).size], [lost + 1, 1]);
      assert.equal(before - (await held()), 1_000n);
    }
  });

  await t.test('a function will do, and a key finds its answer again', async () => {
    const { callTool } = session(server);
    const options = { server: 'a-program', idempotencyKey: 'tools' };
    const first = await client.callTool(callTool, 'chat', HELLO, options);
    const before = await held();
    const again = await client.callTool(callTool, 'chat', HELLO, options);
    assert.equal(again.raw, first.raw);
    assert.equal(await held(), before);
    assert.equal(client.payments().at(-1).url, 'mcp://a-program:0/chat');
  });

  await t.test('what fails costs nothing', async () => {
    const mcp = session(server);
    const wrong = await client.callTool(mcp, 'chat', { ...HELLO, model: 'x' }, { server });
    assert.deepEqual([wrong.isError, wrong.costMicro], [true, 0n]);
    const nothing = await thrown(client.callTool(mcp, 'weather', {}, { server }));
    assert(nothing instanceof APIError);
    const broken = () => Promise.reject(new TypeError('no such wire'));
    const error = await thrown(client.callTool(broken, 'chat', HELLO, { server }));
    assert(error instanceof APIConnectionError);
    assert.deepEqual(
      [error.payment.state, error.cause instanceof TypeError],
      ['not_charged', true],
    );
    for (const [bad, options] of [
      [mcp, {}],
      [mcp, { server: 'two words' }],
      [7, { server }],
    ]) {
      const error = await thrown(client.callTool(bad, 'chat', HELLO, options));
      assert(error instanceof InvalidArgumentError, `${error}`);
    }
    assert.equal(mcp.payments.length, 0);
  });
});
