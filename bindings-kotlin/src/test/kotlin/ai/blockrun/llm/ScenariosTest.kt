package ai.blockrun.llm

import java.net.URI
import java.time.Duration
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource

/** The shared scenarios, played by the scripted gateway, through the public API. */
class ScenariosTest {
    private suspend fun call(url: String): Result<ChatResponse> = runCatching {
        client(url, ClientOptions(timeout = Duration.ofSeconds(60))).use { it.chatCompletion("Hello!") }
    }

    private fun check(id: String, expect: Case, outcome: Result<ChatResponse>) {
        val code = expect["error"]?.jsonPrimitive?.content
        if (code == null) {
            val response = outcome.getOrThrow()
            assertEquals("ok", response.text, id)
            assertEquals(Usdc(expect.text("amount_micro").toULong()), response.cost)
            return
        }
        val error = outcome.exceptionOrNull() as? BlockrunException ?: error("$id: $outcome")
        assertEquals(code to expect.text("payment"), "${error.code}" to nameOf(error.payment), id)
        expect["field"]?.let {
            val rejection = checkNotNull((error as RequirementRejectedException).rejection)
            assertEquals(it.jsonPrimitive.content, rejection.field)
            assertTrue(rejection.got.isNotEmpty() && rejection.allowed.isNotEmpty(), id)
        }
        expect["status"]?.let { assertEquals(it.jsonPrimitive.content, "${error.statusCode}", id) }
        assertFalse("${error.stackTraceToString()} ${error.details}".contains(KEY.drop(2)), id)
    }

    @ParameterizedTest
    @ValueSource(strings = ["hostile.json", "after_sending.json"])
    fun scenarios(file: String) = waiting {
        val scenarios = cases("scenarios/$file").map { it.jsonObject }
        Started(program("scripted-gateway"), file).use { server ->
            // All at once: most of their time is waiting.
            val outcomes = coroutineScope {
                scenarios.map { one ->
                    async(Dispatchers.IO) { call("${server.url}/${one.getValue("id").jsonPrimitive.content}") }
                }.awaitAll()
            }
            scenarios.zip(outcomes).forEach { (scenario, outcome) ->
                val id = scenario.getValue("id").jsonPrimitive.content
                val expect = Case(scenario.getValue("expect").jsonObject)
                val seen = Json.parseToJsonElement(URI("${server.url}/seen/$id").toURL().readText()).jsonObject
                check(id, expect, outcome)
                val payments = seen.getValue("payments").jsonArray
                assertEquals(expect.text("paid_requests"), "${payments.size}", id)
                assertEquals(expect.text("signatures"), "${payments.toSet().size}", id)
                expect["max_validity"]?.let {
                    assertTrue(seen.getValue("validity").jsonPrimitive.long <= it.jsonPrimitive.long, id)
                }
                expect.checkAllSeen(id)
            }
            println("$file: ran ${outcomes.size} of ${scenarios.size}")
            assertTrue(outcomes.isNotEmpty())
        }
    }
}

fun nameOf(state: PaymentState): String = when (state) {
    PaymentState.NotCharged -> "not_charged"
    is PaymentState.Refused -> "refused"
    is PaymentState.Charged -> "charged"
    is PaymentState.Unknown -> "unknown"
    is PaymentState.PresumedCharged -> "presumed_charged"
}
