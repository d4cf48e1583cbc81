// The shared vectors through the public offline API. A member that nobody looks at is a failure.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offline } from 'blockrun-llm';
import { load } from './support.mjs';

const RUNNERS = {
  'signing.json'({ take }) {
    take('source');
    const [network, authorization] = [take('network'), take('authorization')];
    const [signer, signature, key] = [take('signer'), take('signature'), take('private_key')];
    const expected = {
      signer,
      domainSeparator: take('domain_separator'),
      structHash: take('struct_hash'),
      digest: take('digest'),
      signature,
    };
    assert.equal(offline.recoverSigner({ network, authorization, signature }), signer);
    if (key) {
      const signed = offline.signAuthorization({ privateKey: key, network, authorization });
      assert.deepEqual(signed, expected);
    }
  },

  'nonce.json'({ take }) {
    const [wallet, key] = [take('wallet'), take('key')];
    const nonce = offline.nonce({ wallet, key, method: take('method'), url: take('url') });
    assert.equal(nonce, take('nonce'));
    assert.equal(offline.paymentId(nonce), take('payment_id'));
  },

  'quote.json'({ take }) {
    const rule = Object.entries(take('rule')).map(([name, value]) => [camelCase(name), value]);
    const price = offline.quoteChat({ body: take('body'), ...Object.fromEntries(rule) });
    const micro = take('amount_micro');
    assert.equal(price.amountMicro, BigInt(micro));
    assert.deepEqual(price, {
      amountUsd: micro / 1_000_000,
      inputTokens: take('input_tokens'),
      outputTokens: take('output_tokens'),
    });
  },

  'payment.json'({ take }) {
    const [privateKey, challenge, now] = [take('private_key'), take('challenge'), take('now')];
    const call = { url: take('url'), now, nonce: take('nonce') };
    const signed = offline.signPayment({ privateKey, challenge, ...call });
    assert.equal(signed.headerName, take('header_name'));
    const header = JSON.parse(Buffer.from(signed.headerValue, 'base64').toString());
    assert.deepEqual(lowerHex(header), lowerHex(take('header')));
    const { headerValue, authorization, amountMicro, network } = signed;
    const offer = { requirement: take('requirement'), version: take('version') };
    const verified = offline.verifyPayment({ headerValue, now, ...offer });
    assert.equal(verified.payment?.payer, authorization.from);
    assert.deepEqual(
      [verified.payment.amountMicro, verified.payment.network],
      [amountMicro, network],
    );
  },

  'verify.json'({ take }) {
    const verified = offline.verifyPayment({
      headerValue: take('header_value'),
      requirement: take('requirement'),
      version: take('version'),
      now: take('now'),
    });
    const reason = take('reason');
    assert.deepEqual([verified.valid, verified.reason ?? null], [reason === null, reason]);
  },
};

for (const [file, run] of Object.entries(RUNNERS)) {
  test(file, (t) => {
    const cases = load(`vectors/${file}`);
    let ran = 0;
    for (const { id, ...rest } of cases) {
      const take = (name) => {
        const value = rest[name];
        delete rest[name];
        return value;
      };
      try {
        run({ take });
        assert.deepEqual(Object.keys(rest), [], 'members that nobody looked at');
      } catch (cause) {
        throw new Error(`${file}: ${id}: ${cause.message}`, { cause });
      }
      ran += 1;
    }
    assert(ran > 0);
    t.diagnostic(`${file}: ran ${ran} of ${cases.length}`);
  });
}

test('canonical JSON keeps numbers as they are written', () => {
  const text = ' { "b" : 1.50, "a" : [ "\\u00e9", 12345678901234567890 ] } ';
  assert.equal(offline.canonicalJson(text), '{"a":["é",12345678901234567890],"b":1.50}');
});

test('integers come in as number, bigint or text', () => {
  const [{ private_key, ...one }] = load('vectors/signing.json').filter((one) => one.private_key);
  const { value, validAfter, validBefore, ...rest } = one.authorization;
  const numbers = { value: Number(value), validAfter: BigInt(validAfter), validBefore };
  const given = { privateKey: private_key, network: one.network };
  const signed = offline.signAuthorization({ ...given, authorization: { ...rest, ...numbers } });
  assert.equal(signed.signature, one.signature);
});

test('bad input of an offline function names the argument', () => {
  const url = 'https://blockrun.ai/';
  for (const [field, run] of [
    ['wallet', () => offline.nonce({ wallet: '0x12', key: 'k', method: 'POST', url })],
    ['nonce', () => offline.paymentId('nonce')],
    ['body', () => offline.canonicalJson('{')],
    [
      'inputRate',
      () => offline.quoteChat({ body: {}, inputRate: -1, outputRate: 0, maxOutput: 1 }),
    ],
    [
      'maxOutput',
      () => offline.quoteChat({ body: {}, inputRate: 1, outputRate: 0, maxOutput: 1.5 }),
    ],
    ['rate', () => offline.quoteChat({ body: {}, rate: 1 })],
    ['inputRate', () => offline.quoteChat({ body: {} })],
    ['network', () => offline.recoverSigner({ network: 1 })],
    ['authorization', () => offline.recoverSigner({ network: 'base', signature: '0x' })],
    [
      'version',
      () => offline.verifyPayment({ headerValue: '', requirement: {}, now: 1, version: 3 }),
    ],
    ['options', () => offline.signPayment('0x')],
  ]) {
    assert.throws(run, { code: 'INVALID_ARGUMENT', field, message: new RegExp(`^${field}: `) });
  }
});

/** Addresses and hex may be written in either case. */
function lowerHex(value) {
  return JSON.parse(JSON.stringify(value), (_name, member) =>
    typeof member === 'string' && member.startsWith('0x') ? member.toLowerCase() : member,
  );
}

function camelCase(name) {
  return name.replace(/_(.)/g, (_match, letter) => letter.toUpperCase());
}
