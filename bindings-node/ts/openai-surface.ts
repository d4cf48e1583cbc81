import type { ChatResponse, ImageResponse, Model } from './answers.js';
import type { LLMClient } from './client.js';
import * as options from './options.js';
import type { PendingChatStream } from './stream.js';
import { invalidArgument } from './translate.js';
import type { CallOptions, ChatMessage, ChatOptions } from './types.js';

/** What `chat.completions.create` of the package `openai` takes; further fields are sent as they are. */
export interface CompletionParams {
  readonly messages: readonly ChatMessage[];
  /** Default: the client's. */
  readonly model?: string;
  readonly stream?: boolean | null;
  readonly [field: string]: unknown;
}

/** What `images.generate` of the package `openai` takes; further fields are sent as they are. */
export interface ImageParams {
  readonly prompt: string;
  readonly model?: string | null;
  readonly n?: number | null;
  readonly size?: string | null;
  readonly quality?: string | null;
  readonly response_format?: string | null;
  readonly [field: string]: unknown;
}

/** Options of one call. */
export type CreateOptions = Pick<ChatOptions, 'signal' | 'timeout' | 'idempotencyKey'>;

/** What has an option of its own here, and with it checks before any traffic. */
const NAMED: Readonly<Record<string, keyof ChatOptions>> = {
  model: 'model',
  max_tokens: 'maxTokens',
  temperature: 'temperature',
  top_p: 'topP',
  n: 'n',
  stop: 'stop',
  tools: 'tools',
  tool_choice: 'toolChoice',
  response_format: 'responseFormat',
  search_parameters: 'searchParameters',
  reasoning_effort: 'reasoningEffort',
};

/** `chat.completions` in the form of the package `openai`. */
class Completions {
  readonly #client: LLMClient;

  constructor(client: LLMClient) {
    this.#client = client;
  }

  /** Makes a chat completion; with `stream: true` in chunks. */
  create(
    params: CompletionParams & { readonly stream: true },
    given?: CreateOptions,
  ): PendingChatStream;
  create(
    params: CompletionParams & { readonly stream?: false | null },
    given?: CreateOptions,
  ): Promise<ChatResponse>;
  create(
    params: CompletionParams,
    given?: CreateOptions,
  ): Promise<ChatResponse> | PendingChatStream;
  create(params: CompletionParams, given?: CreateOptions) {
    const { messages, stream, ...fields } = object(params);
    const chosen = { ...split(fields), ...given } as ChatOptions;
    return stream === true
      ? this.#client.chatCompletionStream(messages, chosen)
      : this.#client.chatCompletion(messages, chosen);
  }
}

/** `images` in the form of the package `openai`. */
class Images {
  readonly #client: LLMClient;

  constructor(client: LLMClient) {
    this.#client = client;
  }

  /** Makes images from a text. */
  generate(params: ImageParams, given?: CreateOptions): Promise<ImageResponse> {
    const { prompt, model, n, size, quality, response_format, ...extra } = object(params);
    const named = { model, n, size, quality, responseFormat: response_format };
    return this.#client.image(prompt, { ...named, extra, ...given } as object);
  }
}

/** `models` in the form of the package `openai`. */
class Models {
  readonly #client: LLMClient;

  constructor(client: LLMClient) {
    this.#client = client;
  }

  /** The models that the server offers. */
  async list(given?: CallOptions): Promise<{ object: 'list'; data: Model[] }> {
    return { object: 'list', data: await this.#client.listModels(given) };
  }
}

/**
 * What programs use of the package `openai`, over an `LLMClient` and with its types. For all of
 * that package give it `client.fetch` instead.
 */
export class OpenAISurface {
  /** Chats. */
  readonly chat: { readonly completions: Completions };
  /** Pictures. */
  readonly images: Images;
  /** What can be asked. */
  readonly models: Models;

  constructor(client: LLMClient) {
    this.chat = { completions: new Completions(client) };
    this.images = new Images(client);
    this.models = new Models(client);
  }
}

/** Known fields under their names here, the others as `extra`. */
function split(fields: Readonly<Record<string, unknown>>): object {
  const [named, extra]: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  for (const [name, value] of Object.entries(fields)) {
    const known = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
    if (known) named[known] = value;
    else extra[name] = value;
  }
  return { ...named, extra };
}

/** What was given, when it is an object. */
export function object<T>(given: T): T {
  if (typeof given === 'object' && given !== null) return given;
  throw invalidArgument('params', `must be an object, ${options.got(given)}`);
}
