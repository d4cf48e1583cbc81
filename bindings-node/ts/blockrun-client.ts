import { LLMClient } from './client.js';
import { parsed } from './response.js';
import type { ClientOptions, PollOptions, RequestOptions, Spending } from './types.js';

/** Options of one request of a `BlockrunClient`. */
export type ApiOptions = Pick<RequestOptions, 'signal' | 'timeout' | 'idempotencyKey'>;

/**
 * Any endpoint by its path below the address, in JSON: the answer's body is what methods return.
 * `client.request` of an `LLMClient` also tells what it cost.
 *
 * ```ts
 * const api = new BlockrunClient({ privateKey: '0x…' });
 * const found = await api.post('/v1/search', { query: 'x402' });
 * ```
 */
export class BlockrunClient {
  readonly #client: LLMClient;

  constructor(given: ClientOptions = {}) {
    this.#client = new LLMClient(given);
  }

  /** Fetches a resource; `params` are its query. */
  async get<T = unknown>(path: string, params?: object, given?: ApiOptions): Promise<T> {
    const response = await this.#client.request('GET', path, {
      ...given,
      params: params as Record<string, unknown>,
    });
    return response.body as T;
  }

  /** Sends a body as JSON. */
  async post<T = unknown>(path: string, body?: unknown, given?: ApiOptions): Promise<T> {
    const response = await this.#client.request('POST', path, { ...given, body });
    return response.body as T;
  }

  /**
   * The same where the answer is made in the background: asks for it, with the same payment, every
   * `intervalMs` (default 5,000) until it is made, at most `budgetMs` (default 300,000).
   */
  async poll<T = unknown>(
    path: string,
    body?: unknown,
    given?: ApiOptions & Pick<PollOptions, 'budgetMs' | 'intervalMs'>,
  ): Promise<T> {
    const response = await this.#client.poll('POST', path, { ...given, body });
    return response.body as T;
  }

  /**
   * Sends a body as JSON and yields the data of each event that is answered, parsed when it is
   * JSON, up to `[DONE]`. Nothing is sent before the first is asked for.
   */
  async *stream<T = unknown>(
    path: string,
    body?: unknown,
    given?: ApiOptions,
  ): AsyncGenerator<T, undefined> {
    const events = await this.#client.stream('POST', path, { ...given, body });
    for await (const { data } of events) {
      if (data !== '[DONE]') yield parsed(data) as T;
    }
    return undefined;
  }

  /** The account that pays; empty with an API key. */
  getWalletAddress(): string {
    return this.#client.getWalletAddress();
  }

  /** Sums over everything this client paid. */
  getSpending(): Spending {
    return this.#client.getSpending();
  }

  /** Lets go of the connections. */
  close(): void {
    this.#client.close();
  }

  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Address and endpoint, as `JSON.stringify` shows them. */
  toJSON(): object {
    return this.#client.toJSON();
  }
}
