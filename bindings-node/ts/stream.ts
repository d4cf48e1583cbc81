import type { ChatCompletionChunk, ChatResponse, Fallback, Settlement } from './answers.js';
import { StreamConsumed } from './errors.js';
import type { NativeChatStream } from './native.js';
import { Pieces } from './pieces.js';
import { Reading } from './reading.js';
import { type Head, toChunk, toHead, toResponse } from './response.js';

/** A call that streams, and what was read of it; the faces below show it. */
class ChatReading {
  head: Head | undefined;
  body: ReadableStream<Uint8Array> | undefined;
  readonly #native: NativeChatStream;
  readonly #reading: Reading;
  readonly #pieces: Pieces<string>;
  readonly #warn: () => void;

  constructor(stream: NativeChatStream, signal: AbortSignal | undefined, warn: () => void) {
    this.#native = stream;
    this.#reading = new Reading(() => stream.close(), signal);
    this.#pieces = new Pieces(this.#reading, (cancel) => stream.next(cancel));
    this.#warn = warn;
  }

  /** The head of the answer: makes the call, when it is the first to ask. */
  async open(): Promise<Head> {
    if (this.head) return this.head;
    try {
      const head = await this.#reading.ask((cancel) => this.#native.open(cancel));
      if (!head) throw new StreamConsumed('the stream was cancelled', { code: 'STREAM_CONSUMED' });
      this.head = toHead(head);
      return this.head;
    } finally {
      this.#warn();
    }
  }

  claim(): void {
    this.#reading.claim(this.head);
  }

  /** The next chunk, if it has come already, for the one who claimed them. */
  ready(): ChatCompletionChunk | undefined {
    if (!this.head) return undefined;
    const raw = this.#pieces.take();
    return raw === undefined ? undefined : toChunk(raw, this.head);
  }

  /** The next chunk. */
  async next(): Promise<ChatCompletionChunk | undefined> {
    const head = this.head ?? (await this.#begin());
    try {
      const raw = this.#pieces.take() ?? (await this.#pieces.wait());
      if (raw !== undefined) return toChunk(raw, head);
    } catch (error) {
      this.close();
      throw error;
    }
    this.close();
    return undefined;
  }

  async #begin(): Promise<Head> {
    try {
      return await this.open();
    } catch (error) {
      // Nothing came, so it can be read again: the same call, with the payment that there is.
      this.#reading.release();
      this.body = undefined;
      throw error;
    }
  }

  async received(): Promise<ChatResponse> {
    return toResponse(await this.#native.received());
  }

  close(): void {
    this.#reading.close();
  }
}

/**
 * A chat completion in chunks, and what a `Response` of `fetch` has.
 *
 * Read once: by iterating, through `body`, or by `text()`; a second time throws `StreamConsumed`
 * and pays nothing. It is pulled: nothing is read ahead. Leaving a loop early closes the
 * connection, and a stream that is forgotten is closed by the garbage collector. A connection that
 * breaks is found again without paying, where the server stores its answers; else `StreamBroken`
 * says in `response` what was received and in `payment` what was charged.
 */
export class ChatStream implements AsyncIterable<ChatCompletionChunk> {
  readonly #reading: ChatReading;

  /** @internal */
  constructor(reading: ChatReading) {
    this.#reading = reading;
  }

  /** Whether the head of a good answer has come. A bad one is thrown. */
  get ok(): boolean {
    return this.#reading.head !== undefined;
  }

  /** HTTP status; 0 before the head has come. */
  get status(): number {
    return this.#reading.head?.status ?? 0;
  }

  /** Headers; none before the head has come. */
  get headers(): Headers {
    return this.#reading.head?.headers ?? new Headers();
  }

  /** What the call cost, in dollars; null before the head has come, and with an API key. */
  get costUsd(): number | null {
    return this.#reading.head?.costUsd ?? null;
  }

  /** The same in micro-USDC. */
  get costMicro(): bigint | null {
    return this.#reading.head?.costMicro ?? null;
  }

  /** What the server reported of the settlement. */
  get settlement(): Settlement | undefined {
    return this.#reading.head?.settlement;
  }

  /** What the server says about another model that answers. */
  get fallback(): Fallback | undefined {
    return this.#reading.head?.fallback;
  }

  /**
   * The chunks as the bytes of an event stream: each a `data:` line and an empty one, then
   * `data: [DONE]`. Nothing is sent before it is read.
   */
  get body(): ReadableStream<Uint8Array> {
    this.#reading.body ??= bytesOf(this.#reading);
    return this.#reading.body;
  }

  /** Reads `body` to its end. */
  async text(): Promise<string> {
    this.#reading.claim();
    let text = '';
    for (let chunk = await this.#reading.next(); chunk; chunk = await this.#reading.next()) {
      text += event(chunk.raw);
    }
    return text + event('[DONE]');
  }

  /** What was received so far, in the form of a whole answer; reads nothing. */
  response(): Promise<ChatResponse> {
    return this.#reading.received();
  }

  /** Ends the answer where it is and closes its connection. A reader sees its end. */
  cancel(): void {
    this.#reading.close();
  }

  /** The chunks, once. */
  [Symbol.asyncIterator](): AsyncIterableIterator<ChatCompletionChunk, undefined> {
    const reading = this.#reading;
    reading.claim();
    return {
      next: async () => {
        const value = reading.ready() ?? (await reading.next());
        return value ? { done: false, value } : { done: true, value };
      },
      return: async () => {
        reading.close();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** The same as `cancel`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel();
  }
}

/**
 * A `ChatStream` for which nothing has been sent yet. Reading it makes the call, and so does
 * awaiting it: that gives the stream once its head has come, and throws what was wrong before.
 * After an error it can be awaited or read again: the same call, never a second payment.
 */
export class PendingChatStream extends ChatStream implements PromiseLike<ChatStream> {
  readonly #open: () => Promise<ChatStream>;

  /** @internal */
  constructor(stream: NativeChatStream, signal: AbortSignal | undefined, warn: () => void) {
    const reading = new ChatReading(stream, signal, warn);
    super(reading);
    this.#open = () => reading.open().then(() => new ChatStream(reading));
  }

  // biome-ignore lint/suspicious/noThenProperty: it is one
  then<A = ChatStream, B = never>(
    fulfilled?: ((stream: ChatStream) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#open().then(fulfilled, rejected);
  }

  /** As of a promise. */
  catch<B = never>(
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<ChatStream | B> {
    return this.#open().catch(rejected);
  }

  /** As of a promise. */
  finally(settled?: (() => void) | null): Promise<ChatStream> {
    return this.#open().finally(settled);
  }
}

function bytesOf(reading: ChatReading): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let begun = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!begun) reading.claim();
        begun = true;
        const chunk = await reading.next();
        controller.enqueue(encoder.encode(event(chunk?.raw ?? '[DONE]')));
        if (!chunk) controller.close();
      },
      cancel() {
        reading.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Text as an event of an event stream. */
function event(data: string): string {
  return `data: ${data.replaceAll('\n', '\ndata: ')}\n\n`;
}
