import { type CancelHandle, native } from './native.js';
import { fromNative } from './translate.js';

/**
 * Awaits a native call that ends when the signal is aborted, with the signal's reason. An error
 * that was there first wins: it may say what happened to the money.
 */
export async function cancellable<T>(
  signal: AbortSignal | undefined,
  start: (cancel?: CancelHandle) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const cancel = signal && new (native().CancelHandle)();
  const abort = () => cancel?.cancel();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await start(cancel);
  } catch (caught) {
    throw signal?.aborted && isCancelled(caught) ? signal.reason : fromNative(caught);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** Whether a native call ended because its handle was used. */
export function isCancelled(caught: unknown): boolean {
  return (caught as { code?: unknown }).code === 'Cancelled';
}
