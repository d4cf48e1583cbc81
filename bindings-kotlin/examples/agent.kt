import ai.blockrun.llm.*

suspend fun main(arguments: Array<String>) {
    val options = ClientOptions(
        maxCostPerCall = Usdc("0.05"),
        maxCostPerDay = Usdc("5"),
        home = arguments[0],                           // a folder that is kept
    )
    val approve = OnPayment { it.model != "openai/o1" } // false: nothing is sent
    LLMClient(options = options, onPayment = approve).use { client ->
        val tools = """[{"type":"function","function":{"name":"tide","parameters":{"type":"object"}}}]"""
        val messages = mutableListOf(ChatMessage.user("How high is the tide?"))
        try {
            while (true) {
                val response = client.chatCompletion(messages, options = ChatOptions(tools = tools))
                val message = response.choices.first().message
                messages += message
                if (message.toolCalls.isEmpty()) break
                messages += message.toolCalls.map { ChatMessage.tool(it.id, """{"metres":2.1}""") }
            }
            println("${messages.last().content} for ${client.spending().total} USDC")
        } catch (error: PaymentException) {
            println("${error.code}: ${error.message} (${error.payment}, key ${error.key})")
        }
    }
}
