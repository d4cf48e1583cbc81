// Builds the addon for this machine with the workspace's release profile and puts it where the
// loader looks (ts/native.ts). Cargo decides what is to be done, so nothing is built twice;
// `npm run build:release` is the slower way of a release, through `napi build`.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { arch, platform } from 'node:process';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Runs cargo in the workspace; what it prints is shown, or returned as `stdout: 'pipe'` asks. */
function cargo(args, stdout) {
  return execFileSync('cargo', args, { cwd: root, stdio: ['ignore', stdout, 'inherit'] });
}

const LIBRARIES = {
  darwin: ['libblockrun_node.dylib', ''],
  linux: [
    'libblockrun_node.so',
    process.report.getReport().header.glibcVersionRuntime ? '-gnu' : '-musl',
  ],
  win32: ['blockrun_node.dll', '-msvc'],
};

const [library, abi] = LIBRARIES[platform] ?? LIBRARIES.linux;
cargo(['build', '--release', '--package', 'blockrun-node'], 'inherit');
const metadata = cargo(['metadata', '--no-deps', '--format-version', '1'], 'pipe');
const { target_directory: target } = JSON.parse(metadata.toString());

const native = join(root, 'bindings-node', 'native');
const addon = join(native, `blockrun-llm.${platform}-${arch}${abi}.node`);
mkdirSync(native, { recursive: true });
// A process that has the old file loaded keeps it: never write into a library in use.
const fresh = `${addon}.${process.pid}.tmp`;
copyFileSync(join(target, 'release', library), fresh);
renameSync(fresh, addon);
console.log(addon);
