import type {
  ApiResponse,
  ChatCompletionChunk,
  ChatResponse,
  Fallback,
  ImageResponse,
  Settlement,
} from './answers.js';
import type { AnswerOutput, ApiOutput, HeadOutput } from './native.js';

/** The head of an answer. */
export interface Head {
  readonly status: number;
  readonly headers: Headers;
  readonly costUsd: number | null;
  readonly costMicro: bigint | null;
  readonly settlement: Settlement | undefined;
  readonly fallback: Fallback | undefined;
}

const NO_CHAT = { id: '', object: '', created: 0, model: '', choices: [] };
const NO_IMAGES = { created: 0, data: [] };

/**
 * The body as received, with what it cost. A body that is not a JSON object was paid for all the
 * same: it leaves the known fields empty and is in `raw`.
 */
export function toResponse(answer: AnswerOutput): ChatResponse {
  const fallback = toFallback(answer.fallback);
  return paid({ ...members(answer.raw, NO_CHAT), ...(fallback && { fallback }) }, answer);
}

/** The same for images. */
export function toImages(answer: AnswerOutput): ImageResponse {
  return paid(members(answer.raw, NO_IMAGES), answer);
}

/** The same for any endpoint, with the body apart. */
export function toApiResponse({ head, raw }: ApiOutput): ApiResponse {
  const { status, headers } = toHead(head);
  return paid({ status, headers, body: parsed(raw) }, { ...head, raw });
}

/** A head as the native half gives it. */
export function toHead({ status, headers, ...head }: HeadOutput): Head {
  return {
    status,
    headers: new Headers(headers as [string, string][]),
    costUsd: head.costUsd ?? null,
    costMicro: head.costMicro ?? null,
    settlement: head.settlement,
    fallback: toFallback(head.fallback),
  };
}

/** A chunk as received, with what the call cost in members that JSON does not show. */
export function toChunk(
  raw: string,
  { costUsd, costMicro, settlement }: Head,
): ChatCompletionChunk {
  const chunk = members(raw, NO_CHAT);
  // One by one, which is quicker than by a table of them.
  Object.defineProperty(chunk, 'costUsd', { value: costUsd });
  Object.defineProperty(chunk, 'costMicro', { value: costMicro });
  Object.defineProperty(chunk, 'settlement', { value: settlement });
  Object.defineProperty(chunk, 'raw', { value: raw });
  return chunk as ChatCompletionChunk;
}

/** What is JSON as what it says, else text. */
export function parsed(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return raw;
  }
}

function paid<T>(
  body: object,
  { raw, costUsd, costMicro, settlement }: Omit<AnswerOutput, 'fallback'>,
): T {
  const response = { ...body, costUsd: costUsd ?? null, ...(settlement && { settlement }) };
  return Object.defineProperties(response, {
    costMicro: { value: costMicro ?? null },
    raw: { value: raw },
  }) as T;
}

function toFallback(given: AnswerOutput['fallback']): Fallback | undefined {
  return given && { used: true, ...given };
}

function members(raw: string, otherwise: object): object {
  const body = parsed(raw);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  // Told by the empty fields, and by `raw`.
  return { ...otherwise };
}
