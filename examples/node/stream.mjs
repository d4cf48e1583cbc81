// An answer as it comes, token by token. It is paid once, when its head has come.
import { stdout } from 'node:process';
import { LLMClient } from 'blockrun-llm';

const client = new LLMClient();
const messages = [{ role: 'user', content: 'Tell me about lighthouses.' }];
const stream = client.chatCompletionStream(messages, {
  maxTokens: 100,
  extra: { stream_options: { include_usage: true } },
});
for await (const chunk of stream) {
  stdout.write(chunk.choices[0]?.delta.content ?? '');
}
console.log(`\ncost ${stream.costUsd} USDC`);

// The whole answer, put together again: text, tool calls, token counts.
const { choices, usage } = await stream.response();
console.log(choices[0].finish_reason, `${usage.total_tokens} tokens`);
