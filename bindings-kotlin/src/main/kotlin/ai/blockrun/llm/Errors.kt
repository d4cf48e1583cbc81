package ai.blockrun.llm

import java.time.Duration

/**
 * Base of every error of this library. Its text never contains a private key.
 *
 * @property details everything that the error says.
 */
sealed class BlockrunException(val details: ErrorDetails) :
    Exception(details.text, causeOf(details)) {
    /** Kind of the error, the same in every language. */
    val code: ErrorCode get() = details.code

    /** What happened to the money. */
    val payment: PaymentState get() = details.payment

    /** Whether the same call may succeed when simply made again. No statement about money. */
    val retryable: Boolean get() = details.retryable

    /** HTTP status of the answer that ended the call, where there was one. */
    val statusCode: Int? get() = details.statusCode

    /** Body of that answer. */
    val response: String? get() = details.response

    /** The server's own reason, such as `insufficient_funds`. */
    val reason: String? get() = details.reason

    /** How long the server asked to wait. */
    val retryAfter: Duration? get() = details.retryAfter

    /** Key of a call that was sent: the same call with this idempotency key resumes it. */
    val key: String? get() = details.key
}

/** A bad argument, found before any traffic. */
class InvalidArgumentException internal constructor(details: ErrorDetails) :
    BlockrunException(details) {
    /** Name of the argument, or of the environment variable. */
    val field: String? get() = details.field
}

/** The server answered with an error, or not at all. */
open class ApiException internal constructor(details: ErrorDetails) : BlockrunException(details)

/** The total time of the call passed. */
class ApiTimeoutException internal constructor(details: ErrorDetails) : ApiException(details)

/** The server could not be reached, or the connection broke. */
class ApiConnectionException internal constructor(details: ErrorDetails) : ApiException(details)

/** A stream was collected a second time. */
class StreamConsumedException internal constructor(details: ErrorDetails) : ApiException(details)

/** A paid stream broke and could not be resumed. */
class StreamBrokenException internal constructor(details: ErrorDetails) : ApiException(details)

/** A payment could not be made; base of the classes below. */
open class PaymentException internal constructor(details: ErrorDetails) :
    BlockrunException(details)

/** A price over a spending limit; nothing was sent. */
class SpendLimitException internal constructor(details: ErrorDetails) : PaymentException(details) {
    /** The limit, and what it ran into. */
    val limit: SpendLimit get() = checkNotNull(details.limit)
}

/** The server refused a payment that was sent. */
class PaymentRefusedException internal constructor(details: ErrorDetails) :
    PaymentException(details)

/** Our policy or network table refused the 402; nothing was signed. */
class RequirementRejectedException internal constructor(details: ErrorDetails) :
    PaymentException(details) {
    /** What was refused, and what would have been accepted. */
    val rejection: Rejection? get() = details.rejection
}

/** A payment was sent, and it is not known whether it was executed. */
class PaymentOutcomeUnknownException internal constructor(details: ErrorDetails) :
    PaymentException(details)

/** The server says that the authorization was executed already. */
class PaymentAlreadyUsedException internal constructor(details: ErrorDetails) :
    PaymentException(details)

/** The key belongs to another call. */
class IdempotencyConflictException internal constructor(details: ErrorDetails) :
    PaymentException(details)

/** The same key is in flight and cannot be shared. */
class IdempotencyInFlightException internal constructor(details: ErrorDetails) :
    PaymentException(details)

/** Our clock and the server's are too far apart to sign. */
class ClockSkewException internal constructor(details: ErrorDetails) : PaymentException(details)

/** The journal cannot be written, and a rule in force needs it. */
class JournalException internal constructor(details: ErrorDetails) : PaymentException(details)

/** The exception of a code. A code without one does not compile. */
internal fun exceptionOf(details: ErrorDetails): BlockrunException = when (details.code) {
    ErrorCode.INVALID_ARGUMENT -> InvalidArgumentException(details)
    ErrorCode.API_ERROR -> ApiException(details)
    ErrorCode.API_TIMEOUT -> ApiTimeoutException(details)
    ErrorCode.API_CONNECTION -> ApiConnectionException(details)
    ErrorCode.PAYMENT -> PaymentException(details)
    ErrorCode.SPEND_LIMIT -> SpendLimitException(details)
    ErrorCode.PAYMENT_REFUSED -> PaymentRefusedException(details)
    ErrorCode.REQUIREMENT_REJECTED -> RequirementRejectedException(details)
    ErrorCode.PAYMENT_OUTCOME_UNKNOWN -> PaymentOutcomeUnknownException(details)
    ErrorCode.PAYMENT_ALREADY_USED -> PaymentAlreadyUsedException(details)
    ErrorCode.IDEMPOTENCY_CONFLICT -> IdempotencyConflictException(details)
    ErrorCode.IDEMPOTENCY_IN_FLIGHT -> IdempotencyInFlightException(details)
    ErrorCode.CLOCK_SKEW -> ClockSkewException(details)
    ErrorCode.JOURNAL -> JournalException(details)
    ErrorCode.STREAM_CONSUMED -> StreamConsumedException(details)
    ErrorCode.STREAM_BROKEN -> StreamBrokenException(details)
}

/** Runs something of the native half and throws what it throws as an exception of this library. */
internal inline fun <T> translated(run: () -> T): T = try {
    run()
} catch (thrown: NativeException.Failed) {
    throw exceptionOf(thrown.error)
}

private fun causeOf(details: ErrorDetails): Throwable? =
    details.causes.foldRight(null as Throwable?) { text, cause -> Exception(text, cause) }
