import BlockRunLLM
import XCTest

/// The shared scenarios, played by the scripted gateway, through the public API.
final class ScenariosTests: XCTestCase {
    func testHostile() async throws { try await play("hostile.json") }

    func testAfterSending() async throws { try await play("after_sending.json") }

    private func play(_ file: String) async throws {
        let scenarios = try cases("scenarios/\(file)")
        let server = try Started("scripted-gateway", file)
        let ids = scenarios.map { $0.text("id") }
        // All at once: most of their time is waiting.
        let outcomes = await withTaskGroup(of: (String, Result<ChatResponse, any Error>).self) { group in
            for id in ids {
                group.addTask { [url = "\(server.url)/\(id)"] in (id, await Self.call(url)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        // The client is the only one here that speaks HTTP.
        let http = try client(server.url)
        for scenario in scenarios {
            let id = scenario.text("id")
            let expect = Case(scenario["expect"] as Any)
            try check(id, expect, try XCTUnwrap(outcomes[id]))
            let report = try await http.request(ApiRequest(path: "/seen/\(id)")).body
            let seen = Case(try JSONSerialization.jsonObject(with: report))
            let payments = seen["payments"] as? [String] ?? []
            XCTAssertEqual("\(payments.count)", expect.text("paid_requests"), id)
            XCTAssertEqual("\(Set(payments).count)", expect.text("signatures"), id)
            if expect["max_validity"] != nil {
                XCTAssertLessThanOrEqual(seen.number("validity"), expect.number("max_validity"), id)
            }
            expect.checkAllSeen(id)
        }
        print("\(file): ran \(outcomes.count) of \(scenarios.count)")
        XCTAssert(outcomes.count == scenarios.count && !outcomes.isEmpty)
    }

    private static func call(_ url: String) async -> Result<ChatResponse, any Error> {
        do {
            return .success(
                try await client(url, options: ClientOptions(timeout: 60)).chatCompletion("Hello!"))
        } catch {
            return .failure(error)
        }
    }

    private func check(
        _ id: String, _ expect: Case, _ outcome: Result<ChatResponse, any Error>
    ) throws {
        guard let code = expect["error"] as? String else {
            let response = try outcome.get()
            XCTAssertEqual(response.text, "ok", id)
            XCTAssertEqual(response.cost, Usdc(micro: expect.number("amount_micro")), id)
            return
        }
        guard case .failure(let thrown) = outcome, let error = thrown as? BlockrunError else {
            return XCTFail("\(id): \(outcome)")
        }
        XCTAssertEqual("\(error.code)", code, id)
        XCTAssertEqual(name(error.payment), expect.text("payment"), id)
        if let field = expect["field"] as? String {
            let rejection = try XCTUnwrap(error.details.rejection, id)
            XCTAssertEqual(rejection.field, field, id)
            XCTAssert(!rejection.got.isEmpty && !rejection.allowed.isEmpty, id)
        }
        if expect["status"] != nil {
            XCTAssertEqual(error.statusCode.map { "\($0)" }, expect.text("status"), id)
        }
        XCTAssertFalse("\(error) \(error.localizedDescription)".contains(key.dropFirst(2)), id)
    }

    private func name(_ state: PaymentState) -> String {
        switch state {
        case .notCharged: "not_charged"
        case .refused: "refused"
        case .charged: "charged"
        case .unknown: "unknown"
        case .presumedCharged: "presumed_charged"
        }
    }
}
