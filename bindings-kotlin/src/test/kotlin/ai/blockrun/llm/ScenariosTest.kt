package ai.blockrun.llm

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource

/** The shared scenarios, played by the scripted gateway, through the public API. */
class ScenariosTest {
    private val http = HttpClient.newHttpClient()

    /** The server's verdict. */
    private fun judged(server: String, id: String, outcomes: JsonArray): String {
        val seen = HttpRequest.newBuilder(URI("$server/seen/$id"))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(outcomes.toString()))
            .build()
        return http.send(seen, HttpResponse.BodyHandlers.ofString()).body()
    }

    private suspend fun play(server: String, scenario: JsonObject): Pair<String, String> {
        val id = scenario.getValue("id").jsonPrimitive.content
        return id to judged(server, id, outcomes(scenario, "$server/$id"))
    }

    @ParameterizedTest
    @MethodSource("files")
    fun scenarios(file: String) = waiting {
        val scenarios = cases("scenarios/$file").map { it.jsonObject }
        Started(program("scripted-gateway"), file).use { server ->
            // All at once: most of their time is waiting.
            val verdicts = coroutineScope {
                scenarios.map { async(Dispatchers.IO) { play(server.url, it) } }.awaitAll()
            }
            val ran = verdicts.count { (_, verdict) -> verdict == NONE }
            println("$file: ran $ran of ${scenarios.size}")
            assertEquals(emptyList<Any>(), verdicts.filterNot { (_, verdict) -> verdict == NONE })
            assertTrue(ran > 0)
        }
    }

    companion object {
        private const val NONE = """{"violations":[]}"""

        /** Kotlin does not poll. */
        @JvmStatic
        fun files(): List<String> =
            files("scenarios").filter { it.endsWith(".json") && it != "poll.json" }.sorted()
    }
}
