"""Makes the calls of a scenario through the public API and notes what the caller saw.

The format, and what every runner does: ``tests/scenarios/README.md``. One runner for both clients:
what the one returns, the other returns to ``await``.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

from blockrun_llm import (
    AsyncChatStream,
    AsyncLLMClient,
    BlockrunError,
    ChatCompletionChunk,
    ChatResponse,
    ChatStream,
    ImageResponse,
    LLMClient,
    RequirementRejected,
    Resource,
)

Client = LLMClient | AsyncLLMClient
Outcome = dict[str, Any]

HELLO = {
    "method": "chat_completion",
    "arguments": {"messages": [{"role": "user", "content": "Hello!"}]},
}


async def outcomes(kind: type[Client], scenario: dict[str, Any], options: dict[str, Any]) -> Any:
    """One outcome for each call. A client that cannot be made has failed them all."""
    given: dict[str, Any] = {**options, **scenario.get("client", {})}
    if rpc_url := given.get("rpc_url"):
        given["rpc_url"] = rpc_url.replace("{server}", options["api_url"])
    calls = scenario.get("calls") or [HELLO]
    try:
        client = kind(**given)
    except (ValueError, TypeError) as error:
        return [failure(error)] * len(calls)
    return [await outcome(client, call) for call in calls]


async def outcome(client: Client, call: dict[str, Any]) -> Outcome:
    arguments: dict[str, Any] = dict(call.get("arguments", {}))
    try:
        if call["method"] == "chat_completion_stream":
            return await read(client.chat_completion_stream(**flat(arguments)), call.get("read"))
        return await answer(client, call["method"], arguments)
    except (BlockrunError, ValueError, TypeError) as error:
        return failure(error)


async def answer(client: Client, method: str, arguments: dict[str, Any]) -> Outcome:
    match method:
        case "chat":
            return {"text": await settled(client.chat(**arguments))}
        case "chat_completion" | "image":
            return told(await settled(getattr(client, method)(**flat(arguments))))
        case "request" | "request_at" | "poll":
            at_server(client, arguments)
            arguments["params"] = arguments.pop("query", None)
            got = await settled(getattr(client, method)(**arguments))
            return {
                "status": got.status_code,
                "json": parsed(got.text),
                "amount_micro": got.cost_micro,
            }
        case "discover":
            at_server(client, arguments)
            return {"json": [found(one) for one in await settled(client.discover(**arguments))]}
        case "quote":
            return {"amount_micro": (await settled(client.quote(**arguments))).amount_micro}
        case "balance":
            return {"amount_micro": await settled(client.get_balance_micro())}
        case "list_models" | "list_image_models":
            return {"json": await settled(getattr(client, method)())}
        case "spending":
            sums = await settled(client.get_spending())
            return {"amount_micro": sums["total_micro"], "json": {"calls": sums["calls"]}}
        case other:
            raise NotImplementedError(other)


def at_server(client: Client, arguments: dict[str, Any]) -> None:
    """Puts the scenario's server where an address says so."""
    if "url" in arguments:
        arguments["url"] = arguments["url"].replace("{server}", client.api_url)


def found(resource: Resource) -> Outcome:
    return {
        "url": resource.url,
        "kind": resource.kind,
        "method": resource.method,
        "description": resource.description,
        "tags": list(resource.tags),
        "price_micro": resource.price_micro,
        "amounts_micro": [offer.amount_micro for offer in resource.accepts],
        "input_example": resource.input_example,
    }


def flat(arguments: dict[str, Any]) -> dict[str, Any]:
    """Further fields are keywords here, which cannot be given twice: what is named counts."""
    return {**arguments.pop("extra", {}), **arguments}


async def settled(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


async def read(stream: ChatStream | AsyncChatStream, most: int | None) -> Outcome:
    """Reads a stream to its end, to its error, or as many chunks as wanted."""
    chunks: list[ChatCompletionChunk] = []
    seen: Outcome = {}
    try:
        if isinstance(stream, ChatStream):
            for chunk in stream:
                chunks.append(chunk)
                if len(chunks) == most:
                    break
        else:
            async for chunk in stream:
                chunks.append(chunk)
                if len(chunks) == most:
                    break
    except BlockrunError as error:
        seen = failure(error)
    return {
        **told(stream.response()),
        "text": "".join(chunk.text for chunk in chunks),
        "chunks": [parsed(chunk.raw) for chunk in chunks],
        "amount_micro": stream.cost_micro,
        "status": stream.status_code,
        **seen,
    }


def told(response: ChatResponse | ImageResponse) -> Outcome:
    seen: Outcome = {
        "json": parsed(response.raw),
        "amount_micro": response.cost_micro,
        "transaction": (response.settlement or {}).get("transaction"),
    }
    if isinstance(response, ChatResponse):
        fallback = response.fallback
        seen["fallback"] = fallback and {
            "model": fallback.model,
            "settlement_skipped": fallback.settlement_skipped,
        }
        seen["text"] = response.text
    return seen


def failure(error: Exception) -> Outcome:
    seen: Outcome = {"message": str(error), "printed": f"{error!s} {error!r} {error.__dict__}"}
    if not isinstance(error, BlockrunError):
        # Found before there is any money to speak of.
        return {**seen, "error": "INVALID_ARGUMENT", "payment": None}
    charged = error.payment.state == "charged"
    return {
        **seen,
        "error": error.code,
        "payment": error.payment.state,
        "charged_micro": error.payment.amount_micro if charged else None,
        "status": error.status_code or None,
        "field": error.field if isinstance(error, RequirementRejected) else None,
        "retry_after": error.retry_after_seconds,
        "key": error.key,
        "response": error.response,
    }


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
