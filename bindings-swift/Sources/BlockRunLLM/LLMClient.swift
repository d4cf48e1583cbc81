import BlockRunNative
import Foundation

/// Client of an OpenAI-compatible endpoint that answers 402 with a price.
///
/// A call that the server asks money for is paid in USDC, exactly once, within the limits of the
/// client ($1 a call unless configured). Every payment is recorded in the wallet home before it is
/// sent, so a call that is made again after a lost answer, or after the app was killed, resumes.
///
/// ```swift
/// let client = try LLMClient(privateKey: "0x…")
/// print(try await client.chat("Hello!"))
/// ```
///
/// Every function may be called from any actor, the main one too: the work is done on threads of the
/// library. Cancelling a task ends its call with `CancellationError`: what was not sent is free
/// again, what was sent stays recorded as ``RecordState/unknown`` and is resumed by the same call.
/// Every other error is a ``BlockrunError`` and says in ``BlockrunError/payment`` what happened to
/// the money.
public final class LLMClient: Sendable {
    private let native: NativeClient

    /// Makes a client. Connects to nothing and opens no file but the policy files.
    ///
    /// - Parameters:
    ///   - privateKey: Key of the paying wallet, hex, or an API key (`brk_…`) whose account is billed
    ///     instead. `BLOCKRUN_API_KEY`, then `BLOCKRUN_WALLET_KEY`, then `BASE_CHAIN_WALLET_KEY`,
    ///     then the wallet in the home folder (``WalletHome``). It is never printed.
    ///   - options: Everything else. An app gives in `home` a folder of its own that is kept, such as
    ///     one in Application Support.
    ///   - signer: Signs instead of a private key, when the key lives elsewhere.
    ///   - onPayment: Asked before each payment is signed, once the limits have agreed; `false` or an
    ///     error refuses. Its time counts towards the call's timeout; a payment that is resumed was
    ///     agreed to already.
    /// - Throws: ``BlockrunError/invalidArgument(_:)`` that names the option.
    public init(
        privateKey: String? = nil,
        options: ClientOptions = ClientOptions(),
        signer: (any Signer)? = nil,
        onPayment: (@Sendable (PaymentRequest) async throws -> Bool)? = nil
    ) throws {
        native = try translated {
            try NativeClient(
                privateKey: privateKey,
                signer: signer.map(AppSigner.init),
                hook: onPayment.map(AppHook.init),
                platform: "swift",
                clientOptions: options
            )
        }
    }

    /// The wallet that pays, as a checksummed address; `nil` with an API key.
    public var address: String? { native.address() }

    /// How this client pays.
    public var paymentMode: PaymentMode { native.paymentMode() }

    /// Base address of the endpoint, without a slash at its end.
    public var apiUrl: String { native.apiUrl() }

    /// The model that is asked when a call names none.
    public var model: String { native.model() }

    /// CAIP-2 identifier of the network whose USDC the endpoint is expected to take.
    public var network: String { native.network() }

    /// Whether the endpoint takes test money.
    public var isTestnet: Bool { native.isTestnet() }

    /// Where payments are recorded; `nil` before the first one. In memory when the file cannot be
    /// used and no limit needs it: then one warning is logged.
    public var journal: JournalKind? { native.journal() }

    // MARK: Asking

    /// Asks and returns the text of the first answer, empty when it has none (a tool call, say).
    public func chat(
        _ prompt: String,
        model: String? = nil,
        system: String? = nil,
        options: ChatOptions = ChatOptions()
    ) async throws -> String {
        try await chatCompletion(prompt, model: model, system: system, options: options).text
    }

    /// Asks with one user message and returns the whole response, with what it cost.
    public func chatCompletion(
        _ prompt: String,
        model: String? = nil,
        system: String? = nil,
        options: ChatOptions = ChatOptions()
    ) async throws -> ChatResponse {
        try await chatCompletion([.user(prompt)], model: model, system: system, options: options)
    }

    /// Makes a chat completion and returns the whole response, with what it cost.
    public func chatCompletion(
        _ messages: [ChatMessage],
        model: String? = nil,
        system: String? = nil,
        options: ChatOptions = ChatOptions()
    ) async throws -> ChatResponse {
        try await call { [native] in
            try await native.chatCompletion(
                messages: messages, model: model, system: system, options: options, cancel: $0)
        }
    }

    /// Asks with one user message for an answer in chunks; see ``ChatStream``.
    public func chatCompletionStream(
        _ prompt: String,
        model: String? = nil,
        system: String? = nil,
        options: ChatOptions = ChatOptions()
    ) -> ChatStream {
        chatCompletionStream([.user(prompt)], model: model, system: system, options: options)
    }

    /// A chat completion in chunks. Nothing is sent before it is iterated, and what is wrong with an
    /// argument is thrown there; see ``ChatStream``.
    public func chatCompletionStream(
        _ messages: [ChatMessage],
        model: String? = nil,
        system: String? = nil,
        options: ChatOptions = ChatOptions()
    ) -> ChatStream {
        ChatStream {
            try native.chatCompletionStream(
                messages: messages, model: model, system: system, options: options)
        }
    }

    /// Makes images, as URLs or inline, and returns them with what they cost.
    public func image(
        _ prompt: String, options: ImageOptions = ImageOptions()
    ) async throws -> ImageResponse {
        try await call { [native] in
            try await native.image(prompt: prompt, options: options, cancel: $0)
        }
    }

