import BlockRunLLM
import Foundation
import XCTest

/// The whole way, against the practice gateway.
final class GatewayTests: XCTestCase {
    func testTheExampleRuns() throws {
        let gateway = try practiceGateway()
        let names = try printed(by: "hello", at: gateway).map { $0.prefix { $0 != " " } }
        XCTAssertEqual(names, ["reply", "model", "price", "transaction"])
    }

    func testTheAgentOfTheGuideRuns() async throws {
        let guide = try shared("docs/guide/swift.md")
        XCTAssert(guide.contains(try shared("bindings-swift/Examples/agent/main.swift")))
        let (gateway, home) = (try practiceGateway(), freshHome())
        let said = try printed(by: "agent", [home], at: gateway)
        XCTAssertEqual(said.count, 1)
        XCTAssertNotNil(said.first?.range(of: #"^.+ for 0\.\d+ USDC$"#, options: .regularExpression), "\(said)")
        // Asked once for the tool, and again with what it said.
        let client = try client(gateway.url, options: ClientOptions(home: home))
        let payments = try await client.payments(PaymentFilter(scope: .home))
        XCTAssertEqual(payments.count, 2)
    }

    func testTheRestOfTheGuideRuns() throws {
        let said = try printed(by: "guide", [freshHome()], at: try practiceGateway())
        XCTAssertEqual(said.filter { $0.hasPrefix("Hello!") }.count, 3, "\(said)")
        XCTAssert(said.contains { $0.hasSuffix("19 20") }, "\(said)")
        XCTAssert(said.contains { $0.hasPrefix("ethereum:") }, "\(said)")
    }

    /// The lines that an example of this package prints.
    private func printed(
        by name: String, _ arguments: [String] = [], at gateway: Started
    ) throws -> [String] {
        let (example, output) = (Process(), Pipe())
        example.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
            .deletingLastPathComponent().appendingPathComponent(name)
        example.arguments = arguments
        example.environment = ProcessInfo.processInfo.environment.merging([
            "BLOCKRUN_WALLET_KEY": key, "BLOCKRUN_API_URL": gateway.url, "BLOCKRUN_HOME": freshHome(),
        ]) { $1 }
        example.standardOutput = output
        try example.run()
        let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return printed.split(separator: "\n").map(String.init)
    }

    func testAPaidCallCostsWhatItSays() async throws {
        let gateway = try practiceGateway()
        let client = try client(gateway.url, options: ClientOptions(rpcUrl: gateway.ledger))
        let quote = try await client.quote("Hello!")
        let before = try await client.balance()
        let response = try await client.chatCompletion("Hello!", system: "Be brief.")
        XCTAssertEqual(response.cost, quote.amount)
        let after = try await client.balance()
        XCTAssertEqual(before.micro - response.cost.micro, after.micro)
        XCTAssertFalse(response.text.isEmpty)
        let payments = try await client.payments()
        XCTAssertEqual(payments.map(\.transaction), [response.transaction])
        let again = try await client.recover(payments[0].paymentId)
        XCTAssertEqual(again.text, response.text)
        XCTAssertEqual(again.cost, response.cost)
        let spending = try await client.spending()
        XCTAssertEqual(spending.total, response.cost)
        guard case .file = client.journal else { return XCTFail("\(String(describing: client.journal))") }
    }

    func testAStreamPaysOnce() async throws {
        let gateway = try practiceGateway()
        let client = try client(gateway.url)
        let stream = client.chatCompletionStream("Tell me a story.")
        let nothing = try await client.payments()
        XCTAssertEqual(nothing, [])
        var text = ""
        for try await chunk in stream { text += chunk.text }
        let whole = try await stream.received()
        XCTAssertEqual(whole.text, text)
        XCTAssertFalse(text.isEmpty)
        XCTAssertGreaterThan(whole.cost, Usdc(micro: 0))
        let error = try await failure { for try await _ in stream {} }
        guard case .streamConsumed = error else { return XCTFail("\(error)") }
        let spending = try await client.spending()
        XCTAssertEqual(spending.total, whole.cost)
        XCTAssertEqual(spending.calls, 1)
    }

    func testAStreamThatIsLeftIsPaidOnce() async throws {
        let gateway = try practiceGateway()
        let client = try client(gateway.url)
        let stream = client.chatCompletionStream("Tell me a story.")
        for try await _ in stream { break }
        let cost = try await stream.received().cost
        XCTAssertGreaterThan(cost, Usdc(micro: 0))
        let states = try await client.payments().map(\.state)
        XCTAssertEqual(states, [.settled])
    }

    func testModelsAndImagesAndAnyEndpoint() async throws {
        let gateway = try practiceGateway()
        let client = try client(gateway.url)
        let models = try await client.listModels()
        XCTAssert(models.contains { $0.id == client.model })
        let drawing = try await client.listImageModels()
        XCTAssert(!drawing.isEmpty && drawing.count < models.count)
        let answer = try await client.request(ApiRequest(path: "/v1/models"))
        XCTAssert(String(decoding: answer.body, as: UTF8.self).contains(client.model))
        let image = try await client.image("A lighthouse", options: ImageOptions(model: drawing[0].id))
        XCTAssertEqual(image.data.count, 1)
        XCTAssertGreaterThan(image.cost, Usdc(micro: 0))
    }
}
