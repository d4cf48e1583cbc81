import { type CancelHandle, type ChatInput, native } from './native.js';
import * as options from './options.js';
import { fromNative, invalidArgument } from './translate.js';
import type { ChatOptions } from './types.js';

/** What the content of a call may be. */
export type Content = 'prompt' | 'messages' | 'prompt or messages';

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
  timeout: options.number,
  idempotencyKey: options.text,
  extra: options.jsonObject,
  signal: options.signal,
};

/**
 * Reads `(content, options?)` or `(model, content, options?)`: a first string that is followed by
 * content is the model.
 */
export function readCall(
  content: Content,
  args: readonly unknown[],
): { input: ChatInput; signal: AbortSignal | undefined } {
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

/**
 * Awaits a native call that ends when the signal is aborted, with the signal's reason. An error
 * that was there first wins: it may say what happened to the money.
 */
export async function cancellable<T>(
  signal: AbortSignal | undefined,
  start: (cancel?: CancelHandle) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const cancel = signal && new (native().CancelHandle)();
  const abort = () => cancel?.cancel();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await start(cancel);
  } catch (caught) {
    throw signal?.aborted && isCancelled(caught) ? signal.reason : fromNative(caught);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function isCancelled(caught: unknown): boolean {
  return (caught as { code?: unknown }).code === 'Cancelled';
}
