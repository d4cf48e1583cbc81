// An agent with a tool and a purse: it stops when the next call would cost more than is left.

import { HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { SpendLimitError } from 'blockrun-llm';
import { ChatBlockRun } from 'langchain-blockrun';
import { z } from 'zod';

const tide = tool(({ place }) => `2.1 m at ${place}`, {
  name: 'tide',
  description: 'Height of the tide at a place, in metres.',
  schema: z.object({ place: z.string() }),
});
const model = new ChatBlockRun({ maxTokens: 300, maxSessionCost: '0.01' });
const agent = model.bindTools([tide]);
const messages = [new HumanMessage('How high is the tide in Hamburg?')];
try {
  for (;;) {
    const answer = await agent.invoke(messages);
    messages.push(answer);
    console.log(`$${answer.response_metadata.cost_usd}`, answer.text || answer.tool_calls);
    if (!answer.tool_calls.length) break;
    for (const call of answer.tool_calls) messages.push(await tide.invoke(call));
  }
} catch (error) {
  if (!(error instanceof SpendLimitError)) throw error;
  console.log(`the purse is empty: ${error.message}`);
}
