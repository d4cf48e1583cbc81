// The shortest paid call in Kotlin. The key is read from BLOCKRUN_WALLET_KEY.

import ai.blockrun.llm.LLMClient

suspend fun main() = LLMClient(privateKey = System.getenv("BLOCKRUN_WALLET_KEY")).use { client ->
    val response = client.chat("Hello!")
    // Payment handled automatically via x402. What it cost:
    val payment = client.payments().last()

    println("reply        $response")
    println("model        ${payment.model}")
    println("price        ${payment.amount} USDC")
    println("transaction  ${payment.transaction}")
}
