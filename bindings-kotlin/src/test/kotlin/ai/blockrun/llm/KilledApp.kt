package ai.blockrun.llm

import kotlinx.coroutines.runBlocking

/** An app that is killed while it waits for an answer that it has paid for. */
fun main(arguments: Array<String>) = runBlocking {
    val (url, home) = arguments
    client(url, ClientOptions(home = home)).use {
        it.chat("Hi", options = ChatOptions(idempotencyKey = "order-1"))
    }
    Unit
}
