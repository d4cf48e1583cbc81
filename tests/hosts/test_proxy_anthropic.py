"""Anthropic's own package, whose form is translated."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest
from proxied import Proxy, started_proxy

ASKED: Any = {
    "model": "gpt-4o-mini",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hello!"}],
}
TOOL: Any = {
    "name": "get_weather",
    "description": "Tells the weather",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_message_is_paid_for_and_says_so(proxy: Proxy) -> None:
    with proxy.anthropic() as ai:
        raw = ai.messages.with_raw_response.create(**ASKED, system="Be brief.")
        message = raw.parse()
        assert message.content[0].text.startswith("Hello!")
        assert (message.stop_reason, message.role) == ("end_turn", "assistant")
        assert message.usage.input_tokens > 0
        assert raw.headers["x-blockrun-cost-micro"] == "1000"
        assert len(proxy.payments()) == 1
        counted = ai.messages.count_tokens(model="m", messages=ASKED["messages"])
        assert counted.input_tokens == 13
        assert ai.models.list().data[0].type == "model"
    assert len(proxy.payments()) == 1


def test_a_stream_says_what_the_whole_message_says(proxy: Proxy) -> None:
    with proxy.anthropic() as ai:
        whole = ai.messages.create(**ASKED)
        with ai.messages.stream(**ASKED) as stream:
            pieces = list(stream.text_stream)
            final = stream.get_final_message()
        assert len(pieces) > 5
        assert "".join(pieces) == whole.content[0].text == final.content[0].text
        assert (final.stop_reason, final.usage.output_tokens) == (
            whole.stop_reason,
            whole.usage.output_tokens,
        )
        short = {**ASKED, "max_tokens": 5}
        with ai.messages.stream(**short) as stream:
            assert stream.get_final_message().stop_reason == "max_tokens"


def test_tools_and_pictures(proxy: Proxy) -> None:
    said: list[Any] = [{"role": "user", "content": "get_weather please"}]
    asked = {**ASKED, "model": "gpt-4o", "tools": [TOOL]}
    with proxy.anthropic() as ai:
        message = ai.messages.create(**{**asked, "messages": said})
        [use] = message.content
        assert (use.type, use.name, message.stop_reason) == ("tool_use", "get_weather", "tool_use")
        assert isinstance(use.input["city"], str)
        with ai.messages.stream(**{**asked, "messages": said}) as stream:
            [streamed] = stream.get_final_message().content
        assert (streamed.type, streamed.input) == ("tool_use", use.input)
        source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
        result = {"type": "tool_result", "tool_use_id": use.id, "content": "sunny"}
        follow = [
            result,
            {"type": "image", "source": source},
            {"type": "text", "text": "reverse: abc"},
        ]
        said += [{"role": "assistant", "content": message.content}]
        said += [{"role": "user", "content": follow}]
        answer = ai.messages.create(**{**ASKED, "model": "gpt-4o", "messages": said})
        assert answer.content[0].text.endswith("cba")
        assert answer.usage.input_tokens > 1024


def test_thoughts_are_neither_shown_nor_taken_for_words(proxy: Proxy) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    said: Any = [
        {"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": [thought, {"type": "text", "text": "Hello."}]},
        {"role": "user", "content": "reverse: abc"},
    ]
    with proxy.anthropic() as ai:
        asked: Any = {**ASKED, "max_tokens": 2048, "messages": said}
        thinking: Any = {"type": "enabled", "budget_tokens": 1024}
        answer = ai.messages.create(**asked, thinking=thinking)
        assert [block.type for block in answer.content] == ["text"]
        assert answer.content[0].text.endswith("cba")
        with pytest.raises(
            anthropic.BadRequestError, match=r"thinking\.type: unknown variant `deep`"
        ):
            ai.messages.create(**asked, thinking={"type": "deep"})
    assert len(proxy.payments()) == 1


@pytest.mark.parametrize("kind", ["web_search_20250305", "bash_20250124", "computer_20250124"])
def test_tools_that_cannot_be_offered_are_refused_by_name(proxy: Proxy, kind: str) -> None:
    offered: Any = [{"type": kind, "name": "x"}]
    with proxy.anthropic() as ai:
        with pytest.raises(anthropic.BadRequestError) as bad:
            ai.messages.create(**ASKED, tools=offered)
        error = bad.value.body["error"]
        assert error["type"] == "invalid_request_error"
        assert error["message"].startswith(f"tools: {kind} is not supported here: ")
        with (
            pytest.raises(anthropic.BadRequestError, match=kind),
            ai.messages.stream(**ASKED, tools=offered) as stream,
        ):
            stream.get_final_message()
    assert proxy.payments() == []


def test_errors_are_the_packages_own(proxy: Proxy) -> None:
    with proxy.anthropic() as ai:
        with pytest.raises(anthropic.BadRequestError) as bad:
            ai.messages.create(**ASKED, extra_body={"top_k": 3})
        assert bad.value.body["error"]["type"] == "invalid_request_error"
        odd: Any = [{"role": "user", "content": [{"type": "search_result"}]}]
        with pytest.raises(anthropic.BadRequestError, match=r"messages\[0\].content\[0\]"):
            ai.messages.create(**{**ASKED, "messages": odd})
    with (
        proxy.anthropic(api_key="sk-ant-somebody-else") as ai,
        pytest.raises(anthropic.AuthenticationError),
    ):
        ai.messages.create(**ASKED)
    assert proxy.payments() == []


def test_a_limit_is_an_error_and_no_reason_to_try_again(gateway: str, tmp_path: Any) -> None:
    options = ("--max-cost", "0.0001", "--alias", "claude-*=openai/gpt-4o-mini")
    with started_proxy(gateway, tmp_path, *options) as proxy, proxy.anthropic() as ai:
        with pytest.raises(anthropic.APIStatusError) as refused:
            ai.messages.create(**{**ASKED, "model": "claude-of-a-test"})
        assert refused.value.status_code == 402
        error = refused.value.body["error"]
        assert (error["type"], error["code"]) == ("billing_error", "SPEND_LIMIT")
        assert error["payment"] == {"state": "not_charged"}
        assert refused.value.response.headers["x-should-retry"] == "false"
