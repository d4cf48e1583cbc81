// Streams: however one is read, it is read once, pulled, and let go of.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { APIError, ChatStream, LLMClient, StreamBroken, StreamConsumed } from 'blockrun-llm';
import { ANSWER, chunkOf, events, KEY, LAST, serving, thrown, until } from './support.mjs';

const HI = [{ role: 'user', content: 'Hi' }];
const THREE = [chunkOf('One, '), chunkOf('two, '), chunkOf('three.', { usage: { n: 1 } })];
const EVENT_STREAM = { 'content-type': 'text/event-stream' };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** A client of a server that streams this text. */
async function setup(test, text = events(...THREE)) {
  const server = await serving(test, (_request, response) => {
    response.writeHead(200, EVENT_STREAM).end(text);
  });
  return { server, client: new LLMClient({ privateKey: KEY, apiUrl: server.url }) };
}

/** A client of a server that sends chunks as long as its connection is open. */
async function endless(test) {
  const open = new Set();
  const server = await serving(test, async (_request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    response.writeHead(200, EVENT_STREAM);
    while (!response.destroyed) {
      const more = response.write(`data: ${JSON.stringify(chunkOf('x'.repeat(1_000)))}\n\n`);
      await (more ? sleep(1) : Promise.race([once(response, 'drain'), once(response, 'close')]));
    }
  });
  return { server, open, client: new LLMClient({ privateKey: KEY, apiUrl: server.url }) };
}

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

function textOf(chunks) {
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
}

test('chunks are plain objects with every field, and nothing is sent before', async (t) => {
  const { server, client } = await setup(t);
  const stream = client.chatCompletionStream('other', HI, { maxTokens: 5 });
  assert.deepEqual([stream.ok, stream.status, stream.costUsd], [false, 0, null]);
  await sleep(50);
  assert.deepEqual(server.requests, []);
  const chunks = await read(stream);
  assert.deepEqual(chunks, [...THREE, LAST]);
  assert.deepEqual(JSON.parse(JSON.stringify(chunks)), [...THREE, LAST]);
  for (const chunk of chunks) assert.deepEqual([chunk.costUsd, chunk.costMicro], [0, 0n]);
  const { headers, body } = server.requests[0];
  assert.deepEqual(body, { model: 'other', messages: HI, max_tokens: 5, stream: true });
  assert.match(headers.accept, /text\/event-stream/);
  assert.deepEqual([stream.ok, stream.status], [true, 200]);
  const whole = await stream.response();
  assert.equal(whole.choices[0].message.content, 'One, two, three.');
  assert.deepEqual([whole.choices[0].finish_reason, whole.costUsd], ['stop', 0]);
});

test('awaited it is what users of a Response know', async (t) => {
  const { server, client } = await setup(t);
  const res = await client.chatCompletionStream(HI);
  assert(res instanceof ChatStream && !('then' in res));
  assert.deepEqual([res.ok, res.status], [true, 200]);
  assert.equal(res.headers.get('content-type'), 'text/event-stream');
  const reader = res.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    assert(part.value instanceof Uint8Array);
    text += decoder.decode(part.value, { stream: true });
  }
  const data = text.split('\n').filter((line) => line.startsWith('data: '));
  assert.equal(data.pop(), 'data: [DONE]');
  assert.deepEqual(
    data.map((line) => JSON.parse(line.slice(6))),
    [...THREE, LAST],
  );
  assert.equal(await (await client.chatCompletionStream(HI)).text(), text);
  assert.equal(await client.chatCompletionStream(HI).then((stream) => stream.text()), text);
  assert.equal(server.requests.length, 3);
});

test('a stream is read once, whatever way', async (t) => {
  const { server, client } = await setup(t);
  const ways = {
    iterate: read,
    text: (stream) => stream.text(),
    body: (stream) => stream.body.getReader().read(),
  };
  for (const first of Object.values(ways)) {
    for (const second of Object.values(ways)) {
      if (first === ways.body && second === ways.body) continue;
      const stream = await client.chatCompletionStream(HI);
      await first(stream);
      const error = await thrown(second(stream));
      assert(error instanceof StreamConsumed && error instanceof APIError, error);
      assert.deepEqual([error.code, error.payment.state], ['STREAM_CONSUMED', 'not_charged']);
    }
  }
  assert.equal(server.requests.length, 8);
});

