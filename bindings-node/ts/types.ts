/** An amount of dollars: a number, a whole bigint, or exact text such as `'0.25'`. At most 6 decimals. */
export type Dollars = number | bigint | string;

/** Options of a client. What is left out comes from the environment, then from the defaults. */
export interface ClientOptions {
  /**
   * Private key of the paying wallet, hex. `BLOCKRUN_WALLET_KEY`, then `BASE_CHAIN_WALLET_KEY`, then
   * the wallet in `home`, see `WalletHome`.
   */
  readonly privateKey?: string | undefined;
  /**
   * An API key, `brk_…`: its account is billed instead of a wallet. `BLOCKRUN_API_KEY`, which goes
   * before the keys of wallets. Beside `privateKey` or `signer` it is an error.
   */
  readonly apiKey?: string | undefined;
  /** Signs instead of a private key, such as an account of viem: the key stays where it is. */
  readonly signer?: Signer | undefined;
  /**
   * Base address of the endpoint. `BLOCKRUN_API_URL`, then `https://blockrun.ai/api`. With an API
   * key `BLOCKRUN_API_KEY_URL`, `BLOCKRUN_API_BASE_URL`, then `https://api.blockrun.ai`.
   */
  readonly apiUrl?: string | undefined;
  /** Total time of a call in milliseconds. `BLOCKRUN_CHAT_TIMEOUT` (seconds), then 600,000. */
  readonly timeout?: number | undefined;
  /** Model of calls that name none. Default `openai/gpt-4o-mini`. */
  readonly model?: string | undefined;
  /** Most that one call may cost, inclusive. `BLOCKRUN_MAX_COST_PER_CALL`, then $1. */
  readonly maxCostPerCall?: Dollars | undefined;
  /** Most that this client may spend, inclusive. `BLOCKRUN_MAX_SESSION_COST`, then no limit. */
  readonly maxSessionCost?: Dollars | undefined;
  /**
   * Most that all programs of this wallet home may spend in 3,600 seconds, inclusive.
   * `BLOCKRUN_MAX_COST_PER_HOUR`, then no limit. With this limit a journal that cannot be written
   * is an error.
   */
  readonly maxCostPerHour?: Dollars | undefined;
  /** The same for 86,400 seconds. `BLOCKRUN_MAX_COST_PER_DAY`, then no limit. */
  readonly maxCostPerDay?: Dollars | undefined;
  /**
   * Who may be paid: addresses, or `pin` for whoever was paid first at each server by any program of
   * this wallet home. Default: anybody the server names.
   */
  readonly payees?: string | readonly string[] | undefined;
  /**
   * Asked before each payment is signed, once the limits have agreed. `false`, or a promise of it,
   * refuses with a `PaymentError`; what it throws refuses too and is that error's `cause`. Nothing
   * is sent then. Its time counts towards the call's `timeout`; a payment that is resumed was
   * agreed to already. Keeps the client alive until `close`.
   */
  readonly onPayment?: OnPayment | undefined;
  /**
   * What a call without `idempotencyKey` does when the very same call was made before and it is not
   * known what became of its payment: `resume` takes that payment up again, so that a plain retry
   * does not pay twice; `refuse` rejects with the earlier call's key; `new` pays again. Default
   * `resume`.
   */
  readonly onUnresolved?: 'resume' | 'refuse' | 'new' | undefined;
  /**
   * Whether a call whose exact price is known beforehand pays in its first request: `auto` saves a
   * round trip; with `off` every call asks for the price first. `BLOCKRUN_PREPAY`, then `auto`.
   */
  readonly prepay?: 'auto' | 'off' | undefined;
  /** Folder of the payment journal. `BLOCKRUN_HOME`, then `~/.blockrun`. */
  readonly home?: string | undefined;
  /**
   * What the record of a payment survives: the death of the process, or the loss of `power` as
   * well, at about ten times the cost of a write. Default `process`.
   */
  readonly durability?: 'process' | 'power' | undefined;
  /**
   * JSON-RPC endpoints to ask what became of a payment, separated by commas, or `off`.
   * `BLOCKRUN_RPC_URL`, then public ones of the network; nobody for a server on this machine.
   */
  readonly rpcUrl?: string | undefined;
  /** PEM file with the only certificates to trust. Default: the system's, or `SSL_CERT_FILE`. */
  readonly caFile?: string | undefined;
}

