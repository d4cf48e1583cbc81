// Makes the npm packages: `blockrun-mcp`, and one with the command for a platform, of which npm
// installs the one that fits. Takes the folder to put them into, the command, and the platform that
// it was built for (this one unless named, such as linux-arm64-musl); prints the files.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { arch, argv, platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { target } from './target.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const MANIFEST = JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8'));
const LICENSE = join(HERE, '..', '..', 'LICENSE');

/** Platforms that a release builds for. */
const TARGETS = [
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
];

/** The package itself, which asks for the commands of all platforms. */
function stageFace(folder) {
  for (const file of [...MANIFEST.files, 'README.md']) {
    cpSync(join(HERE, file), join(folder, file));
  }
  const commands = TARGETS.map((one) => [`${MANIFEST.name}-${one}`, MANIFEST.version]);
  return { ...MANIFEST, optionalDependencies: Object.fromEntries(commands) };
}

/** The package with the command of one platform. */
function stageCommand(folder, command, own) {
  const [os, cpu, abi] = own.split('-');
  const program = os === 'win32' ? 'blockrun.exe' : 'blockrun';
  cpSync(command, join(folder, program));
  chmodSync(join(folder, program), 0o755);
  const { version, license, homepage, repository, engines } = MANIFEST;
  const libc = { gnu: 'glibc', musl: 'musl' }[abi];
  return {
    name: `${MANIFEST.name}-${own}`,
    version,
    description: `The command of ${MANIFEST.name} for ${own}`,
    license,
    homepage,
    repository,
    engines,
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    files: [program],
  };
}

/** Packs what is staged. */
function pack(destination, stage) {
  const folder = mkdtempSync(join(tmpdir(), 'blockrun-pack-'));
  try {
    cpSync(LICENSE, join(folder, 'LICENSE'));
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(stage(folder), null, 2)}\n`);
    const options = ['pack', '--silent', '--json', '--pack-destination', destination];
    const shell = platform === 'win32';
    const printed = execFileSync('npm', options, { cwd: folder, shell, encoding: 'utf8' });
    return join(destination, JSON.parse(printed)[0].filename);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [place, command, own = target(platform, arch)] = argv.slice(2);
if (!command || !TARGETS.includes(own)) {
  throw new Error(`usage: node pack.mjs FOLDER COMMAND [${TARGETS.join(' | ')}]`);
}
const destination = resolve(place);
mkdirSync(destination, { recursive: true });
console.log(pack(destination, stageFace));
console.log(pack(destination, (folder) => stageCommand(folder, resolve(command), own)));
