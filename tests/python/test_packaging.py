"""The package as it is installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import textwrap
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest
from support import KEY, ROOT

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


WHEELS = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "wheels"

ELSEWHERE = """
    import importlib.metadata, json, sys
    import blockrun_llm
    from blockrun_llm import LLMClient

    with LLMClient(sys.argv[1], sys.argv[2]) as client:
        answer = client.chat_completion("openai/gpt-4o", [{"role": "user", "content": "Hello!"}])
        names = sorted(one.name for one in importlib.metadata.distributions())
        print(json.dumps([blockrun_llm.__file__, names, answer.cost_micro, answer.text]))
"""


def works_in_a_clean_environment(wheel: Path, folder: Path, gateway: str) -> None:
    venv.create(folder / "venv", with_pip=False)
    there = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        there,
        "install",
        "--no-index",
        "--quiet",
    ]
    subprocess.run([*pip, wheel], check=True, cwd=folder, timeout=120)
    done = subprocess.run(
        [there, "-I", "-c", textwrap.dedent(ELSEWHERE), KEY, gateway],
        env={**os.environ, "BLOCKRUN_HOME": str(folder / "home")},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    file, names, cost, text = json.loads(done.stdout)
    assert Path(file).is_relative_to(folder)
    assert names == ["blockrun-llm"], "it needs nothing else"
    command = there.with_name("blockrun.exe" if sys.platform == "win32" else "blockrun")
    said = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout == f"blockrun {blockrun_llm.__version__}\n"
    assert cost
    assert text


def newest(folder: Path, pattern: str) -> Path:
    return max(folder.glob(pattern), key=lambda path: path.stat().st_mtime)


def test_the_wheel_works_elsewhere(gateway: str, tmp_path: Path) -> None:
    wheel = newest(WHEELS, "blockrun_llm-*.whl")
    assert "-cp310-abi3-" in wheel.name, "one for all Pythons from 3.10"
    works_in_a_clean_environment(wheel, tmp_path, gateway)


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    maturin = Path(sys.executable).with_name("maturin")
    command: list[str | Path] = [maturin, "sdist", "--out", folder]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True, timeout=120)
    return newest(folder, "*.tar.gz")


def test_the_sdist_has_what_a_wheel_is_built_from_and_nothing_else(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "Cargo.lock",
        "LICENSE",
        "bindings-python/python/blockrun_llm/py.typed",
        "bindings-python/src/lib.rs",
        "core/src/lib.rs",
        "core/src/journal/schema/1.sql",
        "pyproject.toml",
    } <= names
    folders = {name.partition("/")[0] for name in names if "/" in name}
    # `tests` is named by what the others are tested with, so Cargo wants it there.
    assert folders == {"bindings-python", "cli", "core", "gateway", "tests"}


@pytest.mark.skipif("BLOCKRUN_SOAK" not in os.environ, reason="compiles everything: minutes")
def test_a_wheel_is_built_from_the_sdist(sdist: Path, gateway: str, tmp_path: Path) -> None:
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
    ]
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Not the one of the checkout: the wheels there are told by their folder.
    target = str(WHEELS.parent / "sdist")
    subprocess.run(
        [*pip, "--wheel-dir", tmp_path, sdist],
        check=True,
        env={**os.environ, "PATH": tools, "CARGO_TARGET_DIR": target},
        timeout=1800,
    )
    works_in_a_clean_environment(newest(tmp_path, "*.whl"), tmp_path, gateway)
