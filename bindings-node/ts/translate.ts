import {
  APIConnectionError,
  APIError,
  APITimeoutError,
  BlockrunError,
  ClockSkew,
  type ErrorCode,
  type ErrorDetails,
  IdempotencyConflict,
  IdempotencyInFlight,
  InvalidArgumentError,
  JournalError,
  PaymentAlreadyUsed,
  PaymentError,
  PaymentOutcomeUnknown,
  PaymentRefused,
  RequirementRejected,
  SpendLimitError,
  StreamBroken,
  StreamConsumed,
} from './errors.js';
import { parsed } from './response.js';

/** The class of each code. */
const CLASSES: Readonly<Record<ErrorCode, typeof BlockrunError>> = {
  INVALID_ARGUMENT: InvalidArgumentError,
  API_ERROR: APIError,
  API_TIMEOUT: APITimeoutError,
  API_CONNECTION: APIConnectionError,
  PAYMENT: PaymentError,
  SPEND_LIMIT: SpendLimitError,
  PAYMENT_REFUSED: PaymentRefused,
  REQUIREMENT_REJECTED: RequirementRejected,
  PAYMENT_OUTCOME_UNKNOWN: PaymentOutcomeUnknown,
  PAYMENT_ALREADY_USED: PaymentAlreadyUsed,
  IDEMPOTENCY_CONFLICT: IdempotencyConflict,
  IDEMPOTENCY_IN_FLIGHT: IdempotencyInFlight,
  CLOCK_SKEW: ClockSkew,
  JOURNAL: JournalError,
  STREAM_CONSUMED: StreamConsumed,
  STREAM_BROKEN: StreamBroken,
};

for (const errorClass of [BlockrunError, ...Object.values(CLASSES)]) {
  // On the prototype, so that the first line of a stack says it.
  Object.defineProperty(errorClass.prototype, 'name', { value: errorClass.name });
}

/** What the native half says of an error, as JSON in the message of a plain `Error`. */
interface Wire extends ErrorDetails {
  readonly message: string;
  readonly response?: string;
  readonly causes: readonly string[];
}

/** A bad argument that was found on this side of the boundary. */
export function invalidArgument(field: string, problem: string, cause?: unknown): BlockrunError {
  const details = { code: 'INVALID_ARGUMENT' as const, field, cause };
  return new InvalidArgumentError(`${field}: ${problem}`, details);
}

/** The error of the core that a caught one carries, or else what was caught. */
export function fromNative(caught: unknown): unknown {
  const wire = readWire(caught);
  if (wire === undefined) return caught;
  const { message, response, causes, ...details } = wire;
  const ErrorClass = CLASSES[wire.code] ?? BlockrunError;
  return new ErrorClass(message, {
    ...details,
    response: response === undefined ? undefined : parsed(response),
    // What JavaScript threw into the core comes back as it was; what Rust says, as text.
    cause:
      (caught as Error).cause ??
      causes.reduceRight<unknown>((cause, text) => new Error(text, { cause }), undefined),
  });
}

/** Runs something of the native half and throws what it throws as an error of this package. */
export function translated<T>(run: () => T): T {
  try {
    return run();
  } catch (caught) {
    throw fromNative(caught);
  }
}

function readWire(caught: unknown): Wire | undefined {
  if (!(caught instanceof Error) || !caught.message.startsWith('{')) return undefined;
  // A reviver that returns undefined drops the member: null is absent here.
  return JSON.parse(caught.message, (_name, value) => value ?? undefined) as Wire;
}