test('an early end closes the connection', async (t) => {
  const { open, client } = await endless(t);
  const ends = {
    break: async (stream) => {
      for await (const _chunk of stream) break;
    },
    throw: (stream) =>
      thrown(async () => {
        for await (const _chunk of stream) throw new Error('enough');
      }),
    cancel: async (stream) => {
      let seen = 0;
      for await (const _chunk of stream) {
        seen += 1;
        // While the next one is awaited.
        if (seen === 2) setTimeout(() => stream.cancel(), 50);
      }
      assert(seen > 1);
    },
    body: async (stream) => {
      const reader = stream.body.getReader();
      await reader.read();
      await reader.cancel();
    },
    dispose: async (stream) => {
      await stream;
      await stream[Symbol.asyncDispose]();
    },
  };
  for (const [name, end] of Object.entries(ends)) {
    const stream = client.chatCompletionStream(HI);
    await end(stream);
    await until(() => open.size === 0, `the connection is closed after ${name}`);
    const { choices } = await stream.response();
    assert(name === 'dispose' || /^x+$/.test(choices[0].message.content), name);
  }
});

test('a signal ends a stream at each of its stages', async (t) => {
  const { open, client } = await endless(t);
  const reason = new Error('enough');
  const stages = [
    // Before anything is sent.
    async (stream, abort) => {
      abort();
      await stream;
    },
    // While its head is awaited.
    async (stream, abort) => {
      setTimeout(abort, 0);
      await stream;
      await sleep(5);
      await read(stream);
    },
    // While a chunk is awaited.
    async (stream, abort) => {
      setTimeout(abort, 50);
      await read(stream);
    },
    // While nobody reads, and by a body.
    async (stream, abort) => {
      const reader = (await stream).body.getReader();
      await reader.read();
      abort();
      await until(() => open.size === 0, 'the connection is closed while nobody reads');
      await reader.read();
    },
  ];
  for (const run of stages) {
    const controller = new AbortController();
    const stream = client.chatCompletionStream(HI, { signal: controller.signal });
    assert.equal(await thrown(run(stream, () => controller.abort(reason))), reason);
    await until(() => open.size === 0, 'the connection is closed');
  }
});

test('chunks that came together are asked for in turn, and end with the stream', async (t) => {
  const { client } = await setup(t);
  const asked = client.chatCompletionStream(HI)[Symbol.asyncIterator]();
  const together = await Promise.all(Array.from({ length: 6 }, () => asked.next()));
  assert.deepEqual(
    together.map(({ value }) => value),
    [...THREE, LAST, undefined, undefined],
  );
  const reason = new Error('enough');
  const controller = new AbortController();
  const ended = client.chatCompletionStream(HI, { signal: controller.signal });
  const chunks = ended[Symbol.asyncIterator]();
  assert.deepEqual((await chunks.next()).value, THREE[0]);
  controller.abort(reason);
  assert.equal(await thrown(chunks.next()), reason);
  const cancelled = client.chatCompletionStream(HI);
  const rest = cancelled[Symbol.asyncIterator]();
  assert.deepEqual((await rest.next()).value, THREE[0]);
  cancelled.cancel();
  assert.deepEqual(await rest.next(), { done: true, value: undefined });
});

test('a forgotten stream is closed by the garbage collector, also under a signal', async (t) => {
  const { open, client } = await endless(t);
  const { signal } = new AbortController();
  const forget = async () => {
    const stream = client.chatCompletionStream(HI, { signal });
    await stream[Symbol.asyncIterator]().next();
  };
  for (let count = 0; count < 5; count++) await forget();
  assert.equal(open.size, 5);
  await until(() => {
    collect();
    return open.size === 0;
  }, 'every connection is closed');
});

