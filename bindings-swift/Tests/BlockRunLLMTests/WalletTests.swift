import BlockRunLLM
import Foundation
import XCTest

/// Wallets in files, and how money gets into them.
final class WalletTests: XCTestCase {
    func testAnAgentGetsAWalletOnce() throws {
        let options = ClientOptions(apiUrl: "http://127.0.0.1:9/api", home: freshHome())
        let first = try setupAgentWallet(silent: true, options: options)
        let file = try XCTUnwrap(WalletHome(options.home).file())
        XCTAssertEqual(file.address, first.address)
        XCTAssertEqual(try setupAgentWallet(options: options).address, first.address)
        XCTAssertEqual(try LLMClient(options: options).address, first.address)
        XCTAssert(first.welcome(file.path).contains(file.path))
        let given = try setupAgentWallet(
            privateKey: key, options: ClientOptions(home: freshHome()))
        XCTAssertEqual(given.address, account)
        XCTAssertNil(try setupAgentWallet(privateKey: "brk_test").address)
    }

    func testStatusAndFunding() async throws {
        let gateway = try practiceGateway()
        let client = try client(gateway.url, options: ClientOptions(rpcUrl: gateway.ledger))
        let status = try await client.status()
        XCTAssertEqual(status.address, account)
        XCTAssertEqual(status.network, "eip155:84532")
        XCTAssertEqual(status.balance, try Usdc("10"))
        let funding = try client.funding(amount: try Usdc("2.5"))
        XCTAssert(funding.uri.hasSuffix("transfer?address=\(account)&uint256=2500000"), funding.uri)
        XCTAssert(funding.instructions.contains("2.5 USDC on Base Sepolia"), funding.instructions)
        XCTAssertEqual(funding.amount, try Usdc("2.5"))
        XCTAssertEqual(funding.explorer, "https://sepolia.basescan.org/address/\(account)")
    }

    func testAHomeKeepsWhatItIsGiven() async throws {
        let home = try WalletHome(freshHome())
        XCTAssertNil(try home.file())
        let missing = try await failure { try await home.exportKey() }
        XCTAssertEqual(missing.details.field, "wallet")
        let file = try await home.importKey(key)
        XCTAssertEqual(file.address, account)
        XCTAssertFalse(file.encrypted)
        let exported = try await home.exportKey()
        XCTAssertEqual(exported, key)
        let inTheWay = try await failure { try await home.create() }
        XCTAssert("\(inTheWay)".contains("never overwritten"), "\(inTheWay)")

        let copy = "\(home.folder)/copy.json"
        try await home.backup(copy, passphrase: "pässword")
        let other = try WalletHome("\(home.folder)/other")
        let keystore = try String(contentsOfFile: copy, encoding: .utf8)
        let wrong = try await failure { try await other.importKey(keystore, passphrase: "no") }
        XCTAssertEqual(wrong.details.field, "passphrase")
        let opened = try await other.importKey(keystore, passphrase: "pässword")
        XCTAssertEqual(opened.address, account)
        let phrase = String(repeating: "test ", count: 11) + "junk"
        let second = try await other.importKey(phrase, path: "m/44'/60'/0'/0/1", replace: true)
        XCTAssertEqual(second.address, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
        let stranger = "0x" + String(repeating: "11", count: 20)
        let nobody = try await failure { try await other.importDiscovered(stranger) }
        XCTAssert("\(nobody)".contains("No discovered wallet"), "\(nobody)")
        XCTAssertFalse(listDiscoveredWallets().contains { $0.address == stranger })
    }
}
