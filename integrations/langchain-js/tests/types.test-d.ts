// What a program in TypeScript sees; only compiled.

import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { z } from 'zod';
import { ChatBlockRun } from '../src/index.js';

const model = new ChatBlockRun({ model: 'openai/gpt-4o', maxTokens: 9, maxCostPerCall: '0.01' });
export const asBase: BaseChatModel = model as BaseChatModel;

export async function typed(): Promise<string> {
  const place = await model.withStructuredOutput(z.object({ city: z.string() })).invoke('Where?');
  const { parsed, raw } = await model
    .withStructuredOutput(z.object({ days: z.number() }), { includeRaw: true })
    .invoke('How long?');
  const days: number = parsed.days;
  // @ts-expect-error: there is no such field
  place.days;
  // @ts-expect-error: a misspelt option
  new ChatBlockRun({ maxToken: 9 });
  return `${place.city} ${days} ${raw.text}`;
}
