"""Makes the calls of a scenario through the Python that UniFFI generates, and notes what was seen.

The format, and what every runner does: ``tests/scenarios/README.md``.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import blockrun_ffi as ffi
from support import KEY

Outcome = dict[str, Any]

HELLO = [
    {
        "method": "chat_completion",
        "arguments": {"messages": [{"role": "user", "content": "Hello!"}]},
    }
]
# What crosses as JSON text.
AS_TEXT = ("tools", "response_format", "search_parameters", "extra", "body")


async def outcomes(scenario: dict[str, Any], api_url: str, home: str) -> list[Outcome]:
    """One outcome for each call. A client that cannot be made has failed them all."""
    calls = scenario.get("calls", HELLO)
    try:
        client = client_of(dict(scenario.get("client", {})), api_url, home)
    except ffi.NativeError.Failed as failed:
        return [failure(failed.error)] * len(calls)
    seen = []
    for call in calls:
        try:
            given = dict(call.get("arguments", {}))
            seen.append(await answer(client, call["method"], given, call.get("read")))
        except ffi.NativeError.Failed as failed:
            seen.append(failure(failed.error))
    return seen


def client_of(given: dict[str, Any], api_url: str, home: str) -> Any:
    key = given.pop("private_key", KEY)
    for name in ("max_cost_per_call", "max_session_cost"):
        if name in given:
            given[name] = ffi.parse_usdc(given[name])
    if "prepay" in given:
        given["prepay"] = ffi.Prepay[given["prepay"].upper()]
    if "rpc_url" in given:
        given["rpc_url"] = given["rpc_url"].replace("{server}", api_url)
    defaults = {"api_url": api_url, "home": home, "timeout": timedelta(seconds=60)}
    # An option that there is not is an error of its own here, and below.
    return ffi.NativeClient(key, None, None, "python", ffi.ClientOptions(**defaults | given))


async def answer(client: Any, method: str, given: dict[str, Any], most: int | None) -> Outcome:
    match method:
        case "chat":
            messages, system = [message("user", given.pop("prompt"))], given.pop("system", None)
            got = await client.chat_completion(messages, None, system, ffi.ChatOptions(**given))
            return {"text": got.text}
        case "chat_completion":
            return told(await client.chat_completion(*chat(given)))
        case "chat_completion_stream":
            return await read(client.chat_completion_stream(*chat(given)), most)
        case "image":
            prompt, options = given.pop("prompt"), texts(given, "extra")
            return told(await client.image(prompt, ffi.ImageOptions(**options)))
        case "request":
            given["replay"] = {None: True, "never": False}[given.get("replay")]
            return told(await client.request(ffi.ApiRequest(**texts(given, *AS_TEXT))))
        case "request_at":
            url = given.pop("url").replace("{server}", client.api_url())
            request = ffi.ApiRequest(path="", **texts(given, *AS_TEXT))
            return told(await client.request_at(url, request))
        case "discover":
            if "url" in given:
                given["url"] = given["url"].replace("{server}", client.api_url())
            if "max_price" in given:
                given["max_price"] = ffi.parse_usdc(given["max_price"])
            return {"json": list(map(found, await client.discover(ffi.DiscoverOptions(**given))))}
        case "quote":
            messages = [message("user", given.pop("prompt"))]
            price = await client.quote(messages, None, None, ffi.ChatOptions(**given))
            return {"amount_micro": price.amount.micro}
        case "balance":
            return {"amount_micro": (await client.balance(None)).micro}
        case "list_models" | "list_image_models":
            return {"json": [parsed(model.json) for model in await getattr(client, method)()]}
        case "spending":
            sums = await client.spending()
            return {"amount_micro": sums.total.micro, "json": {"calls": sums.calls}}
        case other:
            raise NotImplementedError(other)


def chat(given: dict[str, Any]) -> tuple[Any, ...]:
    """Messages, model, system prompt and options."""
    messages = [message(**fields) for fields in given.pop("messages")]
    model = given.pop("model", None)
    if "timeout" in given:
        given["timeout"] = timedelta(seconds=given["timeout"])
    return messages, model, None, ffi.ChatOptions(**texts(given, *AS_TEXT))


def message(role: str = "", content: Any = None, **extra: Any) -> Any:
    parts = content if isinstance(content, list) else []
    return ffi.ChatMessage(
        role=role,
        content=None if parts else content,
        parts=[ffi.ContentPart.OTHER(json.dumps(part)) for part in parts],
        extra=json.dumps(extra) if extra else None,
    )


def texts(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: json.dumps(value) if name in names else value for name, value in given.items()}


async def read(stream: Any, most: int | None) -> Outcome:
    """Reads a stream to its end, to its error, or so many chunks of it."""
    chunks: list[Any] = []
    failed: Outcome = {}
    try:
        stream.begin()
        while len(chunks) != most and (chunk := await stream.next()):
            chunks.append(chunk)
    except ffi.NativeError.Failed as error:
        failed = failure(error.error)
    await stream.leave()
    return {
        **told(await stream.received()),
        "text": "".join(chunk.text for chunk in chunks),
        "chunks": [parsed(chunk.raw) for chunk in chunks],
        "status": await stream.status_code(),
        **failed,
    }


def told(response: Any) -> Outcome:
    seen: Outcome = {"amount_micro": response.cost.micro, "transaction": response.transaction}
    if isinstance(response, ffi.ApiResponse):
        return seen | {"status": response.status_code, "json": parsed(response.body.decode())}
    seen["json"] = parsed(response.raw)
    if response.billed_to_account:
        seen["amount_micro"] = None
    if isinstance(response, ffi.ChatResponse):
        fallback = response.fallback
        seen |= {"text": response.text, "fallback": vars(fallback) if fallback else None}
    return seen


def found(resource: Any) -> Outcome:
    amounts = [offer.amount for offer in resource.accepts]
    return {
        "url": resource.url,
        "kind": resource.kind,
        "method": resource.method,
        "description": resource.description,
        "tags": resource.tags,
        "price_micro": resource.price.micro if resource.price else None,
        "amounts_micro": [amount.micro if amount else None for amount in amounts],
        "input_example": parsed(resource.input_example or "null"),
    }


def failure(details: Any) -> Outcome:
    state, rejection = details.payment, details.rejection
    return {
        "error": details.code.name,
        "message": details.text,
        "payment": None if details.code == ffi.ErrorCode.INVALID_ARGUMENT else name_of(state),
        "charged_micro": state.amount.micro if state.is_charged() else None,
        "status": details.status_code,
        "field": rejection.field if rejection else None,
        "retry_after": details.retry_after.total_seconds() if details.retry_after else None,
        "key": details.key,
        "response": details.response,
        "printed": f"{details!s} {details!r}",
    }


def name_of(state: Any) -> str:
    names = ("not_charged", "refused", "charged", "unknown", "presumed_charged")
    return next(name for name in names if getattr(state, f"is_{name}")())


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
