import type { CancelHandle } from './native.js';
import type { Reading } from './reading.js';

/** Pieces of a stream that cross together: one is waited for, and those that came with it are there. */
export class Pieces<T> {
  readonly #reading: Reading;
  readonly #fetch: (cancel: CancelHandle) => Promise<T[]>;
  /** Those that nobody has taken yet, the next one last. */
  #ready: T[] = [];
  #waiting = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** `fetch` brings the next ones that are there; none at the end. */
  constructor(reading: Reading, fetch: (cancel: CancelHandle) => Promise<T[]>) {
    this.#reading = reading;
    this.#fetch = fetch;
  }

  /** The next piece, if it has come already: no promise for each. Throws the signal's reason. */
  take(): T | undefined {
    return this.#waiting === 0 && this.#reading.isOpen() ? this.#ready.pop() : undefined;
  }

  /** Waits for the next piece; undefined at the end. Who asks first gets the first. */
  wait(): Promise<T | undefined> {
    this.#waiting += 1;
    const piece = this.#turn
      .then(() => this.#next())
      .finally(() => {
        this.#waiting -= 1;
      });
    this.#turn = piece.catch(() => {});
    return piece;
  }

  async #next(): Promise<T | undefined> {
    if (this.#ready.length === 0) {
      const batch = await this.#reading.ask(this.#fetch);
      this.#ready = batch?.reverse() ?? [];
    }
    return this.#reading.isOpen() ? this.#ready.pop() : undefined;
  }
}
