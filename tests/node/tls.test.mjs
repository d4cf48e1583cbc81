// Over https: HTTP/2 and HTTP/1.1, a test authority by option and by environment, and certificates
// that end a call before anything is signed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { test } from 'node:test';
import { APIConnectionError, LLMClient } from 'blockrun-llm';
import { gateway, KEY, program, ROOT, started, thrown } from './support.mjs';

test('https', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'blockrun-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const caFile = join(folder, 'ca.pem');
  const { host } = new URL(await gateway(t));
  const fronts = JSON.parse(await started(t, program('tls-front'), host, caFile));
  const client = (front, options) =>
    new LLMClient({ privateKey: KEY, apiUrl: `${fronts[front]}/api`, ...options });

  for (const front of ['http2', 'http1']) {
    await t.test(front, async () => {
      assert(await client(front, { caFile }).chat('Hello!'));
    });
  }

  await t.test('SSL_CERT_FILE', () => {
    const code = `
      const { LLMClient } = require('blockrun-llm');
      new LLMClient().chat('Hello!').then((text) => console.log(text.length > 0));`;
    const given = {
      SSL_CERT_FILE: caFile,
      BLOCKRUN_WALLET_KEY: KEY,
      BLOCKRUN_API_URL: `${fronts.http2}/api`,
    };
    const options = { cwd: ROOT, encoding: 'utf8', env: { ...env, ...given } };
    assert.equal(execFileSync(execPath, ['-e', code], options).trim(), 'true');
  });

  for (const front of ['expired', 'wrong_host', 'unknown_authority']) {
    await t.test(front, async () => {
      const careful = client(front, { caFile });
      const error = await thrown(careful.chat('Hello!'));
      assert(error instanceof APIConnectionError, error);
      assert.match(error.message, /certificate/);
      assert.deepEqual([error.payment.state, careful.payments()], ['not_charged', []]);
    });
  }
});
