// `onPayment`: the application has a say before anything is signed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { APITimeoutError, LLMClient, PaymentError } from 'blockrun-llm';
import { ADDRESS, balance, front, gateway, KEY, ROOT, thrown } from './support.mjs';

test('onPayment', async (t) => {
  const apiUrl = await gateway(t);
  const way = await front(t, apiUrl);
  const open = (onPayment, more) =>
    new LLMClient({ privateKey: KEY, apiUrl: way.url, onPayment, ...more });

  await t.test('agrees by true and by nothing, at once and later', async () => {
    for (const answer of [true, undefined]) {
      const requests = [];
      const [now, later] = [
        open((request) => {
          requests.push(request);
          return answer;
        }),
        open(async (request) => {
          await sleep(5);
          requests.push(request);
          return answer;
        }),
      ];
      for (const client of [now, later]) await client.chat('openai/gpt-4o', 'Hello!');
      assert.equal(requests.length, 2);
      for (const request of requests) {
        const { amountUsd, amountMicro, network, payee, model } = request;
        assert.deepEqual(
          [Number(amountMicro) / 1e6, typeof amountMicro, network, model],
          [amountUsd, 'bigint', 'eip155:84532', 'openai/gpt-4o'],
        );
        assert.match(payee, /^0x[0-9a-fA-F]{40}$/);
        assert.equal(JSON.parse(JSON.stringify(request)).amountUsd, amountUsd);
      }
    }
  });

  /** Nothing is sent, nothing is counted, and the client goes on. */
  async function refuses(onPayment, check) {
    const [sent, before] = [way.payments.length, await balance(apiUrl, ADDRESS)];
    const client = open(onPayment);
    const error = await thrown(client.chat('Hello!'));
    assert(error instanceof PaymentError, String(error));
    assert.deepEqual([error.code, error.payment.state], ['PAYMENT', 'not_charged']);
    assert.match(error.message, /^onPayment refused to pay \$0\.001/);
    check(error);
    assert.equal(way.payments.length, sent);
    assert.equal(await balance(apiUrl, ADDRESS), before);
    assert.deepEqual([client.getSpending().reservedMicro, client.getSpending().calls], [0n, 0]);
    assert((await client.listModels()).length > 0);
  }

  await t.test('refuses by false', async () => {
    await refuses(
      () => false,
      (error) => assert.equal(error.cause, undefined),
    );
    await refuses(
      async () => false,
      (error) => assert.equal(error.cause, undefined),
    );
  });

  await t.test('refuses by an error, which is the cause', async () => {
    const reason = new RangeError('ask my boss');
    const throws = () => {
      throw reason;
    };
    await refuses(throws, (error) => {
      assert.equal(error.cause, reason);
      assert.match(error.message, /ask my boss/);
    });
    await refuses(
      () => sleep(5).then(throws),
      (error) => assert.equal(error.cause, reason),
    );
  });

  await t.test('agrees to nothing by accident', async () => {
    for (const answer of [null, 0, 1, '', 'yes', {}, Promise.resolve(null)]) {
      await refuses(
        () => answer,
        (error) => assert(error.cause instanceof TypeError, String(error.cause)),
      );
    }
  });

  await t.test('is asked for each of many calls, and may use its client', async () => {
    let asked = 0;
    const client = open(async () => {
      asked += 1;
      client.payments();
      client.getSpending();
      await client.listModels();
    });
    await Promise.all(Array.from({ length: 20 }, (_, n) => client.chat(`Hello ${n}`)));
    assert.deepEqual([asked, client.getSpending().calls], [20, 20]);
  });

  await t.test('is not asked again for a payment that is resumed', async () => {
    let asked = 0;
    const client = open(() => {
      asked += 1;
    });
    const controller = new AbortController();
    way.loses = 'answer';
    way.events.once('lost', () => controller.abort());
    await thrown(client.chat('Again', { signal: controller.signal }));
    way.loses = undefined;
    await client.chat('Again');
    assert.equal(asked, 1);
  });

  await t.test('has the time of the call, and a signal ends it', async () => {
    const client = open(() => sleep(60_000, true, { ref: false }));
    const late = await thrown(client.chat('Hello!', { timeout: 100 }));
    assert(late instanceof APITimeoutError, String(late));
    assert.equal(late.payment.state, 'not_charged');
    const signal = AbortSignal.timeout(100);
    assert.equal((await thrown(client.chat('Hello!', { signal }))).name, 'TimeoutError');
    assert.equal(client.getSpending().reservedMicro, 0n);
    // What is thrown after the call is over reaches nobody, and is no unhandled rejection.
    const throws = () => sleep(150).then(() => Promise.reject(new Error('too late')));
    assert((await thrown(open(throws).chat('Hello!', { timeout: 50 }))) instanceof APITimeoutError);
    await sleep(200);
  });

  await t.test('is asked by calls under way when the client is closed', async () => {
    let asked = 0;
    const client = open(async () => {
      await sleep(20);
      asked += 1;
    });
    const call = client.chat('Hello!');
    client.close();
    assert.equal(typeof (await call), 'string');
    assert.equal(asked, 1);
  });

  await t.test('keeps no process alive, but a call does', async () => {
    const code = `
      const { LLMClient } = require('blockrun-llm');
      const onPayment = () => new Promise((agree) => setTimeout(agree, 50));
      const client = new LLMClient({ ...JSON.parse(process.argv[1]), onPayment });
      client.chat('Hello!').then((text) => console.log(typeof text));`;
    const given = JSON.stringify({ privateKey: KEY, apiUrl });
    const child = spawn(execPath, ['-e', code, given], { cwd: ROOT, timeout: 60_000 });
    child.stdout.setEncoding('utf8');
    const printed = once(child.stdout, 'data');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    assert.equal((await printed)[0], 'string\n');
  });

  await t.test('a thread that ends while it is asked pays nothing', async () => {
    const code = `
      const { LLMClient } = require('blockrun-llm');
      const { parentPort, workerData } = require('node:worker_threads');
      const onPayment = () => {
        parentPort.postMessage('asked');
        return new Promise(() => {});
      };
      new LLMClient({ ...workerData, onPayment }).chat('Hello!');`;
    const workerData = { privateKey: KEY, apiUrl: way.url };
    const [sent, worker] = [way.payments.length, new Worker(code, { eval: true, workerData })];
    await once(worker, 'message');
    await worker.terminate();
    await open(() => true).chat('Hello!');
    assert.equal(way.payments.length, sent + 1);
  });
});
