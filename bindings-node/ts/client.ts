/// <reference lib="esnext.disposable" preserve="true" />

import { cancellable, readCall } from './call.js';
import { hook } from './hook.js';
import { warnOf } from './journal.js';
import { exact } from './money.js';
import {
  type CancelHandle,
  type ClientInput,
  type NativeClient,
  native,
  type PaymentsInput,
} from './native.js';
import * as options from './options.js';
import { toResponse } from './response.js';
import { translated } from './translate.js';
import type {
  CallOptions,
  ChatMessage,
  ChatOptions,
  ChatResponse,
  ClientOptions,
  Model,
  OnPayment,
  PaymentFilter,
  PaymentRecord,
  Quote,
  Reconciliation,
  Spending,
} from './types.js';

const CLIENT_OPTIONS: options.OptionTable<ClientOptions> = {
  privateKey: options.text,
  apiUrl: options.text,
  timeout: options.number,
  model: options.text,
  maxCostPerCall: options.dollars,
  maxSessionCost: options.dollars,
  maxCostPerHour: options.dollars,
  maxCostPerDay: options.dollars,
  onPayment: (value, name) => hook(options.callback(value, name) as OnPayment),
  onUnresolved: options.text,
  home: options.text,
  durability: options.text,
  rpcUrl: options.text,
  caFile: options.text,
};

const PAYMENT_FILTER: options.OptionTable<PaymentFilter> = {
  scope: options.text,
  state: options.text,
  since: options.whole,
  model: options.text,
  origin: options.text,
  limit: options.whole,
};

const REFUSED_OPTIONS = {
  apiKey: 'this version pays from a wallet: pass privateKey instead of an API key',
};

/** What `util.inspect` and `console.log` ask for. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/**
 * Client of an OpenAI-compatible endpoint that answers 402 with a price.
 *
 * A call that the server asks money for is paid in USDC, exactly once, within the limits of the
 * client ($1 a call unless configured). Every payment is recorded in the wallet home before it is
 * sent, so a call that is made again after a lost answer, or after a crash, resumes. Bad arguments are found before any traffic and throw
 * `InvalidArgumentError`; every other error says in `payment` what happened to the money.
 *
 * ```ts
 * const client = new LLMClient({ privateKey: '0x…' });
 * console.log(await client.chat('Hello!'));
 * ```
 */
export class LLMClient {
  readonly #native: NativeClient;
  readonly #address: string;
  readonly #apiUrl: string;
  readonly #model: string;

  /** Connects to nothing yet. Throws `InvalidArgumentError` that names the option. */
  constructor(given: ClientOptions = {}) {
    const input = options.readOptions<ClientOptions>(given, CLIENT_OPTIONS, REFUSED_OPTIONS);
    this.#native = translated(() => new (native().NativeClient)(input as ClientInput));
    // Kept here because they can be asked for after `close`.
    this.#address = this.#native.address;
    this.#apiUrl = this.#native.apiUrl;
    this.#model = this.#native.model;
  }

  /** Asks and returns the text of the first answer, empty when it has none (a tool call, say). */
  chat(prompt: string, options?: ChatOptions): Promise<string>;
  chat(model: string, prompt: string, options?: ChatOptions): Promise<string>;
  async chat(...args: unknown[]): Promise<string> {
    const { input, signal } = readCall('prompt', args);
    return this.#call(signal, (cancel) => this.#native.chat(input, cancel));
  }

  /**
   * Makes a chat completion and returns the whole response, with what it cost.
   *
   * A body that is not a JSON object is paid for all the same: it is in `raw`.
   */
  chatCompletion(messages: readonly ChatMessage[], options?: ChatOptions): Promise<ChatResponse>;
  chatCompletion(
    model: string,
    messages: readonly ChatMessage[],
    options?: ChatOptions,
  ): Promise<ChatResponse>;
  async chatCompletion(...args: unknown[]): Promise<ChatResponse> {
    const { input, signal } = readCall('messages', args);
    return toResponse(
      await this.#call(signal, (cancel) => this.#native.chatCompletion(input, cancel)),
    );
  }

