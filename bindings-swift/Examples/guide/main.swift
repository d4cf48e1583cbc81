// What the guide says in Swift besides the agent; the tests compare the two. Its argument is a folder.
import BlockRunLLM

let client = try LLMClient(privateKey: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
print(try await client.chat("Hello!"))

let folder = CommandLine.arguments[1]

do { // README
    let client = try LLMClient(privateKey: "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
    let response = try await client.chat("Hello!")
    print(response)
}

do { // A first call
    print(try await LLMClient(options: ClientOptions(home: folder)).chat("Hello!"))
}

do { // Streaming
    for try await chunk in client.chatCompletionStream("Count to 20") { print(chunk.text, terminator: "") }
    print()
}

do { // The wallet
    let client = try setupAgentWallet(options: ClientOptions(home: folder))
    print(try client.funding(amount: Usdc("5")).uri)  // to open, or to draw as a QR code
    print(try WalletHome(folder).file() as Any)
}
