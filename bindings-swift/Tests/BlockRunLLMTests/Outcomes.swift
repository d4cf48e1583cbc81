// Makes the calls of a scenario through the public API and notes what the caller saw. The format,
// and what every runner does: tests/scenarios/README.md.

import BlockRunLLM
import Foundation
import XCTest

/// The one call of a scenario that names none.
let hello = """
    [{"method":"chat_completion","arguments":{"messages":[{"role":"user","content":"Hello!"}]}}]
    """

/// What a caller saw; `nil` is JSON's null.
typealias Outcome = [String: Any?]

/// One outcome for each call, all as JSON. A client that cannot be made has failed them all.
func outcomes(client: String, calls: String, apiUrl: String) async throws -> String {
    let calls = try parts(of: calls).map(Case.init(source:))
    let made: LLMClient
    do {
        made = try clientOf(Case(source: client), apiUrl)
    } catch let error as BlockrunError {
        return try json(calls.map { _ in plain(failure(error)) })
    }
    var seen: [[String: Any]] = []
    for call in calls { seen.append(plain(try await outcome(made, call))) }
    return try json(seen)
}

private func clientOf(_ given: Case, _ apiUrl: String) throws -> LLMClient {
    let options = ClientOptions(
        apiUrl: given.maybe("api_url") ?? apiUrl,
        model: given.maybe("model"),
        timeout: given.time("timeout") ?? 60,
        maxCostPerCall: try given.maybe("max_cost_per_call").map { try Usdc($0) },
        maxSessionCost: try given.maybe("max_session_cost").map { try Usdc($0) },
        prepay: given.maybe("prepay").map { $0 == "off" ? .off : .auto },
        home: freshHome(),
        rpcUrl: given.maybe("rpc_url")?.replacingOccurrences(of: "{server}", with: apiUrl))
    let key = given.maybe("private_key") ?? key
    given.checkAllSeen("client")
    return try LLMClient(privateKey: key, options: options)
}

private func outcome(_ client: LLMClient, _ call: Case) async throws -> Outcome {
    let arguments = try Case(source: call.written("arguments") ?? "{}")
    defer { arguments.checkAllSeen(call.text("method")) }
    do {
        return try await answer(client, call, arguments)
    } catch let error as BlockrunError {
        return failure(error)
    }
}

private func answer(_ client: LLMClient, _ call: Case, _ given: Case) async throws -> Outcome {
    switch call.text("method") {
    case "chat":
        return ["text": try await client.chat(given.text("prompt"), system: given.maybe("system"))]
    case "chat_completion":
        return told(
            try await client.chatCompletion(
                try given.messages(), model: given.maybe("model"), options: given.chat()))
    case "chat_completion_stream":
        let stream = client.chatCompletionStream(
            try given.messages(), model: given.maybe("model"), options: given.chat())
        return try await read(stream, call["read"] as? Int)
    case "image": return told(try await client.image(given.text("prompt"), options: given.image()))
    case "request": return told(try await client.request(try given.request()))
    case "request_at":
        return told(
            try await client.requestAt(
                given.address(at: client) ?? "",
                method: given.text("method"),
                query: given["query"] as? [String: String] ?? [:],
                body: given.written("body"),
                idempotencyKey: given.maybe("idempotency_key")))
    case "discover":
        let options = DiscoverOptions(
            query: given.maybe("query"),
            url: given.address(at: client),
            network: given.maybe("network"),
            maxPrice: try given.maybe("max_price").map { try Usdc($0) },
            limit: given["limit"] as? Int)
        return ["json": try await client.discover(options).map(found)]
    case "quote": return ["amount_micro": try await client.quote(given.text("prompt")).amount.micro]
    case "balance": return ["amount_micro": try await client.balance().micro]
    case "list_models": return ["json": try await client.listModels().map { parsed($0.json) }]
    case "list_image_models": return ["json": try await client.listImageModels().map { parsed($0.json) }]
    case "spending":
        let sums = try await client.spending()
        return ["amount_micro": sums.total.micro, "json": ["calls": sums.calls]]
    case let method: throw Unknown(name: method)
    }
}

/// A name in a scenario that nobody here knows.
private struct Unknown: Error {
    let name: String
}

/// Reads a stream to its end, to its error, or so many chunks of it.
private func read(_ stream: ChatStream, _ most: Int?) async throws -> Outcome {
    var chunks: [ChatChunk] = []
    var failed: Outcome = [:]
    do {
        for try await chunk in stream {
            chunks.append(chunk)
            if chunks.count == most { break }
        }
    } catch let error as BlockrunError {
        failed = failure(error)
        // Nothing was made that could be asked.
        if case .invalidArgument = error { return failed }
    }
    let read: Outcome = [
        "text": chunks.map(\.text).joined(),
        "chunks": chunks.map { parsed($0.raw) },
        "status": try await stream.statusCode(),
    ]
    return told(try await stream.received()).merging(read) { $1 }.merging(failed) { $1 }
}

