// Every block of JavaScript in the documents runs, each by itself, against the practice gateway. What a
// reader has and a test has not stands before a block: `<!-- given: code -->`. A block that no test can
// run says why: `<!-- not run: reason -->`; one that other tests run says which: `<!-- run by: place -->`.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { folder, gateway, KEY, ROOT } from './support.mjs';

const GUIDE = readdirSync(join(ROOT, 'docs/guide')).map((name) => `docs/guide/${name}`);
const SKILL = 'integrations/skill/SKILL.md';
const DOCUMENTS = ['README.md', 'bindings-node/README.md', 'docs/exactly-once.md', SKILL, ...GUIDE];

const BLOCK =
  /(?:^<!-- (?<note>given|not run|run by):\s*(?<text>(?:(?!-->).)*?)\s*-->\n+)?^```(?:js|javascript)\n(?<code>.*?)^```$/gms;

/** The blocks that are to be run, as programs. */
function programs(text) {
  return [...text.matchAll(BLOCK)]
    .filter(({ groups }) => groups.note === undefined || groups.note === 'given')
    .map(({ groups }) => `${groups.text ?? ''}\n${groups.code}`.replace(/0x(…|\.\.\.)/g, KEY));
}

test('the blocks of the documents', async (t) => {
  const apiUrl = await gateway(t);
  // Within the package, which knows itself by its name.
  mkdirSync(join(ROOT, 'target'), { recursive: true });
  const place = mkdtempSync(join(ROOT, 'target/docs-'));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  let ran = 0;
  for (const document of DOCUMENTS) {
    for (const [number, code] of programs(readFileSync(join(ROOT, document), 'utf8')).entries()) {
      await t.test(`${document}, block ${number + 1}`, async (t) => {
        const file = join(place, 'block.mjs');
        writeFileSync(file, code);
        const given = {
          ...env,
          BLOCKRUN_WALLET_KEY: KEY,
          BLOCKRUN_API_URL: apiUrl,
          BLOCKRUN_RPC_URL: apiUrl.replace(/api$/, 'practice/rpc'),
          BLOCKRUN_HOME: folder(t),
        };
        const options = { cwd: folder(t), env: given, timeout: 120_000 };
        const { stderr } = await promisify(execFile)(execPath, [file], options);
        assert.equal(stderr, '');
      });
      ran += 1;
    }
  }
  assert(ran > 8, `${ran} blocks`);
});

test('a block that is not run says so', () => {
  const block = '```js\nthrow 1;\n```\n';
  assert.deepEqual(programs(`<!-- given: const a = 1; -->\n${block}`), [
    'const a = 1;\nthrow 1;\n',
  ]);
  assert.deepEqual(programs(`<!-- not run: it throws -->\n\n${block}`), []);
  assert.equal(programs(block).length, 1);
});
