package ai.blockrun.llm

import java.time.Duration
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** A wallet elsewhere: it reads what it is to sign, as a wallet shows it to its user. */
private object Wallet : Signer {
    override val address = ADDRESS

    override suspend fun sign(request: SigningRequest): String {
        val shown = Json.parseToJsonElement(request.typedData).jsonObject
        val message = shown.getValue("message").jsonObject.mapValues { it.value.jsonPrimitive.content }
        val chain = shown.getValue("domain").jsonObject.getValue("chainId").jsonPrimitive.content
        val signed = Offline.signAuthorization(
            KEY,
            "eip155:$chain",
            Authorization(
                message.getValue("from"), message.getValue("to"), message.getValue("value"),
                message.getValue("validAfter"), message.getValue("validBefore"), message.getValue("nonce"),
            ),
        )
        assertEquals(request.digest, signed.digest)
        return signed.signature
    }
}

object Throwing : Signer {
    override val address = ADDRESS

    override suspend fun sign(request: SigningRequest): String = throw AssertionError("locked")
}

class CallsTest {
    @Test
    fun aClientSaysWhoItIsAndNothingElse() {
        client("http://127.0.0.1:9/api").use {
            assertEquals("LLMClient(address=$ADDRESS, apiUrl=http://127.0.0.1:9/api)", "$it")
            assertEquals(listOf("openai/gpt-4o-mini", "eip155:84532"), listOf(it.model, it.network))
            assertEquals(PaymentMode.WALLET to true, it.paymentMode to it.isTestnet)
            assertNull(it.journal)
        }
    }

    @Test
    fun moneyIsExact() {
        assertEquals("0.001", "${Usdc(1_000u)}")
        assertEquals(Usdc(250_000u), Usdc("0.25"))
        assertEquals("0.250000", Usdc("0.25").dollars.toPlainString())
        assertTrue(Usdc("2") > Usdc("1.999999"))
    }

    @Test
    fun aCallIsPaidAndRecorded() = waiting {
        paid { 200 to ANSWER }.use { server ->
            client(server.url).use { client ->
                val response = client.chatCompletion("Hi", system = "Be brief.")
                assertEquals("ok" to Usdc(1_000u), response.text to response.cost)
                assertEquals(3L, response.usage?.totalTokens)
                assertTrue("service_tier" in response.raw)
                val record = client.payments().single()
                assertEquals(RecordState.SETTLED, record.state)
                assertEquals(Spending(Usdc(1_000u), 1, Usdc(0u), Usdc(0u)), client.spending())
                assertEquals(emptyList<PaymentRecord>(), client.payments(PaymentFilter(state = RecordState.UNKNOWN)))
                assertTrue(client.journal is JournalKind.File)
            }
        }
    }

    @Test
    fun theApplicationIsAskedBeforeAPayment() = waiting {
        paid { 200 to ANSWER }.use { server ->
            val asked = mutableListOf<PaymentRequest>()
            client(server.url, onPayment = { asked += it; false }).use {
                val error = assertThrows<PaymentException> { it.chat("Hi") }
                assertEquals(ErrorCode.PAYMENT to PaymentState.NotCharged, error.code to error.payment)
            }
            assertEquals(listOf(Usdc(1_000u) to "eip155:84532"), asked.map { it.amount to it.network })
            client(server.url, onPayment = { error("closed on Sundays") }).use {
                val error = assertThrows<PaymentException> { it.chat("Hi") }
                assertTrue("closed on Sundays" in error.message.orEmpty(), error.message)
            }
            assertEquals(0, server.payments.size)
            client(server.url, onPayment = { delay(1); true }).use { assertEquals("ok", it.chat("Hi")) }
        }
    }

    @Test
    fun aSignerThatThrowsEndsTheCallUnpaid() = waiting {
        paid { 200 to ANSWER }.use { server ->
            client(server.url, signer = Throwing).use { client ->
                val error = withTimeout(60_000) { assertThrows<PaymentException> { client.chat("Hi") } }
                assertTrue("locked" in error.message.orEmpty(), error.message)
                assertEquals(PaymentState.NotCharged, error.payment)
                assertEquals(Usdc(0u), client.spending().reserved)
            }
            assertEquals(0, server.payments.size)
        }
    }

    @Test
    fun aSignerElsewhereSigns() = waiting {
        paid { 200 to ANSWER }.use { server ->
            client(server.url, signer = Wallet).use { client ->
                assertEquals("ok", client.chat("Hi"))
                assertEquals(RecordState.SETTLED, client.payments().single().state)
            }
            assertEquals(1, server.payments.size)
        }
    }

