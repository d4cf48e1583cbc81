import type { ApiInput, ChatInput, ImageInput, PollInput } from './native.js';
import * as options from './options.js';
import { invalidArgument } from './translate.js';
import type { ChatOptions, ImageOptions, PollOptions, RequestOptions } from './types.js';

/** What the content of a call may be. */
export type Content = 'prompt' | 'messages' | 'prompt or messages';

/** What a method was given: for the native half, and the signal. */
export interface Call<Input> {
  input: Input;
  signal: AbortSignal | undefined;
}

const CHAT_OPTIONS: options.OptionTable<ChatOptions> = {
  model: options.text,
  system: options.text,
  maxTokens: options.whole,
  temperature: options.number,
  topP: options.number,
  n: options.whole,
  stop: options.texts,
  responseFormat: options.jsonObject,
  tools: options.jsonArray,
  toolChoice: options.json,
  search: options.flag,
  searchParameters: options.jsonObject,
  reasoningEffort: options.text,
  fallbackModels: options.list,
  timeout: options.number,
  idempotencyKey: options.text,
  extra: options.jsonObject,
  signal: options.signal,
};

const IMAGE_OPTIONS: options.OptionTable<ImageOptions> = {
  model: options.text,
  size: options.text,
  n: options.whole,
  quality: options.text,
  responseFormat: options.text,
  timeout: options.number,
  idempotencyKey: options.text,
  extra: options.jsonObject,
  signal: options.signal,
};

const REQUEST_OPTIONS: options.OptionTable<RequestOptions> = {
  params: options.pairs,
  body: options.json,
  model: options.text,
  timeout: options.number,
  idempotencyKey: options.text,
  replay: options.text,
  signal: options.signal,
};

/**
 * Reads `(content, options?)` or `(model, content, options?)`: a first string that is followed by
 * content is the model.
 */
export function readCall(content: Content, args: readonly unknown[]): Call<ChatInput> {
  const named = typeof args[0] === 'string' && isContent(args[1]);
  const [model, given, rest] = named ? args : [undefined, ...args];
  const { signal, ...input } = options.readOptions<ChatOptions>(rest, CHAT_OPTIONS);
  if (named && input.model !== undefined) {
    throw invalidArgument('model', 'is given twice, as an argument and as an option');
  }
  return {
    input: { ...input, ...(named && { model }), ...readContent(content, given) } as ChatInput,
    signal: signal as AbortSignal | undefined,
  };
}

/** Reads `(prompt, options?)` of an image. */
export function readImage(prompt: unknown, given: unknown): Call<ImageInput> {
  const { signal, ...input } = options.readOptions<ImageOptions>(given, IMAGE_OPTIONS);
  return {
    input: { ...input, prompt: options.text(prompt, 'prompt') } as ImageInput,
    signal: signal as AbortSignal | undefined,
  };
}

/** The same for an answer that is made in the background. */
export function readPoll(
  method: unknown,
  path: unknown,
  given: PollOptions | undefined,
): Call<ApiInput> & { wait: PollInput } {
  const { budgetMs, intervalMs, ...rest } = given ?? {};
  const wait: Record<string, unknown> = {};
  if (budgetMs !== undefined) wait.budget = options.number(budgetMs, 'budgetMs');
  if (intervalMs !== undefined) wait.interval = options.number(intervalMs, 'intervalMs');
  return { ...readRequest(method, path, given && rest), wait };
}

/** Reads `(method, path, options?)` of a request to any endpoint. */
export function readRequest(method: unknown, path: unknown, given: unknown): Call<ApiInput> {
  const read = options.readOptions<RequestOptions>(given, REQUEST_OPTIONS);
  const { signal, params, ...input } = read;
  return {
    input: {
      ...input,
      ...(params !== undefined && { query: params }),
      method: options.text(method, 'method'),
      path: options.text(path, 'path'),
    } as ApiInput,
    signal: signal as AbortSignal | undefined,
  };
}

function isContent(value: unknown): boolean {
  return typeof value === 'string' || Array.isArray(value);
}

function readContent(content: Content, given: unknown): Pick<ChatInput, 'prompt' | 'messages'> {
  if (typeof given === 'string' && content !== 'messages') return { prompt: given };
  if (Array.isArray(given) && content !== 'prompt') {
    return { messages: options.jsonArray(given, 'messages') as string };
  }
  const wanted = { prompt: 'a string', messages: 'an array of messages' };
  const must = content === 'prompt or messages' ? 'a string or an array' : wanted[content];
  throw invalidArgument(content, `must be ${must}, ${options.got(given)}`);
}