test('before its head a stream can be asked again', async (t) => {
  let status = 503;
  const server = await serving(t, (_request, response) => {
    response.writeHead(status, status === 200 ? EVENT_STREAM : {}).end(events(...THREE));
  });
  const client = new LLMClient({ privateKey: KEY, apiUrl: server.url });
  const stream = client.chatCompletionStream(HI);
  assert.equal((await thrown(stream)).status, 503);
  assert.equal((await thrown(read(stream))).status, 503);
  assert.equal((await thrown(stream.text())).status, 503);
  assert.equal((await thrown(stream.body.getReader().read())).status, 503);
  assert.equal(await stream.catch(({ code }) => code), 'API_ERROR');
  status = 200;
  assert.equal(textOf(await read(stream)), 'One, two, three.');
});

test('an error in the middle says what was received', async (t) => {
  const begun = events(chunkOf('One, ')).split('\n\n')[0];
  for (const [text, says] of [
    [`${begun}\n\nevent: error\ndata: {"error":{"message":"overloaded"}}\n\n`, 'overloaded'],
    [`${begun}\n\n`, ''],
  ]) {
    const { client } = await setup(t, text);
    const error = await thrown(read(client.chatCompletionStream(HI)));
    assert(error instanceof StreamBroken && error.message.includes(says), error);
    assert.equal(error.response.choices[0].message.content, 'One, ');
    assert.equal(error.payment.state, 'not_charged');
  }
});

test('what surprises is handed over', async (t) => {
  const odd = 'data: plain\n\ndata:[1]\n\ndata:{"choices":5}\n\ndata: {"new":1}\r\n\r\n';
  const { client } = await setup(t, `${odd}${events()}`);
  const chunks = await read(client.chatCompletionStream(HI));
  assert.deepEqual(
    chunks.slice(0, 2).map(({ raw, choices }) => [raw, choices]),
    [
      ['plain', []],
      ['[1]', []],
    ],
  );
  assert.deepEqual(chunks.slice(2), [{ choices: 5 }, { new: 1 }, LAST]);
});

test('a server that answers whole is read as one chunk', async (t) => {
  const server = await serving(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWER));
  });
  const client = new LLMClient({ privateKey: KEY, apiUrl: server.url });
  const chunks = await read(client.chatCompletionStream(HI));
  assert.deepEqual([chunks.length, textOf(chunks)], [1, 'ok']);
});

test('10,000 chunks are pulled at constant memory', async (t) => {
  const count = 10_000;
  let sent = 0;
  const server = await serving(t, async (_request, response) => {
    response.writeHead(200, EVENT_STREAM);
    const data = `data: ${JSON.stringify(chunkOf('', { padding: 'x'.repeat(8_000) }))}\n\n`;
    for (; sent < count && !response.destroyed; sent++) {
      if (!response.write(data)) await once(response, 'drain');
    }
    response.end(events());
  });
  const client = new LLMClient({ privateKey: KEY, apiUrl: server.url });
  let seen = 0;
  let before;
  for await (const _chunk of client.chatCompletionStream(HI)) {
    seen += 1;
    if (seen === 1_000) {
      // Nobody reads for a while: the server has to wait.
      await sleep(100);
      assert(sent < count, 'the whole stream was read ahead');
      collect();
      before = process.memoryUsage().rss;
    }
  }
  collect();
  const grown = (process.memoryUsage().rss - before) / 1e6;
  t.diagnostic(`${seen} chunks of 8 kB, ${grown.toFixed(1)} MB more after the first 1,000`);
  assert.equal(seen, count + 1);
  // All of them are 80 MB; what the allocator keeps of those that are gone differs by some 10.
  assert(grown < 40, `${grown} MB more`);
});

test('500 streams at once', async (t) => {
  const { client } = await setup(t);
  const streams = Array.from({ length: 500 }, () => read(client.chatCompletionStream(HI)));
  for (const chunks of await Promise.all(streams)) assert.equal(textOf(chunks), 'One, two, three.');
});