/** Somebody who signs for an account and keeps its key: an account or wallet of viem, say. */
export interface Signer {
  /** The account that pays. */
  readonly address: string;
  /**
   * Signs EIP-712 typed data and answers 65 bytes of 0x-hex. Asked after a payment was approved;
   * what it throws ends the call, is the error's `cause`, and nothing is sent.
   */
  signTypedData(typedData: TypedData): Promise<string>;
}

/** EIP-712 typed data; integers of the message are bigints. */
export interface TypedData {
  readonly domain: Readonly<Record<string, unknown>>;
  readonly types: Readonly<
    Record<string, readonly { readonly name: string; readonly type: string }[]>
  >;
  readonly primaryType: string;
  readonly message: Readonly<Record<string, unknown>>;
}

/** Agrees to a payment (true, or nothing at all), or refuses it (false, or by throwing). */
export type OnPayment = (
  request: PaymentRequest,
  // biome-ignore lint/suspicious/noConfusingVoidType: of functions without a return, too
) => boolean | undefined | void | Promise<boolean | undefined | void>;

/** A payment that is about to be signed. */
export interface PaymentRequest {
  /** In dollars. */
  readonly amountUsd: number;
  /** The same in micro-USDC. Not enumerable. */
  readonly amountMicro: bigint;
  /** CAIP-2 identifier of the network. */
  readonly network: string;
  /** Who would be paid. */
  readonly payee: string;
  /** Model that is asked. */
  readonly model?: string;
}

