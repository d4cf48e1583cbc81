/// <reference lib="esnext.disposable" preserve="true" />

import type { ApiResponse, ChatResponse, ImageResponse, Model } from './answers.js';
import { ApiStream } from './api-stream.js';
import { readCall, readImage, readPoll, readRequest } from './call.js';
import { cancellable } from './cancel.js';
import { readClientOptions } from './client-options.js';
import { type DiscoverOptions, type Resource, readDiscover, toResource } from './discovery.js';
import { fetchThrough } from './fetch.js';
import { fundingOf } from './funding.js';
import { warnOf } from './journal.js';
import { exact } from './money.js';
import { type CancelHandle, type NativeClient, native, type PaymentsInput } from './native.js';
import { OpenAISurface } from './openai-surface.js';
import * as options from './options.js';
import { toApiResponse, toImages, toResponse } from './response.js';
import { PendingChatStream } from './stream.js';
import { readTool, type ToolOptions, type ToolResult, type ToolSession } from './tool.js';
import { translated } from './translate.js';
import type {
  BalanceOptions,
  CallOptions,
  ChatMessage,
  ChatOptions,
  ClientOptions,
  ImageOptions,
  PaymentFilter,
  PaymentRecord,
  PollOptions,
  Quote,
  Reconciliation,
  RequestOptions,
  Spending,
} from './types.js';
import type { Funding, WalletStatus } from './wallet-types.js';

const PAYMENT_FILTER: options.OptionTable<PaymentFilter> = {
  scope: options.text,
  state: options.text,
  since: options.whole,
  model: options.text,
  origin: options.text,
  limit: options.whole,
};

/** What `util.inspect` and `console.log` ask for. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/**
 * Client of an OpenAI-compatible endpoint that answers 402 with a price.
 *
 * A call that the server asks money for is paid in USDC, exactly once, within the limits of the
 * client ($1 a call unless configured). Every payment is recorded in the wallet home before it is
 * sent, so a call that is made again after a lost answer, or after a crash, resumes. Bad arguments
 * are found before any traffic and throw `InvalidArgumentError`; every other error says in
 * `payment` what happened to the money. With an API key an account is billed instead.
 *
 * ```ts
 * const client = new LLMClient({ privateKey: '0x…' });
 * console.log(await client.chat('Hello!'));
 * ```
 */
export class LLMClient {
  readonly #native: NativeClient;
  readonly #address: string;
  readonly #authMode: 'wallet' | 'api-key';
  readonly #apiUrl: string;
  readonly #isTestnet: boolean;
  readonly #model: string;
  readonly #warn = () => warnOf(this.#native.journal);
  #openai: OpenAISurface | undefined;
  #fetch: typeof fetch | undefined;

