import type {
  BaseChatModelCallOptions,
  BaseChatModelParams,
} from '@langchain/core/language_models/chat_models';
import type { ChatOptions, ClientOptions } from 'blockrun-llm';
import { LLMClient } from 'blockrun-llm';

/** What a chat model is made of. Names are those of `@langchain/openai` where it has them. */
export interface ChatBlockRunInput extends BaseChatModelParams {
  /** Model to ask. Default `openai/gpt-4o-mini`. */
  model?: string;
  /** Key of the paying wallet. Else `BLOCKRUN_WALLET_KEY`, then `BASE_CHAIN_WALLET_KEY`. */
  privateKey?: string;
  /** The same, or an API key, `brk_…`, whose account is billed. Else `BLOCKRUN_API_KEY`. */
  apiKey?: string;
  /** Base address of the endpoint. Else `BLOCKRUN_API_URL`, then `https://blockrun.ai/api`. */
  apiUrl?: string;
  /** For users of `@langchain/openai`: `baseURL` is `apiUrl`, and may end in `/v1`. */
  configuration?: { baseURL?: string };
  /** Most that one call may cost, in dollars. Else `BLOCKRUN_MAX_COST_PER_CALL`, then 1. */
  maxCostPerCall?: ClientOptions['maxCostPerCall'];
  /** Most that this model may spend, in dollars. Default: no limit. */
  maxSessionCost?: ClientOptions['maxSessionCost'];
  /** The client that pays, with all its options, instead of the six above. */
  client?: LLMClient;
  /** 0 to 2. */
  temperature?: number;
  /** 0 to 1. */
  topP?: number;
  /** Number of answers, each a generation. Streams have the first. */
  n?: number;
  /** Most tokens of an answer, 1,024 unless set. The price depends on it. */
  maxTokens?: number;
  /** What ends an answer. */
  stop?: string[];
  /** How long a reasoning model thinks. */
  reasoningEffort?: string;
  /** Models to ask in turn when one is not to be had; only as long as no payment was sent. */
  fallbackModels?: string[];
  /** Further fields of the request. */
  modelKwargs?: Record<string, unknown>;
  /** Total time of a call in milliseconds, all repetitions of the client included. */
  timeout?: number;
  /** Asks for the token counts of a stream. Default true. */
  streamUsage?: boolean;
}

/** What one call may say beside its messages. */
export interface ChatBlockRunCallOptions extends BaseChatModelCallOptions {
  /** Tools in OpenAI's form, as `bindTools` makes them. */
  tools?: object[];
  /** JSON mode or schema, in OpenAI's form. */
  response_format?: object;
  /** Whether one answer may call several tools. */
  parallel_tool_calls?: boolean;
  /** Model of this call. */
  model?: string;
  /** Most tokens of this answer. */
  maxTokens?: number;
  /** Names this call: whatever happens, it is paid once under this key. */
  idempotencyKey?: string;
}

const OF_THE_CLIENT = [
  'privateKey',
  'apiKey',
  'apiUrl',
  'configuration',
  'maxCostPerCall',
  'maxSessionCost',
] as const;

/**
 * The client that pays.
 *
 * Throws `TypeError` for a client beside what is the client's.
 */
export function clientOf(fields: ChatBlockRunInput): LLMClient {
  if (fields.client) {
    const own = OF_THE_CLIENT.find((name) => fields[name] !== undefined);
    if (own) throw new TypeError(`${own}: give it to the client, or leave the client out`);
    return fields.client;
  }
  const { privateKey, apiKey, maxCostPerCall, maxSessionCost } = fields;
  const url = fields.apiUrl ?? fields.configuration?.baseURL;
  return new LLMClient({
    privateKey: privateKey ?? (apiKey?.startsWith('brk_') ? undefined : apiKey),
    apiKey: apiKey?.startsWith('brk_') ? apiKey : undefined,
    apiUrl: url?.replace(/\/+$/, '').replace(/\/v1$/, ''),
    maxCostPerCall,
    maxSessionCost,
  });
}

/** A call as the client takes it; what is undefined is left out there. */
export function toChatOptions(
  fields: ChatBlockRunInput,
  call: Partial<ChatBlockRunCallOptions>,
): ChatOptions {
  return {
    model: call.model ?? fields.model,
    temperature: fields.temperature,
    topP: fields.topP,
    n: fields.n,
    maxTokens: call.maxTokens ?? fields.maxTokens,
    stop: call.stop ?? fields.stop,
    reasoningEffort: fields.reasoningEffort,
    fallbackModels: fields.fallbackModels,
    tools: call.tools,
    toolChoice: chosen(call.tool_choice),
    responseFormat: call.response_format,
    timeout: fields.timeout,
    idempotencyKey: call.idempotencyKey,
    signal: call.signal,
    extra: { ...fields.modelKwargs, parallel_tool_calls: call.parallel_tool_calls },
  };
}

function chosen(choice: BaseChatModelCallOptions['tool_choice']): string | object | undefined {
  if (choice === 'any') return 'required';
  if (typeof choice !== 'string' || ['auto', 'none', 'required'].includes(choice)) return choice;
  return { type: 'function', function: { name: choice } };
}
