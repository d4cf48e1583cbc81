import BlockRunNative

/// Makes a call that ends when its task is cancelled.
func cancellable<T: Sendable>(
    _ start: @Sendable (CancelHandle) async throws -> T
) async throws -> T {
    try Task.checkCancellation()
    let cancel = CancelHandle()
    return try await withTaskCancellationHandler {
        do {
            return try await start(cancel)
        } catch {
            throw publicError(error)
        }
    } onCancel: {
        cancel.cancel()
    }
}

/// Runs something of the native half and throws what it throws as an error of this package.
func translated<T>(_ run: () throws -> T) throws -> T {
    do {
        return try run()
    } catch {
        throw publicError(error)
    }
}

/// The same for what takes its time and cannot be cancelled.
func translated<T: Sendable>(_ run: @Sendable () async throws -> T) async throws -> T {
    do {
        return try await run()
    } catch {
        throw publicError(error)
    }
}

private func publicError(_ error: any Error) -> any Error {
    switch error as? NativeError {
    case .Failed(let details): BlockrunError(details)
    case .Cancelled: CancellationError()
    case nil: error
    }
}
