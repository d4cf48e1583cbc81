"""Compares the public surface of the five languages with one list, and keeps the page of it.

``surface.json`` names every call, option and field once, in Rust's spelling, and what a language
calls otherwise. The languages are read as they are written: their own sources, and for Swift and
Kotlin the records that they share. Ends with an error when a language lacks a name.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("rust", "python", "node", "swift", "kotlin")
SHARED = "bindings-swift/src"
PAGE = ROOT / "docs/guide/languages.md"
HEAD = """# One API, five languages

The same calls, options and fields everywhere; only the case and a few published names differ. This page
is made from the sources by `tests/parity`, and a name that a language lacks fails the tests.
"""

SOURCES = {
    "rust": ["core/src"],
    "python": ["bindings-python/python/blockrun_llm"],
    "node": ["bindings-node/ts"],
    "swift": ["bindings-swift/Sources"],
    "kotlin": ["bindings-kotlin/src/main"],
}

# How a name is declared: as a function or property, as a parameter or a field.
DECLARED = {
    "rust": r"(?:pub (?:async )?(?:const )?fn |pub ){}\b",
    "python": r"def {}\(|^ +{}: ",
    "node": r"^ +(?:async |get |readonly )*{}[?(:<]|^export (?:async )?function {}\(",
    "swift": r"(?:func |var |let ){}\b|\b{}: ",
    "kotlin": r"(?:fun |val ){}\b|\b{}: ",
}
# A field of a record in Rust is one of Swift and Kotlin, in their spelling.
FIELD = r"^    pub {}: "


def camel(name: str) -> str:
    """``max_tokens`` as ``maxTokens``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def texts(folders: list[str]) -> str:
    """All sources below some folders."""
    endings = {".rs", ".py", ".ts", ".swift", ".kt"}
    files = (path for folder in folders for path in sorted((ROOT / folder).rglob("*")))
    return "\n".join(path.read_text() for path in files if path.suffix in endings)


def has(language: str, name: str, spelled: str, sources: dict[str, str]) -> bool:
    """Whether a language declares a name."""
    if spelled == "**":
        return "**" in sources[language]
    pattern = DECLARED[language].replace("{}", re.escape(spelled))
    if re.search(pattern, sources[language], re.MULTILINE):
        return True
    shared = re.search(FIELD.replace("{}", name), sources["shared"], re.MULTILINE)
    return language in {"swift", "kotlin"} and shared is not None


def table() -> tuple[str, list[str]]:
    """The table as text, and what is missing in it."""
    sources = {name: texts(folders) for name, folders in SOURCES.items()}
    sources["shared"] = texts([SHARED])
    surface = json.loads((Path(__file__).parent / "surface.json").read_text())
    lines, holes = [], []
    titles = " | ".join(language.capitalize() for language in LANGUAGES)
    for group, names in surface.items():
        lines += ["", f"| {group} | {titles} |", "|---" * (len(LANGUAGES) + 1) + "|"]
        for name, others in names.items():
            cells = []
            for language in LANGUAGES:
                own = name if language in {"rust", "python"} else camel(name)
                spelled = others.get(language, own)
                found = has(language, name, spelled, sources)
                holes += [] if found else [f"{language} has no {spelled} ({group})"]
                cells.append(f"`{spelled}`" if found else "missing")
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines), holes


def main() -> None:
    """Checks the surfaces and the page that shows them; with ``--write`` writes the page."""
    text, holes = table()
    if holes:
        sys.exit("\n".join(holes))
    page = HEAD + text + "\n"
    if "--write" in sys.argv:
        PAGE.write_text(page)
    elif PAGE.read_text() != page:
        sys.exit(f"{PAGE.relative_to(ROOT)} is not what the sources say: run {__file__} --write")
    rows = text.count("\n| ") - text.count("\n|---")
    print(f"{rows} names in {len(LANGUAGES)} languages, none missing: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
