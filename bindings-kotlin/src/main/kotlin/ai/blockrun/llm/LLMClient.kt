package ai.blockrun.llm

import java.time.Duration

/**
 * Client of an OpenAI-compatible endpoint that answers 402 with a price.
 *
 * A call that the server asks money for is paid in USDC, exactly once, within the limits of the
 * client ($1 a call unless configured). Every payment is recorded in the wallet home before it is
 * sent, so a call that is made again after a lost answer, or after the app was killed, resumes.
 *
 * ```kotlin
 * LLMClient(privateKey = "0x…").use { println(it.chat("Hello!")) }
 * ```
 *
 * Every function may be called from any dispatcher, the main one too: the work is done on threads of
 * the library. Cancelling a coroutine ends its call: what was not sent is free again, what was sent
 * stays recorded as [RecordState.UNKNOWN] and is resumed by the same call. Errors are
 * [BlockrunException]s; each says in [BlockrunException.payment] what happened to the money.
 *
 * Making a client connects to nothing and opens no file but the policy files.
 *
 * @param privateKey key of the paying wallet, hex, or an API key (`brk_…`) whose account is billed
 *   instead. `BLOCKRUN_API_KEY`, then `BLOCKRUN_WALLET_KEY`, then `BASE_CHAIN_WALLET_KEY`,
 *   then the wallet in the home folder ([WalletHome]). It is never printed.
 * @param options everything else.
 * @param signer signs instead of a private key, when the key lives elsewhere: the Android keystore
 *   behind an app's own wallet, a hardware wallet, WalletConnect.
 * @param onPayment asked before each payment is signed, once the limits have agreed. Its time counts
 *   towards the call's timeout; a payment that is resumed was agreed to already.
 * @throws InvalidArgumentException names the option.
 */
