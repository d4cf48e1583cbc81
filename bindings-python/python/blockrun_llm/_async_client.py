"""The client for asyncio."""

from __future__ import annotations

from collections.abc import Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ._arguments import further_fields
from ._async_endpoints import AsyncEndpointMethods
from ._images import ImageResponse
from ._json_object import read_list
from ._money import (
    PaymentRecord,
    Reconciliation,
    RecordState,
    Spending,
    dollars,
    spending_from_native,
)
from ._naming import as_imported
from ._types import ChatResponse
from ._wallet import WalletStatus

if TYPE_CHECKING:
    from ._openai import AsyncOpenAI

_Client = TypeVar("_Client", bound="AsyncLLMClient")


class AsyncLLMClient(AsyncEndpointMethods):
    """`LLMClient` for asyncio: the same constructor and methods, to be awaited.

    ::

        async with AsyncLLMClient() as client:
            print(await client.chat("Hello!"))
            async for chunk in client.chat_completion_stream(messages):
                print(chunk.text, end="")

    A task that is cancelled, by ``asyncio.timeout`` say, drops its call: before the payment is
    recorded nothing happened, afterwards it stays counted and the same call takes it up. Calls
    need no thread each, and a client may be shared by event loops and threads. ``on_payment`` may
    be a coroutine function; it runs in the task that made the call. A ``signer`` that is no
    coroutine function runs on a thread of asyncio, so that it does not block the loop.

    Under trio, use `LLMClient` in a thread: ``trio.to_thread.run_sync(client.chat, "Hello!")``.
    """

    __slots__ = ()

    async def image(
        self,
        prompt: str,
        *,
        model: str | None = None,
        size: str | None = None,
        n: int | None = None,
        quality: str | None = None,
        response_format: Literal["url", "b64_json"] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        **extra: Any,
    ) -> ImageResponse:
        """Makes images from a text; all as `LLMClient.image`."""
        arguments = {
            "prompt": prompt,
            "model": model,
            "size": size,
            "n": n,
            "quality": quality,
            "response_format": response_format,
            "idempotency_key": idempotency_key,
            "timeout": timeout,
            "extra": further_fields(extra),
        }
        return ImageResponse(*await self._finish(self._native.image(arguments)))

    async def list_models(self) -> list[dict[str, Any]]:
        """The models that the server offers, with their prices as it publishes them."""
        return read_list(await self._finish(self._native.list_models()))

    async def list_image_models(self) -> list[dict[str, Any]]:
        """Those of them that make images."""
        return read_list(await self._finish(self._native.list_image_models()))

    async def get_balance(self, network: str | None = None) -> float:
        """What the wallet holds, in dollars; all as `LLMClient.get_balance`."""
        return dollars(await self.get_balance_micro(network))

    async def get_balance_micro(self, network: str | None = None) -> int:
        """What the wallet holds, in micro-USDC; all as `get_balance`."""
        return await self._finish(self._native.balance({"network": network}))

    async def status(self) -> WalletStatus:
        """The wallet's address and what it holds; all as `LLMClient.status`."""
        return WalletStatus.from_native(await self._finish(self._native.status()))

    async def get_spending(self) -> Spending:
        """Sums over everything that this client paid."""
        return spending_from_native(await self._finish(self._native.spending()))

    async def payments(
        self,
        *,
        scope: Literal["client", "home"] = "client",
        state: RecordState | None = None,
        since: int | None = None,
        model: str | None = None,
        origin: str | None = None,
        limit: int | None = None,
    ) -> list[PaymentRecord]:
        """What was paid, or tried to be, oldest first; all as `LLMClient.payments`."""
        asked = {
            "scope": scope,
            "state": state,
            "since": since,
            "model": model,
            "origin": origin,
            "limit": limit,
        }
        return PaymentRecord.list_from_native(await self._finish(self._native.payments(asked)))

    async def reconcile(self) -> Reconciliation:
        """Asks the chain about lost answers; all as `LLMClient.reconcile`."""
        return Reconciliation.from_native(await self._finish(self._native.reconcile()))

    async def recover(self, key: str) -> ChatResponse:
        """Fetches the answer of a paid call again; all as `LLMClient.recover`."""
        return ChatResponse(*await self._finish(self._native.recover({"key": key})))

    @property
    def openai(self) -> AsyncOpenAI:
        """The same calls in the shape of OpenAI's package: ``openai.chat.completions.create``."""
        from ._openai import AsyncOpenAI

        return AsyncOpenAI(self)

    async def aclose(self) -> None:
        """The same as `close`, which does not wait either."""
        self.close()

    def __await__(self: _Client) -> Generator[Any, None, _Client]:
        """The client itself: ``await async_testnet_client()`` is how the published one is made."""
        return _itself(self).__await__()

    async def __aenter__(self: _Client) -> _Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


async def _itself(client: _Client) -> _Client:
    return client


as_imported(__name__)
