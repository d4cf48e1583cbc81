package ai.blockrun.llm

import java.time.Duration
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.collect
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.take
import kotlinx.serialization.SerializationException
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

// Makes the calls of a scenario through the public API and notes what the caller saw. The format,
// and what every runner does: tests/scenarios/README.md.

private val HELLO = Json.parseToJsonElement(
    """[{"method":"chat_completion","arguments":{"messages":[{"role":"user","content":"Hello!"}]}}]""",
).jsonArray

/** One outcome for each call. A client that cannot be made has failed them all. */
suspend fun outcomes(scenario: JsonObject, apiUrl: String): JsonArray {
    val calls = scenario["calls"]?.jsonArray ?: HELLO
    val client = try {
        clientOf(Case(scenario["client"]?.jsonObject ?: JsonObject(emptyMap())), apiUrl)
    } catch (error: BlockrunException) {
        return JsonArray(calls.map { failure(error) })
    }
    return client.use { JsonArray(calls.map { call -> outcome(client, call.jsonObject) }) }
}

private fun clientOf(given: Case, apiUrl: String): LLMClient {
    val options = ClientOptions(
        apiUrl = given.maybe("api_url") ?: apiUrl,
        model = given.maybe("model"),
        timeout = given.time("timeout") ?: Duration.ofSeconds(60),
        prepay = given.maybe("prepay")?.let { Prepay.valueOf(it.uppercase()) },
        maxCostPerCall = given.maybe("max_cost_per_call")?.let(::Usdc),
        maxSessionCost = given.maybe("max_session_cost")?.let(::Usdc),
        rpcUrl = given.maybe("rpc_url")?.replace("{server}", apiUrl),
        home = freshHome(),
    )
    val key = given.maybe("private_key") ?: KEY
    given.checkAllSeen("client")
    return LLMClient(key, options)
}

private suspend fun outcome(client: LLMClient, call: JsonObject): JsonObject {
    val arguments = Case(call["arguments"]?.jsonObject ?: JsonObject(emptyMap()))
    return try {
        answer(client, call, arguments)
    } catch (error: BlockrunException) {
        failure(error)
    } finally {
        arguments.checkAllSeen("$call")
    }
}

private suspend fun answer(client: LLMClient, call: JsonObject, arguments: Case): JsonObject =
    when (val method = call.getValue("method").jsonPrimitive.content) {
        "chat" -> seen("text" to client.chat(arguments.text("prompt"), system = arguments.maybe("system")))
        "chat_completion" ->
            told(client.chatCompletion(arguments.messages(), arguments.maybe("model"), options = arguments.chat()))
        "chat_completion_stream" -> read(
            client.chatCompletionStream(
                arguments.messages(), arguments.maybe("model"), options = arguments.chat(),
            ),
            call["read"]?.jsonPrimitive?.content?.toInt(),
        )
        "image" -> told(client.image(arguments.text("prompt"), arguments.image()))
        "request" -> told(client.request(arguments.request()))
        "request_at" -> told(
            client.requestAt(
                checkNotNull(arguments.address(client)),
                arguments.text("method"),
                arguments.query(),
                arguments["body"]?.toString(),
                arguments.maybe("idempotency_key"),
            ),
        )
        "discover" -> seen("json" to client.discover(arguments.search(client)).map(::found))
        "quote" -> seen("amount_micro" to client.quote(arguments.text("prompt")).amount)
        "balance" -> seen("amount_micro" to client.balance())
        "list_models" -> seen("json" to client.listModels())
        "list_image_models" -> seen("json" to client.listImageModels())
        "spending" -> client.spending().run {
            seen("amount_micro" to total, "json" to JsonObject(mapOf("calls" to JsonPrimitive(calls))))
        }
        else -> error("nobody knows the method $method")
    }

private fun Case.chat() = ChatOptions(
    maxTokens = maybe("max_tokens")?.toLong(),
    temperature = maybe("temperature")?.toDouble(),
    topP = maybe("top_p")?.toDouble(),
    n = maybe("n")?.toLong(),
    stop = texts("stop"),
    tools = this["tools"]?.toString(),
    toolChoice = maybe("tool_choice"),
    responseFormat = this["response_format"]?.toString(),
    search = maybe("search")?.toBooleanStrict(),
    searchParameters = this["search_parameters"]?.toString(),
    reasoningEffort = maybe("reasoning_effort"),
    fallbackModels = texts("fallback_models"),
    extra = this["extra"]?.toString(),
    timeout = time("timeout"),
    idempotencyKey = maybe("idempotency_key"),
)

private fun Case.image() = ImageOptions(
    model = maybe("model"),
    size = maybe("size"),
    n = maybe("n")?.toLong(),
    quality = maybe("quality"),
    responseFormat = maybe("response_format"),
    extra = this["extra"]?.toString(),
    idempotencyKey = maybe("idempotency_key"),
)

private fun Case.search(client: LLMClient) = DiscoverOptions(
    query = maybe("query"),
    url = address(client),
    network = maybe("network"),
    maxPrice = maybe("max_price")?.let(::Usdc),
    limit = maybe("limit")?.toLong(),
)

