// An agent that calls a tool: the model asks for it, we run it, the model goes on.
import { LLMClient } from 'blockrun-llm';

const client = new LLMClient();
const tools = [
  {
    type: 'function',
    function: {
      name: 'tide',
      description: 'Height of the tide at a place, in metres.',
      parameters: { type: 'object', properties: { place: { type: 'string' } } },
    },
  },
];
const messages = [{ role: 'user', content: 'How high is the tide in Hamburg?' }];

for (let turn = 0; turn < 3; turn++) {
  const response = await client.chatCompletion(messages, { tools });
  const [{ message }] = response.choices;
  messages.push(message);
  if (!message.tool_calls?.length) break;
  for (const call of message.tool_calls) {
    console.log(`calls ${call.function.name}(${call.function.arguments})`);
    messages.push({
      role: 'tool',
      tool_call_id: call.id,
      content: JSON.stringify({ metres: 2.1 }),
    });
  }
}
console.log(messages.at(-1).content ?? 'no text');
console.log(`${client.getSpending().calls} calls, ${client.getSpending().totalUsd} USDC`);