private func told(_ response: ChatResponse) -> Outcome {
    [
        "json": parsed(response.raw),
        "text": response.text,
        "amount_micro": response.billedToAccount ? nil : response.cost.micro,
        "transaction": response.transaction,
        "fallback": response.fallback.map {
            ["model": $0.model ?? NSNull(), "settlement_skipped": $0.settlementSkipped] as [String: Any]
        },
    ]
}

private func told(_ response: ImageResponse) -> Outcome {
    [
        "json": parsed(response.raw),
        "amount_micro": response.billedToAccount ? nil : response.cost.micro,
        "transaction": response.transaction,
    ]
}

private func told(_ response: ApiResponse) -> Outcome {
    [
        "status": response.statusCode,
        "json": parsed(String(decoding: response.body, as: UTF8.self)),
        "amount_micro": response.cost.micro,
        "transaction": response.transaction,
    ]
}

private func found(_ resource: Resource) -> [String: Any] {
    plain([
        "url": resource.url,
        "kind": resource.kind,
        "method": resource.method,
        "description": resource.description,
        "tags": resource.tags,
        "price_micro": resource.price?.micro,
        "amounts_micro": resource.accepts.map { $0.amount.map { $0.micro as Any } ?? NSNull() },
        "input_example": resource.inputExample.map(parsed),
    ])
}

private func failure(_ error: BlockrunError) -> Outcome {
    [
        "error": "\(error.code)",
        "message": error.localizedDescription,
        "payment": error.code == .invalidArgument ? nil : name(error.payment),
        "charged_micro": charged(error.payment)?.micro,
        "status": error.statusCode,
        "field": error.code == .requirementRejected ? error.details.rejection?.field : nil,
        "retry_after": error.details.retryAfter,
        "key": error.key,
        "response": error.details.response,
        "printed": "\(error) \(error.localizedDescription) \(String(reflecting: error))",
    ]
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

private func charged(_ state: PaymentState) -> Usdc? {
    if case .charged(let amount, _, _) = state { amount } else { nil }
}

private func plain(_ outcome: Outcome) -> [String: Any] { outcome.mapValues { $0 ?? NSNull() } }

/// JSON as it is, anything else as text.
private func parsed(_ text: String) -> Any {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) ?? text
}

extension Case {
    fileprivate func maybe(_ name: String) -> String? { self[name] as? String }

    /// An address, at the scenario's server where it says so.
    fileprivate func address(at client: LLMClient) -> String? {
        maybe("url")?.replacingOccurrences(of: "{server}", with: client.apiUrl)
    }

    fileprivate func time(_ name: String) -> TimeInterval? { self[name] as? Double }

    fileprivate func messages() throws -> [ChatMessage] {
        try (self["messages"] as? [[String: Any]] ?? []).map { message in
            let parts = message["content"] as? [[String: Any]] ?? []
            let extra = message.filter { $0.key != "role" && $0.key != "content" }
            return ChatMessage(
                role: message["role"] as? String ?? "",
                content: message["content"] as? String,
                parts: try parts.map { .other(json: try BlockRunLLMTests.json($0)) },
                extra: extra.isEmpty ? nil : try BlockRunLLMTests.json(extra))
        }
    }

    fileprivate func chat() -> ChatOptions {
        ChatOptions(
            maxTokens: self["max_tokens"] as? Int,
            temperature: self["temperature"] as? Double,
            topP: self["top_p"] as? Double,
            n: self["n"] as? Int,
            stop: self["stop"] as? [String] ?? [],
            tools: written("tools"),
            toolChoice: maybe("tool_choice"),
            responseFormat: written("response_format"),
            search: self["search"] as? Bool,
            searchParameters: written("search_parameters"),
            reasoningEffort: maybe("reasoning_effort"),
            fallbackModels: self["fallback_models"] as? [String] ?? [],
            extra: written("extra"),
            timeout: time("timeout"),
            idempotencyKey: maybe("idempotency_key"))
    }

    fileprivate func image() -> ImageOptions {
        ImageOptions(
            model: maybe("model"),
            size: maybe("size"),
            n: self["n"] as? Int,
            quality: maybe("quality"),
            responseFormat: maybe("response_format"),
            extra: written("extra"),
            idempotencyKey: maybe("idempotency_key"))
    }

    fileprivate func request() throws -> ApiRequest {
        let replay = maybe("replay")
        if let replay, replay != "never" { throw Unknown(name: replay) }
        return ApiRequest(
            path: text("path"),
            method: text("method"),
            query: self["query"] as? [String: String] ?? [:],
            body: written("body"),
            idempotencyKey: maybe("idempotency_key"),
            replay: replay == nil)
    }
}
