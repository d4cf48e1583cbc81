// A stream as a `Response`: what code written for `fetch` reads.
import { LLMClient } from 'blockrun-llm';

const client = new LLMClient();
const res = await client.chatCompletionStream('openai/gpt-4o-mini', [
  { role: 'user', content: 'Hello!' },
]);
if (!res.ok) throw new Error(`status ${res.status}`);
console.log(res.status, res.headers.get('content-type'), `${res.costUsd} USDC`);

const reader = res.body.getReader();
const decoder = new TextDecoder();
let bytes = 0;
let last = '';
for (let part = await reader.read(); !part.done; part = await reader.read()) {
  bytes += part.value.length;
  last = decoder.decode(part.value, { stream: true });
}
console.log(`${bytes} bytes, the last event is ${last.trim()}`);
