"""Every example runs, and says what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import KEY, ROOT

EXAMPLES = [ROOT / "examples/hello.py", *sorted((ROOT / "examples/python").glob("*.py"))]

SAID = {
    "endpoints": "200 application/json $0.00",
    "hello": "price        0.001000 USDC",
    "image": "lighthouse-0.png: ",
    "in_asyncio": "[practice] 1 2 3 4 5",
    "limits": "refused, not_charged",
    "once": "1 payment, $0.00",
    "openai_package": "[practice] 1 2 3 4 5",
    "openai_shape": "openai/",
    "signer": "signed by 0x",
    "stream": "tokens",
    "tools": "calls tide(",
}


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.stem for example in EXAMPLES])
def test_examples(example: Path, gateway: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "BLOCKRUN_WALLET_KEY": KEY,
        "BLOCKRUN_API_URL": gateway,
        "BLOCKRUN_HOME": str(tmp_path / "home"),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", example],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert SAID[example.stem] in done.stdout
