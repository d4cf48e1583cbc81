import BlockRunLLM
import Foundation
import XCTest

/// A wallet elsewhere: it reads what it is to sign, as a wallet shows it to its user.
private struct Wallet: Signer {
    let address = account

    func sign(_ request: SigningRequest) async throws -> String {
        let shown = Case(try JSONSerialization.jsonObject(with: Data(request.typedData.utf8)))
        let (message, domain) = (Case(shown["message"] as Any), Case(shown["domain"] as Any))
        let signed = try Offline.signAuthorization(
            privateKey: key, network: "eip155:\(Int(domain.text("chainId")) ?? Int(domain.text("chainId").dropFirst(2), radix: 16) ?? 0)",
            authorization: Authorization(
                from: message.text("from"), to: message.text("to"), value: message.text("value"),
                validAfter: message.text("validAfter"), validBefore: message.text("validBefore"),
                nonce: message.text("nonce")))
        XCTAssertEqual(signed.digest, request.digest)
        return signed.signature
    }
}

private struct Locked: Error, Signer {
    let address = account

    func sign(_ request: SigningRequest) async throws -> String { throw self }
}

final class CallsTests: XCTestCase {
    func testAClientSaysWhoItIsAndNothingElse() throws {
        let client = try client("http://127.0.0.1:9/api")
        XCTAssertEqual("\(client)", "LLMClient(address: \(account), apiUrl: http://127.0.0.1:9/api)")
        XCTAssertEqual([client.model, client.network], ["openai/gpt-4o-mini", "eip155:84532"])
        XCTAssertEqual(client.paymentMode, .wallet)
        XCTAssertTrue(client.isTestnet)
        XCTAssertNil(client.journal)
    }

    func testMoneyIsExact() throws {
        XCTAssertEqual("\(Usdc(micro: 1_000))", "0.001")
        XCTAssertEqual(try Usdc("0.25"), Usdc(micro: 250_000))
        XCTAssertEqual(Usdc(micro: 1).dollars, Decimal(string: "0.000001"))
        XCTAssertLessThan(try Usdc("1.999999"), try Usdc("2"))
        let coded = try JSONEncoder().encode(Usdc(micro: 7))
        XCTAssertEqual(try JSONDecoder().decode(Usdc.self, from: coded), Usdc(micro: 7))
    }

    func testTheApplicationIsAskedBeforeAPayment() async throws {
        let gateway = try practiceGateway()
        let refusing = try client(gateway.url) { request in
            XCTAssertEqual(request.network, "eip155:84532")
            return false
        }
        let refused = try await failure { try await refusing.chat("Hi") }
        XCTAssertEqual(refused.code, .payment)
        XCTAssertEqual(refused.payment, .notCharged)
        let throwing = try client(gateway.url) { _ in throw Locked() }
        let thrown = try await failure { try await throwing.chat("Hi") }
        XCTAssert(thrown.localizedDescription.contains("Locked"), thrown.localizedDescription)
        let agreeing = try client(gateway.url) { _ in
            try await Task.sleep(nanoseconds: 1_000_000)
            return true
        }
        let text = try await agreeing.chat("Hi")
        XCTAssertFalse(text.isEmpty)
    }

    func testASignerElsewhereSigns() async throws {
        let gateway = try practiceGateway()
        let signing = try client(gateway.url, signer: Wallet())
        _ = try await signing.chat("Hi")
        let states = try await signing.payments().map(\.state)
        XCTAssertEqual(states, [.settled])

        let locked = try client(gateway.url, signer: Locked())
        let error = try await failure { try await locked.chat("Hi") }
        XCTAssertEqual(error.payment, .notCharged)
        XCTAssert(error.localizedDescription.contains("the signer failed"), error.localizedDescription)
        let reserved = try await locked.spending().reserved
        XCTAssertEqual(reserved, Usdc(micro: 0))
    }

