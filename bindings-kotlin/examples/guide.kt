// What the guide says in Kotlin besides the agent; the tests compare the two. Its argument is a folder.

import ai.blockrun.llm.*

const val KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"

suspend fun main(arguments: Array<String>) {
    val folder = arguments[0]

    // README
    val response = LLMClient(privateKey = KEY).use { it.chat("Hello!") }
    println(response)

    // Kotlin
    LLMClient(privateKey = KEY).use { println(it.chat("Hello!")) }

    // A first call
    LLMClient(options = ClientOptions(home = folder)).use { println(it.chat("Hello!")) }

    streaming()
    wallet(folder)
}

suspend fun streaming() = LLMClient().use { client ->
    client.chatCompletionStream("Count to 20").collect { print(it.text) }
    println()
}

fun wallet(folder: String) {
    val client = setupAgentWallet(options = ClientOptions(home = folder))
    println(client.funding(Usdc("5")).uri) // to open, or to draw as a QR code
    println(WalletHome(folder).file())
}
