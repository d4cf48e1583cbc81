"""Answers what the core asks the application during a call: whether to pay, and for signatures."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from ._money import PaymentRequest
from ._naming import as_imported

if TYPE_CHECKING:
    from ._native import Question

Agreement = bool | None


class Signer(Protocol):
    """An account whose key is elsewhere: a ``LocalAccount`` of ``eth_account``, or alike."""

    @property
    def address(self) -> str:
        """The account that pays."""
        ...

    def sign_typed_data(
        self,
        *,
        domain_data: dict[str, Any],
        message_types: dict[str, Any],
        message_data: dict[str, Any],
    ) -> Any:
        """Signs typed data (EIP-712).

        Returns the 65 bytes of the signature, their hex digits, or an object that has them as
        ``signature``. With `AsyncLLMClient` it may be a coroutine function.
        """


class Desk:
    """Where the questions of a client's calls are answered."""

    __slots__ = ("_on_payment", "_signer")

    def __init__(
        self,
        on_payment: Callable[[PaymentRequest], Agreement | Awaitable[Agreement]] | None,
        signer: Signer | None,
    ) -> None:
        if on_payment is not None and not callable(on_payment):
            raise TypeError(f"on_payment: expected a callable, got {type(on_payment).__name__}")
        if signer is not None and not callable(getattr(signer, "sign_typed_data", None)):
            raise TypeError(
                f"signer: expected an object with address and sign_typed_data, "
                f"got {type(signer).__name__}"
            )
        self._on_payment = on_payment
        self._signer = signer

    def answer(self, question: Question) -> None:
        """Asks the application on this thread.

        What is no ``Exception``, such as the ``KeyboardInterrupt`` of Ctrl-C, ends the call.
        """
        try:
            reply = self._ask(question)
            _tell(question, reply)
        except Exception as raised:
            _refuse(question, raised)

    async def answer_in_task(self, question: Question) -> None:
        """Asks the application in this task, and a signer that blocks on a thread beside it."""
        # Large, and needed by those only who use it already.
        import asyncio
        import inspect

        try:
            blocks = question.kind == "signature" and not (
                self._signer and inspect.iscoroutinefunction(self._signer.sign_typed_data)
            )
            reply = await asyncio.to_thread(self._ask, question) if blocks else self._ask(question)
            if inspect.isawaitable(reply):
                reply = await reply
            _tell(question, reply)
        except Exception as raised:
            _refuse(question, raised)

    def _ask(self, question: Question) -> Any:
        on_payment, signer = self._on_payment, self._signer
        if question.kind == "payment" and on_payment:
            return on_payment(PaymentRequest.from_native(question.text))
        if signer is None:
            raise LookupError("nobody was named to be asked")
        data = json.loads(question.text)
        name = data["primaryType"]
        return signer.sign_typed_data(
            domain_data=data["domain"],
            message_types={name: data["types"][name]},
            message_data=data["message"],
        )


def _tell(question: Question, reply: Any) -> None:
    if question.kind == "signature":
        question.answer(_signature(reply))
    elif reply is None or reply is True:
        question.answer(b"")
    elif reply is False:
        question.refuse("on_payment refused the payment")
    else:
        got = type(reply).__name__
        raise TypeError(f"on_payment: expected True, False or None, got {got}")


def _signature(reply: Any) -> bytes:
    signature = getattr(reply, "signature", reply)
    if isinstance(signature, str):
        return bytes.fromhex(signature.removeprefix("0x"))
    if isinstance(signature, (bytes, bytearray)):
        return bytes(signature)
    raise TypeError(f"signer: expected a signature, got {type(reply).__name__}")


def _refuse(question: Question, raised: Exception) -> None:
    name = "on_payment" if question.kind == "payment" else "signer"
    question.refuse(f"{name} failed: {type(raised).__name__}: {raised}", raised)


as_imported(__name__)
