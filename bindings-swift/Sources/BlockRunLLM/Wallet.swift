import BlockRunNative
import Foundation

/// The folder in which an account keeps its wallet: one at a time.
///
/// Files are written whole or not at all, for their owner only from the first byte, and never over a
/// key that is not kept somewhere else. A key file that others could read or change is refused.
///
/// A passphrase that is not given is that of `BLOCKRUN_WALLET_PASSPHRASE`, or what the command in
/// `BLOCKRUN_WALLET_PASSPHRASE_COMMAND` prints; a new wallet is encrypted when there is one. An app
/// that has a keychain keeps the key there instead and gives a ``Signer``.
///
/// Errors are ``BlockrunError/invalidArgument(_:)``: a wallet that cannot be used, or one in the way.
public final class WalletHome: Sendable {
    private let native: NativeWalletHome

    /// The wallet home in a folder, else in `BLOCKRUN_HOME`, then `~/.blockrun`.
    public init(_ home: String? = nil) throws {
        native = try translated { try NativeWalletHome(home: home) }
    }

    /// The folder, which need not be there yet.
    public var folder: String { native.folder() }

    /// The wallet that is there, without opening it.
    public func file() throws -> WalletFile? {
        try translated { try native.file() }
    }

    /// Makes a new wallet; one that is there is never overwritten.
    @discardableResult
    public func create(passphrase: String? = nil) async throws -> WalletFile {
        try await translated { [native] in try await native.create(passphrase: passphrase) }
    }

    /// Brings in a key: 64 hexadecimal digits, a phrase of BIP-39 in English, or the JSON of a keystore
    /// (Web3 Secret Storage, version 3).
    ///
    /// - Parameters:
    ///   - passphrase: That of the keystore, or of the phrase, which few phrases have.
    ///   - path: The account of a phrase. Default `m/44'/60'/0'/0/0`.
    ///   - replace: Whether a wallet that is there gives way; it is kept beside the new one.
    @discardableResult
    public func importKey(
        _ key: String,
        passphrase: String? = nil,
        path: String? = nil,
        replace: Bool = false
    ) async throws -> WalletFile {
        try await translated { [native] in
            try await native.importKey(key: key, passphrase: passphrase, path: path, replace: replace)
        }
    }

    /// Takes over the wallet of another program; see ``listDiscoveredWallets()``.
    @discardableResult
    public func importDiscovered(
        _ address: String, replace: Bool = false
    ) async throws -> WalletFile {
        try await translated { [native] in
            try await native.importDiscovered(address: address, replace: replace)
        }
    }

    /// The key itself, `0x` and 64 digits. Whoever has it has the money.
    public func exportKey(passphrase: String? = nil) async throws -> String {
        try await translated { [native] in try await native.exportKey(passphrase: passphrase) }
    }

    /// Writes an encrypted copy, a keystore, to a file that is not there yet.
    public func backup(_ file: String, passphrase: String? = nil) async throws {
        try await translated { [native] in try await native.backup(file: file, passphrase: passphrase) }
    }
}

/// Wallets that other programs keep in this account's home folder, the newest first. None is used.
public func listDiscoveredWallets() -> [DiscoveredWallet] {
    discoveredWallets()
}

/// A client for an agent: with what is configured, else with a new wallet.
///
/// With a key given, in the environment (an API key too) or in the home folder no wallet is made. A new
/// one is encrypted when the environment has a passphrase, see ``WalletHome``. Processes that do this
/// at once get one wallet.
///
/// - Parameters:
///   - silent: Otherwise a new wallet is announced on standard error, with its address and how to fund
///     it; never with its key.
///   - options: Those of ``LLMClient``, and so are the others.
public func setupAgentWallet(
    silent: Bool = false,
    privateKey: String? = nil,
    options: ClientOptions = ClientOptions(),
    signer: (any Signer)? = nil,
    onPayment: (@Sendable (PaymentRequest) async throws -> Bool)? = nil
) throws -> LLMClient {
    let given = privateKey != nil || signer != nil
    let made = given ? nil : try translated { try ensureWallet(home: options.home) }
    let client = try LLMClient(
        privateKey: privateKey, options: options, signer: signer, onPayment: onPayment)
    if let made, !silent {
        FileHandle.standardError.write(Data("\(client.welcome(made))\n".utf8))
    }
    return client
}
