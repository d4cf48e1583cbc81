// Every call ends by a signal. What was paid before stays counted.
import { LLMClient } from 'blockrun-llm';

const client = new LLMClient();
try {
  await client.chat('Hello!', { signal: AbortSignal.abort(new Error('not today')) });
} catch (error) {
  console.log(error.message);
}

// Leaving a stream early closes its connection; what had come is there.
const messages = [{ role: 'user', content: 'Tell me a long story.' }];
const stream = client.chatCompletionStream(messages, { signal: AbortSignal.timeout(10_000) });
for await (const chunk of stream) {
  if (chunk.choices[0]?.delta.content) break;
}
const { choices } = await stream.response();
console.log(
  `left after ${JSON.stringify(choices[0].message.content)}, paid ${stream.costUsd} USDC`,
);
