"""What the gateway says of itself is true: its OpenAPI document and its bazaar declarations."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import httpx
import jsonschema_rs
import pytest
import schemathesis.openapi
from support import KEY, ROOT, program, started

import blockrun_llm.httpx
from blockrun_llm import LLMClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHAT = "/api/v1/chat/completions"
IMAGES = "/api/v1/images/generations"
CALLS: list[tuple[str, dict[str, Any]]] = [
    (CHAT, {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}),
    (IMAGES, {"model": "dall-e-3", "prompt": "a fox", "response_format": "b64_json"}),
    (IMAGES, {"model": "dall-e-3", "prompt": "a fox"}),
]


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    """A gateway that has everything that is described."""
    command = (program("blockrun", "BLOCKRUN_BIN"), "gateway", "--practice", "--ephemeral")
    with started(*command, "--facilitator", "--port", "0") as line:
        yield line.removeprefix("listening on ")


def root(gateway: str) -> str:
    return gateway.removesuffix("/api")


def described(gateway: str, path: str) -> Any:
    operations = schemathesis.openapi.from_url(f"{root(gateway)}/openapi.json")
    return cast("Any", operations[path]["POST"])


def test_the_running_gateway_is_as_described(gateway: str, tmp_path: Path) -> None:
    config = ROOT / "tests" / "openapi" / "schemathesis.toml"
    command = [sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", str(config)]
    # It keeps notes in the folder where it runs.
    run = subprocess.run(
        [*command, "run", f"{root(gateway)}/openapi.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
    assert "No issues found" in run.stdout


@pytest.mark.parametrize(("path", "body"), CALLS)
def test_paid_answers_are_as_described(gateway: str, path: str, body: dict[str, Any]) -> None:
    with LLMClient(KEY, gateway) as client:
        transport = blockrun_llm.httpx.BlockrunTransport(client)
        with httpx.Client(transport=transport, base_url=root(gateway)) as http:
            response = http.post(path, json=body)
    assert response.status_code == 200
    assert "payment-response" in response.headers or "x-payment-response" in response.headers
    response.elapsed = timedelta()  # it wants one, and httpx sets none for an answer that is whole
    described(gateway, path).Case(body=body).validate_response(response)


@pytest.mark.parametrize(("path", "body"), CALLS)
def test_a_declaration_fits_its_own_schema(gateway: str, path: str, body: dict[str, Any]) -> None:
    answer = httpx.post(f"{root(gateway)}{path}", json=body)
    required = json.loads(base64.b64decode(answer.headers["payment-required"]))
    for extension in required["extensions"].values():
        jsonschema_rs.Draft202012Validator(extension["schema"]).validate(extension["info"])
    listing = httpx.get(f"{root(gateway)}/discovery/resources").json()["items"]
    (listed,) = (item for item in listing if item["resource"].endswith(path))
    bazaar = listed["extensions"]["bazaar"]
    validator = jsonschema_rs.Draft202012Validator(bazaar["schema"])
    validator.validate(bazaar["info"])
    # It can fail.
    bazaar["info"]["input"]["body"] = {"model": "no-such-model"}
    assert not validator.is_valid(bazaar["info"])
