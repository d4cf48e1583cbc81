import BlockRunNative
import Foundation

/// Sign, verify and price without any network: for tests, auditors and other servers.
///
/// Everything that is otherwise chance or time comes in as an argument, so the same input gives the
/// same bytes in every language. Nothing here looks at budgets, records anything or talks to anyone:
/// what is signed here can be executed by whoever gets it. Bad arguments are
/// ``BlockrunError/invalidArgument(_:)``.
public enum Offline {
    /// Signs an authorization for USDC on a network of the table, named by its CAIP-2 identifier.
    public static func signAuthorization(
        privateKey: String, network: String, authorization: Authorization
    ) throws -> SignedAuthorization {
        try translated {
            try BlockRunNative.signAuthorization(
                privateKey: privateKey, network: network, authorization: authorization)
        }
    }

    /// The account that signed an authorization; compare it with `from`.
    public static func recoverSigner(
        network: String, authorization: Authorization, signature: String
    ) throws -> String {
        try translated {
            try BlockRunNative.recoverSigner(
                network: network, authorization: authorization, signature: signature)
        }
    }

    /// The nonce of a call, which its idempotency key, wallet, method, origin and path decide: one
    /// call, one nonce.
    public static func nonce(
        wallet: String, key: String, method: String, url: String
    ) throws -> String {
        try translated { try callNonce(wallet: wallet, key: key, method: method, url: url) }
    }

    /// The public id of a call, which travels instead of its key.
    public static func paymentId(nonce: String) throws -> String {
        try translated { try BlockRunNative.paymentId(nonce: nonce) }
    }

    /// Answers a 402: chooses the first acceptable way to pay and signs it.
    ///
    /// - Parameters:
    ///   - challenge: The 402: its header, or the JSON of its body.
    ///   - url: The URL that is really called.
    ///   - maxCostPerCall: The most to sign, inclusive. Default $1.
    /// - Throws: ``BlockrunError/requirementRejected(_:)`` or ``BlockrunError/spendLimit(_:)``.
    public static func signPayment(
        privateKey: String, challenge: String, url: String, now: Date, nonce: String,
        maxCostPerCall: Usdc? = nil
    ) throws -> SignedPayment {
        try translated {
            try BlockRunNative.signPayment(
                privateKey: privateKey, challenge: challenge, url: url, now: now, nonce: nonce,
                maxCostPerCall: maxCostPerCall)
        }
    }

    /// Verifies a payment header of either version against an offered requirement, at a time.
    ///
    /// - Parameters:
    ///   - requirement: The entry of `accepts` that the server offers, as JSON.
    ///   - version: Protocol version of the requirement, 1 or 2.
    public static func verifyPayment(
        headerValue: String, requirement: String, now: Date, version: Int = 2
    ) throws -> Verification {
        try translated {
            try BlockRunNative.verifyPayment(
                headerValue: headerValue, requirement: requirement, now: now, version: version)
        }
    }

    /// Prices a chat request (JSON) by rule `q1`, as client and gateway do.
    public static func quoteChat(
        body: String, rates: ChatRates, rule: PriceRule = PriceRule()
    ) throws -> ChatPrice {
        try translated { try BlockRunNative.quoteChat(body: body, rates: rates, rule: rule) }
    }

    /// The canonical form of a JSON text: keys sorted, no spaces, numbers as received.
    public static func canonicalJson(_ text: String) throws -> String {
        try translated { try BlockRunNative.canonicalJson(text: text) }
    }
}