/** An address, at the scenario's server where it says so. */
private fun Case.address(client: LLMClient): String? = maybe("url")?.replace("{server}", client.apiUrl)

private fun Case.query() = this["query"]?.jsonObject?.mapValues { it.value.jsonPrimitive.content }.orEmpty()

private fun Case.request() = ApiRequest(
    path = text("path"),
    method = text("method"),
    query = query(),
    body = this["body"]?.toString(),
    idempotencyKey = maybe("idempotency_key"),
    replay = when (val replay = maybe("replay")) {
        null -> true
        "never" -> false
        else -> error("nobody knows the replay $replay")
    },
)

private fun Case.messages(): List<ChatMessage> = checkNotNull(this["messages"]).jsonArray.map { message ->
    val named = message.jsonObject
    val content = named["content"]
    val extra = named - setOf("role", "content")
    ChatMessage(
        role = named["role"]?.jsonPrimitive?.content.orEmpty(),
        content = (content as? JsonPrimitive)?.content,
        parts = (content as? JsonArray).orEmpty().map { ContentPart.Other(it.toString()) },
        extra = extra.ifEmpty { null }?.let { JsonObject(it).toString() },
    )
}

/** Reads a stream to its end, to its error, or so many chunks of it. */
private suspend fun read(stream: ChatStream, most: Int?): JsonObject {
    val chunks = mutableListOf<ChatChunk>()
    val noted: Flow<ChatChunk> = stream.onEach { chunks += it }
    val failed = try {
        (most?.let(noted::take) ?: noted).collect()
        emptyMap()
    } catch (error: BlockrunException) {
        failure(error)
    }
    val read = seen(
        "text" to chunks.joinToString("") { it.text },
        "chunks" to JsonArray(chunks.map { parsed(it.raw) }),
        "status" to stream.statusCode(),
    )
    return JsonObject(told(stream.received()) + read + failed)
}

private fun told(response: ChatResponse): JsonObject = seen(
    "json" to parsed(response.raw),
    "text" to response.text,
    "amount_micro" to response.cost.takeUnless { response.billedToAccount },
    "transaction" to response.transaction,
    "fallback" to response.fallback?.let {
        seen("model" to it.model, "settlement_skipped" to it.settlementSkipped)
    },
)

private fun told(response: ImageResponse): JsonObject = seen(
    "json" to parsed(response.raw),
    "amount_micro" to response.cost.takeUnless { response.billedToAccount },
    "transaction" to response.transaction,
)

private fun told(response: ApiResponse): JsonObject = seen(
    "status" to response.statusCode,
    "json" to parsed(String(response.body)),
    "amount_micro" to response.cost,
    "transaction" to response.transaction,
)

private fun found(resource: Resource): JsonObject = seen(
    "url" to resource.url,
    "kind" to resource.kind,
    "method" to resource.method,
    "description" to resource.description,
    "tags" to resource.tags,
    "price_micro" to resource.price,
    "amounts_micro" to resource.accepts.map { it.amount },
    "input_example" to resource.inputExample?.let(::parsed),
)

private fun failure(error: BlockrunException): JsonObject = seen(
    "error" to "${error.code}",
    "message" to error.message,
    "payment" to nameOf(error.payment).takeUnless { error is InvalidArgumentException },
    "charged_micro" to (error.payment as? PaymentState.Charged)?.amount,
    "status" to error.statusCode,
    "field" to (error as? RequirementRejectedException)?.rejection?.field,
    "retry_after" to error.retryAfter?.let { it.toMillis() / 1_000.0 },
    "key" to error.key,
    "response" to error.response,
    "printed" to "${error.stackTraceToString()} ${error.details}",
)

private fun nameOf(state: PaymentState): String = when (state) {
    PaymentState.NotCharged -> "not_charged"
    is PaymentState.Refused -> "refused"
    is PaymentState.Charged -> "charged"
    is PaymentState.Unknown -> "unknown"
    is PaymentState.PresumedCharged -> "presumed_charged"
}

private fun seen(vararg fields: Pair<String, Any?>) =
    JsonObject(fields.associate { (name, value) -> name to json(value) })

private fun json(value: Any?): JsonElement = when (value) {
    null -> JsonNull
    is JsonElement -> value
    is String -> JsonPrimitive(value)
    is Boolean -> JsonPrimitive(value)
    is Number -> JsonPrimitive(value)
    is Usdc -> JsonPrimitive(value.micro.toLong())
    is List<*> -> JsonArray(value.map(::json))
    is Model -> parsed(value.json)
    else -> error("no JSON: $value")
}

private fun parsed(text: String): JsonElement = try {
    Json.parseToJsonElement(text)
} catch (_: SerializationException) {
    JsonPrimitive(text)
}

private fun Case.maybe(name: String): String? = this[name]?.jsonPrimitive?.content

private fun Case.texts(name: String) = this[name]?.jsonArray.orEmpty().map { it.jsonPrimitive.content }

private fun Case.time(name: String): Duration? =
    maybe(name)?.let { Duration.ofMillis((it.toDouble() * 1_000).toLong()) }
