// What a program in TypeScript sees; only compiled.

import type { ProviderV4 } from '@ai-sdk/provider';
import { generateText, type LanguageModel } from 'ai';
import { blockrun, createBlockRun, type PaidCallError } from '../src/index.js';

export const model: LanguageModel = blockrun('openai/gpt-4o');
export const provider: ProviderV4 = createBlockRun({ maxCostPerDay: 5 });

export async function typed(error: PaidCallError): Promise<string> {
  const { text } = await generateText({ model, prompt: 'Hello!' });
  // @ts-expect-error: a misspelt option
  createBlockRun({ maxCostPerDy: 5 });
  if (error.payment.state === 'charged') return `${error.payment.amountUsd}`;
  return text;
}
