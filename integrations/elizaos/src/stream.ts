import type { TextStreamResult, TokenUsage } from '@elizaos/core';
import type { ChatResponse, PendingChatStream } from 'blockrun-llm';

/**
 * An answer in pieces, as ElizaOS reads one: by `textStream`, once, or as a whole. Nothing is sent,
 * or paid, before it is read.
 */
export class TextStream implements TextStreamResult {
  readonly #stream: PendingChatStream;
  readonly #ended: (answer: ChatResponse) => Promise<void>;
  #reading: AsyncGenerator<string> | undefined;
  #whole: Promise<ChatResponse> | undefined;
  #end!: (end: Promise<ChatResponse>) => void;
  readonly #read = new Promise<ChatResponse>((resolve) => {
    this.#end = resolve;
  });

  constructor(stream: PendingChatStream, ended: (answer: ChatResponse) => Promise<void>) {
    this.#stream = stream;
    this.#ended = ended;
  }

  get textStream(): AsyncIterable<string> {
    this.#reading ??= this.#pieces();
    return this.#reading;
  }

  get text(): Promise<string> {
    return this.#answer().then(({ choices }) => choices[0]?.message.content ?? '');
  }

  get usage(): Promise<TokenUsage | undefined> {
    return this.#answer().then(
      ({ usage }) =>
        usage && {
          promptTokens: usage.prompt_tokens,
          completionTokens: usage.completion_tokens,
          totalTokens: usage.total_tokens,
        },
    );
  }

  get finishReason(): Promise<string | undefined> {
    return this.#answer().then(({ choices }) => choices[0]?.finish_reason ?? undefined);
  }

  async *#pieces(): AsyncGenerator<string> {
    try {
      for await (const chunk of this.#stream) {
        const text = chunk.choices[0]?.delta.content;
        if (text) yield text;
      }
      await this.#ended(await this.#stream.response());
    } finally {
      this.#end(this.#stream.response());
    }
  }

  /** What was received when the reading has ended; reads, when nobody does. */
  #answer(): Promise<ChatResponse> {
    this.#whole ??= this.#reading ? this.#read : this.#drained();
    return this.#whole;
  }

  async #drained(): Promise<ChatResponse> {
    for await (const _piece of this.textStream);
    return this.#read;
  }
}
