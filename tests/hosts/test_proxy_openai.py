"""OpenAI's own package as any tool uses it: a base URL and a key."""

from __future__ import annotations

import base64
import time
from typing import Any

import openai
import pytest
from proxied import Proxy

HELLO: Any = [{"role": "user", "content": "Hello!"}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def test_a_chat_is_paid_for_and_says_so(proxy: Proxy) -> None:
    with proxy.openai() as ai:
        raw = ai.chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=HELLO)
        assert raw.parse().choices[0].message.content.startswith("Hello!")
    [payment] = proxy.payments()
    assert raw.headers["x-blockrun-cost-micro"] == "1000"
    assert raw.headers["x-blockrun-cost-usd"] == "0.001"
    assert raw.headers["x-blockrun-transaction"] == payment["transaction"]
    assert payment["state"] == "settled"


def test_a_stream_comes_token_by_token(proxy: Proxy) -> None:
    asked: Any = [{"role": "user", "content": "Count slowly to 100"}]
    with proxy.openai() as ai:
        began, times, text = time.monotonic(), [], ""
        options: Any = {"include_usage": True}
        for chunk in ai.chat.completions.create(
            model="gpt-4o-mini", messages=asked, stream=True, stream_options=options
        ):
            times.append(time.monotonic() - began)
            if chunk.choices:
                text += chunk.choices[0].delta.content or ""
        assert chunk.usage
        assert chunk.usage.completion_tokens > 20
    assert text.split()[-1].strip(".") == "100"
    # 100 pieces, 20 ms apart: a proxy that gathers them would bring all at once.
    assert times[-1] - times[1] > 0.5


def test_a_stream_that_is_left_is_over(proxy: Proxy) -> None:
    asked: Any = [{"role": "user", "content": "Count slowly to 500"}]
    with proxy.openai() as ai:
        with ai.chat.completions.create(model="gpt-4o-mini", messages=asked, stream=True) as stream:
            for _, _chunk in zip(range(3), stream, strict=False):
                pass
        until = time.monotonic() + 8
        while (payment := proxy.payments()[0])["state"] != "settled" and time.monotonic() < until:
            time.sleep(0.1)
        # Its books are closed before the 10 s are over that the rest takes.
        assert payment["state"] == "settled"
        assert ai.chat.completions.create(model="gpt-4o-mini", messages=HELLO).choices


def test_tools_pictures_and_models(proxy: Proxy) -> None:
    with proxy.openai() as ai:
        asked: Any = [{"role": "user", "content": "get_weather please"}]
        answer = ai.chat.completions.create(model="gpt-4o", messages=asked, tools=[TOOL])
        [call] = answer.choices[0].message.tool_calls or []
        assert call.function.name == "get_weather"
        image = ai.images.generate(model="dall-e-3", prompt="A boat", response_format="b64_json")
        assert base64.b64decode(image.data[0].b64_json or "").startswith(b"\x89PNG")
        ids = [model.id for model in ai.models.list()]
        assert "openai/gpt-4o-mini" in ids
        assert ai.models.retrieve("openai/gpt-4o-mini").owned_by == "openai"
        with pytest.raises(openai.NotFoundError, match="nobody/nothing"):
            ai.models.retrieve("nobody/nothing")


def test_errors_are_the_packages_own(proxy: Proxy) -> None:
    with proxy.openai() as ai:
        with pytest.raises(openai.BadRequestError) as bad:
            ai.chat.completions.create(model="gpt-4o-mini", messages=[])
        assert bad.value.code
        with pytest.raises(openai.BadRequestError, match="model"):
            ai.chat.completions.create(model="", messages=HELLO)
        with pytest.raises(openai.NotFoundError, match="/v1/embeddings"):
            ai.embeddings.create(model="m", input="x")
    with proxy.openai(api_key="sk-somebody-else") as ai, pytest.raises(openai.AuthenticationError):
        ai.models.list()
    assert proxy.payments() == []


def test_responses(proxy: Proxy) -> None:
    with proxy.openai() as ai:
        answer = ai.responses.create(model="gpt-4o-mini", input="Hello!", instructions="Be brief.")
        assert answer.output_text.startswith("Hello!")
        assert (answer.status, answer.store) == ("completed", False)
        assert answer.usage
        assert answer.usage.output_tokens > 0
        with ai.responses.stream(model="gpt-4o-mini", input="Hello!") as stream:
            kinds = [event.type for event in stream]
            assert stream.get_final_response().output_text == answer.output_text
        assert kinds[0] == "response.created"
        assert kinds.count("response.output_text.delta") > 5
        assert kinds[-1] == "response.completed"
        short = ai.responses.create(model="gpt-4o-mini", input="Count to 50", max_output_tokens=16)
        assert short.incomplete_details
        assert short.incomplete_details.reason == "max_output_tokens"
        with pytest.raises(openai.BadRequestError, match="send the whole conversation"):
            ai.responses.create(model="gpt-4o-mini", input="x", previous_response_id="resp_1")
    assert len(proxy.payments()) == 3


@pytest.mark.parametrize("kind", ["web_search", "custom", "mcp", "code_interpreter"])
def test_tools_that_cannot_be_offered_are_refused_by_name(proxy: Proxy, kind: str) -> None:
    offered: Any = [{"type": kind, "name": "x"}]
    says = f"tools: {kind} is not supported here"
    with proxy.openai() as ai:
        with pytest.raises(openai.BadRequestError, match=says) as bad:
            ai.responses.create(model="gpt-4o-mini", input="Hello!", tools=offered)
        assert (bad.value.code, bad.value.param) == ("unsupported", f"tools: {kind}")
        with (
            pytest.raises(openai.BadRequestError, match=says),
            ai.responses.stream(model="gpt-4o-mini", input="Hello!", tools=offered) as stream,
        ):
            list(stream)
        odd: Any = [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]
        with pytest.raises(openai.BadRequestError, match=r"input\[0\].*`input_file`"):
            ai.responses.create(model="gpt-4o-mini", input=odd)
        # How much to think is passed on; thoughts are not to be had, and none are promised.
        said = ai.responses.create(
            model="gpt-4o-mini", input="Hello!", reasoning={"effort": "low", "summary": "auto"}
        )
        assert [item.type for item in said.output] == ["message"]
    assert len(proxy.payments()) == 1


def test_responses_call_functions(proxy: Proxy) -> None:
    tool: Any = {"type": "function", "strict": False, **TOOL["function"]}
    with proxy.openai() as ai:
        said: Any = [{"role": "user", "content": "get_weather please"}]
        answer = ai.responses.create(model="gpt-4o", input=said, tools=[tool])
        [call] = answer.output
        assert (call.type, answer.status) == ("function_call", "completed")
        with ai.responses.stream(model="gpt-4o", input=said, tools=[tool]) as stream:
            [streamed] = stream.get_final_response().output
        assert (streamed.name, streamed.arguments) == (call.name, call.arguments)
        result = {"type": "function_call_output", "call_id": call.call_id, "output": "upper: sun"}
        follow: Any = [*said, call.to_dict(), result, {"role": "user", "content": "reverse: abc"}]
        assert ai.responses.create(model="gpt-4o", input=follow).output_text.endswith("cba")
