// Every example runs, against the practice gateway.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { folder, gateway, KEY, ROOT } from './support.mjs';

const EXAMPLES = ['examples', 'examples/node'].flatMap((place) =>
  readdirSync(join(ROOT, place))
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => join(place, name)),
);

test('examples', async (t) => {
  assert(EXAMPLES.length > 10);
  const apiUrl = await gateway(t);
  for (const example of EXAMPLES) {
    await t.test(example, async (t) => {
      const given = {
        ...env,
        BLOCKRUN_WALLET_KEY: KEY,
        BLOCKRUN_API_URL: apiUrl,
        BLOCKRUN_HOME: folder(t),
        TMPDIR: folder(t),
      };
      const options = { cwd: ROOT, env: given, timeout: 120_000 };
      const { stdout, stderr } = await promisify(execFile)(execPath, [example], options);
      t.diagnostic(stdout.trim().replaceAll('\n', ' ⏎ '));
      assert.deepEqual([stdout.trim() !== '', stderr], [true, '']);
      assert(!stdout.includes('undefined'), stdout);
    });
  }
});
