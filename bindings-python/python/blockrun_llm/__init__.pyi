# What `__init__.py` loads when it is asked for.

from . import apikey as apikey
from . import client as client
from . import offline
from . import types as types
from . import validation as validation
from . import wallet as wallet
from . import x402 as x402
from ._agent import setup_agent_wallet, status
from ._async_client import AsyncLLMClient
from ._base import AsyncOnPayment, Messages, OnPayment, Params
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
from ._dollars import Dollars
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
from ._tools import ToolResult, ToolSession
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
    "ToolResult",
    "ToolSession",
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
