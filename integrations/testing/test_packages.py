"""The Python packages as they are published."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from zipfile import ZipFile

import pytest
from support import ROOT

PACKAGES = {
    "langchain-python": ("langchain-blockrun", "langchain_blockrun"),
    "litellm": ("blockrun-litellm", "blockrun_litellm"),
    "llamaindex": ("llama-index-llms-blockrun", "llama_index/llms/blockrun"),
}


@pytest.mark.parametrize("folder", PACKAGES)
def test_what_is_installed(folder: str) -> None:
    name, module = PACKAGES[folder]
    package = distribution(name)
    found = re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    assert found
    assert package.version == found[1]
    assert package.metadata["License-Expression"] == "MIT"
    assert f"blockrun-llm<0.{int(found[1].split('.')[1]) + 1},>={found[1]}" in (
        package.requires or ()
    )
    names = {str(path) for path in package.files or ()}
    assert {f"{module}/__init__.py", f"{module}/py.typed"} <= names


@pytest.mark.parametrize("folder", PACKAGES)
def test_what_is_in_the_wheel(folder: str) -> None:
    """The package, its licence, and nothing of its tests."""
    name, module = PACKAGES[folder]
    [wheel] = (ROOT / "target/integrations/wheels").glob(f"{name.replace('-', '_')}-*.whl")
    with ZipFile(wheel) as file:
        names = file.namelist()
    sources = (ROOT / "integrations" / folder / module).iterdir()
    shipped = {f"{module}/{path.name}" for path in sources if path.is_file()}
    assert {one for one in names if ".dist-info/" not in one} == shipped
    assert any(one.endswith("licenses/LICENSE") for one in names)