  /**
   * What a call would cost now. Pays nothing and is not bound by limits.
   *
   * The server is asked without a payment, so a free model really answers.
   */
  quote(content: string | readonly ChatMessage[], options?: ChatOptions): Promise<Quote>;
  quote(
    model: string,
    content: string | readonly ChatMessage[],
    options?: ChatOptions,
  ): Promise<Quote>;
  async quote(...args: unknown[]): Promise<Quote> {
    const { input, signal } = readCall('prompt or messages', args);
    return exact(await this.#call(signal, (cancel) => this.#native.quote(input, cancel)));
  }

  /** The models that the server offers, with their prices as it publishes them. */
  async listModels(given?: CallOptions): Promise<Model[]> {
    const signal = readSignal(given);
    return JSON.parse(await this.#call(signal, (cancel) => this.#native.listModels(cancel)));
  }

  /** The account that pays, as a checksummed address. */
  getWalletAddress(): string {
    return this.#address;
  }

  /** Sums over everything this client paid. */
  getSpending(): Spending {
    return exact(this.#read(() => this.#native.spending()));
  }

  /**
   * Recorded payments, oldest first. Without a filter: those of this client, the last 1,000.
   *
   * ```ts
   * client.payments({ scope: 'home', state: 'unknown' });
   * ```
   */
  payments(filter?: PaymentFilter): PaymentRecord[] {
    const input = options.readOptions<PaymentFilter>(filter, PAYMENT_FILTER) as PaymentsInput;
    return this.#read(() => this.#native.payments(input)).map(exact);
  }

  /**
   * Asks the chain what became of the payments of the wallet home whose answer was lost, and
   * records what is proven. Pays nothing. Whom the chain cannot be asked about stays `unknown`.
   */
  async reconcile(given?: CallOptions): Promise<Reconciliation> {
    return this.#call(readSignal(given), (cancel) => this.#native.reconcile(cancel));
  }

  /**
   * Fetches the answer of a paid chat again, by its idempotency key or its payment id (`pay_…`).
   *
   * Pays nothing: `costUsd` is 0. Works from the wallet home that paid, as long as the gateway
   * keeps the answer: an hour past the payment's expiry.
   */
  async recover(key: string, given?: CallOptions): Promise<ChatResponse> {
    const named = options.text(key, 'key') as string;
    return toResponse(
      await this.#call(readSignal(given), (cancel) => this.#native.recover(named, cancel)),
    );
  }

  /**
   * Where payments are recorded; undefined before the first one, and after `close`. `memory` when
   * the file cannot be used and no limit needs it: then one warning is emitted.
   */
  get journal(): 'file' | 'memory' | undefined {
    return this.#native.journal?.kind;
  }

  /** Base address of the endpoint, without a slash at its end. */
  get apiUrl(): string {
    return this.#apiUrl;
  }

  /** The model that is asked when a call names none. */
  get model(): string {
    return this.#model;
  }

  /** Lets go of the connections. Calls under way end as usual; new ones are refused. */
  close(): void {
    this.#native.close();
  }

  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Address and endpoint, as `JSON.stringify` shows them. */
  toJSON(): { address: string; apiUrl: string } {
    return { address: this.#address, apiUrl: this.#apiUrl };
  }

  async #call<T>(signal: AbortSignal | undefined, start: (cancel?: CancelHandle) => Promise<T>) {
    try {
      return await cancellable(signal, start);
    } finally {
      warnOf(this.#native.journal);
    }
  }

  #read<T>(read: () => T): T {
    try {
      return translated(read);
    } finally {
      warnOf(this.#native.journal);
    }
  }

  /** @internal */
  [INSPECT](_depth: number, style: object, inspect: (value: object, style: object) => string) {
    return `LLMClient ${inspect(this.toJSON(), style)}`;
  }
}

function readSignal(given: CallOptions | undefined): AbortSignal | undefined {
  const { signal } = options.readOptions<CallOptions>(given, { signal: options.signal });
  return signal as AbortSignal | undefined;
}
