import XCTest

@testable import BlockRunLLM

final class ErrorsTests: XCTestCase {
    func testEveryCodeHasItsCase() throws {
        let rows = try cases("vectors/errors.json")
        // The codes come from the library, each by an error of it; the switch over them is complete
        // or does not compile.
        for (row, code) in zip(rows, codes) {
            let error = BlockrunError(details(code))
            XCTAssertEqual("\(error.code)", row.text("code"))
            XCTAssertEqual(Mirror(reflecting: error).children.first?.label, row.text("swift"))
            XCTAssertEqual(error.errorDescription, "text")
            XCTAssertEqual(error.failureReason, "Nothing was charged.")
        }
        print("errors.json: ran \(rows.count) of \(codes.count)")
        XCTAssertEqual(rows.count, codes.count)
    }

    func testBadArgumentsAreFoundBeforeAnyTraffic() async throws {
        XCTAssertThrowsError(try LLMClient(privateKey: key + "0")) { error in
            XCTAssertEqual((error as? BlockrunError)?.details.field, "privateKey")
            XCTAssertFalse("\(error)".contains(key.dropFirst(10)))
        }
        XCTAssertThrowsError(try Usdc("0.0000001"))
        let client = try client("http://127.0.0.1:9/api")
        let wrong: [(String, ChatOptions)] = [
            ("maxTokens", ChatOptions(maxTokens: 0)), ("maxTokens", ChatOptions(maxTokens: -1)),
            ("topP", ChatOptions(topP: 1.5)), ("tools", ChatOptions(tools: "{")),
            ("extra", ChatOptions(extra: "[]")),
        ]
        for (field, options) in wrong {
            let error = try await failure { try await client.chat("Hi", options: options) }
            XCTAssertEqual(error.details.field, field)
            XCTAssert(error.localizedDescription.hasPrefix(field), error.localizedDescription)
            XCTAssertEqual(error.payment, .notCharged)
        }
        let stream = client.chatCompletionStream("Hi", options: ChatOptions(maxTokens: 0))
        let late = try await failure { for try await _ in stream {} }
        XCTAssertEqual(late.details.field, "maxTokens")
    }

    func testNobodyThere() async throws {
        let error = try await failure { try await client("http://127.0.0.1:9/api").chat("Hi") }
        guard case .apiConnection(let details) = error else { return XCTFail("\(error)") }
        XCTAssertFalse(details.causes.isEmpty)
        XCTAssertTrue(error.isRetryable)
    }

    private let codes: [ErrorCode] = [
        .invalidArgument, .apiError, .apiTimeout, .apiConnection, .payment, .spendLimit,
        .paymentRefused, .requirementRejected, .paymentOutcomeUnknown, .paymentAlreadyUsed,
        .idempotencyConflict, .idempotencyInFlight, .clockSkew, .journal, .streamConsumed,
        .streamBroken,
    ]

    private func details(_ code: ErrorCode) -> ErrorDetails {
        ErrorDetails(
            code: code, text: "text", payment: .notCharged, retryable: false, statusCode: nil,
            response: nil, reason: nil, retryAfter: nil, key: nil, field: nil, rejection: nil,
            limit: nil, causes: [])
    }
}
