"""The LLM."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.generic_utils import (
    achat_to_completion_decorator,
    astream_chat_to_completion_decorator,
    chat_to_completion_decorator,
    stream_chat_to_completion_decorator,
)
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseAsyncGen,
    CompletionResponseGen,
    LLMMetadata,
    MessageRole,
    ToolCallBlock,
)
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
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
    BlockrunError,
    ChatCompletionChunk,
    Dollars,
    LLMClient,
)
from llama_index.llms.blockrun.utils import Answer, to_openai, to_response

if TYPE_CHECKING:
    from llama_index.core.tools.types import BaseTool


class BlockRun(FunctionCallingLLM):
    """LLM whose calls are paid in USDC over x402, each exactly once.

    ::

        from llama_index.llms.blockrun import BlockRun

        llm = BlockRun(model="openai/gpt-4o-mini")
        answer = llm.complete("Hello!")
        answer.text, answer.additional_kwargs["cost_usd"]

    A call that is made again after an error, by ``max_retries``, a workflow or a program, takes up
    the payment that there is. Identical calls that run at the same time are as many purchases.

    LlamaIndex has no errors of its own for LLMs: they are those of ``blockrun_llm``, with
    ``payment`` and ``key``. Arguments that cannot be right are a ``ValueError``.

    Args:
        model: Model to ask.
        private_key: Key of the paying wallet, or an API key, ``brk_…``; ``api_key`` is the same.
            Else ``BLOCKRUN_API_KEY``, ``BLOCKRUN_WALLET_KEY``, ``BASE_CHAIN_WALLET_KEY``.
        api_url: Base address of the endpoint; ``api_base`` is the same and may end in ``/v1``.
            Else ``BLOCKRUN_API_URL``, then ``https://blockrun.ai/api``.
        max_cost_per_call: Most that one call may cost, in dollars. Else
            ``BLOCKRUN_MAX_COST_PER_CALL``, then 1.
        max_session_cost: Most that this LLM may spend, in dollars. Else
            ``BLOCKRUN_MAX_SESSION_COST``, then no limit.
        client: The client that pays, with all its options, instead of the four above.
        options: The fields below.

    Raises:
        ValueError: No key, one that is none, or a client beside what is the client's.
    """

    model: str = Field(default="openai/gpt-4o-mini")
    """Model to ask."""
    temperature: float | None = None
    """0 to 2. Default: the model's."""
    max_tokens: int | None = None
    """Most tokens of an answer, 1,024 unless set. The price depends on it."""
    timeout: float | None = None
    """Total seconds of a call, all repetitions of the client included. Else
    ``BLOCKRUN_CHAT_TIMEOUT``, then 600."""
    max_retries: int = Field(default=3, ge=0)
    """How often a call is made again after an error that says it may succeed then."""
    context_window: int = 128_000
    """What the model takes, in tokens. LlamaIndex fits prompts into it; nothing checks it."""
    additional_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further fields of the request."""

    _client: LLMClient = PrivateAttr()

    def __init__(
        self,
        model: str = "openai/gpt-4o-mini",
        *,
        private_key: str | None = None,
        api_key: str | None = None,
        api_url: str | None = None,
        api_base: str | None = None,
        max_cost_per_call: Dollars | None = None,
        max_session_cost: Dollars | None = None,
        client: LLMClient | None = None,
        **options: Any,
    ) -> None:
        super().__init__(model=model, **options)
        key, url = private_key or api_key, api_url or api_base
        own = {"private_key": key, "api_url": url, "max_cost_per_call": max_cost_per_call}
        for name, value in {**own, "max_session_cost": max_session_cost}.items():
            if client is not None and value is not None:
                raise ValueError(f"{name}: give it to the client, or leave the client out")
        self._client = client or LLMClient(
            key,
            url and url.rstrip("/").removesuffix("/v1"),
            max_cost_per_call=max_cost_per_call,
            max_session_cost=max_session_cost,
        )

    @classmethod
    def class_name(cls) -> str:
        """Name under which LlamaIndex files it."""
        return "blockrun_llm"

    @property
    def client(self) -> LLMClient:
        """The client that pays; ``client.aio`` is the same for asyncio."""
        return self._client

    @property
    def metadata(self) -> LLMMetadata:
        """What LlamaIndex wants to know of a model."""
        return LLMMetadata(
            context_window=self.context_window,
            num_output=self.max_tokens or LLMClient.DEFAULT_MAX_TOKENS,
            is_chat_model=True,
            is_function_calling_model=True,
            model_name=self.model,
        )

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Asks and returns the whole answer."""
        sent, body = to_openai(messages), self._body(kwargs)
        return to_response(Retrying(**self._again())(self._client.chat_completion, sent, **body))

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """`chat` in asyncio."""
        sent, body = to_openai(messages), self._body(kwargs)
        retrying = AsyncRetrying(**self._again())
        return to_response(await retrying(self._client.aio.chat_completion, sent, **body))

    @llm_chat_callback()
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        """Asks and returns the answer as it grows, with what is new as ``delta``."""
        sent, body = to_openai(messages), self._stream_body(kwargs)

        def pieces() -> ChatResponseGen:
            answer = Answer()
            with self._client.chat_completion_stream(sent, **body) as stream:
                # What failed before anything came is read again: the same call and payment.
                again = Retrying(**self._again())
                piece: ChatCompletionChunk | None = again(next, stream, None)
                while piece is not None:
                    yield answer.add(piece)
                    piece = next(stream, None)

        return pieces()

    @llm_chat_callback()
    async def astream_chat(
        self, messages: Sequence[ChatMessage], **kwargs: Any
    ) -> ChatResponseAsyncGen:
        """`stream_chat` in asyncio."""
        sent, body = to_openai(messages), self._stream_body(kwargs)

        async def pieces() -> ChatResponseAsyncGen:
            answer = Answer()
            async with self._client.aio.chat_completion_stream(sent, **body) as stream:
                again = AsyncRetrying(**self._again())
                piece: ChatCompletionChunk | None = await again(_next, stream)
                while piece is not None:
                    yield answer.add(piece)
                    piece = await _next(stream)

        return pieces()

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Asks with one prompt."""
        return chat_to_completion_decorator(self.chat)(prompt, **kwargs)

    @llm_completion_callback()
    async def acomplete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponse:
        """`complete` in asyncio."""
        return await achat_to_completion_decorator(self.achat)(prompt, **kwargs)

    @llm_completion_callback()
    def stream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseGen:
        """`complete`, as the answer grows."""
        return stream_chat_to_completion_decorator(self.stream_chat)(prompt, **kwargs)

    @llm_completion_callback()
    async def astream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseAsyncGen:
        """`stream_complete` in asyncio."""
        return await astream_chat_to_completion_decorator(self.astream_chat)(prompt, **kwargs)

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[BaseTool],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,
        tool_choice: str | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        messages = list(chat_history or ())
        if isinstance(user_msg, str):
            user_msg = ChatMessage(role=MessageRole.USER, content=user_msg)
        if user_msg is not None:
            messages.append(user_msg)
        asked: dict[str, Any] = {"messages": messages, **kwargs}
        if tools:
            asked["tools"] = [tool.metadata.to_openai_tool() for tool in tools]
            asked["tool_choice"] = _chosen(tool_choice, tool_required)
            asked["parallel_tool_calls"] = allow_parallel_tool_calls
        return asked

    def get_tool_calls_from_response(
        self, response: ChatResponse, error_on_no_tool_call: bool = True, **kwargs: Any
    ) -> list[ToolSelection]:
        """The calls that an answer wants to be made.

        Raises:
            ValueError: It wants none, and ``error_on_no_tool_call``.
        """
        calls = [block for block in response.message.blocks if isinstance(block, ToolCallBlock)]
        if not calls and error_on_no_tool_call:
            raise ValueError(f"the answer calls no tool: {response.message.content!r}")
        return [
            ToolSelection(
                tool_id=call.tool_call_id or "",
                tool_name=call.tool_name,
                tool_kwargs=_arguments(call.tool_kwargs),
            )
            for call in calls
        ]

    def _body(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        own = {
            "model": self.model,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "timeout": self.timeout,
        }
        given = {**own, **self.additional_kwargs, **kwargs}
        return {name: value for name, value in given.items() if value is not None}

    def _stream_body(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        return {"stream_options": {"include_usage": True}, **self._body(kwargs)}

    def _again(self) -> dict[str, Any]:
        return {
            "stop": stop_after_attempt(self.max_retries + 1),
            "wait": wait_exponential(multiplier=0.5, max=8) + wait_random(0, 0.25),
            "retry": retry_if_exception(_may_succeed),
            "reraise": True,
        }


async def _next(stream: AsyncChatStream) -> ChatCompletionChunk | None:
    return await anext(stream, None)


def _may_succeed(error: BaseException) -> bool:
    return isinstance(error, BlockrunError) and error.retryable


def _chosen(choice: str | dict[str, Any] | None, required: bool) -> str | dict[str, Any]:
    if choice is None:
        return "required" if required else "auto"
    if isinstance(choice, str) and choice not in ("auto", "none", "required"):
        return {"type": "function", "function": {"name": choice}}
    return choice


def _arguments(given: dict[str, Any] | str) -> dict[str, Any]:
    if not isinstance(given, str):
        return given
    try:
        read = json.loads(given or "{}")
    except json.JSONDecodeError:
        read = {}  # as with other LLMs: the tool says what it misses
    return read if isinstance(read, dict) else {}
