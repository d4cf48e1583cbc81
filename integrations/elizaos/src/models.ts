import {
  EventType,
  type GenerateTextParams,
  type IAgentRuntime,
  type ImageGenerationParams,
  ModelType,
  type Plugin,
  type TextStreamResult,
} from '@elizaos/core';
import type { ChatMessage, ChatOptions, ChatResponse } from 'blockrun-llm';
import { clientOf, settingOf } from './client.js';
import { TextStream } from './stream.js';

type Size = 'SMALL' | 'LARGE';

const MODELS: Readonly<Record<Size, string>> = {
  SMALL: 'openai/gpt-4o-mini',
  LARGE: 'openai/gpt-4o',
};

/** The models of the plugin, as an agent's runtime calls them. */
export const models: NonNullable<Plugin['models']> = {
  [ModelType.TEXT_SMALL]: (runtime, params) => text(runtime, params, 'SMALL'),
  [ModelType.TEXT_LARGE]: (runtime, params) => text(runtime, params, 'LARGE'),
  [ModelType.IMAGE]: image,
};

/** Which model an agent asks: by its settings, else by the plugin's own choice. */
export function modelOf(runtime: IAgentRuntime, size: Size): string {
  return settingOf(runtime, `BLOCKRUN_${size}_MODEL`, `${size}_MODEL`) ?? MODELS[size];
}

async function text(
  runtime: IAgentRuntime,
  params: GenerateTextParams,
  size: Size,
): Promise<string | TextStreamResult> {
  const { system } = runtime.character;
  const messages: ChatMessage[] = [
    ...(system ? [{ role: 'system', content: system }] : []),
    { role: 'user', content: params.prompt },
  ];
  const options = { ...toOptions(params), model: modelOf(runtime, size) };
  const tell = (answer: ChatResponse) => used(runtime, `TEXT_${size}`, params.prompt, answer);
  if (params.stream) {
    const extra = { ...options.extra, stream_options: { include_usage: true } };
    const call = { ...options, extra };
    return new TextStream(clientOf(runtime).chatCompletionStream(messages, call), tell);
  }
  const answer = await clientOf(runtime).chatCompletion(messages, options);
  await tell(answer);
  return answer.choices[0]?.message.content ?? '';
}

function toOptions(params: GenerateTextParams): ChatOptions {
  const { responseFormat: form } = params;
  const type = typeof form === 'string' ? form : form?.type;
  return {
    maxTokens: params.maxTokens,
    temperature: params.temperature,
    topP: params.topP,
    stop: params.stopSequences?.length ? params.stopSequences : undefined,
    responseFormat: type === 'json_object' ? { type } : undefined,
    extra: {
      seed: params.seed,
      frequency_penalty: params.frequencyPenalty,
      presence_penalty: params.presencePenalty,
    },
  };
}

async function image(
  runtime: IAgentRuntime,
  { prompt, size, count }: ImageGenerationParams,
): Promise<{ url: string }[]> {
  const model = settingOf(runtime, 'BLOCKRUN_IMAGE_MODEL', 'IMAGE_MODEL');
  const { data } = await clientOf(runtime).image(prompt, { model, size, n: count });
  return data.map(({ url, b64_json }) => ({ url: url ?? `data:image/png;base64,${b64_json}` }));
}

/** Tells the agent what a call used, and beside what ElizaOS knows of, what it cost. */
async function used(
  runtime: IAgentRuntime,
  type: 'TEXT_SMALL' | 'TEXT_LARGE',
  prompt: string,
  { usage, costUsd }: ChatResponse,
): Promise<void> {
  const tokens = {
    prompt: usage?.prompt_tokens ?? 0,
    completion: usage?.completion_tokens ?? 0,
    total: usage?.total_tokens ?? 0,
  };
  const told = { runtime, source: 'blockrun', provider: 'blockrun', type, prompt, tokens, costUsd };
  await runtime.emitEvent(EventType.MODEL_USED, told);
}
