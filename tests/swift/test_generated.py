"""The shared vectors and scenarios through the Python that UniFFI generates.

Nobody is meant to use that Python: it drives the scaffolding that Swift and Kotlin stand on, on
machines that have neither.
"""

from __future__ import annotations

import asyncio
import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

import blockrun_ffi as ffi
import pytest
from support import KEY, ROOT, program, started


def moment(case: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(case.pop("now"), tz=timezone.utc)


def authorization(fields: dict[str, str]) -> Any:
    names = {"from": "_from", "validAfter": "valid_after", "validBefore": "valid_before"}
    return ffi.Authorization(**{names.get(name, name): text for name, text in fields.items()})


def signing(case: dict[str, Any]) -> None:
    case.pop("source")
    network, message = case.pop("network"), authorization(case.pop("authorization"))
    signer, signature = case.pop("signer"), case.pop("signature")
    assert ffi.recover_signer(network, message, signature) == signer
    values = {name: case.pop(name) for name in ("domain_separator", "struct_hash", "digest")}
    if key := case.pop("private_key", None):
        signed = ffi.sign_authorization(key, network, message)
        assert signed == ffi.SignedAuthorization(signer=signer, signature=signature, **values)


def nonce(case: dict[str, Any]) -> None:
    made = ffi.call_nonce(*(case.pop(name) for name in ("wallet", "key", "method", "url")))
    assert made == case.pop("nonce")
    assert ffi.payment_id(made) == case.pop("payment_id")


def quote(case: dict[str, Any]) -> None:
    rule = case.pop("rule")
    rates = ffi.ChatRates(
        input=rule.pop("input_rate"),
        output=rule.pop("output_rate"),
        max_output=rule.pop("max_output"),
    )
    price = ffi.quote_chat(case.pop("body"), rates, ffi.PriceRule(**rule))
    assert price.amount.micro == case.pop("amount_micro")
    tokens = (price.input_tokens, price.output_tokens)
    assert tokens == (case.pop("input_tokens"), case.pop("output_tokens"))


def payment(case: dict[str, Any]) -> None:
    now, challenge = moment(case), json.dumps(case.pop("challenge"))
    key, url, used = case.pop("private_key"), case.pop("url"), case.pop("nonce")
    signed = ffi.sign_payment(key, challenge, url, now, used, None)
    assert signed.header_name == case.pop("header_name")
    header = base64.b64decode(signed.header_value, validate=True).decode()
    # Addresses mean the same in any case.
    assert json.loads(header.lower()) == json.loads(json.dumps(case.pop("header")).lower())
    requirement, version = json.dumps(case.pop("requirement")), case.pop("version")
    verdict = ffi.verify_payment(signed.header_value, requirement, now, version)
    assert (verdict.payment.amount, verdict.payment.nonce) == (signed.amount, used)


def verify(case: dict[str, Any]) -> None:
    header, requirement = case.pop("header_value"), json.dumps(case.pop("requirement"))
    verdict = ffi.verify_payment(header, requirement, moment(case), case.pop("version"))
    assert getattr(verdict, "reason", None) == case.pop("reason")


@pytest.mark.parametrize("run", [signing, nonce, quote, payment, verify])
def test_vectors(run: Any) -> None:
    cases = json.loads((ROOT / f"tests/vectors/{run.__name__}.json").read_text())
    for case in cases:
        name = case.pop("id")
        run(case)
        assert not case, f"{name}: fields that nobody looked at: {sorted(case)}"
    print(f"{run.__name__}.json: ran {len(cases)} of {len(cases)}")  # noqa: T201
    assert cases


def client(url: str, home: str) -> Any:
    options = ffi.ClientOptions(api_url=url, home=home)
    return ffi.NativeClient(KEY, None, None, "python", options)


def call(url: str, home: str) -> Any:
    message = ffi.ChatMessage(role="user", content="Hello!")

    async def ask() -> Any:
        return await client(url, home).chat_completion([message], None, None, ffi.ChatOptions())

    try:
        return asyncio.run(ask())
    except ffi.NativeError.Failed as failed:
        return failed.error


@pytest.mark.parametrize("file", ["hostile.json", "after_sending.json"])
def test_scenarios(file: str, tmp_path: Any) -> None:
    scenarios = json.loads((ROOT / "tests/scenarios" / file).read_text())
    with (
        started(program("scripted-gateway"), file) as line,
        ThreadPoolExecutor(len(scenarios)) as threads,
    ):
        server = line.removeprefix("listening on ")
        urls = [f"{server}/{one['id']}" for one in scenarios]
        outcomes = list(threads.map(lambda url: call(url, str(tmp_path)), urls))
    for scenario, outcome in zip(scenarios, outcomes, strict=True):
        expect, name = scenario["expect"], scenario["id"]
        if "error" not in expect:
            assert (outcome.text, outcome.cost.micro) == ("ok", expect["amount_micro"]), name
            continue
        state = type(outcome.payment).__name__.lower().replace("_", "")
        assert outcome.code.name == expect["error"], name
        assert state.endswith(expect["payment"].replace("_", "")), name
    print(f"{file}: ran {len(outcomes)} of {len(scenarios)}")  # noqa: T201


def test_every_code_of_the_table_is_there() -> None:
    rows = json.loads((ROOT / "tests/vectors/errors.json").read_text())
    assert [row["code"] for row in rows] == [code.name for code in ffi.ErrorCode]
