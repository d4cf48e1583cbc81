#!/usr/bin/env node
// The command `blockrun`, as npm puts it on the PATH: all of it is in the native half. It holds this
// thread until it is done, so `process.stdin` and `process.stdout` are left alone.
import { native } from './native.js';

// Node's own handlers would raise the signal again and again above those of the command. Taking back
// a listener leaves the system's default.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  const nobody = () => {};
  process.on(signal, nobody).off(signal, nobody);
}
process.exitCode = native().command(['blockrun', ...process.argv.slice(2)]);
