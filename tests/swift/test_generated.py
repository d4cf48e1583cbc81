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
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import blockrun_ffi as ffi
import pytest
from outcomes import outcomes
from support import ADDRESS, KEY, ROOT, program, started

SCENARIOS = ROOT / "tests/scenarios"


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


# UniFFI's Python does not poll, as Swift and Kotlin do not.
FILES = sorted(file for file in SCENARIOS.glob("*.json") if file.name != "poll.json")


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_scenarios(file: Path, tmp_path: Path) -> None:
    scenarios = json.loads(file.read_text())
    with (
        started(program("scripted-gateway"), file.name) as line,
        ThreadPoolExecutor(len(scenarios)) as threads,
    ):
        server = line.removeprefix("listening on ")

        def play(scenario: dict[str, Any]) -> list[str]:
            name = scenario["id"]
            seen = asyncio.run(outcomes(scenario, f"{server}/{name}", str(tmp_path / name)))
            request = Request(f"{server}/seen/{name}", json.dumps(seen).encode(), method="POST")
            with urlopen(request) as verdict:
                return [f"{name}: {text}" for text in json.load(verdict)["violations"]]

        # All at once: most of their time is waiting.
        verdicts = list(threads.map(play, scenarios))
    print(f"{file.name}: ran {verdicts.count([])} of {len(scenarios)}")  # noqa: T201
    assert [text for violations in verdicts for text in violations] == []
    assert verdicts


def test_every_code_of_the_table_is_there() -> None:
    rows = json.loads((ROOT / "tests/vectors/errors.json").read_text())
    assert [row["code"] for row in rows] == [code.name for code in ffi.ErrorCode]


def test_a_home_keeps_a_wallet(tmp_path: Path) -> None:
    home = ffi.NativeWalletHome(str(tmp_path / "home"))
    assert home.file() is None
    file = asyncio.run(home.import_key(KEY, None, None, False))
    assert (home.file(), file.address) == (file, ADDRESS)
    assert asyncio.run(home.export_key(None)) == KEY
    with pytest.raises(ffi.NativeError.Failed) as caught:
        asyncio.run(home.create(None))
    assert "never overwritten" in caught.value.error.text
    assert ffi.ensure_wallet(home.folder()) is None
