package ai.blockrun.llm

import kotlinx.coroutines.ExperimentalForInheritanceCoroutinesApi
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.withContext

/**
 * A chat completion in chunks. Nothing is sent before it is collected.
 *
 * ```kotlin
 * client.chatCompletionStream("Tell me a story.").collect { print(it.text) }
 * ```
 *
 * It pays at most once, whatever is done with it: collected a second time, or retried by an operator,
 * it throws [StreamConsumedException]. A connection that is lost is found again without paying, where
 * the server stores its answers; otherwise the error is a [StreamBrokenException] whose response is
 * what was received. A collector that ends early (`take`, `first`, cancellation) ends the answer
 * there. Chunks that nobody asks for are not read.
 */
@OptIn(ExperimentalForInheritanceCoroutinesApi::class)
class ChatStream internal constructor(private val native: NativeStream) :
    Flow<ChatChunk> by chunksOf(native) {
    /** What was received so far in the form of a whole answer, with what was paid. */
    suspend fun received(): ChatResponse = native.received()

    /** HTTP status of the answer; `null` before it came. */
    suspend fun statusCode(): Int? = native.statusCode()
}

private fun chunksOf(native: NativeStream): Flow<ChatChunk> = flow {
    translated { native.begin() }
    try {
        while (true) {
            emit(translated { native.next() } ?: break)
        }
    } finally {
        withContext(NonCancellable) { native.leave() }
    }
}
