import BlockRunLLM

let options = ClientOptions(
    maxCostPerCall: try Usdc("0.05"),
    maxCostPerDay: try Usdc("5"),
    home: CommandLine.arguments[1] // a folder that is kept, in an app its application support
)
// `false`: nothing is sent.
let client = try LLMClient(options: options) { $0.model != "openai/o1" }

let tools = #"[{"type":"function","function":{"name":"tide","parameters":{"type":"object"}}}]"#
var messages: [ChatMessage] = [.user("How high is the tide?")]
do {
    while true {
        let response = try await client.chatCompletion(messages, options: ChatOptions(tools: tools))
        guard let message = response.choices.first?.message else { break }
        messages.append(message)
        if message.toolCalls.isEmpty { break }
        messages += message.toolCalls.map { .tool(callId: $0.id, result: #"{"metres":2.1}"#) }
    }
    print(messages.last?.content ?? "", "for", try await client.spending().total, "USDC")
} catch let error as BlockrunError {
    print(error.code, error.localizedDescription, error.payment, error.key ?? "")
}
