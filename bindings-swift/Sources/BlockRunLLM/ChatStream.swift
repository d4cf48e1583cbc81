import BlockRunNative

/// A chat completion in chunks. Nothing is sent before it is iterated.
///
/// ```swift
/// for try await chunk in client.chatCompletionStream("Tell me a story.") {
///     print(chunk.text, terminator: "")
/// }
/// ```
///
/// It pays at most once, whatever is done with it: iterated a second time it throws
/// ``BlockrunError/streamConsumed(_:)``. A connection that is lost is found again without paying,
/// where the server stores its answers; otherwise the error is ``BlockrunError/streamBroken(_:)``,
/// whose response is what was received. A loop that is left ends the answer there. Chunks that nobody
/// asks for are not read.
public struct ChatStream: AsyncSequence, Sendable {
    public typealias Element = ChatChunk

    private let source: Result<NativeStream, any Error>

    init(_ make: () throws -> NativeStream) {
        source = Result { try translated(make) }
    }

    public func makeAsyncIterator() -> Iterator { Iterator(source: source) }

    /// What was received so far in the form of a whole answer, with what was paid.
    public func received() async throws -> ChatResponse { try await source.get().received() }

    /// HTTP status of the answer; `nil` before it came.
    public func statusCode() async throws -> Int? { try await source.get().statusCode() }

    /// Reads the chunks of a stream.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let source: Result<NativeStream, any Error>
        private var reading: Reading?

        fileprivate init(source: Result<NativeStream, any Error>) {
            self.source = source
        }

        public mutating func next() async throws -> ChatChunk? {
            if reading == nil {
                let native = try source.get()
                try translated { try native.begin() }
                reading = Reading(native: native)
            }
            let native = try source.get()
            return try await cancellable { try await native.next(cancel: $0) }
        }
    }
}

/// Ends the answer when the iterator that reads it has gone.
private final class Reading: Sendable {
    private let native: NativeStream

    init(native: NativeStream) {
        self.native = native
    }

    deinit {
        Task { [native] in await native.leave() }
    }
}