/** Options of a chat. Ranges are checked before any traffic. */
export interface ChatOptions {
  /** Model; default: the client's. */
  readonly model?: string | undefined;
  /** System message, put first. */
  readonly system?: string | undefined;
  /** Most tokens of the answer. Default 1,024. The price depends on it. */
  readonly maxTokens?: number | undefined;
  /** 0 to 2. */
  readonly temperature?: number | undefined;
  /** 0 to 1. */
  readonly topP?: number | undefined;
  /** Number of answers. Default 1. */
  readonly n?: number | undefined;
  /** At most 4 sequences that end the answer. */
  readonly stop?: string | readonly string[] | undefined;
  /** JSON mode or schema, in OpenAI's form. */
  readonly responseFormat?: object | undefined;
  /** Tools in OpenAI's form. */
  readonly tools?: readonly object[] | undefined;
  /** Which tool to call. */
  readonly toolChoice?: string | object | undefined;
  /** Lets the model search, where it can: sends `{ mode: 'on' }` unless `searchParameters` do. */
  readonly search?: boolean | undefined;
  /** How to search, in the server's form. */
  readonly searchParameters?: object | undefined;
  /** How long a reasoning model thinks: `low`, `medium`, `high`, or what else it knows. */
  readonly reasoningEffort?: string | undefined;
  /** Models to ask in turn when one cannot be reached, only as long as no payment was sent. */
  readonly fallbackModels?: readonly string[] | undefined;
  /**
   * Total time of this call in milliseconds; of a stream the time that is spent waiting for the
   * server. Default: the client's.
   */
  readonly timeout?: number | undefined;
  /**
   * Names the call, in 1 to 255 bytes: it is paid at most once under this key, in whatever process.
   * The same call under the same key is answered with the payment that there is, as long as the
   * gateway keeps its answer; another call under it rejects with `IdempotencyConflict`. Put no
   * personal data in it: who guesses a key can confirm it. Default: made up, and told by errors.
   */
  readonly idempotencyKey?: string | undefined;
  /** Further fields of the request's body; those above go before them. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Ends the call, which then rejects with the signal's reason. A payment that was sent already
   * stays counted: see `client.payments()`.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a call without a body. */
export type CallOptions = Pick<ChatOptions, 'signal'>;

/** Options of an image. */
export interface ImageOptions
  extends Pick<ChatOptions, 'model' | 'timeout' | 'idempotencyKey' | 'extra' | 'signal'> {
  /** Width and height in pixels, or a word that the model knows. Default `1024x1024`. */
  readonly size?: string | undefined;
  /** Number of images, 1 to 10. Default 1. The price is per image. */
  readonly n?: number | undefined;
  /** `standard`, `hd`, or what else the model knows. */
  readonly quality?: string | undefined;
  /** `url` or `b64_json`. Default: the server's choice. */
  readonly responseFormat?: string | undefined;
}

/** Options of a request to any endpoint. */
export interface RequestOptions extends Pick<ChatOptions, 'timeout' | 'idempotencyKey' | 'signal'> {
  /** Query of the URL. What is undefined or null is left out; a list is repeated. */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /** What is sent as JSON. */
  readonly body?: unknown;
  /** Name for the journal and for budgets per model. Default: the body's `model`. */
  readonly model?: string | undefined;
  /**
   * `never`: a payment is sent once, for an endpoint that does its work anew for each request. A
   * lost answer is then a `PaymentOutcomeUnknown` at once. Default `always`.
   */
  readonly replay?: 'always' | 'never' | undefined;
}

/** Options of a request whose answer is made in the background. */
export interface PollOptions extends RequestOptions {
  /** Time to wait for the answer once it was accepted, in milliseconds. Default 300,000. */
  readonly budgetMs?: number | undefined;
  /** Pause before each question, in milliseconds; `Retry-After` prolongs it. Default 5,000. */
  readonly intervalMs?: number | undefined;
}

/** Options of `getBalance`. */
export interface BalanceOptions extends CallOptions {
  /** CAIP-2 identifier. Default: Base, or Base Sepolia where the endpoint takes test money. */
  readonly network?: string | undefined;
}

/** A message in OpenAI's form, sent as it is. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool' | (string & {});
  readonly content?: string | readonly object[] | null;
  readonly [field: string]: unknown;
}

/** What a call would cost. */
export interface Quote {
  model: string;
  /** In dollars; 0 when the server asks nothing. */
  amountUsd: number;
  /** The same in micro-USDC. Not enumerable. */
  readonly amountMicro: bigint;
  /** CAIP-2 identifier of the network that would be paid on. */
  network?: string;
  /** Who would be paid. */
  payee?: string;
}

/** Sums over what a client paid. */
export interface Spending {
  /** Settled, in dollars. */
  totalUsd: number;
  /** The same in micro-USDC. Not enumerable. */
  readonly totalMicro: bigint;
  /** Number of settled calls. */
  calls: number;
  /** Not settled, but counted in the limits; in dollars. */
  reservedUsd: number;
  /** The same in micro-USDC. Not enumerable. */
  readonly reservedMicro: bigint;
  /** Expired without proof, and counted in the budgets; in dollars. */
  presumedUsd: number;
  /** The same in micro-USDC. Not enumerable. */
  readonly presumedMicro: bigint;
}

/**
 * Where a payment stands: counted but not signed (`reserved`), recorded and maybe sent (`signed`),
 * paid (`settled`), refused by the server and alive until it expires (`refused`), sent with nobody
 * knowing (`unknown`), expired without proof and counted in full (`presumed_charged`), never
 * executed and free again (`released`, `cancelled`).
 */
export type RecordState =
  | 'reserved'
  | 'signed'
  | 'settled'
  | 'refused'
  | 'unknown'
  | 'presumed_charged'
  | 'released'
  | 'cancelled';

/** Which payments to list. */
export interface PaymentFilter {
  /** Those of this client object, or of all programs of its wallet `home`. Default `client`. */
  readonly scope?: 'client' | 'home' | undefined;
  /** In this state only. */
  readonly state?: RecordState | undefined;
  /** Made at or after this Unix time in seconds. */
  readonly since?: number | undefined;
  /** For this model only. */
  readonly model?: string | undefined;
  /** To the origin of this URL only. */
  readonly origin?: string | undefined;
  /** At most so many, the newest ones. Default 1,000. */
  readonly limit?: number | undefined;
}

/** What a reconciliation found, as counts of payments. */
export interface Reconciliation {
  /** Open when it began, at most 256. */
  open: number;
  /** Of them, shown by the chain to be paid. */
  paid: number;
  /** Of them, proven never to be executed: their money is free again. */
  freed: number;
  /** Of them, nothing could be learned about. */
  unknown: number;
}

/** A payment. Holds no prompt and no answer. Times are Unix seconds. */
export interface PaymentRecord {
  /** Idempotency key of the call; absent when the caller gave one, which is not stored. */
  key?: string;
  /** Public id of the call, as sent to the server; `client.recover` takes it too. */
  paymentId: string;
  state: RecordState | (string & {});
  createdAt: number;
  method: string;
  url: string;
  model?: string;
  /** CAIP-2 identifier. */
  network: string;
  /** The signed value, in dollars. */
  amountUsd: number;
  /** The same in micro-USDC. Not enumerable. */
  readonly amountMicro: bigint;
  payee: string;
  /** EIP-3009 nonce. */
  nonce: string;
  /** When it can no longer be executed, once signed. */
  validBefore?: number;
  transaction?: string;
}
