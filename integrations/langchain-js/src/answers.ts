import {
  AIMessage,
  AIMessageChunk,
  type AIMessageChunkFields,
  type AIMessageFields,
  type InvalidToolCall,
  type ToolCall,
  type UsageMetadata,
} from '@langchain/core/messages';
import { makeInvalidToolCall, parseToolCall } from '@langchain/core/output_parsers/openai_tools';
import { ChatGenerationChunk, type ChatResult } from '@langchain/core/outputs';
import type { ChatCompletionChunk, ChatResponse, ChatUsage } from 'blockrun-llm';

/** A whole answer. Its token counts and cost are those of all its choices together. */
export function toResult(response: ChatResponse): ChatResult {
  const facts = factsOf(response);
  const usage = toUsage(response.usage);
  const generations = response.choices.map(({ message, finish_reason }) => {
    const text = message.content ?? '';
    const fields: AIMessageFields = {
      content: text,
      id: response.id,
      additional_kwargs: reasoningOf(message),
      ...toolCalls(message.tool_calls),
      ...(usage && { usage_metadata: usage }),
      response_metadata: { finish_reason, ...facts },
    };
    return { text, message: new AIMessage(fields), generationInfo: { finish_reason } };
  });
  return { generations, llmOutput: { ...facts, ...(usage && { tokenUsage: usage }) } };
}

/** A piece of an answer; the one that ends it tells what the answer cost. */
export function toChunk(chunk: ChatCompletionChunk): ChatGenerationChunk {
  const choice = chunk.choices.find(({ index }) => index === 0);
  const text = choice?.delta.content ?? '';
  const finish = choice?.finish_reason;
  const usage = toUsage(chunk.usage);
  const fields: AIMessageChunkFields = {
    content: text,
    id: chunk.id,
    additional_kwargs: reasoningOf(choice?.delta),
    tool_call_chunks: (choice?.delta.tool_calls ?? []).map((call) => ({
      type: 'tool_call_chunk' as const,
      index: call.index,
      ...(call.id && { id: call.id }),
      ...(call.function?.name && { name: call.function.name }),
      args: call.function?.arguments ?? '',
    })),
    ...(usage && { usage_metadata: usage }),
    response_metadata: finish ? { finish_reason: finish, ...factsOf(chunk) } : {},
  };
  return new ChatGenerationChunk({
    text,
    message: new AIMessageChunk(fields),
    ...(finish && { generationInfo: { finish_reason: finish } }),
  });
}

function toUsage(usage: ChatUsage | null | undefined): UsageMetadata | undefined {
  if (!usage) return undefined;
  const cached = detail(usage.prompt_tokens_details, 'cached_tokens');
  const reasoning = detail(usage.completion_tokens_details, 'reasoning_tokens');
  return {
    input_tokens: usage.prompt_tokens,
    output_tokens: usage.completion_tokens,
    total_tokens: usage.total_tokens,
    ...(cached !== undefined && { input_token_details: { cache_read: cached } }),
    ...(reasoning !== undefined && { output_token_details: { reasoning } }),
  };
}

function detail(details: unknown, name: string): number | undefined {
  const count = (details as Record<string, unknown> | undefined)?.[name];
  return typeof count === 'number' ? count : undefined;
}

/** What an answer is told beside its text, in numbers that JSON can write. */
function factsOf(answer: ChatResponse | ChatCompletionChunk): Record<string, unknown> {
  const { costMicro, costUsd, settlement, model, fallback } = answer;
  return {
    model_provider: 'blockrun',
    model_name: model,
    ...(costMicro !== null && { cost_usd: costUsd, cost_micro: Number(costMicro) }),
    ...(settlement && { settlement }),
    ...(fallback ? { fallback } : {}),
  };
}

function reasoningOf(said: Record<string, unknown> | undefined): { reasoning_content?: unknown } {
  const { reasoning_content } = said ?? {};
  return reasoning_content ? { reasoning_content } : {};
}

function toolCalls(said: readonly object[] | undefined) {
  const tool_calls: ToolCall[] = [];
  const invalid_tool_calls: InvalidToolCall[] = [];
  for (const call of said ?? []) {
    try {
      tool_calls.push(parseToolCall(call, { returnId: true }) as ToolCall);
    } catch (error) {
      invalid_tool_calls.push(makeInvalidToolCall(call, (error as Error).message));
    }
  }
  return { tool_calls, invalid_tool_calls };
}