class LLMClient(
    privateKey: String? = null,
    options: ClientOptions = ClientOptions(),
    signer: Signer? = null,
    onPayment: OnPayment? = null,
) : AutoCloseable {
    private val native = translated {
        NativeClient(privateKey, signer?.let(::AppSigner), onPayment?.let(::AppHook), "kotlin", options)
    }

    /** The wallet that pays, as a checksummed address; `null` with an API key. */
    val address: String? = native.address()

    /** How this client pays. */
    val paymentMode: PaymentMode = native.paymentMode()

    /** CAIP-2 identifier of the network whose USDC the endpoint is expected to take. */
    val network: String = native.network()

    /** Whether the endpoint takes test money. */
    val isTestnet: Boolean = native.isTestnet()

    /** Base address of the endpoint, without a slash at its end. */
    val apiUrl: String = native.apiUrl()

    /** The model that is asked when a call names none. */
    val model: String = native.model()

    /**
     * Where payments are recorded; `null` before the first one. In memory when the file cannot be
     * used and no limit needs it: then one warning is logged.
     */
    val journal: JournalKind? get() = native.journal()

    /** Asks and returns the text of the first answer, empty when it has none (a tool call, say). */
    suspend fun chat(
        prompt: String,
        model: String? = null,
        system: String? = null,
        options: ChatOptions = ChatOptions(),
    ): String = chatCompletion(prompt, model, system, options).text

    /** Asks with one user message and returns the whole response, with what it cost. */
    suspend fun chatCompletion(
        prompt: String,
        model: String? = null,
        system: String? = null,
        options: ChatOptions = ChatOptions(),
    ): ChatResponse = chatCompletion(listOf(ChatMessage.user(prompt)), model, system, options)

    /** Makes a chat completion and returns the whole response, with what it cost. */
    suspend fun chatCompletion(
        messages: List<ChatMessage>,
        model: String? = null,
        system: String? = null,
        options: ChatOptions = ChatOptions(),
    ): ChatResponse = call { native.chatCompletion(messages, model, system, options) }

    /**
     * Asks with one user message for an answer in chunks.
     *
     * @see ChatStream
     */
    fun chatCompletionStream(
        prompt: String,
        model: String? = null,
        system: String? = null,
        options: ChatOptions = ChatOptions(),
    ): ChatStream =
        chatCompletionStream(listOf(ChatMessage.user(prompt)), model, system, options)

    /**
     * A chat completion in chunks. Nothing is sent before it is collected.
     *
     * @throws InvalidArgumentException before any traffic.
     * @see ChatStream
     */
    fun chatCompletionStream(
        messages: List<ChatMessage>,
        model: String? = null,
        system: String? = null,
        options: ChatOptions = ChatOptions(),
    ): ChatStream =
        ChatStream(translated { native.chatCompletionStream(messages, model, system, options) })

    /** Makes images, as URLs or inline, and returns them with what they cost. */
    suspend fun image(prompt: String, options: ImageOptions = ImageOptions()): ImageResponse =
        call { native.image(prompt, options) }

    /** Sends a request to any endpoint below the base address, and pays when asked. */
    suspend fun request(request: ApiRequest): ApiResponse = call { native.request(request) }

    /**
     * Finds what can be bought, in the order of the listing; [requestAt] buys it. Pays nothing and shows
     * no wallet. At most 2,000 items of a listing are looked at.
     */
    suspend fun discover(options: DiscoverOptions = DiscoverOptions()): List<Resource> =
        call { native.discover(options) }

    /**
     * Sends a request to any address, such as that of a found [Resource], and pays when asked, from this
     * client's wallet and within its limits. Whatever [url] names is paid, and no other server.
     *
     * @param url whole address, https, or http where this client's own server is on this machine.
     * @param query comes after that of the address.
     * @param body JSON text.
     * @param replay as in [ApiRequest], and so are the others.
     */
    suspend fun requestAt(
        url: String,
        method: String = "GET",
        query: Map<String, String> = emptyMap(),
        body: String? = null,
        idempotencyKey: String? = null,
        timeout: Duration? = null,
        replay: Boolean = true,
    ): ApiResponse = call {
        native.requestAt(url, ApiRequest("", method, query, body, idempotencyKey, timeout, replay))
    }

    /**
     * What a call would cost now. Pays nothing and is not bound by limits.
     *
     * The server is asked without a payment, so a free model really answers.
     */
    suspend fun quote(
        messages: List<ChatMessage>,
        model: String? = null,
        system: String? = null,
        options: ChatOptions = ChatOptions(),
    ): Quote = call { native.quote(messages, model, system, options) }

    /** What a call with one user message would cost now. */
    suspend fun quote(
        prompt: String,
        model: String? = null,
        system: String? = null,
        options: ChatOptions = ChatOptions(),
    ): Quote = quote(listOf(ChatMessage.user(prompt)), model, system, options)

    /** The models that the server offers, with their prices as it publishes them. */
    suspend fun listModels(): List<Model> = call { native.listModels() }

    /** Those of them that make images. */
    suspend fun listImageModels(): List<Model> = call { native.listImageModels() }

    /**
     * What the wallet holds: on a network (CAIP-2 identifier) or, without one, on [network]. Never a
     * zero that was not read.
     */
    suspend fun balance(network: String? = null): Usdc = call { native.balance(network) }

    /** The wallet's address and what it holds on [network]. Never a zero that was not read. */
    suspend fun status(): WalletStatus = call { native.status() }

    /** How USDC gets into the wallet on [network]; [amount] is a suggestion. */
    fun funding(amount: Usdc? = null): Funding = translated { native.funding(amount) }

    /** What a person is told of this client's wallet when it is new and its key is in this file. */
    fun welcome(keyFile: String): String = native.welcome(keyFile)

    /** Sums over everything this client paid. */
    suspend fun spending(): Spending = call { native.spending() }

    /** Recorded payments, oldest first. Without a filter: those of this client, the last 1,000. */
    suspend fun payments(filter: PaymentFilter = PaymentFilter()): List<PaymentRecord> =
        call { native.payments(filter) }

    /**
     * Asks the chain what became of the payments of the wallet home whose answer was lost, and
     * records what is proven. Pays nothing.
     */
    suspend fun reconcile(): Reconciliation = call { native.reconcile() }

    /**
     * Fetches the answer of a paid chat again, by its idempotency key or its payment id (`pay_…`).
     *
     * Pays nothing. Works from the wallet home that paid, as long as the gateway keeps the answer:
     * an hour past the payment's expiry.
     */
    suspend fun recover(key: String): ChatResponse = call { native.recover(key) }

    /** Lets go of the connections. Calls under way end as usual; new ones are refused. */
    override fun close() = native.close()

    /** Address and endpoint; never a key. */
    override fun toString(): String = "LLMClient(address=$address, apiUrl=$apiUrl)"

    private suspend inline fun <T> call(block: () -> T): T = try {
        translated(block)
    } finally {
        warnOf(native)
    }
}
