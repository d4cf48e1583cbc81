"""What the chat model adds to LangChain's: what it cost, errors about money, and paying once."""

from __future__ import annotations

import asyncio
import base64
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core import exceptions as host
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.runnables import ConfigurableField
from pydantic import BaseModel, SecretStr
from relay import Dark, Losing
from support import KEY, NOBODY, answering

import blockrun_llm
from blockrun_llm import LLMClient
from langchain_blockrun import ChatBlockRun
from once import bought, one_transfer
from readme import run_programs_of


def model(url: str, **options: Any) -> ChatBlockRun:
    return ChatBlockRun(private_key=SecretStr(KEY), api_url=url, **options)


def test_an_answer_says_what_it_cost(gateway: str) -> None:
    with bought(gateway, 1):
        answer = model(gateway).invoke("Hello!")
    told = answer.response_metadata
    assert (told["cost_micro"], told["cost_usd"]) == (1000, 0.001)
    assert told["settlement"]["success"]
    assert told["finish_reason"] == "stop"
    assert told["model_name"] == "openai/gpt-4o-mini"


async def test_a_stream_says_it_at_its_end(gateway: str) -> None:
    whole: AIMessageChunk | None = None
    async for chunk in model(gateway).astream("Count to 5"):
        assert isinstance(chunk, AIMessageChunk)
        whole = chunk if whole is None else whole + chunk
    assert whole
    assert whole.text == "[practice] 1 2 3 4 5"
    assert whole.response_metadata["cost_micro"] == 1000
    assert whole.usage_metadata
    assert whole.usage_metadata["output_tokens"] >= 5


def test_callbacks_see_tokens_and_cost(gateway: str) -> None:
    class Seen(BaseCallbackHandler):
        def __init__(self) -> None:
            self.tokens: list[str] = []
            self.outputs: list[Any] = []

        def on_llm_new_token(self, token: Any, **_: Any) -> None:
            self.tokens.append(token)

        def on_llm_end(self, response: Any, **_: Any) -> None:
            self.outputs.append(response)

    seen = Seen()
    with bought(gateway, 2):
        model(gateway).invoke("Hello!", config={"callbacks": [seen]})
        list(model(gateway).stream("Count to 5", config={"callbacks": [seen]}))
    assert seen.outputs[0].llm_output["cost_micro"] == 1000
    assert "".join(seen.tokens) == "[practice] 1 2 3 4 5"


def test_several_answers_and_further_fields(gateway: str) -> None:
    several = model(gateway, n=2, model_kwargs={"seed": 7}, max_tokens=50)
    [generations] = several.generate([[HumanMessage("Hello!")]]).generations
    assert len(generations) == 2
    cut = several.invoke("Count to 100", max_tokens=3)
    assert cut.response_metadata["finish_reason"] == "length"


def test_pictures_are_sent(gateway: str) -> None:
    data = base64.b64encode(b"\x89PNG").decode()
    image = {"type": "image", "base64": data, "mime_type": "image/png"}
    seen = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    for part in (image, seen):
        asked = HumanMessage([{"type": "text", "text": "Count to 2"}, part])
        assert model(gateway).invoke([asked]).text == "[practice] 1 2"


class Place(BaseModel):
    """A place."""

    city: str
    days: int


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
def test_answers_in_a_form(gateway: str, method: Any) -> None:
    for strict in (None, True):
        typed = model(gateway).with_structured_output(Place, method=method, strict=strict)
        assert typed.invoke("Where to?") == Place(city="practice", days=1)
    raw = model(gateway).with_structured_output(Place, method=method, include_raw=True)
    answer: Any = raw.invoke("Where to?")
    assert answer["parsed"] == Place(city="practice", days=1)
    assert answer["raw"].response_metadata["cost_micro"] == 1000


def test_what_is_not_in_the_form_is_told(gateway: str) -> None:
    raw = model(gateway).with_structured_output(Place, method="json_mode", include_raw=True)
    answer: Any = raw.invoke("Where to?")
    assert answer["parsed"] is None
    assert isinstance(answer["parsing_error"], host.OutputParserException)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"method": "guess"}, "none of function_calling"),
        ({"method": "json_schema"}, "needs one"),
        ({}, "needs one"),
    ]
    for options, problem in wrong:
        with pytest.raises(ValueError, match=problem):
            model(gateway).with_structured_output(**options)


@pytest.mark.parametrize("lost", [lambda: Losing(1), lambda: Dark(2.6)], ids=["one", "many"])
def test_default_retries_pay_once(gateway: str, lost: Callable[[], Losing | Dark]) -> None:
    """When many are lost the client's time is over first: what asks again is LangChain's model."""
    with one_transfer(gateway, lost()) as url:
        assert model(url, timeout=2.0).invoke("Hello!").content


def test_default_retries_of_a_stream_pay_once(gateway: str) -> None:
    with one_transfer(gateway, Dark(2.6)) as url:
        chunks = list(model(url, timeout=2.0).stream("Count to 5"))
    assert "".join(chunk.text for chunk in chunks) == "[practice] 1 2 3 4 5"


