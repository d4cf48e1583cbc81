package ai.blockrun.llm

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import java.io.File
import java.net.InetAddress
import java.net.InetSocketAddress
import java.nio.file.Files
import java.util.Collections
import java.util.concurrent.Executors
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals

/** Known to everybody: the first account of development chains. */
const val KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
const val ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

const val ANSWER = """{"id":"c1","object":"chat.completion","created":1,"model":"m","service_tier":"x",
    "choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"ok"}}],
    "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"""

const val CHALLENGE = """{"x402Version":1,"accepts":[{"scheme":"exact","network":"base-sepolia",
    "maxAmountRequired":"1000","asset":"0x036CbD53842c5426634e7929541eC2318f3dCF7e",
    "payTo":"0x209693Bc6afc0C5328bA36FaF03C514EF312287C","maxTimeoutSeconds":300,
    "extra":{"name":"USDC","version":"2"}}]}"""

private val root by lazy { File(System.getProperty("blockrun.root")) }
private val target by lazy { File(System.getProperty("blockrun.target")) }

fun cases(file: String): JsonArray =
    Json.parseToJsonElement(shared("tests/$file")).jsonArray

/** A file of the checkout. */
fun shared(file: String): String = File(root, file).readText()

/** What is in a folder of the shared tests. */
fun files(folder: String): List<String> = File(root, "tests/$folder").list().orEmpty().toList()

/** A case whose fields must all be looked at. */
class Case(private val fields: JsonObject) {
    private val seen = mutableSetOf<String>()

    operator fun get(name: String): JsonElement? = fields[name].also { seen += name }

    fun text(name: String): String = checkNotNull(this[name]) { name }.jsonPrimitive.content

    fun checkAllSeen(id: String) =
        assertEquals(emptySet<String>(), fields.keys - seen, "$id: fields that nobody looked at")
}

fun freshHome(): String = Files.createTempDirectory("blockrun-test").toString()

/** A client with a wallet home of its own. */
fun client(
    apiUrl: String,
    options: ClientOptions = ClientOptions(),
    signer: Signer? = null,
    onPayment: OnPayment? = null,
) = LLMClient(
    privateKey = KEY.takeIf { signer == null },
    options = options.copy(apiUrl = apiUrl, home = options.home ?: freshHome()),
    signer = signer,
    onPayment = onPayment,
)

fun <T> waiting(test: suspend () -> T) {
    runBlocking { test() }
}

/** A program of the workspace, the newest that was built. */
fun program(name: String): String {
    val named = System.getenv("BLOCKRUN_BIN").takeIf { name == "blockrun" }?.let(::File)
    val built = listOf("release", "debug").map { File(target, "$it/$name") }.filter(File::exists)
    return checkNotNull(named ?: built.maxByOrNull(File::lastModified)) { "$name is not built" }.path
}

/** A server of the workspace, and the address that it prints. */
class Started(vararg command: String) : AutoCloseable {
    private val process = ProcessBuilder(*command).redirectError(ProcessBuilder.Redirect.DISCARD).start()
    val url: String = checkNotNull(process.inputReader().readLine()) { "${command[0]} printed nothing" }
        .removePrefix("listening on ")

    /** Where a practice gateway answers as a chain would. */
    val ledger: String get() = url.removeSuffix("/api") + "/practice/rpc"

    override fun close() = process.destroy()
}

fun practiceGateway() =
    Started(program("blockrun"), "gateway", "--practice", "--ephemeral", "--port", "0")

/** Serves what is answered to each request, and keeps the payments that it saw. */
class Answering(private val answer: (payment: String?) -> Pair<Int, String>) : AutoCloseable {
    val payments: MutableList<String> = Collections.synchronizedList(mutableListOf())
    private val threads = Executors.newCachedThreadPool()
    private val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
    val url: String

    init {
        server.executor = threads
        server.createContext("/", ::serve)
        server.start()
        url = "http://127.0.0.1:${server.address.port}/api"
    }

    private fun serve(exchange: HttpExchange) = exchange.use {
        it.requestBody.readAllBytes()
        val payment = it.requestHeaders.getFirst("x-payment")
        payment?.let(payments::add)
        val (status, body) = answer(payment)
        it.responseHeaders["content-type"] = "application/json"
        it.sendResponseHeaders(status, body.toByteArray().size.toLong())
        it.responseBody.write(body.toByteArray())
    }

    override fun close() {
        server.stop(0)
        threads.shutdownNow()
    }
}

/** Asks for money, then says this. */
fun paid(answer: (payment: String) -> Pair<Int, String>) =
    Answering { payment -> if (payment == null) 402 to CHALLENGE else answer(payment) }

/** Starts a main class of this class path in a process of its own. */
fun java(main: String, vararg arguments: String, environment: Map<String, String> = emptyMap()): Process {
    val classPath = System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
    val builder = ProcessBuilder("java", "-cp", classPath, main, *arguments)
    builder.environment() += environment
    return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start()
}
