import { headOf } from './api-stream.js';
import { cancellable } from './cancel.js';
import type { ApiInput, NativeClient, NativeStream } from './native.js';
import { Reading } from './reading.js';
import { invalidArgument } from './translate.js';

/** Answers that have no body. */
const BODILESS = [204, 205, 304];
/** What is about a connection, or about bytes that were decoded here. */
const OF_THE_CONNECTION = ['connection', 'content-encoding', 'content-length', 'transfer-encoding'];

/**
 * A `fetch` for libraries that retry by themselves: it sends requests below a client's address,
 * pays when asked, and takes a retry for what it is. Once a payment was sent it does not reject but
 * for its signal: an error is then an answer with `x-should-retry: false`.
 */
export function fetchThrough(client: NativeClient, apiUrl: string, warn: () => void): typeof fetch {
  const base = new URL(apiUrl);
  return async (resource, init) => {
    const signal = init?.signal ?? (resource instanceof Request ? resource.signal : undefined);
    const request = new Request(resource, init ? { ...init, signal: null } : undefined);
    const input = await read(request, base);
    const retry = Number(request.headers.get('x-stainless-retry-count')) > 0;
    try {
      const stream = await cancellable(signal, (cancel) => client.serveHost(input, retry, cancel));
      return toFetched(stream, signal);
    } finally {
      warn();
    }
  };
}

async function read(request: Request, base: URL): Promise<ApiInput> {
  const { origin, pathname, searchParams } = new URL(request.url);
  const above = base.pathname.replace(/\/$/, '');
  if (origin !== base.origin || !pathname.startsWith(`${above}/`)) {
    throw invalidArgument('url', `${origin}${pathname} is not below ${base}`);
  }
  const type = request.headers.get('content-type') ?? 'application/json';
  if (request.body && !type.startsWith('application/json') && !type.startsWith('text/plain')) {
    throw invalidArgument('body', `is ${type}; only JSON can be sent`);
  }
  const idempotencyKey = request.headers.get('idempotency-key');
  return {
    method: request.method,
    path: pathname.slice(above.length),
    query: [...searchParams],
    body: await request.text(),
    ...(idempotencyKey && { idempotencyKey }),
  };
}

function toFetched(stream: NativeStream, signal: AbortSignal | undefined): Response {
  const { status, headers } = headOf(stream);
  for (const name of OF_THE_CONNECTION) headers.delete(name);
  const reading = new Reading(() => stream.close(), signal);
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await reading.ask((cancel) => stream.nextBytes(cancel));
        if (bytes) return controller.enqueue(bytes);
        reading.close();
        controller.close();
      },
      cancel() {
        reading.close();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(BODILESS.includes(status) ? null : body, { status, headers });
}
