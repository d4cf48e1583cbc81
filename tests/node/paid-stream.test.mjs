// Streams that are paid for, against the practice gateway: once, however they end.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as ask, createServer } from 'node:http';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { LLMClient, StreamConsumed } from 'blockrun-llm';
import { ADDRESS, balance, folder, gateway, KEY, thrown, until } from './support.mjs';

const HI = [{ role: 'user', content: 'Tell me about lighthouses, please.' }];
const PRICE = 1_000n;

async function setup(t, way = async (_t, apiUrl) => apiUrl) {
  const apiUrl = await gateway(t);
  const url = await way(t, apiUrl);
  const options = { privateKey: KEY, apiUrl: url, home: folder(t) };
  const full = await balance(apiUrl, ADDRESS);
  const spent = async () => full - (await balance(apiUrl, ADDRESS));
  return { options, spent, client: new LLMClient(options) };
}

/** A way to a gateway that cuts the first streams after so many bytes of each. */
function cutting(...cuts) {
  return async (t, apiUrl) => {
    const server = createServer((request, response) => {
      const { method, url, headers } = request;
      const onward = ask(new URL(url, apiUrl), { method, headers }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        const isStream = /event-stream/.test(answer.headers['content-type']);
        let left = isStream && cuts.length ? cuts.shift() : Number.POSITIVE_INFINITY;
        answer.on('data', (bytes) => {
          response.write(bytes.subarray(0, left));
          left -= bytes.length;
          if (left <= 0) {
            answer.destroy();
            setTimeout(() => request.socket.destroy(), 20);
          }
        });
        answer.on('end', () => response.end());
        answer.on('error', () => {});
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${server.address().port}/api`;
  };
}

async function textOf(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  return text;
}

test('the head tells what it cost, and so does every chunk', async (t) => {
  const { client, spent } = await setup(t);
  const stream = await client.chatCompletionStream(HI);
  assert.deepEqual([stream.costUsd, stream.costMicro], [0.001, PRICE]);
  assert.match(stream.settlement.transaction, /^0x[0-9a-f]{64}$/);
  for await (const chunk of stream) {
    assert.deepEqual([chunk.costUsd, chunk.costMicro], [0.001, PRICE]);
    assert.deepEqual(chunk.settlement, stream.settlement);
    assert(!('costUsd' in JSON.parse(JSON.stringify(chunk))));
  }
  const whole = await stream.response();
  assert.deepEqual([whole.costMicro, whole.settlement], [PRICE, stream.settlement]);
  const error = await thrown(stream.text());
  assert(error instanceof StreamConsumed);
  assert.deepEqual([error.payment.state, error.payment.amountMicro], ['charged', PRICE]);
  assert.equal(await spent(), PRICE);
});

test('a connection that breaks is found again, and nothing is paid twice', async (t) => {
  const { client: calm } = await setup(t);
  const wanted = await textOf(calm.chatCompletionStream(HI));
  const { client, spent } = await setup(t, cutting(0, 1, 200, 700));
  assert.equal(await textOf(client.chatCompletionStream(HI)), wanted);
  assert.equal(await spent(), PRICE);
  await until(() => client.payments()[0].state === 'settled', 'it is settled');
  assert.equal(client.payments().length, 1);
});

test('an early end is paid for and settles the books; the next call is another', async (t) => {
  const { client, spent } = await setup(t);
  for (let count = 1; count <= 2; count++) {
    for await (const chunk of client.chatCompletionStream(HI)) {
      if (chunk.choices[0]?.delta.content) break;
    }
    await until(
      () => client.payments({ state: 'settled' }).length === count,
      `${count} payments are settled`,
    );
    assert.equal(await spent(), PRICE * BigInt(count));
  }
  assert.equal(client.getSpending().reservedMicro, 0n);
});

test('one stream awaited, retried and read is one payment', async (t) => {
  const { client, spent } = await setup(t);
  const stream = client.chatCompletionStream(HI, { idempotencyKey: 'story' });
  const [one, two] = await Promise.all([stream, stream]);
  assert.equal(one.costMicro, PRICE);
  const text = await textOf(two);
  for (const again of [one, two, stream]) {
    assert((await thrown(textOf(again))) instanceof StreamConsumed);
  }
  // The same call in another object: the answer again, for nothing.
  assert.equal(await textOf(client.chatCompletionStream(HI, { idempotencyKey: 'story' })), text);
  assert.equal(await spent(), PRICE);
});

test('streams in worker threads, one of which is ended in the middle', async (t) => {
  const { options, client, spent } = await setup(t);
  const code = `
    const { LLMClient } = require('blockrun-llm');
    const { parentPort, workerData } = require('node:worker_threads');
    const client = new LLMClient(workerData.options);
    (async () => {
      let text = '';
      for await (const chunk of client.chatCompletionStream(workerData.messages)) {
        text += chunk.choices[0]?.delta.content ?? '';
        if (workerData.stays && text) return parentPort.on('message', () => {}).postMessage('reads');
      }
      parentPort.postMessage(text);
    })();`;
  const start = (stays) =>
    new Worker(code, { eval: true, workerData: { options, messages: HI, stays } });
  const said = await Promise.all(
    [start(), start(), start()].map(async (worker) => (await once(worker, 'message'))[0]),
  );
  assert.equal(new Set(said).size, 1);
  assert.match(said[0], /lighthouses/);
  const ended = start(true);
  assert.deepEqual(await once(ended, 'message'), ['reads']);
  await ended.terminate();
  const home = () => client.payments({ scope: 'home' });
  await until(() => home().length === 4 && home().every(({ state }) => state === 'settled'), 'all');
  assert.equal(await spent(), 4n * PRICE);
});

test('500 paid calls at once, every other one a stream', async (t) => {
  const { client, spent } = await setup(t);
  const calls = Array.from({ length: 500 }, (_, index) =>
    index % 2
      ? client.chat(`Number ${index}`)
      : textOf(client.chatCompletionStream([{ role: 'user', content: `Number ${index}` }])),
  );
  const said = await Promise.all(calls);
  assert(said.every((text, index) => text.includes(`Number ${index}`)));
  assert.equal(await spent(), 500n * PRICE);
  await until(() => client.getSpending().totalMicro === 500n * PRICE, 'all is settled');
});
