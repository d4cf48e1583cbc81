"""LangChain's own tests of a chat model, against the practice gateway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests
from support import KEY, NOBODY

from langchain_blockrun import ChatBlockRun
from reader import reading_gateway


class TestUnit(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatBlockRun

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "openai/gpt-4o-mini", "api_key": KEY, "base_url": NOBODY}

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return {"BLOCKRUN_WALLET_KEY": KEY}, {}, {"model_name": "openai/gpt-4o-mini"}


@pytest.fixture(scope="module")
def sensible_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The suite judges the sense of some answers, which the practice model has none of."""
    with reading_gateway(tmp_path_factory.mktemp("gateway")) as url:
        yield url


class TestIntegration(ChatModelIntegrationTests):
    @pytest.fixture(autouse=True)
    def _paid_at(self, sensible_gateway: str) -> None:
        self.gateway = sensible_gateway

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatBlockRun

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "openai/gpt-4o-mini", "api_key": KEY, "base_url": self.gateway}

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def supports_model_override(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "openai/gpt-4o"
