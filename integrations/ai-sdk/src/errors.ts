import { APICallError } from '@ai-sdk/provider';
import { BlockrunError, type ErrorCode, type PaymentState } from 'blockrun-llm';

/**
 * The AI SDK's error of a failed call, which its retries read, with what became of the money. The
 * error of `blockrun-llm` is its `cause`.
 */
export class PaidCallError extends APICallError {
  /** What happened to the money. */
  readonly payment: PaymentState;
  /** Takes the call up again: `headers: { 'idempotency-key': error.key }`. */
  readonly key: string | undefined;
  /** The kind of error, the same in every language of `blockrun-llm`. */
  readonly code: ErrorCode;

  constructor(error: BlockrunError, url: string, requestBodyValues: unknown) {
    const { message, status, response, retryAfter, retryable } = error;
    super({
      message,
      url,
      requestBodyValues,
      statusCode: status || undefined,
      responseHeaders: retryAfter === undefined ? undefined : { 'retry-after': String(retryAfter) },
      responseBody: typeof response === 'string' ? response : JSON.stringify(response),
      isRetryable: retryable,
      data: response,
      cause: error,
    });
    this.payment = error.payment;
    this.key = error.key;
    this.code = error.code;
  }
}

/** An error as the AI SDK wants it; one that is not ours stays what it is. */
export function hostError(error: unknown, url: string, body: unknown): unknown {
  return error instanceof BlockrunError ? new PaidCallError(error, url, body) : error;
}
