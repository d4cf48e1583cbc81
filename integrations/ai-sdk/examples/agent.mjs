// An agent with a tool that asks before each payment, and what all of it cost.

import { generateText, stepCountIs, tool } from 'ai';
import { createBlockRun } from 'blockrun-ai-provider';
import { z } from 'zod';

const blockrun = createBlockRun({
  maxSessionCost: '0.01',
  onPayment: ({ amountUsd, payee }) => {
    console.log(`pays $${amountUsd} to ${payee}`);
    return amountUsd <= 0.005;
  },
});
const { text, steps } = await generateText({
  model: blockrun('openai/gpt-4o-mini'),
  maxOutputTokens: 300,
  tools: {
    tide: tool({
      description: 'Height of the tide at a place, in metres.',
      inputSchema: z.object({ place: z.string() }),
      execute: async ({ place }) => `2.1 m at ${place}`,
    }),
  },
  stopWhen: stepCountIs(5),
  prompt: 'How high is the tide in Hamburg?',
});
console.log(text);
const costs = steps.map(({ providerMetadata }) => providerMetadata?.blockrun?.costUsd);
console.log(`${steps.length} steps, $${costs.join(' + $')}`);
blockrun.client.close();
