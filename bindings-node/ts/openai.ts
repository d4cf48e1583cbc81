import { LLMClient } from './client.js';
import { OpenAISurface, object } from './openai-surface.js';
import * as options from './options.js';
import { invalidArgument } from './translate.js';
import type { ClientOptions } from './types.js';

/** Options of an `OpenAI`: those of a client, and the names that its users know. */
export interface OpenAIOptions extends ClientOptions {
  /** The same as `privateKey`. */
  readonly walletKey?: string | undefined;
  /** The same as `apiUrl`; a `/v1` at its end is the same as none. */
  readonly baseURL?: string | undefined;
}

/**
 * A client in the form of the package `openai` that pays for its calls.
 *
 * ```ts
 * const openai = new OpenAI({ walletKey: '0x…' });
 * await openai.chat.completions.create({ model: 'openai/gpt-4o', messages });
 * ```
 */
export class OpenAI extends OpenAISurface {
  /** The client behind it: balance, spending, payments. */
  readonly client: LLMClient;

  constructor(given: OpenAIOptions = {}) {
    const { walletKey, baseURL, ...rest } = object(given);
    for (const [alias, value, name] of [
      ['walletKey', walletKey, 'privateKey'],
      ['baseURL', baseURL, 'apiUrl'],
    ] as const) {
      if (value !== undefined && rest[name] !== undefined) {
        throw invalidArgument(alias, `is given beside ${name}, which is the same`);
      }
    }
    const client = new LLMClient({
      ...rest,
      ...(walletKey !== undefined && { privateKey: walletKey }),
      ...(baseURL !== undefined && {
        apiUrl: (options.text(baseURL, 'baseURL') as string).replace(/\/v1\/?$/, ''),
      }),
    });
    super(client);
    this.client = client;
  }
}
