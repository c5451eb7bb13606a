"""The docs hold together: every link leads somewhere, and every example is one that restmill accepts."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.house.figures import ROOT, shown

if TYPE_CHECKING:
    from pathlib import Path

LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!\w+:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as Markdown renderers make them."""
    text = FENCE.sub("", page.read_text())
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(text)}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for link in LINK.finditer(FENCE.sub("", page.read_text())):
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        found = target.exists() and (not link["anchor"] or link["anchor"] in anchors(target))
        dead += [] if found else [link[0]]
    assert not dead, f"{shown(page)}: {dead}"


def test_no_heading_of_a_page_is_written_twice() -> None:
    twice = []
    for page in PAGES:
        titles = HEADING.findall(FENCE.sub("", page.read_text()))
        twice += [f"{shown(page)}: {title}" for title in {*titles} if titles.count(title) > 1]
    # Keep a Changelog's headings repeat by design.
    assert [line for line in twice if not line.startswith("CHANGELOG")] == []


def examples(language: str) -> list[tuple[str, str]]:
    """The fenced blocks of a language in all pages, each with its place."""
    fence = re.compile(rf"^```{language}\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return [
        (f"{shown(page)}-{number}", found[1])
        for page in PAGES
        for number, found in enumerate(fence.finditer(page.read_text()), start=1)
    ]


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=place) for place, text in examples("yaml") if "\nresources:" in text]
)
def test_every_config_in_the_docs_passes_the_check(text: str, tmp_path: Path) -> None:
    (tmp_path / "example.yaml").write_text(text)
    command = [sys.executable, "-m", "restmill", "check", "example.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("text", [pytest.param(text, id=place) for place, text in examples("python")])
def test_every_python_example_in_the_docs_is_python(text: str) -> None:
    compile(text, "example", "exec")
