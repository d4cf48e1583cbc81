import BlockRunLLM
import Foundation
import XCTest

/// The whole way, against the practice gateway.
final class GatewayTests: XCTestCase {
    func testTheExampleRuns() throws {
        let gateway = try practiceGateway()
        let (example, output) = (Process(), Pipe())
        example.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
            .deletingLastPathComponent().appendingPathComponent("hello")
        example.environment = ProcessInfo.processInfo.environment.merging([
            "BLOCKRUN_WALLET_KEY": key, "BLOCKRUN_API_URL": gateway.url, "BLOCKRUN_HOME": freshHome(),
        ]) { $1 }
        example.standardOutput = output
        try example.run()
        let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let names = printed.split(separator: "\n").map { $0.prefix { $0 != " " } }
        XCTAssertEqual(names, ["reply", "model", "price", "transaction"])
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
