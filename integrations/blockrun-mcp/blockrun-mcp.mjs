#!/usr/bin/env node
// Starts `blockrun mcp`: the command that BLOCKRUN_BIN names, the one that came with this package
// for this platform, or the one on the PATH. Its options are passed on.

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { arch, argv, env, exit, kill, pid, platform, stderr } from 'node:process';
import { target } from './target.mjs';

const require = createRequire(import.meta.url);

/** The command that fits this machine. */
function command() {
  if (env.BLOCKRUN_BIN) {
    return env.BLOCKRUN_BIN;
  }
  const program = platform === 'win32' ? 'blockrun.exe' : 'blockrun';
  try {
    return require.resolve(`blockrun-mcp-${target(platform, arch)}/${program}`);
  } catch {
    return program;
  }
}

const program = command();
const server = spawn(program, ['mcp', ...argv.slice(2)], { stdio: 'inherit' });
server.on('error', (error) => {
  stderr.write(
    `blockrun-mcp: ${program} could not be started (${error.message}). There is no package for ` +
      `${platform}-${arch}, or it was not installed (npm's --omit=optional?): install the command ` +
      '`blockrun` and put it on the PATH, or name it in BLOCKRUN_BIN.\n',
  );
  exit(1);
});
server.on('exit', (code, signal) => (signal ? kill(pid, signal) : exit(code ?? 1)));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  // A signal that ends the server ends this too, by its exit.
  process.once(signal, () => server.kill(signal));
}
