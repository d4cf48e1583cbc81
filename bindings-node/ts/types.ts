/** An amount of dollars: a number, a whole bigint, or exact text such as `'0.25'`. At most 6 decimals. */
export type Dollars = number | bigint | string;

/** Options of a client. What is left out comes from the environment, then from the defaults. */
export interface ClientOptions {
  /** Private key of the paying wallet, hex. `BLOCKRUN_WALLET_KEY`, then `BASE_CHAIN_WALLET_KEY`. */
  readonly privateKey?: string | undefined;
  /** Base address of the endpoint. `BLOCKRUN_API_URL`, then `https://blockrun.ai/api`. */
  readonly apiUrl?: string | undefined;
  /** Total time of a call in milliseconds. `BLOCKRUN_CHAT_TIMEOUT` (seconds), then 600,000. */
  readonly timeout?: number | undefined;
  /** Model of calls that name none. Default `openai/gpt-4o-mini`. */
  readonly model?: string | undefined;
  /** Most that one call may cost, inclusive. `BLOCKRUN_MAX_COST_PER_CALL`, then $1. */
  readonly maxCostPerCall?: Dollars | undefined;
  /** Most that this client may spend, inclusive. `BLOCKRUN_MAX_SESSION_COST`, then no limit. */
  readonly maxSessionCost?: Dollars | undefined;
  /** PEM file with the only certificates to trust. Default: the system's, or `SSL_CERT_FILE`. */
  readonly caFile?: string | undefined;
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
  /** Total time of this call in milliseconds. Default: the client's. */
  readonly timeout?: number | undefined;
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

/** A message in OpenAI's form, sent as it is. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool' | (string & {});
  readonly content?: string | readonly object[] | null;
  readonly [field: string]: unknown;
}

/** A chat completion in OpenAI's form, with every field that the server sent and what it cost. */
export interface ChatResponse {
  id: string;
  object: string;
  /** Unix time. */
  created: number;
  /** The model that answered. */
  model: string;
  choices: ChatChoice[];
  usage?: ChatUsage;
  /** What the call cost, in dollars; 0 when nothing was asked. */
  costUsd: number;
  /** The same in micro-USDC. Not enumerable, as JSON has no bigint. */
  readonly costMicro: bigint;
  /** What the server reported of the settlement; the cost does not depend on it. */
  settlement?: Settlement;
  /** The body exactly as received. Not enumerable. */
  readonly raw: string;
  [field: string]: unknown;
}

/** One answer. */
export interface ChatChoice {
  index: number;
  message: ChatAnswer;
  /** `stop`, `length`, `tool_calls`, … */
  finish_reason: string | null;
  [field: string]: unknown;
}

/** The message of an answer. */
export interface ChatAnswer {
  role: string;
  content: string | null;
  tool_calls?: ToolCall[];
  [field: string]: unknown;
}

/** A call of a tool. */
export interface ToolCall {
  id: string;
  type: string;
  function: { name: string; arguments: string };
  [field: string]: unknown;
}

/** Token counts. */
export interface ChatUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  [field: string]: unknown;
}

/** A settlement as the server reports it. */
export interface Settlement {
  success: boolean;
  /** Hash of the transaction. */
  transaction?: string;
  network: string;
  payer?: string;
  /** In the token's smallest unit. */
  amount?: string;
  errorReason?: string;
}

/** A model as the server publishes it. */
export interface Model {
  /** Identifier to ask for. */
  id: string;
  [field: string]: unknown;
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

/** A payment. Holds no prompt and no answer. Times are Unix seconds. */
export interface PaymentRecord {
  /** Idempotency key of the call; absent when the caller gave one, which is not stored. */
  key?: string;
  /** Public id of the call, as sent to the server. */
  paymentId: string;
  state:
    | 'reserved'
    | 'signed'
    | 'settled'
    | 'refused'
    | 'unknown'
    | 'presumed_charged'
    | 'released'
    | 'cancelled'
    | (string & {});
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