  /** Connects to nothing yet. Throws `InvalidArgumentError` that names the option. */
  constructor(given: ClientOptions = {}) {
    const input = readClientOptions(given);
    this.#native = translated(() => new (native().NativeClient)(input));
    // Kept here because they can be asked for after `close`.
    this.#address = this.#native.address ?? '';
    this.#authMode = this.#native.paymentMode === 'wallet' ? 'wallet' : 'api-key';
    this.#isTestnet = this.#native.isTestnet;
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
   * A chat completion in chunks. Nothing is sent before it is awaited or read, and however it is
   * read it is paid at most once. Bad arguments are thrown at once.
   *
   * ```ts
   * for await (const chunk of client.chatCompletionStream(messages)) {
   *   process.stdout.write(chunk.choices[0]?.delta.content ?? '');
   * }
   * ```
   */
  chatCompletionStream(messages: readonly ChatMessage[], options?: ChatOptions): PendingChatStream;
  chatCompletionStream(
    model: string,
    messages: readonly ChatMessage[],
    options?: ChatOptions,
  ): PendingChatStream;
  chatCompletionStream(...args: unknown[]): PendingChatStream {
    const { input, signal } = readCall('messages', args);
    const stream = translated(() => this.#native.chatCompletionStream(input));
    return new PendingChatStream(stream, signal, this.#warn);
  }

  /** Makes images from a text, as URLs or inline, and tells what they cost. */
  async image(prompt: string, given?: ImageOptions): Promise<ImageResponse> {
    const { input, signal } = readImage(prompt, given);
    return toImages(await this.#call(signal, (cancel) => this.#native.image(input, cancel)));
  }

  /**
   * Sends a request to any endpoint below the address, such as `/v1/search`, and pays when asked.
   * A path that leads elsewhere is a bad argument.
   */
  async request(method: string, path: string, given?: RequestOptions): Promise<ApiResponse> {
    const { input, signal } = readRequest(method, path, given);
    return toApiResponse(await this.#call(signal, (cancel) => this.#native.request(input, cancel)));
  }

  /**
   * The same for any address, such as that of a found resource: whatever `url` names is paid, from
   * this client's wallet and within its limits. Its query comes before `params`.
   *
   * ```ts
   * const [found] = await client.discover({ query: 'weather', maxPrice: 0.01 });
   * if (found) console.log(await client.requestAt(found.method ?? 'GET', found.url));
   * ```
   */
  async requestAt(method: string, url: string, given?: RequestOptions): Promise<ApiResponse> {
    const { input, signal } = readRequest(method, '', given);
    const address = options.text(url, 'url') as string;
    return toApiResponse(
      await this.#call(signal, (cancel) => this.#native.requestAt(address, input, cancel)),
    );
  }

  /**
   * Calls a tool of an MCP server with the application's own session, and pays for it when the server
   * asks, by x402 over MCP: from this client's wallet, within its limits, and exactly once. A tool that
   * fails is no error: `isError`.
   *
   * ```ts
   * const answer = await client.callTool(mcp, 'weather', { city: 'Oslo' }, { server: 'https://host/mcp' });
   * console.log(answer.result.content, answer.costUsd);
   * ```
   */
  async callTool<Result>(
    session: ToolSession<Result>,
    name: string,
    args: Readonly<Record<string, unknown>> | undefined,
    given: ToolOptions,
  ): Promise<ToolResult<Result>> {
    const { input, signal, result } = readTool(session, name, args, given);
    return result(await this.#call(signal, (cancel) => this.#native.callTool(input, cancel)));
  }

  /**
   * Finds what can be bought, in the order of the listing. Pays nothing and shows no wallet. At most
   * 2,000 items of a listing are looked at; `requestAt` buys what was found.
   */
  async discover(given?: DiscoverOptions): Promise<Resource[]> {
    const { input, signal } = readDiscover(given);
    const found = await this.#call(signal, (cancel) => this.#native.discover(input, cancel));
    return found.map(toResource);
  }

  /**
   * A `request` of an endpoint that may make its answer in the background (202 and a `poll_url`): it
   * is asked for, with the same payment, until it is made. At the end of the budget an
   * `APITimeoutError` says what was charged; the same call with its `key` asks on.
   */
  async poll(method: string, path: string, given?: PollOptions): Promise<ApiResponse> {
    const { input, wait, signal } = readPoll(method, path, given);
    return toApiResponse(
      await this.#call(signal, (cancel) => this.#native.poll(input, wait, cancel)),
    );
  }

  /** The same for an endpoint that answers with an event stream: once its head has come. */
  async stream(method: string, path: string, given?: RequestOptions): Promise<ApiStream> {
    const { input, signal } = readRequest(method, path, given);
    const stream = await this.#call(signal, (cancel) => this.#native.stream(input, cancel));
    return new ApiStream(stream, signal);
  }

  /** This client in the form of the package `openai`: `openai.chat.completions.create({ … })`. */
  get openai(): OpenAISurface {
    this.#openai ??= new OpenAISurface(this);
    return this.#openai;
  }

  /**
   * A `fetch` for the package `openai` and others that retry by themselves. A retry of theirs takes
   * up the payment that there is, and once one was sent an error is an answer that they do not
   * retry. It goes to this client's address only, with JSON.
   *
   * ```ts
   * new OpenAI({ baseURL: client.baseURL, apiKey: 'blockrun', fetch: client.fetch });
   * ```
   */
  get fetch(): typeof fetch {
    this.#fetch ??= fetchThrough(this.#native, this.#apiUrl, this.#warn);
    return this.#fetch;
  }

  /** Address of the endpoint as the package `openai` wants it: `apiUrl` with `/v1`. */
  get baseURL(): string {
    return `${this.#apiUrl}/v1`;
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

  /** Those of them that make images. */
  async listImageModels(given?: CallOptions): Promise<Model[]> {
    const signal = readSignal(given);
    return JSON.parse(await this.#call(signal, (cancel) => this.#native.listImageModels(cancel)));
  }

  /** All of them, each with a `type`: `llm` or `image`. */
  async listAllModels(given?: CallOptions): Promise<Model[]> {
    const signal = readSignal(given);
    return JSON.parse(await this.#call(signal, (cancel) => this.#native.listAllModels(cancel)));
  }

  /** What pays: a wallet, call by call, or the account of an API key. */
  get authMode(): 'wallet' | 'api-key' {
    return this.#authMode;
  }

  /** Whether the endpoint takes test money: on this machine, or named `testnet.…`. */
  isTestnet(): boolean {
    return this.#isTestnet;
  }

  /** What the wallet holds, in dollars. Asks the chain; throws when nobody answers, never says 0. */
  async getBalance(given?: BalanceOptions): Promise<number> {
    return Number(await this.getBalanceMicro(given)) / 1e6;
  }

  /** The same in micro-USDC. */
  async getBalanceMicro(given?: BalanceOptions): Promise<bigint> {
    const { network, signal } = options.readOptions<BalanceOptions>(given, {
      network: options.text,
      signal: options.signal,
    });
    return this.#call(signal as AbortSignal | undefined, (cancel) =>
      this.#native.balance(network as string | undefined, cancel),
    );
  }

  /** The wallet's address and what it holds; all as `getBalance`. */
  async status(given?: CallOptions): Promise<WalletStatus> {
    return exact(await this.#call(readSignal(given), (cancel) => this.#native.status(cancel)));
  }

  /**
   * How USDC gets into the wallet, on Base, or Base Sepolia where the endpoint takes test money.
   * `amount` is a suggestion, in dollars.
   */
  funding(amount?: number | bigint | string): Funding {
    return fundingOf(this.#native, amount);
  }

  /** What a person is told of this client's wallet when it is new and its key is in this file. */
  welcome(keyFile: string): string {
    const file = options.text(keyFile, 'keyFile') as string;
    return translated(() => this.#native.welcome(file));
  }

  /** The account that pays, as a checksummed address; empty with an API key. */
  getWalletAddress(): string {
    return this.#address;
  }

  /** Sums over everything this client paid. An API key's account knows its own: an error. */
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
   * Pays nothing: `costUsd` is what the call cost that paid for it. Works from the wallet home that
   * paid, as long as the gateway keeps the answer: an hour past the payment's expiry.
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
  toJSON(): { address?: string; apiUrl: string } {
    return { ...(this.#address && { address: this.#address }), apiUrl: this.#apiUrl };
  }

  async #call<T>(signal: AbortSignal | undefined, start: (cancel?: CancelHandle) => Promise<T>) {
    try {
      return await cancellable(signal, start);
    } finally {
      this.#warn();
    }
  }

  #read<T>(read: () => T): T {
    try {
      return translated(read);
    } finally {
      this.#warn();
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