    func testCancellingBeforeAPriceIsKnown() async throws {
        let silent = try Silent()
        let client = try client(silent.url)
        try await cancel(client, leaving: []) {
            try await Task.sleep(nanoseconds: 200_000_000)
            return true
        }
    }

    func testCancellingWhileTheApplicationIsAsked() async throws {
        let gateway = try practiceGateway()
        let asked = Flag()
        let client = try client(gateway.url) { _ in
            asked.raise()
            try await Task.sleep(nanoseconds: 60_000_000_000)
            return true
        }
        try await cancel(client, leaving: [.released]) { asked.isRaised }
    }

    func testCancellingWhileTheAnswerIsAwaited() async throws {
        let gateway = try slowGateway(milliseconds: 8_000)
        let client = try client(gateway.url)
        try await cancel(client, leaving: [.unknown]) {
            try await client.payments().map(\.state) == [.signed]
        }
        // The same call again takes that payment up.
        let text = try await client.chat("Hi")
        XCTAssertFalse(text.isEmpty)
        let states = try await client.payments().map(\.state)
        XCTAssertEqual(states, [.settled])
    }

    /// Cancels a call once it is in the middle: it ends well before what it waits for, and leaves this.
    private func cancel(
        _ client: LLMClient, leaving states: [RecordState], once ready: () async throws -> Bool
    ) async throws {
        let call = Task { try await client.chat("Hi") }
        try await until(ready)
        let cancelled = Date()
        call.cancel()
        let outcome = await call.result
        XCTAssertLessThan(Date().timeIntervalSince(cancelled), 4)
        XCTAssertThrowsError(try outcome.get()) { XCTAssert($0 is CancellationError, "\($0)") }
        // The books are closed by the library's own threads.
        try await until { try await client.payments().map(\.state) == states }
    }

    func testATaskThatIsCancelledAlreadySendsNothing() async throws {
        let call = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client("http://127.0.0.1:9/api").chat("Hi")
        }
        let outcome = await call.result
        XCTAssertThrowsError(try outcome.get()) { XCTAssert($0 is CancellationError, "\($0)") }
    }

    func testAThousandCallsAtOnce() async throws {
        let gateway = try practiceGateway()
        let client = try client(gateway.url)
        let texts = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 1...1_000 {
                group.addTask { try await client.chat("Number \(number)") }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        XCTAssertEqual(texts.filter { !$0.isEmpty }.count, 1_000)
        let spending = try await client.spending()
        XCTAssertEqual(spending.calls, 1_000)
        XCTAssertEqual(spending.reserved, Usdc(micro: 0))
    }

    func testAKilledAppIsResumed() async throws {
        let gateway = try slowGateway(milliseconds: 8_000)
        let home = freshHome()
        let app = Process()
        app.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
            .deletingLastPathComponent().appendingPathComponent("hello")
        app.environment = ProcessInfo.processInfo.environment.merging([
            "BLOCKRUN_WALLET_KEY": key, "BLOCKRUN_API_URL": gateway.url, "BLOCKRUN_HOME": home,
        ]) { $1 }
        try app.run()
        let client = try client(gateway.url, options: ClientOptions(home: home))
        let everything = PaymentFilter(scope: .home)
        try await until { try await client.payments(everything).map(\.state) == [.signed] }
        kill(app.processIdentifier, SIGKILL)
        // `waitUntilExit` waits for a run loop that a task does not have.
        while app.isRunning { try await Task.sleep(nanoseconds: 1_000_000) }
        let text = try await client.chat("Hello!")
        XCTAssertFalse(text.isEmpty)
        let states = try await client.payments(everything).map(\.state)
        XCTAssertEqual(states, [.settled])
    }
}

/// Raised once, from any thread.
private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var raised = false

    var isRaised: Bool { lock.withLock { raised } }

    func raise() { lock.withLock { raised = true } }
}

/// Takes connections and says nothing.
private final class Silent {
    let url: String
    private let descriptor: Int32

    init() throws {
        #if os(Linux)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let listening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        XCTAssertTrue(listening)
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/api"
    }

    deinit { close(descriptor) }
}
