package ai.blockrun.llm

import kotlinx.serialization.json.jsonObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

class ErrorsTest {
    @Test
    fun everyCodeHasItsClassAndParent() {
        val rows = cases("vectors/errors.json").map { Case(it.jsonObject) }
        val codes = rows.map { row ->
            val code = ErrorCode.valueOf(row.text("code"))
            assertEquals(row.text("code"), "$code")
            val error = exceptionOf(details(code))
            assertEquals(row.text("kotlin"), error.javaClass.simpleName)
            assertEquals(row.text("kotlin_parent"), error.javaClass.superclass.simpleName)
            assertInstanceOf(BlockrunException::class.java, error)
            code
        }
        println("errors.json: ran ${rows.size} of ${rows.size}")
        assertEquals(ErrorCode.entries.toSet(), codes.toSet())
    }

    @Test
    fun badArgumentsAreFoundBeforeAnyTraffic() = waiting {
        val key = assertThrows<InvalidArgumentException> { LLMClient(privateKey = "${KEY}0") }
        assertEquals("privateKey", key.field)
        assertTrue(KEY.drop(10) !in "$key ${key.details}")
        val both = assertThrows<InvalidArgumentException> { client("http://127.0.0.1:9", signer = Throwing).close().also { LLMClient(KEY, signer = Throwing) } }
        assertEquals("signer", both.field)
        client("http://127.0.0.1:9/api").use { client ->
            for ((field, options) in listOf(
                "maxTokens" to ChatOptions(maxTokens = 0),
                "maxTokens" to ChatOptions(maxTokens = -1),
                "topP" to ChatOptions(topP = 1.5),
                "tools" to ChatOptions(tools = "{"),
                "extra" to ChatOptions(extra = "[]"),
            )) {
                val error = assertThrows<InvalidArgumentException> { client.chat("Hi", options = options) }
                assertEquals(field, error.field)
                assertTrue(error.message.orEmpty().startsWith(field), error.message)
                assertEquals(PaymentState.NotCharged, error.payment)
            }
        }
        assertThrows<InvalidArgumentException> { Usdc("0.0000001") }
    }

    @Test
    fun anAnswerWithAnErrorIsToldWhole() = waiting {
        val said = """{"error":{"message":"slow down","type":"rate_limit"}}"""
        Answering { 429 to said }.use { server ->
            client(server.url).use { client ->
                val error = assertThrows<ApiException> { client.chat("Hi") }
                assertEquals(429 to said, error.statusCode to error.response)
                assertEquals("slow down", error.reason)
            }
        }
        client("http://127.0.0.1:9/api").use { client ->
            val error = assertThrows<ApiConnectionException> { client.chat("Hi") }
            assertNotNull(error.cause)
        }
    }

    @Test
    fun anErrorAfterSendingSaysWhereTheMoneyIs() = waiting {
        paid { 402 to """{"error":"insufficient_funds"}""" }.use { server ->
            client(server.url).use { client ->
                val error = assertThrows<PaymentRefusedException> { client.chat("Hi") }
                val record = client.payments().single()
                val refused = error.payment as PaymentState.Refused
                assertEquals(Usdc(1_000u), refused.atRisk)
                assertEquals(record.validBefore, refused.liveUntil)
                assertEquals(record.key, error.key)
                assertEquals(Usdc(1_000u), client.spending().reserved)
            }
        }
    }

    @Test
    fun aLimitSaysWhatItRanInto() = waiting {
        paid { 200 to ANSWER }.use { server ->
            client(server.url, ClientOptions(maxCostPerCall = Usdc("0.0005"))).use { client ->
                val error = assertThrows<SpendLimitException> { client.chat("Hi") }
                assertEquals(Usdc(1_000u) to Usdc(500u), error.limit.quoted to error.limit.limit)
                assertEquals("call", error.limit.scope)
            }
            assertEquals(0, server.payments.size)
        }
    }

    private fun details(code: ErrorCode) = ErrorDetails(
        code, "text", PaymentState.NotCharged, false, null, null, null, null, null, null, null, null, emptyList(),
    )
}
