import BlockRunLLM
import XCTest

/// The shared vectors through the public offline API.
final class VectorsTests: XCTestCase {
    private func run(_ file: String, _ check: (Case) throws -> Void) throws {
        let list = try cases("vectors/\(file)")
        var ran = 0
        for one in list {
            let id = one.text("id")
            XCTAssertNoThrow(try check(one), id)
            one.checkAllSeen(id)
            ran += 1
        }
        print("\(file): ran \(ran) of \(list.count)")
        XCTAssert(ran == list.count && ran > 0)
    }

    private func authorization(_ fields: Any?) -> Authorization {
        let fields = Case(fields as Any)
        defer { fields.checkAllSeen("authorization") }
        return Authorization(
            from: fields.text("from"), to: fields.text("to"), value: fields.text("value"),
            validAfter: fields.text("validAfter"), validBefore: fields.text("validBefore"),
            nonce: fields.text("nonce"))
    }

    private func now(_ one: Case) -> Date { Date(timeIntervalSince1970: Double(one.number("now"))) }

    func testSigning() throws {
        try run("signing.json") { one in
            _ = one["source"]
            let (network, message) = (one.text("network"), authorization(one["authorization"]))
            let expected = SignedAuthorization(
                signer: one.text("signer"), domainSeparator: one.text("domain_separator"),
                structHash: one.text("struct_hash"), digest: one.text("digest"),
                signature: one.text("signature"))
            let signer = try Offline.recoverSigner(
                network: network, authorization: message, signature: expected.signature)
            XCTAssertEqual(signer, expected.signer)
            if let key = one["private_key"] as? String {
                let signed = try Offline.signAuthorization(
                    privateKey: key, network: network, authorization: message)
                XCTAssertEqual(signed, expected)
            }
        }
    }

    func testNonces() throws {
        try run("nonce.json") { one in
            let made = try Offline.nonce(
                wallet: one.text("wallet"), key: one.text("key"), method: one.text("method"),
                url: one.text("url"))
            XCTAssertEqual(made, one.text("nonce"))
            XCTAssertEqual(try Offline.paymentId(nonce: made), one.text("payment_id"))
        }
    }

    func testQuotes() throws {
        try run("quote.json") { one in
            let rule = Case(one["rule"] as Any)
            let price = try Offline.quoteChat(
                body: one.text("body"),
                rates: ChatRates(
                    input: rule.number("input_rate"), output: rule.number("output_rate"),
                    maxOutput: rule.number("max_output")),
                rule: PriceRule(
                    marginBps: UInt32(rule.number("margin_bps")), floorMicro: rule.number("floor_micro"),
                    outputPermille: UInt32(rule.number("output_permille")),
                    imageTokens: rule.number("image_tokens")))
            rule.checkAllSeen("rule")
            XCTAssertEqual(price.amount, Usdc(micro: one.number("amount_micro")))
            XCTAssertEqual(price.inputTokens, Int(one.number("input_tokens")))
            XCTAssertEqual(price.outputTokens, Int(one.number("output_tokens")))
        }
    }

    func testPayments() throws {
        try run("payment.json") { one in
            let signed = try Offline.signPayment(
                privateKey: one.text("private_key"), challenge: one.json("challenge"),
                url: one.text("url"), now: now(one), nonce: one.text("nonce"))
            XCTAssertEqual(signed.headerName, one.text("header_name"))
            let data = try XCTUnwrap(Data(base64Encoded: signed.headerValue))
            let header = try JSONSerialization.jsonObject(with: data)
            // Addresses mean the same in any case.
            XCTAssertEqual(try json(header).lowercased(), try one.json("header").lowercased())
            let verdict = try Offline.verifyPayment(
                headerValue: signed.headerValue, requirement: one.json("requirement"), now: now(one),
                version: Int(one.number("version")))
            guard case .valid(let payment) = verdict else { return XCTFail("\(verdict)") }
            XCTAssertEqual(payment.amount, signed.amount)
            XCTAssertEqual(payment.nonce, one.text("nonce"))
        }
    }

    func testVerification() throws {
        try run("verify.json") { one in
            let verdict = try Offline.verifyPayment(
                headerValue: one.text("header_value"), requirement: one.json("requirement"),
                now: now(one), version: Int(one.number("version")))
            var found: String?
            if case .invalid(let reason, _) = verdict { found = reason }
            XCTAssertEqual(found, one["reason"] as? String)
        }
    }

    func testBadArgumentsAreNamed() throws {
        let calls: [(String, () throws -> Any)] = [
            ("wallet", { try Offline.nonce(wallet: "0x1", key: "k", method: "POST", url: "https://a.example") }),
            ("nonce", { try Offline.paymentId(nonce: "0x12") }),
            ("version", { try Offline.verifyPayment(headerValue: "", requirement: "{}", now: Date(), version: 3) }),
            ("requirement", { try Offline.verifyPayment(headerValue: "", requirement: "{", now: Date()) }),
        ]
        for (field, call) in calls {
            XCTAssertThrowsError(try call()) { error in
                XCTAssertEqual((error as? BlockrunError)?.details.field, field)
            }
        }
        XCTAssertEqual(try Offline.canonicalJson(#" {"b": 1.0, "a": ["\u00e9"]} "#), #"{"a":["é"],"b":1.0}"#)
    }
}
