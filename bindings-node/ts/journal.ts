import { emitWarning } from 'node:process';
import type { JournalOutput } from './native.js';

/** What was warned of: a program that makes a client per request hears it once. */
const warned = new Set<string>();

/** Warns, once per process, of a journal that is in memory because its file cannot be used. */
export function warnOf(journal: JournalOutput | null): void {
  const problem = journal?.problem;
  if (problem === undefined || warned.has(problem)) return;
  warned.add(problem);
  emitWarning(
    'payments are recorded in memory only: after this process nobody knows of them, and a call ' +
      `that is made again is paid again (${problem})`,
    { type: 'BlockrunWarning', code: 'BLOCKRUN_JOURNAL_IN_MEMORY' },
  );
}
