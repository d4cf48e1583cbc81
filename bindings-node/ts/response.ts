import type { ChatOutput } from './native.js';
import type { ChatResponse } from './types.js';

/**
 * The body as received, with what it cost. A body that is not a JSON object was paid for all the
 * same: it leaves the known fields empty and is in `raw`.
 */
export function toResponse({ raw, costUsd, costMicro, settlement }: ChatOutput): ChatResponse {
  const response = { ...parsed(raw), costUsd, ...(settlement && { settlement }) };
  return Object.defineProperties(response, {
    costMicro: { value: costMicro },
    raw: { value: raw },
  }) as ChatResponse;
}

function parsed(raw: string): object {
  try {
    const body: unknown = JSON.parse(raw);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  } catch {
    // Told below by the empty fields, and by `raw`.
  }
  return { id: '', object: '', created: 0, model: '', choices: [] };
}
