// Wallets: made once, kept private, announced and funded.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import {
  LLMClient,
  listDiscoveredWallets,
  setupAgentWallet,
  status,
  WalletHome,
} from 'blockrun-llm';
import { ADDRESS, folder, KEY, NOBODY, program, ROOT, started } from './support.mjs';

/** Runs a program of ours in a wallet home, and what it printed. */
async function run(home, program, more = {}) {
  const source = `import * as b from 'blockrun-llm'; ${program}`;
  const child = spawn(execPath, ['--input-type=module', '--eval', source], {
    cwd: ROOT,
    env: { ...env, BLOCKRUN_HOME: home, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { out, err };
}

test('of twenty processes one makes the wallet of an agent', async (t) => {
  const home = join(folder(t), 'home');
  const program = `console.log(b.setupAgentWallet({ apiUrl: '${NOBODY}' }).getWalletAddress())`;
  const ended = await Promise.all(Array.from({ length: 20 }, () => run(home, program)));
  const { address, path } = new WalletHome(home).file();
  assert.deepEqual([...new Set(ended.map(({ out }) => out))], [`${address}\n`]);
  const welcomes = ended.filter(({ err }) => err.includes('A new wallet'));
  assert.equal(welcomes.length, 1);
  assert(welcomes[0].err.includes(address) && welcomes[0].err.includes(path), welcomes[0].err);
  assert(!welcomes[0].err.includes(readFileSync(path, 'utf8').slice(2)));
  assert.equal(new LLMClient({ home, apiUrl: NOBODY }).getWalletAddress(), address);
});

test('no wallet is made for who has somebody that pays', async (t) => {
  const home = join(folder(t), 'home');
  assert.equal(setupAgentWallet({ privateKey: KEY, home }).getWalletAddress(), ADDRESS);
  assert.equal(setupAgentWallet({ apiKey: 'brk_test', home }).authMode, 'api-key');
  const { out } = await run(home, 'console.log(b.setupAgentWallet().authMode)', {
    BLOCKRUN_API_KEY: 'brk_test',
  });
  assert.equal(out, 'api-key\n');
  assert.throws(() => readdirSync(home), 'nothing was made');
  const quiet = `b.setupAgentWallet({ silent: true, apiUrl: '${NOBODY}' })`;
  assert.equal((await run(home, quiet)).err, '');
  assert.throws(() => setupAgentWallet({ silent: 'yes', home }), /silent: must be true or false/);
});

test('status and funding', async (t) => {
  const command = [program('blockrun', 'BLOCKRUN_BIN'), 'gateway', '--practice', '--ephemeral'];
  const line = await started(t, ...command, '--port', '0');
  const apiUrl = line.replace('listening on ', '');
  const rpcUrl = apiUrl.replace('/api', '/practice/rpc');
  const client = new LLMClient({ privateKey: KEY, apiUrl, rpcUrl });
  const found = await client.status();
  assert.deepEqual({ ...found }, { address: ADDRESS, network: 'eip155:84532', balanceUsd: 10 });
  assert.equal(found.balanceMicro, 10_000_000n);
  const write = t.mock.method(process.stdout, 'write', () => true);
  assert.deepEqual(await status(client), { address: ADDRESS, balance: 10 });
  const printed = write.mock.calls.map((call) => call.arguments[0]);
  write.mock.restore();
  assert(printed.includes(`Wallet: ${ADDRESS}\nBalance: $10.00 USDC\n`), printed.join());

  const funding = client.funding('2.5');
  assert.equal(funding.amountMicro, 2_500_000n);
  assert(funding.uri.endsWith(`@84532/transfer?address=${ADDRESS}&uint256=2500000`), funding.uri);
  assert(funding.instructions.includes('2.5 USDC on Base Sepolia'), funding.instructions);
  assert.equal(funding.explorer, `https://sepolia.basescan.org/address/${ADDRESS}`);
  assert.equal(Buffer.from(funding.qrPng()).toString('latin1', 1, 4), 'PNG');
  assert.notEqual(funding.qrText(), funding.qrText({ darkBlocks: true }));
  assert.equal(JSON.parse(JSON.stringify(funding)).amountUsd, 2.5);
  assert.equal(client.funding().amountUsd, undefined);
  assert.throws(() => client.funding(1e-7), /amount: .*6 decimals/);
  const account = new LLMClient({ apiKey: 'brk_test' });
  assert.throws(() => account.funding(), /wallet-only/);
  await assert.rejects(account.status(), /wallet-only/);
});

test('a home keeps what it is given', async (t) => {
  const home = new WalletHome(join(folder(t), 'home'));
  assert.equal(home.file(), undefined);
  await assert.rejects(home.exportKey(), { name: 'InvalidArgumentError', field: 'wallet' });
  const file = await home.importKey(KEY);
  assert.deepEqual(file, {
    address: ADDRESS,
    path: join(home.folder, '.session'),
    encrypted: false,
  });
  assert.deepEqual(home.file(), file);
  assert.equal(statSync(file.path).mode & 0o777, 0o600);
  assert.equal(await home.exportKey(), KEY);
  await assert.rejects(home.create(), /never overwritten/);
  const phrase = `${'test '.repeat(11)}junk`;
  const second = await home.importKey(phrase, { path: "m/44'/60'/0'/0/1", replace: true });
  assert.equal(second.address, '0x70997970C51812dc3A010C7d01b50e0d17dc79C8');
  assert.equal(readdirSync(home.folder).filter((name) => name.includes('backup')).length, 1);

  const copy = join(home.folder, 'copy.json');
  await home.backup(copy, 'pässword');
  const other = new WalletHome(join(home.folder, 'other'));
  const keystore = readFileSync(copy, 'utf8');
  await assert.rejects(other.importKey(keystore, { passphrase: 'no' }), { field: 'passphrase' });
  const opened = await other.importKey(keystore, { passphrase: 'pässword' });
  assert.equal(opened.address, second.address);
  const encrypted = await new WalletHome(join(home.folder, 'third')).create('pässword');
  assert(encrypted.encrypted && encrypted.path.endsWith('keystore.json'));

  chmodSync(second.path, 0o644);
  assert.throws(() => home.file(), /chmod 600/);
  for (const [call, says] of [
    [() => home.importKey(5), /key: must be a string/],
    [() => home.importKey(KEY, { passphrse: 'x' }), /passphrse/],
    [() => home.backup(5), /file: must be a string/],
    [() => home.importDiscovered('0x1'), /is not an address/],
    [() => home.importDiscovered(`0x${'11'.repeat(20)}`), /No discovered wallet controls/],
  ]) {
    await assert.rejects(call(), says);
  }
  assert.throws(() => new WalletHome(5), /home: must be a string/);
});

test('wallets of other programs are listed, and nothing else', async (t) => {
  const user = folder(t);
  mkdirSync(join(user, '.other'));
  writeFileSync(join(user, '.other', 'wallet.json'), JSON.stringify({ privateKey: KEY }));
  const program = 'console.log(JSON.stringify(b.listDiscoveredWallets()))';
  const { out } = await run(join(user, 'home'), program, { HOME: user });
  const source = join(user, '.other', 'wallet.json');
  assert.deepEqual(JSON.parse(out), [{ address: ADDRESS, source }]);
  assert.equal(typeof listDiscoveredWallets, 'function');
});
