// Any endpoint of the gateway, paid when it asks for it.
import { BlockrunClient, LLMClient } from 'blockrun-llm';

const api = new BlockrunClient();
const { data } = await api.get('/v1/models');
console.log(`${data.length} models, the first is ${data[0].id}`);

const body = { model: 'openai/gpt-4o-mini', messages: [{ role: 'user', content: 'Hello!' }] };
const answer = await api.post('/v1/chat/completions', body);
console.log(answer.choices[0].message.content);
for await (const chunk of api.stream('/v1/chat/completions', { ...body, stream: true })) {
  process.stdout.write(chunk.choices[0]?.delta.content ?? '');
}

// With status, headers and cost.
const client = new LLMClient();
const response = await client.request('POST', '/v1/chat/completions', { body });
console.log(`\n${response.status}, ${response.costUsd} USDC`);
