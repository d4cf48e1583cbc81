// The npm packages as they are published.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const [, version] = read('../../Cargo.toml').match(/^version = "(.+)"$/m);

const PACKAGES = {
  'ai-sdk': 'blockrun-ai-provider',
  elizaos: 'elizaos-plugin-blockrun',
  'langchain-js': 'langchain-blockrun',
};

function read(path) {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

for (const [folder, name] of Object.entries(PACKAGES)) {
  test(`${name}: what is published`, () => {
    const manifest = JSON.parse(read(`../${folder}/package.json`));
    assert.deepEqual([manifest.name, manifest.version, manifest.license], [name, version, 'MIT']);
    assert.equal(manifest.dependencies['blockrun-llm'], `^${version}`);
    assert.equal(manifest.repository.directory, `integrations/${folder}`);
    const cwd = fileURLToPath(new URL(`../${folder}`, import.meta.url));
    const options = { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'], options));
    const sources = readdirSync(`${cwd}/src`).map((file) => file.replace(/\.ts$/, ''));
    const built = sources.flatMap((file) => [`dist/${file}.d.ts`, `dist/${file}.js`]);
    const expected = ['LICENSE', 'README.md', 'package.json', ...built];
    assert.deepEqual(files.map(({ path }) => path).sort(), expected.sort());
  });
}
