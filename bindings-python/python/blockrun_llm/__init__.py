"""AI calls that pay for themselves, by the request.

A client of OpenAI-compatible endpoints that answer HTTP 402 with a price: it signs a payment in
USDC and sends the call again, which is charged exactly once or not at all::

    from blockrun_llm import LLMClient

    client = LLMClient(private_key="0x…")
    print(client.chat("Hello!"))

Importing it reads no file and no environment variable, and installs no logging. Each of its names
is loaded when it is first used.
"""

import sys

# Where the names are. A type checker reads them in `__init__.pyi`.
_HOMES = {
    "_agent": ("setup_agent_wallet", "status"),
    "_async_client": ("AsyncLLMClient",),
    "_base": ("AsyncOnPayment", "Messages", "OnPayment", "Params"),
    "_chunks": (
        "ChatChunkChoice",
        "ChatChunkDelta",
        "ChatChunkToolCall",
        "ChatChunkToolFunction",
        "ChatCompletionChunk",
        "accumulate_chunks",
    ),
    "_client": ("LLMClient",),
    "_desk": ("Signer",),
    "_discovery": ("Resource", "ResourceOffer"),
    "_dollars": ("Dollars",),
    "_errors": (
        "APIConnectionError",
        "APIError",
        "APITimeoutError",
        "BlockrunError",
        "ClockSkew",
        "IdempotencyConflict",
        "IdempotencyInFlight",
        "JournalError",
        "PaymentAlreadyUsed",
        "PaymentError",
        "PaymentOutcomeUnknown",
        "PaymentRefused",
        "RequirementRejected",
        "SpendLimitError",
        "StreamBroken",
        "StreamConsumed",
    ),
    "_factories": ("async_testnet_client", "list_image_models", "list_models", "testnet_client"),
    "_images": ("ImageData", "ImageResponse"),
    "_json_object": ("JsonObject",),
    "_money": (
        "PaymentRecord",
        "PaymentRequest",
        "PaymentState",
        "Quote",
        "Reconciliation",
        "RecordState",
        "Spending",
    ),
    "_native": ("__version__",),
    "_openai": ("AsyncOpenAI", "ModelList", "OpenAI"),
    "_paid": ("ServerFallback",),
    "_response": ("ApiResponse", "ServerEvent"),
    "_streams": ("AsyncChatStream", "AsyncEventStream", "ChatStream", "EventStream"),
    "_tools": ("ToolResult", "ToolSession"),
    "_types": (
        "ChatChoice",
        "ChatMessage",
        "ChatResponse",
        "ChatUsage",
        "ToolCall",
        "ToolFunction",
    ),
    "_wallet": (
        "DiscoveredWallet",
        "Funding",
        "WalletFile",
        "WalletHome",
        "WalletStatus",
        "list_discovered_wallets",
    ),
    "apikey": (
        "DEFAULT_API_KEY_URL",
        "ENV_API_KEY",
        "ENV_API_KEY_URL",
        "PAYMENT_MODE_API_KEY",
        "PAYMENT_MODE_WALLET",
        "is_api_key",
        "resolve_api_key",
    ),
    "wallet": (
        "get_eip681_uri",
        "get_or_create_wallet",
        "get_payment_links",
        "get_wallet_address",
        "import_wallet",
        "load_wallet",
        "save_wallet",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = ("apikey", "client", "offline", "types", "validation", "wallet", "x402")

__all__ = ["offline", *_HOME_OF]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    """Loads a name from the module that has it, and keeps it."""
    if name in _MODULES:
        return _load(name)
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(_load(_HOME_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})


def _load(module: str) -> object:
    __import__(f"{__name__}.{module}")
    return sys.modules[f"{__name__}.{module}"]
