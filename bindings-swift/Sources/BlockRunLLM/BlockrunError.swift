import BlockRunNative
import Foundation

/// Every error of this package but `CancellationError`. Its text never contains a private key.
public enum BlockrunError: Error, Equatable, Sendable {
    /// A bad argument, found before any traffic; `field` names it.
    case invalidArgument(ErrorDetails)
    /// The server answered with an error.
    case apiError(ErrorDetails)
    /// The total time of the call passed.
    case apiTimeout(ErrorDetails)
    /// The server could not be reached, or the connection broke.
    case apiConnection(ErrorDetails)
    /// A payment could not be made.
    case payment(ErrorDetails)
    /// A price over a spending limit, which `limit` describes; nothing was sent.
    case spendLimit(ErrorDetails)
    /// The server refused a payment that was sent.
    case paymentRefused(ErrorDetails)
    /// Our policy or network table refused the 402, as `rejection` says; nothing was signed.
    case requirementRejected(ErrorDetails)
    /// A payment was sent, and it is not known whether it was executed.
    case paymentOutcomeUnknown(ErrorDetails)
    /// The server says that the authorization was executed already.
    case paymentAlreadyUsed(ErrorDetails)
    /// The key belongs to another call.
    case idempotencyConflict(ErrorDetails)
    /// The same key is in flight and cannot be shared.
    case idempotencyInFlight(ErrorDetails)
    /// Our clock and the server's are too far apart to sign.
    case clockSkew(ErrorDetails)
    /// The journal cannot be written, and a rule in force needs it.
    case journal(ErrorDetails)
    /// A stream was iterated a second time.
    case streamConsumed(ErrorDetails)
    /// A paid stream broke and could not be resumed.
    case streamBroken(ErrorDetails)

    init(_ details: ErrorDetails) {
        self =
            switch details.code {
            case .invalidArgument: .invalidArgument(details)
            case .apiError: .apiError(details)
            case .apiTimeout: .apiTimeout(details)
            case .apiConnection: .apiConnection(details)
            case .payment: .payment(details)
            case .spendLimit: .spendLimit(details)
            case .paymentRefused: .paymentRefused(details)
            case .requirementRejected: .requirementRejected(details)
            case .paymentOutcomeUnknown: .paymentOutcomeUnknown(details)
            case .paymentAlreadyUsed: .paymentAlreadyUsed(details)
            case .idempotencyConflict: .idempotencyConflict(details)
            case .idempotencyInFlight: .idempotencyInFlight(details)
            case .clockSkew: .clockSkew(details)
            case .journal: .journal(details)
            case .streamConsumed: .streamConsumed(details)
            case .streamBroken: .streamBroken(details)
            }
    }

    /// Everything that the error says.
    public var details: ErrorDetails {
        switch self {
        case .invalidArgument(let details), .apiError(let details), .apiTimeout(let details),
            .apiConnection(let details), .payment(let details), .spendLimit(let details),
            .paymentRefused(let details), .requirementRejected(let details),
            .paymentOutcomeUnknown(let details), .paymentAlreadyUsed(let details),
            .idempotencyConflict(let details), .idempotencyInFlight(let details),
            .clockSkew(let details), .journal(let details), .streamConsumed(let details),
            .streamBroken(let details):
            details
        }
    }

    /// The kind of the error; its text is the code that is the same in every language.
    public var code: ErrorCode { details.code }

    /// What happened to the money.
    public var payment: PaymentState { details.payment }

    /// Whether the same call may succeed when simply made again. No statement about money.
    public var isRetryable: Bool { details.retryable }

    /// HTTP status of the answer that ended the call, where there was one.
    public var statusCode: Int? { details.statusCode }

    /// Key of a call that was sent: the same call with this idempotency key resumes it.
    public var key: String? { details.key }
}

extension BlockrunError: LocalizedError {
    /// What is wrong.
    public var errorDescription: String? { details.text }

    /// What happened to the money.
    public var failureReason: String? { "\(payment)" }

    /// The way on from an outcome that is open.
    public var recoverySuggestion: String? {
        guard case .unknown(_, _, let key) = payment else { return nil }
        return "Make the same call again, or with the idempotency key \(key): it resumes the payment."
    }
}

extension PaymentState: CustomStringConvertible {
    /// What happened to the money, for people.
    public var description: String {
        switch self {
        case .notCharged: "Nothing was charged."
        case .refused(let until, let amount):
            "The payment of \(amount) USDC was refused; it is void after \(until)."
        case .charged(let amount, _, _): "\(amount) USDC were charged."
        case .unknown(_, let until, _):
            "The payment was sent and its outcome is not known; it is void after \(until)."
        case .presumedCharged(let amount): "\(amount) USDC are presumed to be charged."
        }
    }
}
