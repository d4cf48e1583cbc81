package ai.blockrun.llm

/**
 * The folder in which an account keeps its wallet: one at a time.
 *
 * Files are written whole or not at all, for their owner only from the first byte, and never over a key
 * that is not kept somewhere else. A key file that others could read or change is refused.
 *
 * A passphrase that is not given is that of `BLOCKRUN_WALLET_PASSPHRASE`, or what the command in
 * `BLOCKRUN_WALLET_PASSPHRASE_COMMAND` prints; a new wallet is encrypted when there is one. An app that
 * has a keystore of its own keeps the key there instead and gives a [Signer].
 *
 * Errors are [InvalidArgumentException]s: a wallet that cannot be used, or one in the way.
 *
 * @param home the folder, else `BLOCKRUN_HOME`, then `~/.blockrun`.
 */
class WalletHome(home: String? = null) : AutoCloseable {
    private val native = translated { NativeWalletHome(home) }

    /** The folder, which need not be there yet. */
    val folder: String = native.folder()

    /** The wallet that is there, without opening it. */
    fun file(): WalletFile? = translated { native.file() }

    /** Makes a new wallet; one that is there is never overwritten. */
    suspend fun create(passphrase: String? = null): WalletFile = translated { native.create(passphrase) }

    /**
     * Brings in a key: 64 hexadecimal digits, a phrase of BIP-39 in English, or the JSON of a keystore
     * (Web3 Secret Storage, version 3).
     *
     * @param passphrase that of the keystore, or of the phrase, which few phrases have.
     * @param path the account of a phrase. Default `m/44'/60'/0'/0/0`.
     * @param replace whether a wallet that is there gives way; it is kept beside the new one.
     */
    suspend fun importKey(
        key: String,
        passphrase: String? = null,
        path: String? = null,
        replace: Boolean = false,
    ): WalletFile = translated { native.importKey(key, passphrase, path, replace) }

    /** Takes over the wallet of another program; see [listDiscoveredWallets]. */
    suspend fun importDiscovered(address: String, replace: Boolean = false): WalletFile =
        translated { native.importDiscovered(address, replace) }

    /** The key itself, `0x` and 64 digits. Whoever has it has the money. */
    suspend fun exportKey(passphrase: String? = null): String = translated { native.exportKey(passphrase) }

    /** Writes an encrypted copy, a keystore, to a file that is not there yet. */
    suspend fun backup(file: String, passphrase: String? = null): Unit =
        translated { native.backup(file, passphrase) }

    /** Lets go of the native half. */
    override fun close() = native.close()
}

/** Wallets that other programs keep in this account's home folder, the newest first. None is used. */
fun listDiscoveredWallets(): List<DiscoveredWallet> = discoveredWallets()

/**
 * A client for an agent: with what is configured, else with a new wallet.
 *
 * With a key given, in the environment (an API key too) or in the home folder no wallet is made. A new
 * one is encrypted when the environment has a passphrase, see [WalletHome]. Processes that do this at
 * once get one wallet.
 *
 * @param silent otherwise a new wallet is announced on standard error, with its address and how to fund
 *   it; never with its key.
 * @param options those of [LLMClient], and so are the others.
 */
fun setupAgentWallet(
    silent: Boolean = false,
    privateKey: String? = null,
    options: ClientOptions = ClientOptions(),
    signer: Signer? = null,
    onPayment: OnPayment? = null,
): LLMClient {
    val given = privateKey != null || signer != null
    val made = if (given) null else translated { ensureWallet(options.home) }
    val client = LLMClient(privateKey, options, signer, onPayment)
    if (made != null && !silent) System.err.println(client.welcome(made))
    return client
}
