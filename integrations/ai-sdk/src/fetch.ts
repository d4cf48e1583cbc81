import type { ApiResponse, ApiStream, LLMClient } from 'blockrun-llm';
import { hostError } from './errors.js';

/** What a call cost, beside an answer's own fields: JSON has no bigint. */
export type Paid = { costUsd?: number; costMicro?: number; settlement?: object };

/**
 * A `fetch` that pays through a client, for models that speak OpenAI's API.
 *
 * What a call cost is put into its answer, as a field `blockrun`: of the body, or of an event that
 * comes first. Errors are thrown, as `PaidCallError`.
 */
export function payingFetch(client: () => LLMClient): typeof fetch {
  return async (resource, init) => {
    // A picture, where an answer says that it is: nothing is paid there.
    if (init?.body === undefined) return fetch(resource, init);
    const url = String(resource);
    const body = JSON.parse(String(init.body)) as { stream?: boolean };
    const path = url.slice(client().apiUrl.length);
    const idempotencyKey = new Headers(init.headers).get('idempotency-key') ?? undefined;
    const options = { body, idempotencyKey, signal: init.signal ?? undefined };
    try {
      if (!body.stream) return whole(await client().request('POST', path, options));
      const stream = await client().stream('POST', path, options);
      const fail = (error: unknown) => hostError(error, url, body);
      return new Response(bytesOf(stream, fail), { headers: stream.headers });
    } catch (error) {
      throw hostError(error, url, body);
    }
  };
}

function whole(answer: ApiResponse): Response {
  const { body, status, headers } = answer;
  return Response.json({ ...(body as object), blockrun: paid(answer) }, { status, headers });
}

function bytesOf(stream: ApiStream, fail: (error: unknown) => unknown) {
  const encoder = new TextEncoder();
  const events = stream[Symbol.asyncIterator]();
  const line = (data: string) => encoder.encode(`data: ${data}\n\n`);
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(line(JSON.stringify({ choices: [], blockrun: paid(stream) })));
    },
    async pull(controller) {
      try {
        const { done, value } = await events.next();
        if (done) controller.close();
        else controller.enqueue(line(value.data));
      } catch (error) {
        controller.error(fail(error));
      }
    },
    cancel: () => stream.cancel(),
  });
}

function paid({ costUsd, costMicro, settlement }: ApiResponse | ApiStream): Paid {
  const cost = costMicro === null ? {} : { costUsd: costUsd ?? 0, costMicro: Number(costMicro) };
  return { ...cost, ...(settlement && { settlement }) };
}
