package ai.blockrun.llm

import java.math.BigDecimal

/**
 * An amount from decimal dollars, exactly: `Usdc("0.25")`.
 *
 * @throws InvalidArgumentException for more than 6 decimals, or what is not an amount.
 */
fun Usdc(dollars: String): Usdc = translated { parseUsdc(dollars) }

/** The amount in dollars, exactly. */
val Usdc.dollars: BigDecimal get() = BigDecimal(micro.toString()).movePointLeft(6)

/** A system message. */
fun ChatMessage.Companion.system(text: String) = ChatMessage(role = "system", content = text)

/**
 * A user message, with images if there are any.
 *
 * @param images addresses, or data URLs such as `data:image/png;base64,…`.
 */
fun ChatMessage.Companion.user(text: String, images: List<String> = emptyList()): ChatMessage =
    if (images.isEmpty()) {
        ChatMessage(role = "user", content = text)
    } else {
        ChatMessage(role = "user", parts = listOf(ContentPart.Text(text)) + images.map(ContentPart::Image))
    }

/** What the model said before. */
fun ChatMessage.Companion.assistant(text: String) = ChatMessage(role = "assistant", content = text)

/** What a tool answered to a [ToolCall]. */
fun ChatMessage.Companion.tool(callId: String, result: String) =
    ChatMessage(role = "tool", content = result, toolCallId = callId)
