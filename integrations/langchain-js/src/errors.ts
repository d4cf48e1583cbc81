import { type LangChainErrorCodes, stampRetryable } from '@langchain/core/errors';
import { BlockrunError } from 'blockrun-llm';

const CODES: Readonly<Record<number, LangChainErrorCodes>> = {
  401: 'MODEL_AUTHENTICATION',
  404: 'MODEL_NOT_FOUND',
  429: 'MODEL_RATE_LIMIT',
};

/**
 * Our error with what LangChain wants to know of one: whether a retry may help, as its retries and
 * middleware read it, and its `lc_error_code`. It stays ours, with `payment` and `key`.
 */
export function marked(error: unknown, signal?: AbortSignal): unknown {
  // What was ended on purpose is not asked again, in the background for a minute.
  if (signal?.aborted) return stampRetryable(error, false);
  if (!(error instanceof BlockrunError)) return error;
  const code = CODES[error.status ?? 0];
  if (code) Object.assign(error, { lc_error_code: code });
  return stampRetryable(error, error.retryable);
}
