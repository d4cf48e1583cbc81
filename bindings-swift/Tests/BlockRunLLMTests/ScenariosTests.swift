import BlockRunLLM
import Foundation
import XCTest

/// The shared scenarios, played by the scripted gateway, through the public API.
final class ScenariosTests: XCTestCase {
    func testEveryFile() async throws {
        // Swift does not poll.
        let played = try files("scenarios").filter { $0.hasSuffix(".json") && $0 != "poll.json" }
        XCTAssertGreaterThan(played.count, 1)
        for file in played.sorted() { try await play(file) }
    }

    private func play(_ file: String) async throws {
        let scenarios = try cases("scenarios/\(file)")
        let server = try Started("scripted-gateway", file)
        // All at once: most of their time is waiting.
        let ran = try await withThrowingTaskGroup(of: Bool.self) { group in
            for scenario in scenarios {
                let id = scenario.text("id")
                let client = scenario.written("client") ?? "{}"
                let calls = scenario.written("calls") ?? hello
                group.addTask { [url = server.url] in
                    let seen = try await outcomes(client: client, calls: calls, apiUrl: "\(url)/\(id)")
                    let verdict = try await Self.judged(url, id, seen)
                    XCTAssertEqual(verdict, #"{"violations":[]}"#, id)
                    return verdict == #"{"violations":[]}"#
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        print("\(file): ran \(ran) of \(scenarios.count)")
        XCTAssertEqual(ran, scenarios.count)
        XCTAssertGreaterThan(ran, 0)
    }

    /// The server's verdict. The client is the only one here that speaks HTTP.
    private static func judged(_ url: String, _ id: String, _ outcomes: String) async throws -> String {
        let seen = ApiRequest(path: "/seen/\(id)", method: "POST", body: outcomes)
        return String(decoding: try await client(url).request(seen).body, as: UTF8.self)
    }
}
