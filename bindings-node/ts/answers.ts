/** What a call cost. */
export interface Paid {
  /** In dollars; 0 when nothing was asked. Null with an API key: its account knows. */
  costUsd: number | null;
  /** The same in micro-USDC. Not enumerable, as JSON has no bigint. */
  readonly costMicro: bigint | null;
  /** What the server reported of the settlement; the cost does not depend on it. */
  settlement?: Settlement;
  /** The body exactly as received. Not enumerable. */
  readonly raw: string;
}

/** A chat completion in OpenAI's form, with every field that the server sent and what it cost. */
export interface ChatResponse extends Paid {
  id: string;
  object: string;
  /** Unix time. */
  created: number;
  /** The model that answered. */
  model: string;
  choices: ChatChoice[];
  usage?: ChatUsage;
  /** What the server says about another model that answered. */
  fallback?: Fallback;
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

/** Another model answered than the one that was asked. */
export interface Fallback {
  used: true;
  /** The model that answered. */
  model?: string;
  /** The server says that it did not take the payment; see `client.payments()`. */
  settlementSkipped: boolean;
}

/**
 * One piece of a streamed chat completion in OpenAI's form, with every field that the server sent.
 * What the whole call cost is known from the first piece on, and not enumerable.
 */
export interface ChatCompletionChunk {
  id: string;
  object: string;
  /** Unix time. */
  created: number;
  /** The model that answers. */
  model: string;
  /** Parts of the answers; none in the piece with the token counts. */
  choices: ChunkChoice[];
  usage?: ChatUsage | null;
  readonly costUsd: number | null;
  readonly costMicro: bigint | null;
  readonly settlement?: Settlement;
  /** The piece as text; the way to one that is not JSON. */
  readonly raw: string;
  [field: string]: unknown;
}

/** One answer's part of a piece. */
export interface ChunkChoice {
  index: number;
  delta: ChunkDelta;
  finish_reason: string | null;
  [field: string]: unknown;
}

/** What is added to the message of an answer. */
export interface ChunkDelta {
  role?: string;
  content?: string | null;
  /** Parts of calls, each with the `index` of its call. */
  tool_calls?: (Partial<ToolCall> & { index: number })[];
  [field: string]: unknown;
}

/** Images that were made, with every field that the server sent. */
export interface ImageResponse extends Paid {
  /** Unix time. */
  created: number;
  data: ImageData[];
  [field: string]: unknown;
}

/** One image: an address, or the file itself. */
export interface ImageData {
  /** Where it is; may be a `data:` URL, and may expire. */
  url?: string;
  /** The file in base64. */
  b64_json?: string;
  /** The prompt that the model made of the one given. */
  revised_prompt?: string;
  [field: string]: unknown;
}

/** The answer of any endpoint. */
export interface ApiResponse extends Paid {
  /** HTTP status, 200 to 299. */
  status: number;
  headers: Headers;
  /** The body: parsed when it is JSON, else text. */
  body: unknown;
}

/** An event of an event stream. */
export interface ServerEvent {
  /** Its name, `message` unless it has another. */
  event: string;
  data: string;
  id?: string;
}

/** A model as the server publishes it. */
export interface Model {
  /** Identifier to ask for. */
  id: string;
  [field: string]: unknown;
}
