// What the published package exports besides its clients.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createPaymentPayload,
  EVM_NETWORKS,
  evmNetwork,
  extractPaymentDetails,
  InvalidArgumentError,
  offline,
  parsePaymentRequired,
  SpendLimitError,
  validateMaxTokens,
  validateModel,
  validateTemperature,
  validateTopP,
} from 'blockrun-llm';
import { ADDRESS, KEY, thrown } from './support.mjs';

const PAYEE = '0x4020000000000000000000000000000000000402';

test('networks are those of the core', async () => {
  assert.deepEqual(Object.keys(EVM_NETWORKS), ['eip155:8453', 'eip155:84532', 'eip155:5042']);
  for (const [id, network] of Object.entries(EVM_NETWORKS)) {
    assert.deepEqual([network.caip2, `eip155:${network.chainId}`], [id, id]);
    assert.match(network.usdc, /^0x[0-9a-fA-F]{40}$/);
    assert.deepEqual(evmNetwork(id), network);
  }
  assert.equal(evmNetwork('base-sepolia').testnet, true);
  const error = await thrown(() => evmNetwork('eip155:1'));
  assert(error instanceof InvalidArgumentError && error.message.includes('eip155:8453'));
  const known = (
    await thrown(() =>
      offline.signAuthorization({
        privateKey: KEY,
        network: 'eip155:1',
        authorization: authorization(),
      }),
    )
  ).message;
  for (const id of Object.keys(EVM_NETWORKS)) assert(known.includes(id), 'the core has others');
});

function authorization() {
  const zero = `0x${'0'.repeat(64)}`;
  return { from: ADDRESS, to: PAYEE, value: 1, validAfter: 0, validBefore: 1, nonce: zero };
}

test('checks before a call', async () => {
  validateModel('a/b');
  validateMaxTokens();
  validateMaxTokens(1_000_000);
  validateTemperature(0);
  validateTopP(1);
  for (const [check, value, field] of [
    [validateModel, '', 'model'],
    [validateModel, 7, 'model'],
    [validateMaxTokens, 0, 'maxTokens'],
    [validateMaxTokens, true, 'maxTokens'],
    [validateMaxTokens, 1.5, 'maxTokens'],
    [validateMaxTokens, 1_000_001, 'maxTokens'],
    [validateTemperature, Number.NaN, 'temperature'],
    [validateTemperature, '1', 'temperature'],
    [validateTopP, 1.1, 'topP'],
  ]) {
    const error = await thrown(() => check(value));
    assert(error instanceof InvalidArgumentError && error.field === field, String(error));
  }
});

const EXACT = {
  scheme: 'exact',
  network: 'eip155:84532',
  amount: '1000',
  asset: '0x036CbD53842c5426634e7929541eC2318f3dCF7e',
  payTo: PAYEE,
  maxTimeoutSeconds: 60,
  extra: { name: 'USDC', version: '2' },
};

test('a 402 by hand', async () => {
  const upto = { ...EXACT, scheme: 'upto', amount: '9000000' };
  const base = { ...EXACT, network: 'eip155:8453' };
  const required = {
    x402Version: 2,
    resource: { url: 'https://a.example' },
    accepts: [upto, EXACT, base],
  };
  const text = JSON.stringify(required);
  for (const header of [text, Buffer.from(text).toString('base64')]) {
    assert.deepEqual(parsePaymentRequired(header), required);
  }
  const { payTo: recipient, ...rest } = EXACT;
  const { resource } = required;
  assert.deepEqual(extractPaymentDetails(required), { ...rest, recipient, resource });
  assert.equal(extractPaymentDetails(required, 'eip155:8453').network, 'eip155:8453');
  assert.equal((await thrown(() => extractPaymentDetails(required, 'eip155:1'))).field, 'accepts');
  for (const header of ['', 'AAAA', '[]', '{"accepts":1}']) {
    assert.equal((await thrown(() => parsePaymentRequired(header))).field, 'header');
  }
});

test('a payment by hand is one that a server verifies', async () => {
  const resourceUrl = 'https://a.example/v1/x';
  const pay = (amount, from = ADDRESS, network = 'eip155:84532', more = {}) =>
    createPaymentPayload(KEY, from, PAYEE, amount, network, { resourceUrl, ...more });
  const now = Math.floor(Date.now() / 1000);
  for (const amount of ['1000', 1000n, 2_500_000]) {
    const requirement = { ...EXACT, amount: String(amount) };
    const headerValue = await pay(amount);
    const verified = offline.verifyPayment({ headerValue, requirement, now });
    assert(verified.valid, verified.detail);
    assert.deepEqual(
      [verified.payment.amountMicro, verified.payment.payer],
      [BigInt(amount), ADDRESS],
    );
  }
  assert.notEqual(await pay(1), await pay(1));
  assert.equal((await thrown(pay(1, PAYEE))).field, 'from');
  assert.equal((await thrown(pay(1, ADDRESS, 'eip155:1'))).field, 'network');
  for (const more of [{ asset: PAYEE }, { extra: { name: 'Other', version: '2' } }]) {
    assert.equal((await thrown(pay(1, ADDRESS, undefined, more))).code, 'REQUIREMENT_REJECTED');
  }
  assert(!((await thrown(pay(0))) instanceof SpendLimitError));
  for (const amount of ['1.5', 'lots', -1n]) {
    assert.equal((await thrown(pay(amount))).field, 'amount', String(amount));
  }
});
