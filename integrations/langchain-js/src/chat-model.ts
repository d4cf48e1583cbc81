import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager';
import type {
  BaseLanguageModelInput,
  StructuredOutputMethodOptions,
} from '@langchain/core/language_models/base';
import {
  BaseChatModel,
  type BindToolsInput,
  type LangSmithParams,
} from '@langchain/core/language_models/chat_models';
import type { AIMessageChunk, BaseMessage } from '@langchain/core/messages';
import type { ChatGenerationChunk, ChatResult } from '@langchain/core/outputs';
import type { Runnable } from '@langchain/core/runnables';
import { convertToOpenAITool } from '@langchain/core/utils/function_calling';
import type { LLMClient } from 'blockrun-llm';
import { toChunk, toResult } from './answers.js';
import { marked } from './errors.js';
import { toOpenAI } from './messages.js';
import {
  type ChatBlockRunCallOptions,
  type ChatBlockRunInput,
  clientOf,
  toChatOptions,
} from './options.js';
import { type Fields, type Schema, structured } from './structured.js';

/**
 * Chat model whose calls are paid in USDC over x402, each exactly once.
 *
 * ```ts
 * const model = new ChatBlockRun({ model: 'openai/gpt-4o-mini' });
 * const answer = await model.invoke('Hello!');
 * console.log(answer.text, answer.response_metadata.cost_usd);
 * ```
 *
 * A call that is made again after an error, by `maxRetries`, `withRetry`, a framework or a program,
 * takes up the payment that there is. Identical calls that run at the same time, as those of
 * `batch([prompt, prompt])`, are as many purchases. Errors are those of `blockrun-llm`, with
 * `payment` and `key`, and marked for LangChain's retries. A `signal` ends a call; a payment that
 * was sent by then stays counted.
 */
export class ChatBlockRun extends BaseChatModel<ChatBlockRunCallOptions> {
  /** The client that pays. */
  readonly client: LLMClient;
  /** Model that is asked unless a call names another. */
  readonly model: string;
  readonly #fields: ChatBlockRunInput;

  static override lc_name() {
    return 'ChatBlockRun';
  }

  /** Connects to nothing yet. Throws `InvalidArgumentError` that names the option. */
  constructor(fields: ChatBlockRunInput = {}) {
    // LangChain keeps what it is given where a log may show it.
    const { privateKey: _, apiKey: __, ...shown } = fields;
    super(shown);
    this.client = clientOf(fields);
    this.model = fields.model ?? this.client.model;
    this.#fields = { ...shown, model: this.model };
  }

  override _llmType(): string {
    return 'blockrun';
  }

  override get callKeys(): string[] {
    const ours = ['tools', 'response_format', 'parallel_tool_calls', 'model', 'maxTokens'];
    return [...super.callKeys, ...ours, 'idempotencyKey'];
  }

  override getLsParams(options: this['ParsedCallOptions']): LangSmithParams {
    const { temperature, maxTokens } = this.#fields;
    return {
      ...super.getLsParams(options),
      ls_provider: 'blockrun',
      ls_model_name: options.model ?? this.model,
      ...(temperature !== undefined && { ls_temperature: temperature }),
      ...(maxTokens !== undefined && { ls_max_tokens: maxTokens }),
    };
  }

  /** What tracers and caches tell calls apart by: the request without its messages. */
  override invocationParams(options: Partial<this['ParsedCallOptions']> = {}) {
    const {
      signal: _,
      timeout: __,
      idempotencyKey: ___,
      ...params
    } = toChatOptions(this.#fields, options);
    return { apiUrl: this.client.apiUrl, ...params };
  }

  override _identifyingParams() {
    return this.invocationParams();
  }

  override async _generate(
    messages: BaseMessage[],
    options: this['ParsedCallOptions'],
  ): Promise<ChatResult> {
    const sent = toOpenAI(messages);
    const call = toChatOptions(this.#fields, options);
    return toResult(await this.#paying(options, () => this.client.chatCompletion(sent, call)));
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this['ParsedCallOptions'],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const call = toChatOptions(this.#fields, options);
    const extra = { ...(this.#fields.streamUsage !== false && USAGE), ...call.extra };
    const asked = this.client.chatCompletionStream(toOpenAI(messages), { ...call, extra });
    // Before its head has come a stream can be asked again: the same call and payment.
    const stream = await this.#paying(options, async () => asked);
    try {
      for await (const piece of stream) {
        const chunk = toChunk(piece);
        yield chunk;
        const index = { prompt: 0, completion: 0 };
        await runManager?.handleLLMNewToken(chunk.text, index, undefined, undefined, undefined, {
          chunk,
        });
      }
    } catch (error) {
      throw marked(error, options.signal);
    }
  }

  /**
   * Binds tools: of LangChain, or in OpenAI's form. `tool_choice` is the name of one, `any`, `auto`
   * or `none`; `strict` has a model keep to the schemas, where it can.
   */
  override bindTools(
    tools: BindToolsInput[],
    { strict, ...options }: Partial<ChatBlockRunCallOptions> & { strict?: boolean } = {},
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, ChatBlockRunCallOptions> {
    const fields = strict === undefined ? {} : { strict };
    return this.withConfig({
      ...options,
      tools: tools.map((tool) => convertToOpenAITool(tool, fields)),
    });
  }

  /**
   * Makes the model answer in a form: of zod, a standard schema, or a JSON schema. `method` is
   * `functionCalling` unless given, which most models know; `jsonSchema` and `jsonMode` are OpenAI's.
   */
  override withStructuredOutput<T extends Fields>(
    schema: Schema<T>,
    options?: StructuredOutputMethodOptions<false>,
  ): Runnable<BaseLanguageModelInput, T>;
  override withStructuredOutput<T extends Fields>(
    schema: Schema<T>,
    options?: StructuredOutputMethodOptions<true>,
  ): Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: T }>;
  override withStructuredOutput(
    schema: Schema<Fields>,
    options: StructuredOutputMethodOptions<boolean> = {},
  ) {
    return structured(this, schema, options);
  }

  async #paying<T>({ signal }: { signal?: AbortSignal }, call: () => Promise<T>): Promise<T> {
    const attempt = () =>
      call().catch((error: unknown) => {
        throw marked(error, signal);
      });
    return this.caller.callWithOptions(signal ? { signal } : {}, attempt) as Promise<T>;
  }
}

const USAGE = { stream_options: { include_usage: true } };
