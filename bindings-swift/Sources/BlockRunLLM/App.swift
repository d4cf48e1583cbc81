import BlockRunNative
import Foundation

#if canImport(os)
    import os
#endif

/// An account whose key is elsewhere and never enters this library: behind the app's own keychain
/// code, in a hardware wallet, or in a wallet app reached by WalletConnect.
public protocol Signer: Sendable {
    /// The account that pays, 0x-hex. Asked once.
    var address: String { get }

    /// The 65-byte signature `r ‖ s ‖ v`, 0x-hex. Only asked after the payment was approved. What it
    /// throws ends the call with ``BlockrunError/payment(_:)``; nothing was sent then.
    func sign(_ request: SigningRequest) async throws -> String
}

final class AppSigner: ForeignSigner {
    private let signer: any Signer

    init(_ signer: any Signer) {
        self.signer = signer
    }

    func address() -> String { signer.address }

    func sign(request: SigningRequest) async throws -> String {
        try await told { try await signer.sign(request) }
    }
}

final class AppHook: PaymentHook {
    private let ask: @Sendable (PaymentRequest) async throws -> Bool

    init(_ ask: @escaping @Sendable (PaymentRequest) async throws -> Bool) {
        self.ask = ask
    }

    func approve(request: PaymentRequest) async throws -> Bool {
        try await told { try await ask(request) }
    }
}

private func told<T>(_ ask: () async throws -> T) async throws -> T {
    do {
        return try await ask()
    } catch {
        throw ForeignError.Failed(reason: String(describing: error))
    }
}

/// Warns, once per process, of a journal that is in memory because its file cannot be used.
func warn(of journal: JournalKind?) {
    guard case .memory(let problem?) = journal, Warned.first(problem) else { return }
    let text =
        "payments are recorded in memory only: after this process nobody knows of them, and a call "
        + "that is made again is paid again (\(problem))"
    #if canImport(os)
        Logger(subsystem: "ai.blockrun.llm", category: "journal").warning("\(text)")
    #else
        FileHandle.standardError.write(Data("warning: \(text)\n".utf8))
    #endif
}

/// What was warned of: an app that makes a client per request hears it once.
private enum Warned {
    private static let lock = NSLock()
    nonisolated(unsafe) private static var problems: Set<String> = []

    static func first(_ problem: String) -> Bool {
        lock.withLock { problems.insert(problem).inserted }
    }
}
