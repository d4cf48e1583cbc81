"""Every link within the documents leads somewhere, and every page is found from an index."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT

SOURCES = {".rs", ".py", ".json"}
NOT_OURS = {"node_modules", "target", "dist", "native", "__pycache__"}

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`[^`\n]+`")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?)#* *$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)")
TITLE = re.compile(r"^# (?:\d+\. )?(.+)$", re.MULTILINE)


def pages(folder: Path) -> Iterator[Path]:
    """Our own documents below a folder."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in NOT_OURS and not path.name.startswith("."):
            yield from pages(path)
        elif path.suffix == ".md":
            yield path


def prose(text: str) -> str:
    """What is neither code nor a comment."""
    return COMMENT.sub("", FENCED.sub("", text))


def anchors(text: str) -> set[str]:
    """The names that GitHub gives the headings of a page."""
    seen: Counter[str] = Counter()
    found: set[str] = set()
    for heading in HEADING.findall(prose(text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        plain = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{plain}-{seen[plain]}" if seen[plain] else plain)
        seen[plain] += 1
    return found


def links(page: Path) -> list[str]:
    """Where a page leads to within the repository."""
    found: list[str] = LINK.findall(INLINE.sub("", prose(page.read_text())))
    return [link for link in found if not re.match(r"[a-z][a-z+.-]*:", link)]


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    bad: list[str] = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            bad.append(f"{link}: no such file")
        elif anchor and anchor not in anchors(target.read_text()):
            bad.append(f"{link}: no such heading")
    return bad


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", list(pages(ROOT)), ids=name)
def test_links(page: Path) -> None:
    assert broken(page) == []


@pytest.mark.parametrize("folder", ["docs/guide", "docs/adr"])
def test_an_index_has_every_page(folder: str) -> None:
    index = ROOT / folder / "README.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    there = {page for page in pages(index.parent) if page != index}
    assert {name(page) for page in there - linked} == set()


def test_the_index_of_the_decisions_has_their_titles() -> None:
    index = (ROOT / "docs/adr/README.md").read_text()
    for page in pages(ROOT / "docs/adr"):
        title = TITLE.search(page.read_text())
        assert title is not None, name(page)
        assert title[1] in index, f"{name(page)}: {title[1]}"


def test_the_security_model_cites_tests_that_exist() -> None:
    page = (ROOT / "docs/guide/security.md").read_text()
    tables = "\n".join(re.findall(r"^\| threat .*?^$", page, re.MULTILINE | re.DOTALL))
    shown = re.findall(r"\| ([^|]*) \|$", tables, re.MULTILINE)
    cited = {name.strip("`") for cell in shown for name in INLINE.findall(cell)}
    assert len(cited) > 40
    folders = [ROOT / folder for folder in ("core", "gateway", "cli", "tests")]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in SOURCES]
    sources = "\n".join(path.read_text() for path in files)
    there = set(re.findall(r'(?:fn|def) (\w+)\(|"id": "([^"]+)"', sources))
    assert cited - {one or other for one, other in there} == set()


def test_a_link_that_leads_nowhere_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`, three\n## Again\n## Again\n[a](#one-two-three) [b](#again-1) [c](page.md)\n"
        "```md\n[in code](nowhere.md)\n```\n`[in code](nowhere.md)` [out](https://example.com)\n"
    )
    assert broken(page) == []
    page.write_text("# One\n[a](#two) [b](nowhere.md) [c](page.md#one)\n")
    assert broken(page) == ["#two: no such heading", "nowhere.md: no such file"]
