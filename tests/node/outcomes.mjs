// Makes the calls of a scenario through the public API and notes what the caller saw. The format,
// and what every runner does: tests/scenarios/README.md.

import { inspect } from 'node:util';
import { InvalidArgumentError, LLMClient, RequirementRejected } from 'blockrun-llm';

const HELLO = [{ role: 'user', content: 'Hello!' }];
const DEFAULT_CALLS = [{ method: 'chat_completion', arguments: { messages: HELLO } }];

/** One outcome for each call. A client that cannot be made has failed them all. */
export async function outcomes({ calls = DEFAULT_CALLS, client: given = {} }, base) {
  const { rpcUrl, ...rest } = camel(given);
  if (rpcUrl) rest.rpcUrl = rpcUrl.replace('{server}', base.apiUrl);
  let client;
  try {
    client = new LLMClient({ ...base, ...rest });
  } catch (error) {
    return calls.map(() => failure(error));
  }
  const seen = [];
  for (const { method, arguments: args = {}, read } of calls) {
    try {
      seen.push(await METHODS[method](client, camel(args), read));
    } catch (error) {
      seen.push(failure(error));
    }
  }
  return seen;
}

const METHODS = {
  chat: async (client, { prompt, ...options }) => ({ text: await client.chat(prompt, options) }),
  chat_completion: async (client, { messages, ...options }) =>
    told(await client.chatCompletion(messages, options)),
  chat_completion_stream: async (client, { messages, ...options }, read) =>
    readOf(client.chatCompletionStream(messages, options), read),
  image: async (client, { prompt, ...options }) => told(await client.image(prompt, options)),
  request: async (client, { method, path, query, ...options }) => {
    const answer = await client.request(method, path, { params: query, ...options });
    const { status, headers, body } = answer;
    return { ...told(answer), json: body, status, headers: Object.fromEntries(headers) };
  },
  request_at: async (client, { method, url, query, ...options }) => {
    const address = url.replace('{server}', client.apiUrl);
    const answer = await client.requestAt(method, address, { params: query, ...options });
    return { ...told(answer), json: answer.body, status: answer.status };
  },
  discover: async (client, { url, ...options }) => {
    const at = url?.replace('{server}', client.apiUrl);
    return { json: (await client.discover({ url: at, ...options })).map(found) };
  },
  poll: async (client, { method, path, query, interval, budget, ...options }) => {
    const wait = { intervalMs: interval * 1_000, budgetMs: budget * 1_000 };
    const answer = await client.poll(method, path, { params: query, ...wait, ...options });
    return { ...told(answer), json: answer.body, status: answer.status };
  },
  quote: async (client, { prompt, messages = prompt, ...options }) => ({
    amount_micro: Number((await client.quote(messages, options)).amountMicro),
  }),
  balance: async (client) => ({ amount_micro: Number(await client.getBalanceMicro()) }),
  list_models: async (client) => ({ json: await client.listModels() }),
  list_image_models: async (client) => ({ json: await client.listImageModels() }),
  spending: async (client) => {
    const { totalMicro, calls } = client.getSpending();
    return { amount_micro: Number(totalMicro), json: { calls } };
  },
};

const found = ({ url, kind, method, description, tags, priceMicro, accepts, inputExample }) => ({
  url,
  kind,
  method,
  description,
  tags,
  price_micro: Number(priceMicro),
  amounts_micro: accepts.map(({ amountMicro }) =>
    amountMicro === undefined ? null : Number(amountMicro),
  ),
  input_example: inputExample,
});

/** Reads a stream to its end, to its error, or so many chunks of it. */
async function readOf(stream, most) {
  const chunks = [];
  let failed = {};
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      if (chunks.length === most) break;
    }
  } catch (error) {
    failed = failure(error);
  }
  return {
    ...told(await stream.response()),
    text: chunks.map(({ choices }) => textOf(choices?.[0]?.delta?.content)).join(''),
    chunks: chunks.map(({ raw }) => parsed(raw)),
    amount_micro: stream.status ? micro(stream.costMicro) : 0,
    ...(stream.status && { status: stream.status }),
    ...failed,
  };
}

function told({ raw, costMicro, settlement, fallback, choices }) {
  return {
    json: parsed(raw),
    text: textOf(choices?.[0]?.message?.content),
    amount_micro: micro(costMicro),
    transaction: settlement?.transaction ?? null,
    fallback: fallback
      ? { model: fallback.model ?? null, settlement_skipped: fallback.settlementSkipped }
      : null,
  };
}

function failure(error) {
  const { code, message, payment, statusCode, field, retryAfter, key, response } = error;
  return {
    error: code ?? String(error),
    message,
    payment: error instanceof InvalidArgumentError ? null : payment?.state,
    charged_micro: payment?.state === 'charged' ? Number(payment.amountMicro) : null,
    status: statusCode || null,
    field: error instanceof RequirementRejected ? field : null,
    retry_after: retryAfter ?? null,
    key: key ?? null,
    response: response ?? null,
    printed: `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)}`,
  };
}

/** Names of options as Node has them, times in milliseconds. */
function camel(options) {
  const named = Object.entries(options).map(([name, value]) => [
    name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()),
    name === 'timeout' ? value * 1_000 : value,
  ]);
  return Object.fromEntries(named);
}

function micro(amount) {
  return amount === null ? null : Number(amount);
}

function textOf(content) {
  if (Array.isArray(content)) return content.map(({ text }) => text ?? '').join('');
  return typeof content === 'string' ? content : '';
}

function parsed(raw) {
  try {
    return JSON.parse(raw);
  } catch {
    return raw;
  }
}
