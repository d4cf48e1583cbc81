// Signatures checked once by an implementation that is not ours.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offline } from 'blockrun-llm';
import { hashTypedData, recoverTypedDataAddress } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { ADDRESS, KEY } from './support.mjs';

const FIELDS = ['address from', 'address to', 'uint256 value', 'uint256 validAfter'];
const TYPES = [...FIELDS, 'uint256 validBefore', 'bytes32 nonce'].map((field) => {
  const [type, name] = field.split(' ');
  return { name, type };
});

test('viem signs the same authorization with the same bytes', async () => {
  const message = {
    from: ADDRESS,
    to: '0x209693Bc6afc0C5328bA36FaF03C514EF312287C',
    value: 12_345n,
    validAfter: 0n,
    validBefore: 1_900_000_000n,
    nonce: `0x${'5a'.repeat(32)}`,
  };
  const typed = {
    domain: {
      name: 'USD Coin',
      version: '2',
      chainId: 8453,
      verifyingContract: '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913',
    },
    types: { TransferWithAuthorization: TYPES },
    primaryType: 'TransferWithAuthorization',
    message,
  };
  const given = { privateKey: KEY, network: 'eip155:8453', authorization: message };
  const { digest, signature } = offline.signAuthorization(given);
  assert.equal(digest, hashTypedData(typed));
  assert.equal(signature, await privateKeyToAccount(KEY).signTypedData(typed));
  assert.equal(await recoverTypedDataAddress({ ...typed, signature }), ADDRESS);
});
