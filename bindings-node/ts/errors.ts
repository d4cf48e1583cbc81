import { exact } from './money.js';

/** The code of a kind of error, the same in every language of the project. */
export type ErrorCode =
  | 'INVALID_ARGUMENT'
  | 'API_ERROR'
  | 'API_TIMEOUT'
  | 'API_CONNECTION'
  | 'PAYMENT'
  | 'SPEND_LIMIT'
  | 'PAYMENT_REFUSED'
  | 'REQUIREMENT_REJECTED'
  | 'PAYMENT_OUTCOME_UNKNOWN'
  | 'PAYMENT_ALREADY_USED'
  | 'IDEMPOTENCY_CONFLICT'
  | 'IDEMPOTENCY_IN_FLIGHT'
  | 'CLOCK_SKEW'
  | 'JOURNAL'
  | 'STREAM_CONSUMED'
  | 'STREAM_BROKEN';

/**
 * What happened to the money of a call. Times are Unix seconds; each `…Micro` is the exact amount
 * in micro-USDC and not enumerable, so the object can be written as JSON.
 */
export type PaymentState =
  /** Nothing was sent, or it is proven that nothing was executed. */
  | { readonly state: 'not_charged' }
  /** The server refused the authorization, which could still be executed until `liveUntil`. */
  | {
      readonly state: 'refused';
      readonly liveUntil: number;
      readonly atRiskUsd: number;
      readonly atRiskMicro: bigint;
    }
  /** The authorization was executed; `proof` says who vouches for it. */
  | {
      readonly state: 'charged';
      readonly amountUsd: number;
      readonly amountMicro: bigint;
      readonly transaction?: string;
      readonly proof: 'server' | 'chain';
    }
  /** It was sent, and nobody knows. The key resumes the call; after `validUntil` it is void. */
  | {
      readonly state: 'unknown';
      readonly nonce: string;
      readonly validUntil: number;
      readonly key: string;
    }
  /** It expired without proof either way and counts in full. */
  | {
      readonly state: 'presumed_charged';
      readonly amountUsd: number;
      readonly amountMicro: bigint;
    };

/** Everything that an error carries besides its message. */
export interface ErrorDetails {
  readonly code: ErrorCode;
  readonly payment?: PaymentState | undefined;
  readonly retryable?: boolean | undefined;
  readonly statusCode?: number | undefined;
  readonly response?: unknown;
  readonly reason?: string | undefined;
  readonly retryAfter?: number | undefined;
  readonly key?: string | undefined;
  readonly cause?: unknown;
  /** Members that only some classes have. */
  readonly [member: string]: unknown;
}

/** Base of every error of this package. Its text never contains a private key. */
export class BlockrunError extends Error {
  /** Kind of the error, the same in every language. */
  readonly code: ErrorCode;
  /** What happened to the money. */
  readonly payment: PaymentState;
  /** Whether the same call may succeed when simply made again. No statement about money. */
  readonly retryable: boolean;
  /** HTTP status of the answer that ended the call, where there was one. */
  declare readonly statusCode?: number;
  /** Body of that answer: parsed when it is JSON, else text. */
  declare readonly response?: unknown;
  /** The server's own reason, such as `insufficient_funds`. */
  declare readonly reason?: string;
  /** Seconds that the server asked to wait. */
  declare readonly retryAfter?: number;
  /** Key of a call that was sent: the same call with this `idempotencyKey` resumes it. */
  declare readonly key?: string;

  constructor(message: string, details: ErrorDetails) {
    const { code, payment, retryable, cause, ...rest } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.payment = exact(payment ?? { state: 'not_charged' });
    this.retryable = retryable ?? false;
    for (const [name, value] of Object.entries(rest)) {
      // What is absent is not shown either.
      if (value !== undefined) Object.assign(this, { [name]: value });
    }
    exact(this);
  }

  /** The same as `statusCode`. */
  get status(): number | undefined {
    return this.statusCode;
  }

  /** What loggers write: the own members, with name and message. */
  toJSON(): object {
    const { name, message } = this;
    return Object.assign({ name, message }, this);
  }
}

/** A bad argument, found before any traffic. */
export class InvalidArgumentError extends BlockrunError {
  /** Name of the argument, or of the environment variable. */
  declare readonly field?: string;
}

/** The server answered with an error, or not at all. */
export class APIError extends BlockrunError {
  /** HTTP status; 0 when there was no answer. */
  declare readonly statusCode: number;

  constructor(message: string, details: ErrorDetails) {
    super(message, { ...details, statusCode: details.statusCode ?? 0 });
  }
}

/** The total time of the call passed. */
export class APITimeoutError extends APIError {}

/** The server could not be reached, or the connection broke. */
export class APIConnectionError extends APIError {}

/** A stream was iterated a second time. */
export class StreamConsumed extends APIError {}

/** A paid stream broke and could not be resumed. */
export class StreamBroken extends APIError {}

/** A payment could not be made; base of the classes below. */
export class PaymentError extends BlockrunError {}

/** A price over a spending limit; nothing was sent. */
export class SpendLimitError extends PaymentError {
  /** Price of the refused call, in dollars. */
  declare readonly quotedUsd: number;
  /** The same in micro-USDC. */
  declare readonly quotedMicro: bigint;
  /** The limit, in dollars. */
  declare readonly limitUsd: number;
  /** The same in micro-USDC. */
  declare readonly limitMicro: bigint;
  /** What the scope already holds, paid and reserved, in dollars. */
  declare readonly reservedUsd: number;
  /** The same in micro-USDC. */
  declare readonly reservedMicro: bigint;
  /** Which limit: `call`, `session`, `hour`, `day`, `model` or `origin`. */
  declare readonly scope: string;
  /** Unix time at which enough of it frees by itself, where the scope rolls. */
  declare readonly freesAt?: number;
}

/** The server refused a payment that was sent. */
export class PaymentRefused extends PaymentError {}

/** Our policy or network table refused the 402; nothing was signed. */
export class RequirementRejected extends PaymentError {
  /** The field that was refused. */
  declare readonly field?: string;
  /** What it said. */
  declare readonly got?: string;
  /** What is allowed. */
  declare readonly allowed?: string;
}

/** A payment was sent, and it is not known whether it was executed. */
export class PaymentOutcomeUnknown extends PaymentError {}

/** The server says that the authorization was executed already. */
export class PaymentAlreadyUsed extends PaymentError {}

/** The key belongs to another call. */
export class IdempotencyConflict extends PaymentError {}

/** The same key is in flight and cannot be shared. */
export class IdempotencyInFlight extends PaymentError {}

/** Our clock and the server's are too far apart to sign. */
export class ClockSkew extends PaymentError {}

/** The journal cannot be written, and a rule in force needs it. */
export class JournalError extends PaymentError {}
