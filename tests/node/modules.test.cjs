// The package as CommonJS programs see it.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { InvalidArgumentError, LLMClient, offline } = require('blockrun-llm');
const byDefault = require('blockrun-llm').default;

test('require', () => {
  assert.equal(byDefault, LLMClient);
  assert.throws(() => new LLMClient({ privateKey: 'x' }), InvalidArgumentError);
  assert.match(offline.paymentId(`0x${'11'.repeat(32)}`), /^pay_[0-9a-f]{32}$/);
});
