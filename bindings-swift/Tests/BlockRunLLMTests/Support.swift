import BlockRunLLM
import Foundation
import XCTest

/// Known to everybody: the first account of development chains.
let key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
let account = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

/// Where cargo builds to.
let target = URL(
    fileURLWithPath: ProcessInfo.processInfo.environment["CARGO_TARGET_DIR"]
        ?? root.appendingPathComponent("target").path)

/// A case whose fields must all be looked at.
final class Case {
    private let fields: [String: Any]
    private let source: String
    private var seen: Set<String> = []

    init(_ fields: Any, source: String = "{}") {
        self.fields = fields as? [String: Any] ?? [:]
        self.source = source
    }

    /// A case of a JSON text.
    convenience init(source: String) throws {
        self.init(try JSONSerialization.jsonObject(with: Data(source.utf8)), source: source)
    }

    subscript(name: String) -> Any? {
        seen.insert(name)
        return fields[name].flatMap { $0 is NSNull ? nil : $0 }
    }

    func text(_ name: String) -> String { self[name].map { "\($0)" } ?? "" }

    func number(_ name: String) -> UInt64 { UInt64(text(name)) ?? 0 }

    func json(_ name: String) throws -> String { try BlockRunLLMTests.json(self[name] as Any) }

    /// The JSON of a field as it is written, of a case of a JSON text.
    func written(_ name: String) -> String? {
        seen.insert(name)
        return member(name, of: source)
    }

    func checkAllSeen(_ id: String) {
        XCTAssertEqual(Set(fields.keys).subtracting(seen), [], "\(id): nobody looked at these")
    }
}

func json(_ value: Any) throws -> String {
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .fragmentsAllowed, .withoutEscapingSlashes]
    return String(decoding: try JSONSerialization.data(withJSONObject: value, options: options), as: UTF8.self)
}

/// A file of the checkout.
func shared(_ file: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(file), encoding: .utf8)
}

func cases(_ file: String) throws -> [Case] {
    try parts(of: shared("tests/\(file)")).map(Case.init(source:))
}

/// What is in a folder of the shared tests.
func files(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent("tests/\(folder)").path)
}

func freshHome() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("blockrun-\(UUID())").path
}

/// A client with a wallet home of its own.
func client(
    _ url: String,
    options: ClientOptions = ClientOptions(),
    signer: (any Signer)? = nil,
    onPayment: (@Sendable (PaymentRequest) async throws -> Bool)? = nil
) throws -> LLMClient {
    var options = options
    options.apiUrl = url
    options.home = options.home ?? freshHome()
    return try LLMClient(
        privateKey: signer == nil ? key : nil, options: options, signer: signer, onPayment: onPayment)
}

/// A program of the workspace, the newest that was built.
func program(_ name: String) throws -> URL {
    let built = ["release", "debug"].map { target.appendingPathComponent("\($0)/\(name)") }
    let dated = built.compactMap { url -> (URL, Date)? in
        let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
        return (attributes?[.modificationDate] as? Date).map { (url, $0) }
    }
    return try XCTUnwrap(dated.max { $0.1 < $1.1 }?.0, "\(name) is not built")
}

/// A server of the workspace, and the address that it prints.
final class Started {
    let url: String
    private let process = Process()
    private let input = Pipe()

    init(_ name: String, _ arguments: String...) throws {
        let output = Pipe()
        process.executableURL = try program(name)
        process.arguments = arguments
        process.currentDirectoryURL = root
        process.standardInput = input
        process.standardOutput = output
        // What outlives a test must not hold on to what the test run reads.
        process.standardError = FileHandle.nullDevice
        try process.run()
        var line = ""
        while !line.hasSuffix("\n"), let byte = try output.fileHandleForReading.read(upToCount: 1) {
            line += String(decoding: byte, as: UTF8.self)
        }
        let address = line.trimmingCharacters(in: .newlines).replacingOccurrences(of: "listening on ", with: "")
        // The one prints the address of its API, the other that of its socket.
        url = address.hasPrefix("http") ? address : "http://\(address)/api"
    }

    /// Where a practice gateway answers as a chain would.
    var ledger: String { url.dropLast("/api".count) + "/practice/rpc" }

    // A child inherits the signals that the thread of a task blocks; this one cannot be blocked.
    deinit { kill(process.processIdentifier, SIGKILL) }
}

func practiceGateway() throws -> Started {
    try Started("blockrun", "gateway", "--practice", "--ephemeral", "--port", "0")
}

/// A gateway that takes its time for an answer.
func slowGateway(milliseconds: Int) throws -> Started {
    try Started("practice-gateway", freshHome(), "\(milliseconds)")
}

/// Waits until something holds.
func until(
    _ holds: () async throws -> Bool, file: StaticString = #filePath, line: UInt = #line
) async throws {
    for _ in 0..<6_000 {
        if try await holds() { return }
        try await Task.sleep(nanoseconds: 10_000_000)
    }
    XCTFail("it never was so", file: file, line: line)
}

/// What a call throws, which must be of this package.
func failure<T>(
    _ call: () async throws -> T, file: StaticString = #filePath, line: UInt = #line
) async throws -> BlockrunError {
    do {
        _ = try await call()
    } catch let error as BlockrunError {
        return error
    }
    XCTFail("it did not fail", file: file, line: line)
    throw CancellationError()
}
