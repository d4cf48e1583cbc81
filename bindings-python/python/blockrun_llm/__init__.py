"""AI calls that pay for themselves, by the request.

A client of OpenAI-compatible endpoints that answer HTTP 402 with a price: it signs a payment in
USDC and sends the call again, which is charged exactly once or not at all::

    from blockrun_llm import LLMClient

    client = LLMClient(private_key="0x…")
    print(client.chat("Hello!"))

Importing it reads no file and no environment variable, and installs no logging.
"""

from . import offline
from ._agent import setup_agent_wallet, status
from ._async_client import AsyncLLMClient
from ._base import AsyncOnPayment, Dollars, Messages, OnPayment, Params
from ._chunks import (
    ChatChunkChoice,
    ChatChunkDelta,
    ChatChunkToolCall,
    ChatChunkToolFunction,
    ChatCompletionChunk,
    accumulate_chunks,
)
from ._client import LLMClient
from ._desk import Signer
from ._discovery import Resource, ResourceOffer
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
from ._factories import (
    async_testnet_client,
    list_image_models,
    list_models,
    testnet_client,
)
from ._images import ImageData, ImageResponse
from ._json_object import JsonObject
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
from ._openai import AsyncOpenAI, ModelList, OpenAI
from ._paid import ServerFallback
from ._response import ApiResponse, ServerEvent
from ._streams import AsyncChatStream, AsyncEventStream, ChatStream, EventStream
from ._types import (
    ChatChoice,
    ChatMessage,
    ChatResponse,
    ChatUsage,
    ToolCall,
    ToolFunction,
)
from ._wallet import (
    DiscoveredWallet,
    Funding,
    WalletFile,
    WalletHome,
    WalletStatus,
    list_discovered_wallets,
)
from .apikey import (
    DEFAULT_API_KEY_URL,
    ENV_API_KEY,
    ENV_API_KEY_URL,
    PAYMENT_MODE_API_KEY,
    PAYMENT_MODE_WALLET,
    is_api_key,
    resolve_api_key,
)
from .wallet import (
    get_eip681_uri,
    get_or_create_wallet,
    get_payment_links,
    get_wallet_address,
    import_wallet,
    load_wallet,
    save_wallet,
)

__all__ = [
    "DEFAULT_API_KEY_URL",
    "ENV_API_KEY",
    "ENV_API_KEY_URL",
    "PAYMENT_MODE_API_KEY",
    "PAYMENT_MODE_WALLET",
    "APIConnectionError",
    "APIError",
    "APITimeoutError",
    "ApiResponse",
    "AsyncChatStream",
    "AsyncEventStream",
    "AsyncLLMClient",
    "AsyncOnPayment",
    "AsyncOpenAI",
    "BlockrunError",
    "ChatChoice",
    "ChatChunkChoice",
    "ChatChunkDelta",
    "ChatChunkToolCall",
    "ChatChunkToolFunction",
    "ChatCompletionChunk",
    "ChatMessage",
    "ChatResponse",
    "ChatStream",
    "ChatUsage",
    "ClockSkew",
    "DiscoveredWallet",
    "Dollars",
    "EventStream",
    "Funding",
    "IdempotencyConflict",
    "IdempotencyInFlight",
    "ImageData",
    "ImageResponse",
    "JournalError",
    "JsonObject",
    "LLMClient",
    "Messages",
    "ModelList",
    "OnPayment",
    "OpenAI",
    "Params",
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
    "Resource",
    "ResourceOffer",
    "ServerEvent",
    "ServerFallback",
    "Signer",
    "SpendLimitError",
    "Spending",
    "StreamBroken",
    "StreamConsumed",
    "ToolCall",
    "ToolFunction",
    "WalletFile",
    "WalletHome",
    "WalletStatus",
    "__version__",
    "accumulate_chunks",
    "async_testnet_client",
    "get_eip681_uri",
    "get_or_create_wallet",
    "get_payment_links",
    "get_wallet_address",
    "import_wallet",
    "is_api_key",
    "list_discovered_wallets",
    "list_image_models",
    "list_models",
    "load_wallet",
    "offline",
    "resolve_api_key",
    "save_wallet",
    "setup_agent_wallet",
    "status",
    "testnet_client",
]

# Tracebacks, and pickles, name the classes as users import them. (Python 3.10 takes an alias such
# as `Messages` for an instance of `type`.)
for _public in [globals()[name] for name in __all__]:
    if issubclass(type(_public), type):
        _public.__module__ = __name__
