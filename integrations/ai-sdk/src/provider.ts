import {
  type MetadataExtractor,
  OpenAICompatibleChatLanguageModel,
  OpenAICompatibleImageModel,
} from '@ai-sdk/openai-compatible';
import {
  type ImageModelV4,
  type LanguageModelV4,
  NoSuchModelError,
  type ProviderV4,
  type SharedV4ProviderMetadata,
} from '@ai-sdk/provider';
import { type ClientOptions, LLMClient } from 'blockrun-llm';
import { type Paid, payingFetch } from './fetch.js';

/** Who pays, where, and how much at most: the options of `LLMClient`, or such a client. */
export interface BlockRunSettings extends Omit<ClientOptions, 'model'> {
  /** Key of the paying wallet, or an API key, `brk_…`. Else from the environment. */
  apiKey?: string;
  /** `apiUrl` for users of other providers; may end in `/v1`. */
  baseURL?: string;
  /** The client that pays, instead of all the others. */
  client?: LLMClient;
}

/** Models by their name: `blockrun('openai/gpt-4o-mini')`. */
export interface BlockRunProvider extends ProviderV4 {
  (modelId: string): LanguageModelV4;
  /** The same. */
  languageModel(modelId: string): LanguageModelV4;
  /** The same. */
  chat(modelId: string): LanguageModelV4;
  /** A model that draws, for `generateImage`. */
  imageModel(modelId: string): ImageModelV4;
  /** The same. */
  image(modelId: string): ImageModelV4;
  /** The client that pays: spending, payments, `close`. Made when it is first needed. */
  readonly client: LLMClient;
}

/**
 * Makes a provider.
 *
 * ```ts
 * const blockrun = createBlockRun({ maxCostPerCall: '0.05' });
 * const { text, providerMetadata } = await generateText({
 *   model: blockrun('openai/gpt-4o-mini'),
 *   prompt: 'Hello!',
 * });
 * console.log(text, providerMetadata?.blockrun?.costUsd);
 * ```
 *
 * A call that the AI SDK makes again, by `maxRetries`, takes up the payment that there is. Identical
 * calls that run at the same time are as many purchases. Options that cannot be right throw when a
 * model is first called, `client` beside others at once.
 */
export function createBlockRun(settings: BlockRunSettings = {}): BlockRunProvider {
  let made = settings.client;
  if (made) refuseOthers(settings);
  const client = () => {
    made ??= clientOf(settings);
    return made;
  };
  const config = {
    url: ({ path }: { path: string }) => `${client().baseURL}${path}`,
    headers: () => ({}),
    fetch: payingFetch(client),
  };
  const language = (modelId: string) =>
    new OpenAICompatibleChatLanguageModel(modelId, {
      ...config,
      provider: 'blockrun.chat',
      includeUsage: true,
      supportsStructuredOutputs: true,
      metadataExtractor: METADATA,
    });
  const image = (modelId: string) =>
    new OpenAICompatibleImageModel(modelId, { ...config, provider: 'blockrun.image' });
  const members = {
    specificationVersion: 'v4' as const,
    languageModel: language,
    chat: language,
    imageModel: image,
    image,
    embeddingModel(modelId: string): never {
      throw new NoSuchModelError({ modelId, modelType: 'embeddingModel' });
    },
  };
  const provider = Object.assign((modelId: string) => language(modelId), members);
  // Not by `assign`, which would ask for the client now.
  const whole: unknown = Object.defineProperty(provider, 'client', { get: client });
  return whole as BlockRunProvider;
}

/** The provider with everything from the environment: `BLOCKRUN_WALLET_KEY`, `BLOCKRUN_API_URL`, … */
export const blockrun: BlockRunProvider = createBlockRun();

function clientOf({ apiKey, baseURL, client: _, ...options }: BlockRunSettings): LLMClient {
  const apiUrl = options.apiUrl ?? baseURL?.replace(/\/+$/, '').replace(/\/v1$/, '');
  if (apiKey?.startsWith('brk_')) return new LLMClient({ ...options, apiUrl, apiKey });
  return new LLMClient({ ...options, apiUrl, privateKey: options.privateKey ?? apiKey });
}

function refuseOthers({ client: _, ...others }: BlockRunSettings): void {
  const [name] = Object.entries(others).find(([, value]) => value !== undefined) ?? [];
  if (name) throw new TypeError(`${name}: give it to the client, or leave the client out`);
}

const METADATA: MetadataExtractor = {
  extractMetadata: async ({ parsedBody }) => metadata(parsedBody),
  createStreamExtractor() {
    let found: SharedV4ProviderMetadata | undefined;
    return {
      processChunk(chunk) {
        found ??= metadata(chunk);
      },
      buildMetadata: () => found,
    };
  },
};

function metadata(body: unknown): SharedV4ProviderMetadata | undefined {
  const paid = (body as { blockrun?: Paid } | null)?.blockrun;
  return paid && ({ blockrun: paid } as SharedV4ProviderMetadata);
}
