package ai.blockrun.llm

import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows

/** Wallets in files, and how money gets into them. */
class WalletTest {
    @Test
    fun anAgentGetsAWalletOnce() {
        val options = ClientOptions(apiUrl = "http://127.0.0.1:9/api", home = freshHome())
        val first = setupAgentWallet(silent = true, options = options)
        val file = checkNotNull(WalletHome(options.home).file())
        assertEquals(file.address, first.address)
        assertEquals(first.address, setupAgentWallet(options = options).address)
        assertEquals(first.address, LLMClient(options = options).address)
        assertTrue(file.path in first.welcome(file.path))
        val given = setupAgentWallet(privateKey = KEY, options = ClientOptions(home = freshHome()))
        assertEquals(ADDRESS, given.address)
        assertNull(setupAgentWallet(privateKey = "brk_test").address)
    }

    @Test
    fun statusAndFunding() = waiting {
        practiceGateway().use { gateway ->
            client(gateway.url, ClientOptions(rpcUrl = gateway.ledger)).use { client ->
                assertEquals(WalletStatus(ADDRESS, "eip155:84532", Usdc("10")), client.status())
                val funding = client.funding(Usdc("2.5"))
                val end = "transfer?address=$ADDRESS&uint256=2500000"
                assertTrue(funding.uri.endsWith(end), funding.uri)
                assertTrue("2.5 USDC on Base Sepolia" in funding.instructions, funding.instructions)
                assertEquals(Usdc("2.5"), funding.amount)
                assertEquals("https://sepolia.basescan.org/address/$ADDRESS", funding.explorer)
            }
        }
    }

    @Test
    fun aHomeKeepsWhatItIsGiven() = waiting {
        val home = WalletHome(freshHome())
        assertNull(home.file())
        assertTrue("there is none" in failed { home.exportKey() })
        val file = home.importKey(KEY)
        assertEquals(ADDRESS, file.address)
        assertFalse(file.encrypted)
        assertEquals(KEY, home.exportKey())
        assertTrue("never overwritten" in failed { home.create() })

        val copy = File(home.folder, "copy.json")
        home.backup(copy.path, "pässword")
        val other = WalletHome(File(home.folder, "other").path)
        assertTrue("does not open" in failed { other.importKey(copy.readText(), "no") })
        assertEquals(ADDRESS, other.importKey(copy.readText(), "pässword").address)
        val phrase = "test ".repeat(11) + "junk"
        val second = other.importKey(phrase, path = "m/44'/60'/0'/0/1", replace = true)
        assertEquals("0x70997970C51812dc3A010C7d01b50e0d17dc79C8", second.address)
        val stranger = "0x" + "11".repeat(20)
        assertTrue("No discovered wallet" in failed { other.importDiscovered(stranger) })
        assertTrue(listDiscoveredWallets().none { it.address == stranger })
    }

    private suspend fun failed(call: suspend () -> Unit): String {
        val outcome = runCatching { call() }
        return assertThrows<InvalidArgumentException> { outcome.getOrThrow() }.message.orEmpty()
    }
}
