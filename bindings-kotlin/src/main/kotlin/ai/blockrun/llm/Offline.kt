package ai.blockrun.llm

import java.time.Instant

/**
 * Sign, verify and price without any network: for tests, auditors and other servers.
 *
 * Everything that is otherwise chance or time comes in as an argument, so the same input gives the
 * same bytes in every language. Nothing here looks at budgets, records anything or talks to anyone:
 * what is signed here can be executed by whoever gets it. Bad arguments are
 * [InvalidArgumentException]s.
 */
object Offline {
    /** Signs an authorization for USDC on a network of the table, named by its CAIP-2 identifier. */
    fun signAuthorization(
        privateKey: String,
        network: String,
        authorization: Authorization,
    ): SignedAuthorization = translated {
        ai.blockrun.llm.signAuthorization(privateKey, network, authorization)
    }

    /** The account that signed an authorization; compare it with `from`. */
    fun recoverSigner(network: String, authorization: Authorization, signature: String): String =
        translated { ai.blockrun.llm.recoverSigner(network, authorization, signature) }

    /**
     * The nonce of a call, which its idempotency key, wallet, method, origin and path decide: one
     * call, one nonce.
     */
    fun nonce(wallet: String, key: String, method: String, url: String): String =
        translated { callNonce(wallet, key, method, url) }

    /** The public id of a call, which travels instead of its key. */
    fun paymentId(nonce: String): String = translated { ai.blockrun.llm.paymentId(nonce) }

    /**
     * Answers a 402: chooses the first acceptable way to pay and signs it.
     *
     * @param challenge the 402: its header, or the JSON of its body.
     * @param url the URL that is really called.
     * @param maxCostPerCall the most to sign, inclusive. Default $1.
     * @throws RequirementRejectedException nothing in it is acceptable.
     * @throws SpendLimitException it costs more.
     */
    fun signPayment(
        privateKey: String,
        challenge: String,
        url: String,
        now: Instant,
        nonce: String,
        maxCostPerCall: Usdc? = null,
    ): SignedPayment = translated {
        ai.blockrun.llm.signPayment(privateKey, challenge, url, now, nonce, maxCostPerCall)
    }

    /**
     * Verifies a payment header of either version against an offered requirement, at a time.
     *
     * @param requirement the entry of `accepts` that the server offers, as JSON.
     * @param version protocol version of the requirement, 1 or 2.
     */
    fun verifyPayment(
        headerValue: String,
        requirement: String,
        now: Instant,
        version: Int = 2,
    ): Verification = translated {
        ai.blockrun.llm.verifyPayment(headerValue, requirement, now, version.toLong())
    }

    /** Prices a chat request (JSON) by rule `q1`, as client and gateway do. */
    fun quoteChat(body: String, rates: ChatRates, rule: PriceRule = PriceRule()): ChatPrice =
        translated { ai.blockrun.llm.quoteChat(body, rates, rule) }

    /** The canonical form of a JSON text: keys sorted, no spaces, numbers as received. */
    fun canonicalJson(text: String): String = translated { ai.blockrun.llm.canonicalJson(text) }
}
