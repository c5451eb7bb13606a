"""The known differences of selectors and of next pages, see `test_differences`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from tests.parity.case import PAGED, Case, Config, one
from tests.parity.engines import Outcome, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dlt.extract import DltSource

Both: TypeAlias = "Callable[..., tuple[Outcome, Outcome]]"


@pytest.fixture
def both(tmp_path: Path) -> Callable[..., tuple[Outcome, Outcome]]:
    """Runs a case through dlt and through restmill; either may fail."""

    def run(config: Callable[[str], Config], **keys: Any) -> tuple[Outcome, Outcome]:
        case = Case("difference", config, fails=True, **keys)
        return outcome_of(case, "dlt", tmp_path / "dlt"), outcome_of(case, "restmill", tmp_path / "restmill")

    return run


def targets(outcome: Outcome) -> list[str]:
    """What was asked for."""
    return [sent.target for sent in outcome.sent]


def test_next_page_that_dlt_does_not_look_for(both: Both) -> None:
    documents = {
        "first": {"value": [{"id": 1}], "@odata.nextLink": "/made/second"},
        "second": {"value": [{"id": 2}]},
    }
    dlts, ours = both(lambda api: one(api, "made/first", data_selector="value"), documents=documents)
    assert (dlts.count(), ours.count()) == (1, 2)
    dlts, ours = both(lambda api: one(api, "more/users", data_selector="items"))
    assert (dlts.count(), ours.count()) == (3, 7)


def _two_pages(source: DltSource) -> DltSource:
    return source.add_limit(2)


def test_parameter_of_a_detected_token(both: Both) -> None:
    documents = {"first": {"rows": [{"id": 1}], "next_page": 2}}
    dlts, ours = both(lambda api: one(api, "made/first"), documents=documents, then=_two_pages)
    assert "/made/first?cursor=2" in targets(dlts)
    assert "/made/first?page=2" in targets(ours)


def test_key_that_begins_with_next_and_names_no_page(both: Both) -> None:
    documents = {"first": {"rows": [{"id": 1}], "next_run_at": "2026-12-01"}}
    dlts, ours = both(lambda api: one(api, "made/first"), documents=documents, then=_two_pages)
    assert "/made/first?cursor=2026-12-01" in targets(dlts)
    assert list(targets(ours)) == ["/made/first"]


def test_object_for_a_cursor(both: Both) -> None:
    documents = {"first": {"rows": [{"id": 1}], "next": {"cursor": "t"}}}
    paginator = {"type": "cursor", "cursor_path": "next"}
    dlts, ours = both(
        lambda api: one(api, "made/first", paginator=paginator), documents=documents, then=_two_pages
    )
    assert (bool(dlts.failed), bool(ours.failed)) == (False, True)


def test_capped_list_that_a_selector_fans_out(both: Both) -> None:
    fans = PAGED | {"limit": 5}
    dlts, ours = both(
        lambda api: one(api, "v1/users", paginator=fans, data_selector="data[*].id"), switches={"cap": 2}
    )
    assert (dlts.count(), ours.count()) == (4, 7)


def test_page_without_a_match(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "v1/users", paginator=PAGED, data_selector="data[?(@.id==7)]"))
    assert (dlts.count(), ours.count()) == (0, 1)


def test_null_where_a_selector_leads(both: Both) -> None:
    documents = {"first": {"list": [{"main": {"id": 1}}, {"main": None}, {"main": None}]}}
    dlts, ours = both(lambda api: one(api, "made/first", data_selector="list[*].main"), documents=documents)
    assert ours.count() == 1
    assert dlts.failed or dlts.count() == 3


def test_next_page_behind_a_stated_end(both: Both) -> None:
    empty = {"rows": [], "total": 1, "next": "/made/b"}
    dlts, ours = both(
        lambda api: one(api, "made/a", paginator="json_link", data_selector="rows"),
        documents={"a": {**empty, "rows": [{"id": 1}]}, "b": empty},
        then=lambda source: source.add_limit(5),
    )
    assert (dlts.count(), ours.count(), len(dlts.sent), len(ours.sent)) == (1, 1, 5, 2)


def test_link_that_leads_nowhere(both: Both) -> None:
    dlts, ours = both(
        lambda api: one(api, "made/a", paginator="json_link", data_selector="rows"),
        documents={"a": {"rows": [{"id": 1}], "next": "none"}},
    )
    assert dlts.failed
    assert ours.count() == 1
