// What a program in TypeScript sees; only compiled.

import { type AgentRuntime, ModelType, type Plugin } from '@elizaos/core';
import blockrun, { clientOf } from '../src/index.js';

export const plugins: Plugin[] = [blockrun];

export async function typed(runtime: AgentRuntime): Promise<string> {
  const text: string = await runtime.useModel(ModelType.TEXT_SMALL, { prompt: 'Hello!' });
  return `${text} ${clientOf(runtime).getSpending().totalUsd}`;
}
