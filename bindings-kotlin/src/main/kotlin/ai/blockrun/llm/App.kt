package ai.blockrun.llm

import java.util.concurrent.ConcurrentHashMap
import java.util.logging.Logger
import kotlinx.coroutines.CancellationException

/** An account whose key is elsewhere and never enters this library. */
interface Signer {
    /** The account that pays, 0x-hex. Asked once. */
    val address: String

    /**
     * The 65-byte signature `r ‖ s ‖ v`, 0x-hex. Called from a thread of the library and only after
     * the payment was approved. What it throws ends the call with a [PaymentException]; nothing was
     * sent then.
     */
    suspend fun sign(request: SigningRequest): String
}

/** Agrees to a payment, or refuses it: with `false`, or by throwing. */
fun interface OnPayment {
    /** Called from a thread of the library, before anything is signed. */
    suspend fun approve(request: PaymentRequest): Boolean
}

internal class AppSigner(private val signer: Signer) : ForeignSigner {
    override fun address(): String = signer.address

    override suspend fun sign(request: SigningRequest): String = told { signer.sign(request) }
}

internal class AppHook(private val hook: OnPayment) : PaymentHook {
    override suspend fun approve(request: PaymentRequest): Boolean = told { hook.approve(request) }
}

/** An error that is no exception would otherwise leave the call waiting until its time is up. */
private inline fun <T> told(ask: () -> T): T = try {
    ask()
} catch (cancelled: CancellationException) {
    throw cancelled
} catch (thrown: Throwable) {
    throw ForeignException.Failed(thrown.toString())
}

/** What was warned of: an app that makes a client per request hears it once. */
private val warned = ConcurrentHashMap.newKeySet<String>()

/** Warns, once per process, of a journal that is in memory because its file cannot be used. */
internal fun warnOf(client: NativeClient) {
    val problem = (client.journal() as? JournalKind.Memory)?.problem ?: return
    if (warned.add(problem)) {
        Logger.getLogger("ai.blockrun.llm").warning(
            "payments are recorded in memory only: after this process nobody knows of them, and " +
                "a call that is made again is paid again ($problem)",
        )
    }
}
