"""The chat model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LangSmithParams, LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import AliasChoices, ConfigDict, Field, SecretStr, field_validator, model_validator
from tenacity import (
    AsyncRetrying,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from blockrun_llm import (
    AsyncChatStream,
    AsyncLLMClient,
    BlockrunError,
    ChatCompletionChunk,
    Dollars,
    LLMClient,
)

from ._errors import model_errors
from ._messages import to_chunk, to_openai, to_result
from ._structured import structured

_BODY = ("temperature", "top_p", "n", "max_tokens", "stop", "reasoning_effort", "fallback_models")
"""Fields that are sent as they are called."""


class ChatBlockRun(BaseChatModel):
    """Chat model whose calls are paid in USDC over x402, each exactly once.

    ::

        from langchain_blockrun import ChatBlockRun

        model = ChatBlockRun(model="openai/gpt-4o-mini")
        answer = model.invoke("Hello!")
        answer.content, answer.usage_metadata, answer.response_metadata["cost_usd"]

    A call that is made again after an error, by ``max_retries``, ``with_retry``, a framework or a
    program, takes up the payment that there is. Identical calls that run at the same time, as those
    of ``batch([prompt, prompt])``, are as many purchases.

    Errors are of LangChain's kinds (``ModelTimeoutError``, …) and of ``blockrun_llm``'s, with
    ``payment`` and ``key``; arguments that cannot be right are a ``ValueError``.
    """

    model_config = ConfigDict(populate_by_name=True, arbitrary_types_allowed=True, extra="forbid")

    model_name: str = Field(default="openai/gpt-4o-mini", alias="model")
    """Model to ask."""
    private_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("private_key", "api_key"), exclude=True
    )
    """Key of the paying wallet, or an API key, ``brk_…``; ``api_key`` is the same. Else
    ``BLOCKRUN_API_KEY``, ``BLOCKRUN_WALLET_KEY``, ``BASE_CHAIN_WALLET_KEY``."""
    api_url: str | None = Field(default=None, validation_alias=AliasChoices("api_url", "base_url"))
    """Base address of the endpoint; ``base_url`` is the same and may end in ``/v1``. Else
    ``BLOCKRUN_API_URL``, then ``https://blockrun.ai/api``."""
    timeout: float | None = Field(
        default=None, validation_alias=AliasChoices("timeout", "request_timeout")
    )
    """Total seconds of a call, all repetitions of the client included. Else
    ``BLOCKRUN_CHAT_TIMEOUT``, then 600."""
    max_retries: int = Field(default=2, ge=0)
    """How often a call is made again after an error that says it may succeed then. The client
    repeats a payment by itself before; see the guide."""
    max_cost_per_call: Dollars | None = None
    """Most that one call may cost, in dollars. Else ``BLOCKRUN_MAX_COST_PER_CALL``, then 1."""
    max_session_cost: Dollars | None = None
    """Most that this model may spend, in dollars. Else ``BLOCKRUN_MAX_SESSION_COST``, then no
    limit."""
    client: LLMClient = Field(
        default_factory=lambda fields: _client_of(fields), repr=False, exclude=True
    )
    """The client that pays: given, for all its further options, or made of the fields above."""

    temperature: float | None = None
    """0 to 2."""
    top_p: float | None = None
    """0 to 1."""
    n: int | None = None
    """Number of answers, each a generation. Streams have the first."""
    max_tokens: int | None = None
    """Most tokens of an answer, 1,024 unless set. The price depends on it."""
    stop: list[str] | str | None = Field(
        default=None, validation_alias=AliasChoices("stop", "stop_sequences")
    )
    """What ends an answer."""
    reasoning_effort: str | None = None
    """How long a reasoning model thinks."""
    fallback_models: list[str] | None = None
    """Models to ask in turn when one is not to be had; only as long as no payment was sent."""
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further fields of the request."""
    streaming: bool = False
    """Streams even where a whole answer is asked for."""
    stream_usage: bool = True
    """Asks for the token counts of a stream."""

    @field_validator("api_url")
    @classmethod
    def _below_v1(cls, url: str | None) -> str | None:
        return url.rstrip("/").removesuffix("/v1") if url else url

    @model_validator(mode="before")
    @classmethod
    def _one_payer(cls, given: Any) -> Any:
        client = given.get("client") if isinstance(given, Mapping) else None
        # LangChain makes a model anew of all its fields, for `configurable_fields` for instance.
        if client is not None and not isinstance(client, _OwnClient):
            own = ("private_key", "api_key", "api_url", "base_url", "max_cost_per_call")
            for name in (*own, "max_session_cost"):
                if given.get(name) is not None:
                    raise ValueError(f"{name}: give it to the client, or leave the client out")
        return given

    @property
    def async_client(self) -> AsyncLLMClient:
        """`client` for asyncio: the same key, limits, connections and records."""
        return self.client.aio

    @property
    def _llm_type(self) -> str:
        return "blockrun-chat"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"api_url": self.client.api_url, **self._body(None, {})}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "blockrun"
        return params

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        sent, body = to_openai(messages), self._body(stop, kwargs)
        with model_errors():
            return to_result(Retrying(**self._again())(self.client.chat_completion, sent, **body))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        sent, body = to_openai(messages), self._body(stop, kwargs)
        retrying = AsyncRetrying(**self._again())
        with model_errors():
            return to_result(await retrying(self.async_client.chat_completion, sent, **body))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        sent, body = to_openai(messages), self._stream_body(stop, kwargs)
        with model_errors(), self.client.chat_completion_stream(sent, **body) as stream:
            # What failed before anything came is read again: the same call and payment.
            again = Retrying(**self._again())
            piece: ChatCompletionChunk | None = again(next, stream, None)
            while piece is not None:
                chunk = to_chunk(piece)
                if run_manager:
                    run_manager.on_llm_new_token(str(chunk.text), chunk=chunk)
                yield chunk
                piece = next(stream, None)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        sent, body = to_openai(messages), self._stream_body(stop, kwargs)
        with model_errors():
            async with self.async_client.chat_completion_stream(sent, **body) as stream:
                again = AsyncRetrying(**self._again())
                piece: ChatCompletionChunk | None = await again(_next, stream)
                while piece is not None:
                    chunk = to_chunk(piece)
                    if run_manager:
                        await run_manager.on_llm_new_token(str(chunk.text), chunk=chunk)
                    yield chunk
                    piece = await _next(stream)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: dict[str, Any] | str | bool | None = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Binds tools to the model.

        Args:
            tools: Functions, classes, tools of LangChain, or dicts in OpenAI's form.
            tool_choice: The name of a tool, ``"any"`` (or ``"required"``, or True), ``"auto"``,
                ``"none"``, or a dict in OpenAI's form.
            strict: Whether a model has to keep to the schemas, where it can.
            kwargs: Bound as well: ``parallel_tool_calls`` for instance.
        """
        bound = [convert_to_openai_tool(tool, strict=strict) for tool in tools]
        if tool_choice:
            kwargs["tool_choice"] = _chosen(tool_choice)
        return super().bind(tools=bound, **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type | None = None,
        *,
        method: Literal["function_calling", "json_schema", "json_mode"] = "function_calling",
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Makes the model answer in a form.

        Args:
            schema: What to answer: a class of pydantic, a ``TypedDict``, or a JSON schema. Only
                with ``json_mode`` it may be left out.
            method: ``function_calling``, which most models know; ``json_schema`` and
                ``json_mode`` are those of OpenAI.
            include_raw: Whether the answer is a dict of ``raw``, ``parsed`` and ``parsing_error``
                instead of an error when it is not in that form.
            strict: Whether a model has to keep to the schema, where it can; not with
                ``json_mode``.

        Raises:
            ValueError: An unknown method or a missing schema.
        """
        return structured(self, schema, method, include_raw=include_raw, strict=strict, **kwargs)

    def _body(self, stop: list[str] | None, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in _BODY}
        body = {"model": self.model_name, **fields, **self.model_kwargs, "timeout": self.timeout}
        if stop is not None:
            body["stop"] = stop
        return {name: value for name, value in {**body, **kwargs}.items() if value is not None}

    def _stream_body(self, stop: list[str] | None, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        asked = kwargs.get("stream_usage", self.stream_usage)
        body = self._body(stop, {**kwargs, "stream_usage": None})
        return {"stream_options": {"include_usage": True}, **body} if asked else body

    def _again(self) -> dict[str, Any]:
        return {
            "stop": stop_after_attempt(self.max_retries + 1),
            "wait": wait_exponential(multiplier=0.5, max=8) + wait_random(0, 0.25),
            "retry": retry_if_exception(_may_succeed),
            "reraise": True,
        }


class _OwnClient(LLMClient):
    """A client that a model has made of its fields."""

    __slots__ = ()


def _client_of(fields: dict[str, Any]) -> LLMClient:
    key: SecretStr | None = fields.get("private_key")
    limits = {name: fields.get(name) for name in ("max_cost_per_call", "max_session_cost")}
    return _OwnClient(key.get_secret_value() if key else None, fields.get("api_url"), **limits)


async def _next(stream: AsyncChatStream) -> ChatCompletionChunk | None:
    return await anext(stream, None)


def _may_succeed(error: BaseException) -> bool:
    return isinstance(error, BlockrunError) and error.retryable


def _chosen(choice: dict[str, Any] | str | bool) -> dict[str, Any] | str:
    if choice is True or choice == "any":
        return "required"
    if isinstance(choice, str) and choice not in ("auto", "none", "required"):
        return {"type": "function", "function": {"name": choice}}
    return choice  # type: ignore[return-value]