async def test_in_asyncio_too(gateway: str) -> None:
    with one_transfer(gateway, Dark(2.6)) as url:
        assert (await model(url, timeout=2.0).ainvoke("Hello!")).content
    with one_transfer(gateway, Dark(2.6)) as url:
        chunks = [chunk async for chunk in model(url, timeout=2.0).astream("Count to 5")]
    assert "".join(chunk.text for chunk in chunks) == "[practice] 1 2 3 4 5"


def test_with_retry_pays_once(gateway: str) -> None:
    with one_transfer(gateway, Dark(2.6)) as url:
        plain = model(url, timeout=2.0, max_retries=0)
        with pytest.raises(host.ModelError) as caught:
            plain.invoke("Hello!")
        assert isinstance(caught.value, blockrun_llm.BlockrunError)
        assert (caught.value.payment.state, caught.value.is_retryable) == ("unknown", True)
        assert plain.with_retry().invoke("Hello!").content


def test_a_key_is_paid_once(gateway: str) -> None:
    with bought(gateway, 1):
        answers = [model(gateway).invoke("Hello!", idempotency_key="lang-1") for _ in range(2)]
    assert answers[0].response_metadata == answers[1].response_metadata


async def test_identical_prompts_at_once_are_as_many_purchases(gateway: str) -> None:
    with bought(gateway, 6):
        model(gateway).batch(["Hello!"] * 3)
        await model(gateway).abatch(["Hello!"] * 3)


async def test_one_limit_for_threads_and_tasks(gateway: str) -> None:
    both = model(gateway, max_session_cost="0.002")
    both.invoke("Hello!")
    await both.ainvoke("Hello!")
    with pytest.raises(blockrun_llm.SpendLimitError) as caught:
        both.invoke("Hello!")
    assert isinstance(caught.value, host.ModelError)
    assert not caught.value.is_retryable
    assert (caught.value.scope, caught.value.payment.state) == ("session", "not_charged")
    assert len(both.client.payments()) == 2


def test_errors_are_of_both_kinds(gateway: str) -> None:
    with pytest.raises(host.ModelInvalidRequestError) as caught:
        model(gateway, model="no/model").invoke("Hello!")
    error = caught.value
    assert isinstance(error, blockrun_llm.APIError)
    assert (error.status_code, error.payment.state) == (400, "not_charged")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.status_code) == (type(error), str(error), 400)
    with pytest.raises(host.ModelConnectionError) as lost:
        model(NOBODY, max_retries=0).invoke("Hello!")
    assert isinstance(lost.value, blockrun_llm.APIConnectionError)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, host.ModelAuthenticationError),
        (403, host.ModelPermissionDeniedError),
        (404, host.ModelNotFoundError),
        (429, host.ModelRateLimitError),
        (500, host.ModelAPIError),
        (418, host.ModelError),
    ],
)
def test_kinds_by_status(status: int, kind: type[host.ModelError]) -> None:
    with answering(lambda _: (status, {"error": {"message": "no"}})) as server:
        with pytest.raises(kind) as caught:
            list(model(server.url, max_retries=1).stream("Hello!"))
        # What may succeed is asked again as often as was said.
        chats = [path for path in server.paths if path.endswith("/chat/completions")]
        assert len(chats) == (2 if status in (429, 500) else 1)
    assert caught.value.is_retryable == (status in (429, 500))


def test_wrong_arguments_name_themselves(gateway: str) -> None:
    for options, problem in (
        ({"private_key": "0x12"}, "private_key"),
        ({"temperature": 3, "private_key": KEY}, "temperature"),
        ({"temprature": 1, "private_key": KEY}, "temprature"),
        ({"client": LLMClient(KEY, gateway), "api_key": KEY}, "api_key: give it to the client"),
    ):
        with pytest.raises(ValueError, match=problem):
            ChatBlockRun(
                **{"api_url": gateway, **options} if "client" not in options else options
            ).invoke("Hello!")


def test_fields_of_a_call_share_the_purse(gateway: str) -> None:
    field = ConfigurableField(id="most")
    both = model(gateway, max_session_cost="0.002")
    short = both.configurable_fields(max_tokens=field).with_config(configurable={"most": 3})
    assert short.invoke("Count to 9").response_metadata["finish_reason"] == "length"
    both.model_copy(update={"temperature": 0.1}).invoke("Hello!")
    with pytest.raises(blockrun_llm.SpendLimitError):
        short.invoke("Count to 9")


def test_no_key_is_shown(gateway: str) -> None:
    shown = model(gateway)
    assert KEY not in f"{shown!r} {shown.model_dump()} {shown._identifying_params}"


def test_a_client_with_all_its_options(gateway: str) -> None:
    asked: list[int] = []
    client = LLMClient(KEY, gateway, on_payment=lambda one: asked.append(one.amount_micro))
    assert ChatBlockRun(client=client).invoke("Hello!").content
    assert asyncio.run(ChatBlockRun(client=client).ainvoke("Hello!")).content
    assert asked == [1000, 1000]


def test_the_readme_and_the_examples(gateway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    readme, agent = run_programs_of(Path(__file__).parents[1], gateway, monkeypatch)
    assert "$0.001" in readme
    assert "True not_charged 0.001" in readme
    assert "The tool answered: 2.1 m" in agent
