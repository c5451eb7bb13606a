"""How many requests both engines send: lists, children of many parents, and lists that a limit cuts short."""

from __future__ import annotations

from typing import Any

import pytest

from bench.lists import PAGERS, SIZE, config, counted


@pytest.mark.parametrize("rows", [10, 20, 50, 197, 200])
@pytest.mark.parametrize("name", PAGERS)
def test_a_list_costs_hardly_more_than_under_dlt(name: str, rows: int) -> None:
    dlts, ours = counted(rows, lambda source, url: list(source(config(url, PAGERS[name], children=False))))
    if "no total" in name:
        assert ours <= 1.25 * dlts + 3
    else:  # the page behind a full last one, and the first one again: see docs/benchmarks.md
        pages_end_full = name == "page_number, pages" and rows > SIZE and not rows % SIZE
        assert ours <= dlts + 1 + pages_end_full


@pytest.mark.parametrize("rows", [4, 10, 14, 20, 50])
@pytest.mark.parametrize("name", PAGERS)
def test_children_cost_hardly_more_than_under_dlt(name: str, rows: int) -> None:
    dlts, ours = counted(rows, lambda source, url: list(source(config(url, PAGERS[name], children=True))))
    assert ours <= 1.15 * dlts + 3  # the first lists teach the others


@pytest.mark.parametrize("most", [1, 2, 5])
@pytest.mark.parametrize("name", ["offset, total", "offset, no total", "page_number, no total", "json_link"])
def test_a_limit_sends_what_it_sends_under_dlt(name: str, most: int) -> None:
    def read(source: Any, url: str) -> list[Any]:
        return list(source(config(url, PAGERS[name], children=False)).add_limit(most))

    assert counted(1000, read) == (most, most)


def test_a_limit_of_rows_sends_what_it_sends_under_dlt() -> None:
    def read(source: Any, url: str) -> list[Any]:
        made = source(config(url, PAGERS["offset, total"], children=False))
        return list(made.add_limit(35, count_rows=True))

    dlts, ours = counted(1000, read)
    assert dlts == 4
    assert ours <= 4 + 2
