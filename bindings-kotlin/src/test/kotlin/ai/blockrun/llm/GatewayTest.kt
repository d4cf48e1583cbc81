package ai.blockrun.llm

import kotlinx.coroutines.flow.retry
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** The whole way, against the practice gateway. */
class GatewayTest {
    private fun <T> paying(test: suspend (LLMClient) -> T) =
        waiting { client(gateway.url, ClientOptions(rpcUrl = gateway.ledger)).use { test(it) } }

    private fun printed(main: String, vararg arguments: String): List<String> {
        val environment = mapOf(
            "BLOCKRUN_WALLET_KEY" to KEY, "BLOCKRUN_API_URL" to gateway.url, "BLOCKRUN_HOME" to freshHome(),
        )
        return java(main, *arguments, environment = environment).inputReader().readLines()
    }

    @Test
    fun theExampleRuns() {
        val names = printed("HelloKt").map { it.substringBefore(' ') }
        assertEquals(listOf("reply", "model", "price", "transaction"), names)
    }

    @Test
    fun theAgentOfTheGuideRuns() {
        assertTrue(shared("bindings-kotlin/examples/agent.kt") in shared("docs/guide/kotlin.md"))
        val home = freshHome()
        val said = printed("AgentKt", home).single()
        assertTrue(Regex(".+ for 0\\.\\d+ USDC").matches(said), said)
        // Asked once for the tool, and again with what it said.
        val options = ClientOptions(home = home)
        waiting {
            client(gateway.url, options).use {
                assertEquals(2, it.payments(PaymentFilter(scope = PaymentScope.HOME)).size)
            }
        }
    }

    @Test
    fun theRestOfTheGuideRuns() {
        val said = printed("GuideKt", freshHome())
        assertEquals(3, said.count { it.startsWith("Hello!") }, "$said")
        assertTrue(said.any { it.endsWith("19 20") }, "$said")
        assertTrue(said.any { it.startsWith("ethereum:") }, "$said")
    }

    @Test
    fun aPaidCallCostsWhatItSays() = paying { client ->
        val quote = client.quote("Hello!")
        val before = client.balance()
        val response = client.chatCompletion("Hello!")
        assertEquals(quote.amount, response.cost)
        assertEquals(before.micro - response.cost.micro, client.balance().micro)
        assertTrue(response.text.isNotEmpty())
        assertNotNull(response.transaction)
        assertEquals(response.transaction, client.payments().single().transaction)
        val again = client.recover(client.payments().single().paymentId)
        assertEquals(response.text to response.cost, again.text to again.cost)
        assertEquals(response.cost, client.spending().total)
    }

    @Test
    fun aStreamPaysOnce() = paying { client ->
        val stream = client.chatCompletionStream("Tell me a story.")
        assertEquals(0, client.payments().size)
        val text = stream.toList().joinToString("") { it.text }
        val whole = stream.received()
        assertEquals(whole.text, text)
        assertTrue(text.isNotEmpty() && whole.cost > Usdc(0u))
        assertThrows<StreamConsumedException> { stream.toList() }
        assertThrows<StreamConsumedException> { stream.retry(3).toList() }
        assertEquals(whole.cost, client.spending().total)
        assertEquals(1L, client.spending().calls)
    }

    @Test
    fun aStreamThatIsLeftIsPaidOnce() = paying { client ->
        val stream = client.chatCompletionStream("Tell me a story.")
        assertEquals(2, stream.take(2).toList().size)
        assertTrue(stream.received().cost > Usdc(0u))
        assertEquals(listOf(RecordState.SETTLED), client.payments().map { it.state })
    }

    @Test
    fun modelsAndImagesAndAnyEndpoint() = paying { client ->
        val models = client.listModels()
        assertTrue(models.any { it.id == client.model })
        assertTrue(client.listImageModels().size in 1 until models.size)
        val answer = client.request(ApiRequest(path = "/v1/models"))
        assertTrue(client.model in String(answer.body) && answer.cost == Usdc(0u))
        val image = client.image("A lighthouse", ImageOptions(model = client.listImageModels()[0].id))
        assertTrue(image.data.single().run { url ?: b64Json }.orEmpty().isNotEmpty())
        assertTrue(image.cost > Usdc(0u))
    }

    companion object {
        private val gateway = practiceGateway()

        @AfterAll
        @JvmStatic
        fun stop() = gateway.close()
    }
}