    @Test
    fun cancellingLeavesTheBooksRight() = waiting {
        for (moment in Moment.entries) {
            val reached = CountDownLatch(1)
            val stop = CompletableDeferred<Unit>()
            val goOn = CountDownLatch(1)
            fun halt(here: Moment) {
                if (here == moment) {
                    reached.countDown()
                    goOn.await(60, TimeUnit.SECONDS)
                }
            }
            val server = Answering { payment ->
                halt(if (payment == null) Moment.PRICE else Moment.ANSWER)
                if (payment == null) 402 to CHALLENGE else 200 to ANSWER
            }
            val hook = OnPayment {
                if (moment == Moment.APPROVAL) {
                    reached.countDown()
                    stop.await()
                }
                true
            }
            server.use {
                client(server.url, onPayment = hook).use { client ->
                    coroutineScope {
                        val call = launch(Dispatchers.Default) { client.chat("Hi") }
                        assertTrue(reached.await(60, TimeUnit.SECONDS))
                        call.cancel()
                        val ended = System.nanoTime()
                        call.join()
                        // Whatever it waited for takes a minute.
                        assertTrue(System.nanoTime() - ended < 20_000_000_000, "$moment: it went on")
                    }
                    val states = eventually { client.payments().map { it.state }.takeIf { moment.leaves == it } }
                    assertEquals(moment.leaves, states, "$moment")
                    // The same call again pays once, with the payment that there is.
                    stop.complete(Unit)
                    goOn.countDown()
                    assertEquals("ok", client.chat("Hi"))
                    assertEquals(1, server.payments.toSet().size, "$moment")
                }
            }
        }
    }

    private enum class Moment(val leaves: List<RecordState>) {
        PRICE(emptyList()),
        APPROVAL(listOf(RecordState.RELEASED)),
        ANSWER(listOf(RecordState.UNKNOWN)),
    }

    @Test
    fun aTimeoutOfCoroutinesEndsACall() = waiting {
        Answering { Thread.sleep(3_000); 200 to ANSWER }.use { server ->
            client(server.url).use { client ->
                assertThrows<TimeoutCancellationException> { withTimeout(50) { client.chat("Hi") } }
                val error = assertThrows<ApiTimeoutException> {
                    client.chat("Hi", options = ChatOptions(timeout = Duration.ofMillis(50)))
                }
                assertEquals(PaymentState.NotCharged, error.payment)
            }
        }
    }

    @Test
    fun aThousandCallsAtOnce() = waiting {
        val served = AtomicInteger()
        paid { served.incrementAndGet(); 200 to ANSWER }.use { server ->
            client(server.url).use { client ->
                val texts = coroutineScope {
                    (1..1_000).map { async(Dispatchers.Default) { client.chat("Number $it") } }.awaitAll()
                }
                assertEquals(listOf("ok"), texts.distinct())
                assertEquals(1_000L to Usdc("1"), client.spending().let { it.calls to it.total })
            }
            assertEquals(1_000 to 1_000, served.get() to server.payments.toSet().size)
        }
    }

    @Test
    fun aKilledAppResumesWithItsKey() = waiting {
        val home = freshHome()
        val hold = CountDownLatch(1)
        val reached = CountDownLatch(1)
        paid {
            reached.countDown()
            hold.await()
            200 to ANSWER
        }.use { server ->
            val app = java("ai.blockrun.llm.KilledAppKt", server.url, home)
            try {
                assertTrue(reached.await(60, TimeUnit.SECONDS), "the app never paid")
            } finally {
                app.destroyForcibly().waitFor()
            }
            hold.countDown()
            client(server.url, ClientOptions(home = home)).use { client ->
                val unresolved = client.payments(PaymentFilter(scope = PaymentScope.HOME)).single()
                assertTrue(unresolved.state in setOf(RecordState.SIGNED, RecordState.UNKNOWN))
                assertEquals("ok", client.chat("Hi", options = ChatOptions(idempotencyKey = "order-1")))
                val records = client.payments(PaymentFilter(scope = PaymentScope.HOME))
                assertEquals(listOf(RecordState.SETTLED), records.map { it.state })
            }
            assertEquals(2 to 1, server.payments.size to server.payments.toSet().size)
        }
    }

    private suspend fun <T : Any> eventually(look: suspend () -> T?): T? {
        repeat(3_000) {
            look()?.let { return it }
            delay(20)
        }
        return null
    }
}
