// The package `openai` as it is, paying by call: its retries included, never twice.
import { LLMClient } from 'blockrun-llm';
import OpenAI from 'openai';

const client = new LLMClient({ maxCostPerCall: 0.1 });
const openai = new OpenAI({ baseURL: client.baseURL, apiKey: 'blockrun', fetch: client.fetch });

const stream = await openai.chat.completions.create({
  model: 'openai/gpt-4o-mini',
  messages: [{ role: 'user', content: 'Hello!' }],
  stream: true,
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');
console.log(`\n${client.payments().at(-1).amountUsd} USDC`);
