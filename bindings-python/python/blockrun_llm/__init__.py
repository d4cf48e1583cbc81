"""AI calls that pay for themselves, by the request.

A client of OpenAI-compatible endpoints that answer HTTP 402 with a price: it signs a payment in
USDC and sends the call again, which is charged exactly once or not at all::

    from blockrun_llm import LLMClient

    client = LLMClient(private_key="0x…")
    print(client.chat("Hello!"))

Importing it reads no file and no environment variable, and installs no logging.
"""

from . import offline
from ._client import Dollars, LLMClient, Messages, OnPayment
from ._errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    BlockrunError,
    ClockSkew,
    IdempotencyConflict,
    IdempotencyInFlight,
    JournalError,
    PaymentAlreadyUsed,
    PaymentError,
    PaymentOutcomeUnknown,
    PaymentRefused,
    RequirementRejected,
    SpendLimitError,
    StreamBroken,
    StreamConsumed,
)
from ._money import (
    PaymentRecord,
    PaymentRequest,
    PaymentState,
    Quote,
    Reconciliation,
    RecordState,
    Spending,
)
from ._native import __version__
from ._types import (
    ChatChoice,
    ChatMessage,
    ChatResponse,
    ChatUsage,
    JsonObject,
    ToolCall,
    ToolFunction,
)

__all__ = [
    "APIConnectionError",
    "APIError",
    "APITimeoutError",
    "BlockrunError",
    "ChatChoice",
    "ChatMessage",
    "ChatResponse",
    "ChatUsage",
    "ClockSkew",
    "Dollars",
    "IdempotencyConflict",
    "IdempotencyInFlight",
    "JournalError",
    "JsonObject",
    "LLMClient",
    "Messages",
    "OnPayment",
    "PaymentAlreadyUsed",
    "PaymentError",
    "PaymentOutcomeUnknown",
    "PaymentRecord",
    "PaymentRefused",
    "PaymentRequest",
    "PaymentState",
    "Quote",
    "Reconciliation",
    "RecordState",
    "RequirementRejected",
    "SpendLimitError",
    "Spending",
    "StreamBroken",
    "StreamConsumed",
    "ToolCall",
    "ToolFunction",
    "__version__",
    "offline",
]

# Tracebacks, and pickles, name the classes as users import them. (Python 3.10 takes an alias such
# as `Messages` for an instance of `type`.)
for _public in [globals()[name] for name in __all__]:
    if issubclass(type(_public), type):
        _public.__module__ = __name__
