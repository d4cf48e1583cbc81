"""What an import brings, and that it brings all there is."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import pytest
from support import run

import blockrun_llm

IMPORTED = """
    import json, logging, os, sys, threading

    # What may be needed: they have most of the cost of an import.
    import __future__, abc, collections.abc, math, types, typing

    opened = []
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
    before = set(sys.modules)
    import blockrun_llm

    light = set(sys.modules) - before
    from blockrun_llm import LLMClient

    brought = {name for name in set(sys.modules) - before if not name.startswith("blockrun_llm.")}
    files = [name for name in opened if not name.endswith((".py", ".pyc", ".so", ".pyd"))]
    said = (light, brought, [name for name in files if ".env" in name or ".blockrun" in name])
    print(json.dumps([*map(sorted, said), threading.active_count(), logging.root.handlers]))
"""


def test_importing_brings_nothing_that_is_not_used() -> None:
    light, brought, files, threads, handlers = run(IMPORTED)
    assert light == ["blockrun_llm"]
    assert brought == ["blockrun_llm"]
    assert files == []
    assert (threads, handlers) == (1, [])


def test_every_name_is_loaded_when_it_is_asked_for() -> None:
    for name in blockrun_llm.__all__:
        value = getattr(blockrun_llm, name)
        assert name in dir(blockrun_llm)
        if type(value) is type:
            assert value.__module__ == "blockrun_llm"
            assert pickle.loads(pickle.dumps(value)) is value
    with pytest.raises(AttributeError, match="has no attribute 'LMClient'"):
        _ = blockrun_llm.LMClient  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def test_what_type_checkers_read_is_what_is_loaded() -> None:
    stub = ast.parse(Path(blockrun_llm.__file__).with_suffix(".pyi").read_text())
    homes = {
        alias.name: node.module
        for node in stub.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    listed = next(node.value for node in stub.body if isinstance(node, ast.Assign))
    assert set(ast.literal_eval(listed)) == set(blockrun_llm.__all__) == {*homes, "offline"}
    for name, home in homes.items():
        module = __import__(f"blockrun_llm.{home}", fromlist=[name])
        assert getattr(module, name) is getattr(blockrun_llm, name), name


CAUGHT = """
    import json
    from blockrun_llm import LLMClient

    try:
        LLMClient("0x" + "1" * 64, "http://127.0.0.1:9").chat("Hello!")
    except Exception as error:
        print(json.dumps(repr(type(error))))
"""


def test_an_error_is_named_as_it_is_imported_though_nobody_did() -> None:
    assert run(CAUGHT) == "<class 'blockrun_llm.APIConnectionError'>"
