// The error table, and what errors show.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import * as exported from 'blockrun-llm';
import { ANSWER, answering, KEY, load, NOBODY, thrown } from './support.mjs';

/** As an object, because the table says which of them. */
const blockrun = { ...exported };

test('every code has its class, name and parent', (t) => {
  const rows = load('vectors/errors.json');
  const names = new Set(['BlockrunError']);
  for (const { code, node, node_parent, ...rest } of rows) {
    const others = ['kotlin', 'kotlin_parent', 'python', 'python_parents', 'swift'];
    assert.deepEqual(Object.keys(rest).sort(), others, 'columns that are tested elsewhere');
    const error = new blockrun[node]('text', { code });
    assert.deepEqual([error.code, error.name, `${error}`], [code, node, `${node}: text`]);
    assert.equal(Object.getPrototypeOf(blockrun[node]), blockrun[node_parent]);
    assert(error instanceof blockrun.BlockrunError && error instanceof Error);
    names.add(node);
  }
  const classes = Object.values(blockrun).filter((one) => one?.prototype instanceof Error);
  assert.deepEqual(new Set(classes.map((one) => one.name)), names);
  t.diagnostic(`errors.json: ran ${rows.length} of ${load('vectors/errors.json').length}`);
});

test('amounts of errors are exact, and JSON can be made of them', () => {
  const payment = { state: 'refused', liveUntil: 9, atRiskUsd: 0.001, atRiskMicro: 1_000n };
  const details = { code: 'SPEND_LIMIT', payment, quotedUsd: 2, quotedMicro: 2_000_000n };
  const error = new blockrun.SpendLimitError('text', details);
  assert.deepEqual([error.quotedMicro, error.payment.atRiskMicro], [2_000_000n, 1_000n]);
  const { name, message, quotedUsd } = JSON.parse(JSON.stringify(error));
  assert.deepEqual([name, message, quotedUsd], ['SpendLimitError', 'text', 2]);
});

test('the key is shown by nothing', async (t) => {
  const server = await answering(t, () => [200, ANSWER]);
  const client = new blockrun.LLMClient({ privateKey: KEY, apiUrl: server.url });
  const response = await client.chatCompletion([{ role: 'user', content: 'Hi' }]);
  const errors = await Promise.all([
    thrown(() => new blockrun.LLMClient({ privateKey: `${KEY}0` })),
    thrown(() => new blockrun.LLMClient({ privateKey: [KEY] })),
    thrown(() => new blockrun.LLMClient({ privateKey: KEY, apiUrl: 'x' })),
    thrown(() =>
      blockrun.offline.signAuthorization({
        privateKey: KEY,
        network: 'eip155:1',
        authorization: {},
      }),
    ),
    thrown(() => new blockrun.LLMClient({ privateKey: KEY, apiUrl: NOBODY }).chat('Hi')),
  ]);
  for (const value of [client, response, client.payments(), server.requests, ...errors]) {
    const shown = [
      inspect(value, { depth: 9, showHidden: true }),
      JSON.stringify(value),
      String(value),
      String(value.stack),
    ];
    assert(!shown.join('\n').toLowerCase().includes(KEY.slice(2)), shown[0].slice(0, 80));
  }
  assert.match(inspect(client), /^LLMClient \{\s+address: '0x\w{40}',\s+apiUrl: 'http\S+'\s+\}$/);
  assert.deepEqual(Object.keys(client), []);
});
