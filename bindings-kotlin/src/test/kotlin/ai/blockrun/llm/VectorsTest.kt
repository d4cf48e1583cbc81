package ai.blockrun.llm

import java.time.Instant
import java.util.Base64
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The shared vectors through the public offline API. */
class VectorsTest {
    private fun run(file: String, check: (Case) -> Unit) {
        val cases = cases("vectors/$file")
        var ran = 0
        for (one in cases) {
            val case = Case(one.jsonObject)
            val id = case.text("id")
            check(case)
            case.checkAllSeen(id)
            ran += 1
        }
        println("$file: ran $ran of ${cases.size}")
        assertTrue(ran == cases.size && ran > 0)
    }

    private fun authorization(json: JsonElement?): Authorization {
        val fields = Case(checkNotNull(json).jsonObject)
        return Authorization(
            fields.text("from"), fields.text("to"), fields.text("value"),
            fields.text("validAfter"), fields.text("validBefore"), fields.text("nonce"),
        ).also { fields.checkAllSeen("authorization") }
    }

    private fun now(case: Case) = Instant.ofEpochSecond(case.text("now").toLong())

    @Test
    fun signing() = run("signing.json") { case ->
        case["source"]
        val (network, message) = case.text("network") to authorization(case["authorization"])
        val (signer, signature) = case.text("signer") to case.text("signature")
        assertEquals(signer, Offline.recoverSigner(network, message, signature))
        val expected = SignedAuthorization(
            signer, case.text("domain_separator"), case.text("struct_hash"), case.text("digest"), signature,
        )
        case["private_key"]?.let {
            assertEquals(expected, Offline.signAuthorization(it.jsonPrimitive.content, network, message))
        }
    }

    @Test
    fun nonces() = run("nonce.json") { case ->
        val made = Offline.nonce(case.text("wallet"), case.text("key"), case.text("method"), case.text("url"))
        assertEquals(case.text("nonce"), made)
        assertEquals(case.text("payment_id"), Offline.paymentId(made))
    }

    @Test
    fun quotes() = run("quote.json") { case ->
        val rule = Case(checkNotNull(case["rule"]).jsonObject)
        val price = Offline.quoteChat(
            case.text("body"),
            ChatRates(
                rule.text("input_rate").toULong(), rule.text("output_rate").toULong(),
                rule.text("max_output").toULong(),
            ),
            PriceRule(
                rule.text("margin_bps").toUInt(), rule.text("floor_micro").toULong(),
                rule.text("output_permille").toUInt(), rule.text("image_tokens").toULong(),
            ),
        )
        rule.checkAllSeen("rule")
        assertEquals(
            ChatPrice(
                Usdc(case.text("amount_micro").toULong()),
                case.text("input_tokens").toLong(), case.text("output_tokens").toLong(),
            ),
            price,
        )
    }

    @Test
    fun payments() = run("payment.json") { case ->
        val signed = Offline.signPayment(
            case.text("private_key"), case["challenge"].toString(), case.text("url"), now(case), case.text("nonce"),
        )
        assertEquals(case.text("header_name"), signed.headerName)
        val header = Json.parseToJsonElement(String(Base64.getDecoder().decode(signed.headerValue)))
        assertEquals(lower(checkNotNull(case["header"])), lower(header))
        val payload = header.jsonObject["payload"]?.jsonObject?.get("authorization")
        assertEquals(lowered(authorization(payload)), lowered(signed.authorization))
        val version = checkNotNull(case["version"]).jsonPrimitive.long.toInt()
        val verdict = Offline.verifyPayment(
            signed.headerValue, case["requirement"].toString(), now(case), version,
        ) as Verification.Valid
        assertEquals(signed.amount, verdict.payment.amount)
        assertEquals(case.text("nonce"), verdict.payment.nonce)
    }

    @Test
    fun verification() = run("verify.json") { case ->
        val version = case.text("version").toInt()
        val verdict = Offline.verifyPayment(
            case.text("header_value"), case["requirement"].toString(), now(case), version,
        )
        val reason = case["reason"].takeIf { it != JsonNull }?.jsonPrimitive?.content
        assertEquals(reason, (verdict as? Verification.Invalid)?.reason)
    }

    @Test
    fun badArgumentsAreNamed() {
        val key = { Offline.signAuthorization("0x12", "base", Authorization("", "", "", "", "", "")) }
        for ((field, call) in listOf<Pair<String, () -> Any>>(
            "wallet" to { Offline.nonce("0x1", "k", "POST", "https://a.example") },
            "url" to { Offline.nonce("0x" + "1".repeat(40), "k", "POST", "nowhere") },
            "nonce" to { Offline.paymentId("0x12") },
            "privateKey" to key,
            "version" to { Offline.verifyPayment("", "{}", Instant.EPOCH, 3) },
            "requirement" to { Offline.verifyPayment("", "{", Instant.EPOCH) },
        )) {
            val error = assertThrows(InvalidArgumentException::class.java) { call() }
            assertEquals(field, error.field, error.message)
        }
        assertEquals("""{"a":["é"],"b":1.0}""", Offline.canonicalJson(""" {"b": 1.0, "a": ["\u00e9"]} """))
    }

    /** Addresses mean the same in any case. */
    private fun lower(json: JsonElement): JsonElement = Json.parseToJsonElement(json.toString().lowercase())

    private fun lowered(message: Authorization) =
        message.copy(from = message.from.lowercase(), to = message.to.lowercase())
}
