import type { ServerEvent, Settlement } from './answers.js';
import type { NativeStream } from './native.js';
import { Pieces } from './pieces.js';
import { Reading } from './reading.js';
import { type Head, toHead } from './response.js';

/**
 * The events of an endpoint that streams; an answer that is no stream is one event. Read once, as
 * a `ChatStream` is. The cost is known already.
 */
export class ApiStream implements AsyncIterable<ServerEvent> {
  readonly #native: NativeStream;
  readonly #reading: Reading;
  readonly #head: Head;

  /** @internal */
  constructor(stream: NativeStream, signal: AbortSignal | undefined) {
    this.#native = stream;
    this.#head = headOf(stream);
    this.#reading = new Reading(() => stream.close(), signal);
  }

  /** HTTP status, 200 to 299. */
  get status(): number {
    return this.#head.status;
  }

  /** Headers of the answer. */
  get headers(): Headers {
    return this.#head.headers;
  }

  /** What the call cost, in dollars; null with an API key. */
  get costUsd(): number | null {
    return this.#head.costUsd;
  }

  /** The same in micro-USDC. */
  get costMicro(): bigint | null {
    return this.#head.costMicro;
  }

  /** What the server reported of the settlement. */
  get settlement(): Settlement | undefined {
    return this.#head.settlement;
  }

  /** Ends the answer where it is and closes its connection. */
  cancel(): void {
    this.#reading.close();
  }

  /** The events, once. */
  [Symbol.asyncIterator](): AsyncGenerator<ServerEvent, undefined> {
    this.#reading.claim(this.#head);
    return this.#events();
  }

  async *#events(): AsyncGenerator<ServerEvent, undefined> {
    const events = new Pieces(this.#reading, (cancel) => this.#native.nextEvents(cancel));
    try {
      for (;;) {
        const event = events.take() ?? (await events.wait());
        if (!event) return undefined;
        yield event;
      }
    } finally {
      this.#reading.close();
    }
  }

  /** The same as `cancel`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
  }
}

/** The head of a stream that nobody has begun to read. */
export function headOf(stream: NativeStream): Head {
  const head = stream.head();
  if (head) return toHead(head);
  throw new TypeError('the stream is being read');
}
