// Makes the npm packages: `blockrun-llm`, and one with the addon for each platform whose addon is
// in native/, of which npm installs the one that fits. Takes the folder to put them into, else
// target/npm, and prints the files.
//
// `npm run build` first; a release builds the addons with `npm run build:release`.

import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { argv, platform } from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const { name, version, napi, files } = MANIFEST;

const CPUS = { x86_64: 'x64', aarch64: 'arm64' };
const SYSTEMS = { linux: 'linux', apple: 'darwin', windows: 'win32' };
const LIBCS = { gnu: 'glibc', musl: 'musl' };

/** What npm has to know of a target of Rust. */
function describe(triple) {
  const [arch, ...rest] = triple.split('-');
  const system = Object.keys(SYSTEMS).find((one) => rest.includes(one));
  const os = SYSTEMS[system];
  const abi = os === 'darwin' ? '' : `-${rest.at(-1)}`;
  const libc = os === 'linux' ? LIBCS[rest.at(-1)] : undefined;
  return { target: `${os}-${CPUS[arch]}${abi}`, os: [os], cpu: [CPUS[arch]], libc: libc && [libc] };
}

/** The package with the addon of one platform. */
function stageAddon(folder, { target, ...where }) {
  const { license, homepage, repository, engines } = MANIFEST;
  const addon = `${napi.binaryName}.${target}.node`;
  cpSync(join(ROOT, 'bindings-node', 'native', addon), join(folder, addon));
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  return {
    name: `${name}-${target}`,
    version,
    description: `The addon of ${name} for ${target}`,
    license,
    homepage,
    repository,
    engines,
    main: addon,
    files: [addon],
    ...where,
  };
}

/** The package itself, which asks for the addons of all platforms. */
function stageFace(folder, targets) {
  for (const path of [...files, 'README.md', 'LICENSE']) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  }
  const { devDependencies, scripts, ...manifest } = MANIFEST;
  const addons = targets.map(({ target }) => [`${name}-${target}`, version]);
  return { ...manifest, optionalDependencies: Object.fromEntries(addons) };
}

/** Packs what is staged. */
function pack(destination, stage) {
  const folder = mkdtempSync(join(tmpdir(), 'blockrun-pack-'));
  try {
    const manifest = stage(folder);
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    const options = ['pack', '--silent', '--json', '--pack-destination', destination];
    const shell = platform === 'win32';
    const printed = execFileSync('npm', options, { cwd: folder, shell, encoding: 'utf8' });
    return join(destination, JSON.parse(printed)[0].filename);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const destination = resolve(argv[2] ?? join(ROOT, 'target', 'npm'));
mkdirSync(destination, { recursive: true });
const targets = napi.targets.map(describe);
const built = ({ target }) =>
  existsSync(join(ROOT, 'bindings-node', 'native', `${napi.binaryName}.${target}.node`));
for (const one of targets.filter(built)) {
  console.log(pack(destination, (folder) => stageAddon(folder, one)));
}
console.log(pack(destination, (folder) => stageFace(folder, targets)));