    /// Sends a request to any endpoint below the base address, and pays when asked.
    public func request(_ request: ApiRequest) async throws -> ApiResponse {
        try await call { [native] in try await native.request(request: request, cancel: $0) }
    }

    // MARK: Elsewhere

    /// Finds what can be bought, in the order of the listing; ``requestAt(_:method:query:body:idempotencyKey:timeout:replay:)``
    /// buys it. Pays nothing and shows no wallet. At most 2,000 items of a listing are looked at.
    ///
    /// ```swift
    /// let found = try await client.discover(DiscoverOptions(query: "weather", maxPrice: Usdc("0.01")))
    /// ```
    public func discover(_ options: DiscoverOptions = DiscoverOptions()) async throws -> [Resource] {
        try await call { [native] in try await native.discover(options: options, cancel: $0) }
    }

    /// Sends a request to any address, such as that of a found ``Resource``, and pays when asked, from
    /// this client's wallet and within its limits. Whatever `url` names is paid, and no other server.
    ///
    /// - Parameters:
    ///   - url: Whole address, https, or http where this client's own server is on this machine.
    ///   - query: Comes after that of the address.
    ///   - body: JSON text.
    ///   - replay: As in ``ApiRequest``, and so are the others.
    public func requestAt(
        _ url: String,
        method: String = "GET",
        query: [String: String] = [:],
        body: String? = nil,
        idempotencyKey: String? = nil,
        timeout: TimeInterval? = nil,
        replay: Bool = true
    ) async throws -> ApiResponse {
        let request = ApiRequest(
            path: "", method: method, query: query, body: body, idempotencyKey: idempotencyKey,
            timeout: timeout, replay: replay)
        return try await call { [native] in
            try await native.requestAt(url: url, request: request, cancel: $0)
        }
    }

    // MARK: What it costs

    /// What a call would cost now. Pays nothing and is not bound by limits.
    ///
    /// The server is asked without a payment, so a free model really answers.
    public func quote(
        _ messages: [ChatMessage],
        model: String? = nil,
        system: String? = nil,
        options: ChatOptions = ChatOptions()
    ) async throws -> Quote {
        try await call { [native] in
            try await native.quote(
                messages: messages, model: model, system: system, options: options, cancel: $0)
        }
    }

    /// What a call with one user message would cost now.
    public func quote(
        _ prompt: String,
        model: String? = nil,
        system: String? = nil,
        options: ChatOptions = ChatOptions()
    ) async throws -> Quote {
        try await quote([.user(prompt)], model: model, system: system, options: options)
    }

    /// The models that the server offers, with their prices as it publishes them.
    public func listModels() async throws -> [Model] {
        try await call { [native] in try await native.listModels(cancel: $0) }
    }

    /// Those of them that make images.
    public func listImageModels() async throws -> [Model] {
        try await call { [native] in try await native.listImageModels(cancel: $0) }
    }

    // MARK: What was paid

    /// What the wallet holds: on a network (CAIP-2 identifier) or, without one, on ``network``.
    /// Never a zero that was not read.
    public func balance(network: String? = nil) async throws -> Usdc {
        try await call { [native] in try await native.balance(network: network, cancel: $0) }
    }

    /// The wallet's address and what it holds on ``network``. Never a zero that was not read.
    public func status() async throws -> WalletStatus {
        try await call { [native] in try await native.status(cancel: $0) }
    }

    /// How USDC gets into the wallet on ``network``; `amount` is a suggestion.
    public func funding(amount: Usdc? = nil) throws -> Funding {
        try translated { try native.funding(amount: amount) }
    }

    /// What a person is told of this client's wallet when it is new and its key is in this file.
    public func welcome(_ keyFile: String) -> String {
        native.welcome(keyFile: keyFile)
    }

    /// Sums over everything this client paid.
    public func spending() async throws -> Spending {
        try await call { [native] in try await native.spending(cancel: $0) }
    }

    /// Recorded payments, oldest first. Without a filter: those of this client, the last 1,000.
    public func payments(_ filter: PaymentFilter = PaymentFilter()) async throws -> [PaymentRecord] {
        try await call { [native] in try await native.payments(filter: filter, cancel: $0) }
    }

    /// Asks the chain what became of the payments of the wallet home whose answer was lost, and
    /// records what is proven. Pays nothing.
    public func reconcile() async throws -> Reconciliation {
        try await call { [native] in try await native.reconcile(cancel: $0) }
    }

    /// Fetches the answer of a paid chat again, by its idempotency key or its payment id (`pay_…`).
    ///
    /// Pays nothing. Works from the wallet home that paid, as long as the gateway keeps the answer:
    /// an hour past the payment's expiry.
    public func recover(_ key: String) async throws -> ChatResponse {
        try await call { [native] in try await native.recover(key: key, cancel: $0) }
    }

    private func call<T: Sendable>(
        _ start: @Sendable (CancelHandle) async throws -> T
    ) async throws -> T {
        defer { warn(of: native.journal()) }
        return try await cancellable(start)
    }
}

extension LLMClient: CustomStringConvertible {
    /// Address and endpoint; never a key.
    public var description: String {
        "LLMClient(address: \(address ?? "none"), apiUrl: \(apiUrl))"
    }
}
