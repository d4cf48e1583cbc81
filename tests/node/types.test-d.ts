// The published types: compiled, never run.

import LLMClient, {
  APIError,
  BlockrunClient,
  BlockrunError,
  type ChatCompletionChunk,
  type ChatResponse,
  type ChatStream,
  type Fallback,
  type LLMClient as Named,
  type OnPayment,
  OpenAI,
  offline,
  type PaymentState,
  SpendLimitError,
} from 'blockrun-llm';
import Official from 'openai';
import type { LocalAccount } from 'viem';

/** Fails to compile unless both types are the same. */
function same<A, B>(
  _same: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false,
): void {}

same<typeof LLMClient, typeof Named>(true);

const client = new LLMClient({ privateKey: '0x', maxCostPerCall: 1n, timeout: undefined });
const messages = [{ role: 'user', content: 'Hi' }];

export async function calls(signal: AbortSignal): Promise<void> {
  same<string, Awaited<ReturnType<typeof client.chat>>>(true);
  await client.chat('Hi');
  await client.chat('Hi', { model: 'm', stop: ['a'], signal });
  await client.chat('m', 'Hi', { maxTokens: 5 });
  const response = await client.chatCompletion(messages);
  await client.chatCompletion('m', messages, { tools: [{}], extra: { seed: 1 } });
  same<typeof response, ChatResponse>(true);
  same<typeof response.costUsd, number | null>(true);
  same<typeof response.costMicro, bigint | null>(true);
  same<typeof response.fallback, Fallback | undefined>(true);
  same<typeof response.service_tier, unknown>(true);
  const text: string | null | undefined = response.choices[0]?.message.content;
  const quote = await client.quote('m', messages);
  same<typeof quote.amountMicro, bigint>(true);
  same<typeof quote.network, string | undefined>(true);
  await client.chat('Hi', { idempotencyKey: 'invoice-1' });
  same<Awaited<ReturnType<typeof client.recover>>, ChatResponse>(true);
  const { open, paid, freed, unknown } = await client.reconcile({ signal });
  same<typeof open | typeof paid | typeof freed | typeof unknown, number>(true);
  same<typeof client.journal, 'file' | 'memory' | undefined>(true);
  const records = client.payments({ scope: 'home', state: 'unknown', since: 1, limit: 5 });
  for (const record of records) same<typeof record.amountMicro, bigint>(true);
  // @ts-expect-error no such scope
  client.payments({ scope: 'all' });
  for (const model of await client.listModels({ signal })) same<typeof model.id, string>(true);
  void text;

  // @ts-expect-error no such option
  await client.chat('Hi', { max_tokens: 5 });
  // @ts-expect-error a prompt is text
  await client.chat(messages);
  // @ts-expect-error messages are a list
  await client.chatCompletion('Hi');
  // @ts-expect-error a message has a role
  await client.chatCompletion([{ content: 'Hi' }]);
  // @ts-expect-error read-only
  client.model = 'm';
}

export async function streams(signal: AbortSignal): Promise<void> {
  const stream = client.chatCompletionStream('m', messages, { search: true, signal });
  for await (const chunk of stream) {
    same<typeof chunk, ChatCompletionChunk>(true);
    const text: string | null | undefined = chunk.choices[0]?.delta.content;
    void text;
  }
  const res = await client.chatCompletionStream(messages);
  same<typeof res, ChatStream>(true);
  same<typeof res.status, number>(true);
  same<typeof res.headers, Headers>(true);
  same<typeof res.body, ReadableStream<Uint8Array>>(true);
  const whole: ChatResponse = await res.response();
  void whole;
  for await (const { event, data } of await client.stream('POST', '/v1/x', { body: {} })) {
    same<typeof event | typeof data, string>(true);
  }
  // @ts-expect-error it is no Response
  res.json();
}

export async function everything(account: LocalAccount): Promise<void> {
  const image = await client.image('A boat', { size: '1024x1024', n: 1 });
  same<(typeof image.data)[number]['url'], string | undefined>(true);
  const { body, status } = await client.request('GET', '/v1/x', { params: { a: 1, b: ['c'] } });
  same<typeof body, unknown>(true);
  same<typeof status, number>(true);
  same<Awaited<ReturnType<typeof client.getBalance>>, number>(true);
  same<Awaited<ReturnType<typeof client.getBalanceMicro>>, bigint>(true);
  same<typeof client.authMode, 'wallet' | 'api-key'>(true);
  new LLMClient({ apiKey: 'brk_1' });
  new LLMClient({ signer: account });
  const openai = new OpenAI({ walletKey: '0x', baseURL: 'https://a.example/v1' });
  const one = await openai.chat.completions.create({ messages, top_p: 1 });
  same<typeof one, ChatResponse>(true);
  const many = openai.chat.completions.create({ messages, stream: true });
  for await (const chunk of many) same<typeof chunk, ChatCompletionChunk>(true);
  new Official({ baseURL: client.baseURL, apiKey: 'blockrun', fetch: client.fetch });
  const api = new BlockrunClient({ apiKey: 'brk_1' });
  const found: { a: number } = await api.post<{ a: number }>('/v1/x', {});
  void found;
  // @ts-expect-error an image has no temperature
  await client.image('A boat', { temperature: 1 });
  // @ts-expect-error not a policy
  await client.request('GET', '/v1/x', { replay: 'once' });
}

export function options(): void {
  new LLMClient({ maxCostPerHour: '0.50', maxCostPerDay: 5, home: '/h', rpcUrl: 'off' });
  new LLMClient({ onUnresolved: 'refuse', durability: 'power' });
  new LLMClient({ onPayment: ({ amountMicro, model }) => amountMicro < 5n && model !== 'm' });
  new LLMClient({ onPayment: async ({ amountUsd }) => amountUsd < 0.5 });
  new LLMClient({ onPayment: ({ payee, network }) => console.log(payee, network) });
  new LLMClient({ onPayment: async (request) => console.log(request) });
  new LLMClient({ onPayment: (request) => (request.amountUsd > 1 ? false : undefined) });
  const log: OnPayment = () => {};
  new LLMClient({ onPayment: log });
  // @ts-expect-error neither yes nor no
  new LLMClient({ onPayment: () => 'yes' });
  // @ts-expect-error not a policy
  new LLMClient({ onUnresolved: 'retry' });
  // @ts-expect-error not a loss
  new LLMClient({ durability: 'fire' });
}

export function errors(caught: unknown): string {
  if (caught instanceof SpendLimitError) {
    same<typeof caught.quotedMicro, bigint>(true);
    return caught.scope;
  }
  if (caught instanceof APIError) same<typeof caught.statusCode, number>(true);
  if (!(caught instanceof BlockrunError)) return '';
  const state: PaymentState = caught.payment;
  // @ts-expect-error only some states have an amount
  void state.amountMicro;
  switch (state.state) {
    case 'not_charged':
      return '';
    case 'refused':
      return `${state.atRiskMicro} until ${state.liveUntil}`;
    case 'charged':
      return `${state.amountMicro} ${state.transaction ?? ''}`;
    case 'unknown':
      return state.key;
    case 'presumed_charged':
      return `${state.amountMicro}`;
  }
}

export function verify(headerValue: string): bigint | string {
  const verified = offline.verifyPayment({ headerValue, requirement: {}, now: 1 });
  return verified.valid ? verified.payment.amountMicro : verified.reason;
}
