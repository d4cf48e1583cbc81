import {
  type BaseMessage,
  convertToOpenAIImageBlock,
  isAIMessage,
  isChatMessage,
  isDataContentBlock,
  isToolMessage,
} from '@langchain/core/messages';
import type { ChatMessage } from 'blockrun-llm';

const ROLES: Readonly<Record<string, string>> = { human: 'user', ai: 'assistant' };
/** Of an earlier answer: what is told elsewhere, or to nobody. */
const NOT_SENT = [
  'tool_call',
  'tool_call_chunk',
  'tool_use',
  'input_json_delta',
  'reasoning',
  'thinking',
];

/** Messages in OpenAI's form. */
export function toOpenAI(messages: readonly BaseMessage[]): ChatMessage[] {
  return messages.map(message);
}

function message(given: BaseMessage): ChatMessage {
  const role = isChatMessage(given) ? given.role : (ROLES[given.type] ?? given.type);
  const said = { role, content: content(given.content), ...(given.name && { name: given.name }) };
  if (isToolMessage(given)) return { ...said, tool_call_id: given.tool_call_id };
  if (!isAIMessage(given)) return said;
  const calls = [
    ...(given.tool_calls ?? []).map(({ id, name, args }) => call(id, name, JSON.stringify(args))),
    ...(given.invalid_tool_calls ?? []).map(({ id, name, args }) => call(id, name, args)),
  ];
  return calls.length ? { ...said, content: said.content || null, tool_calls: calls } : said;
}

function call(id?: string, name?: string, args?: string) {
  return { id, type: 'function', function: { name, arguments: args } };
}

function content(given: BaseMessage['content']): string | object[] {
  if (typeof given === 'string') return given;
  const parts = given.filter(({ type }) => !NOT_SENT.includes(String(type))).map(part);
  return parts.every(isText) ? parts.map(({ text }) => text).join('\n') : parts;
}

function isText(part: object): part is { type: 'text'; text: string } {
  return 'type' in part && part.type === 'text' && 'text' in part;
}

function part(block: Record<string, unknown>): object {
  if (isDataContentBlock(block) && block.type === 'image' && 'source_type' in block) {
    return convertToOpenAIImageBlock(block as Parameters<typeof convertToOpenAIImageBlock>[0]);
  }
  if (block.type !== 'image') return block;
  const url = block.url ?? `data:${block.mimeType};base64,${base64(block.data)}`;
  return { type: 'image_url', image_url: { url } };
}

function base64(data: unknown): string {
  return data instanceof Uint8Array ? Buffer.from(data).toString('base64') : String(data);
}
