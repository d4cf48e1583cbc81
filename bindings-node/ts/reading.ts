import { isCancelled } from './cancel.js';
import { StreamConsumed } from './errors.js';
import { type CancelHandle, native } from './native.js';
import type { Head } from './response.js';
import { fromNative } from './translate.js';

/** What is read, until its end, its close or its signal, by one reader. */
export class Reading {
  readonly #cancel = new (native().CancelHandle)();
  readonly #signal: AbortSignal | undefined;
  readonly #close: () => void;
  readonly #abort: () => void;
  #claimed = false;
  #over = false;
  #aborted = false;

  /** `close` lets go of what is read. */
  constructor(close: () => void, signal: AbortSignal | undefined) {
    this.#close = close;
    this.#signal = signal;
    // A signal may live long; it must not keep a stream that everybody else forgot.
    const weak = new WeakRef(this);
    this.#abort = () => weak.deref()?.stop();
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** Makes the caller the only reader. */
  claim(head: Head | undefined): void {
    if (this.#claimed) throw consumed(head);
    this.#claimed = true;
  }

  /** Lets somebody else read: nothing was. */
  release(): void {
    this.#claimed = false;
  }

  /** Whether it was not closed yet. Throws the reason of the signal. */
  isOpen(): boolean {
    if (this.#signal?.aborted && !this.#over) this.stop();
    if (this.#aborted) throw this.#signal?.reason;
    return !this.#over;
  }

  /** Asks for something; undefined after the close. Rejects with the reason of the signal. */
  async ask<T>(question: (cancel: CancelHandle) => Promise<T>): Promise<T | undefined> {
    if (!this.isOpen()) return undefined;
    try {
      return await question(this.#cancel);
    } catch (caught) {
      if (!isCancelled(caught)) throw fromNative(caught);
      if (this.#aborted) throw this.#signal?.reason;
      return undefined;
    }
  }

  /** Ends it, and a question under way. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#cancel.cancel();
    this.#close();
  }

  /** Ends it because of the signal. */
  stop(): void {
    if (this.#over) return;
    this.#aborted = true;
    this.close();
  }
}

function consumed(head: Head | undefined): StreamConsumed {
  const { costUsd, costMicro } = head ?? {};
  const payment =
    costUsd && costMicro
      ? { state: 'charged', amountUsd: costUsd, amountMicro: costMicro, proof: 'server' }
      : { state: 'not_charged' };
  const message = 'a stream is read once; make the call again for another answer';
  return new StreamConsumed(message, { code: 'STREAM_CONSUMED', payment } as never);
}
