"""The package as it is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import distribution

from support import ROOT

import blockrun_llm


def test_the_version_is_the_workspace_s() -> None:
    found = re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    assert found
    assert blockrun_llm.__version__ == distribution("blockrun-llm").version == found[1]


def test_it_needs_nothing_and_is_typed() -> None:
    package = distribution("blockrun-llm")
    assert package.requires is None
    names = {str(path) for path in package.files or []}
    assert {"blockrun_llm/py.typed", "blockrun_llm/_native.pyi"} <= names
    assert "blockrun_llm/_native.abi3.so" in names or sys.platform != "linux"


def test_the_stub_of_the_native_half_is_true() -> None:
    command = [sys.executable, "-m", "mypy.stubtest", "--concise", "blockrun_llm._native"]
    # Elsewhere, so that the installed stub is compared and our configuration is not read.
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT / "tests", timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_classes_are_named_as_they_are_imported() -> None:
    assert repr(blockrun_llm.APIError) == "<class 'blockrun_llm.APIError'>"
    assert blockrun_llm.LLMClient.__module__ == "blockrun_llm"
