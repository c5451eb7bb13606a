"""Pressed pages end to end: tables are those of decoded ones, and whoever looks at records gets records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill import rest_api_source, sync
from restmill.errors import DestinationError
from restmill.load.columnar import eligibility
from restmill.shape.page_parser import Press
from restmill.shape.records import Pressed
from tests.load.api import api, counts, of, resource, rows
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restmill.path import Json
    from restmill.run.receipt.receipt import Receipt
    from tests.load.conftest import Serve


class Seen:
    """How many pages the press was given, how many came out pressed, and how many of those became objects."""

    given = pressed = loosened = 0


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> type[Seen]:
    documents, plain = Press.documents, Pressed.plain

    def watched(self: Press, bodies: Sequence[bytes]) -> list[Json]:
        made = documents(self, bodies)
        Seen.given += len(bodies)
        Seen.pressed += sum(document is not None for document in made)
        return made

    def asked(self: Pressed) -> list[Json]:
        Seen.loosened += 1
        return plain(self)

    monkeypatch.setattr(Press, "documents", watched)
    monkeypatch.setattr(Pressed, "plain", asked)
    Seen.given = Seen.pressed = Seen.loosened = 0
    return Seen


def content(receipt: Receipt, *tables: str) -> list[Any]:
    """All rows of the tables without what is random."""
    return [
        rows(receipt, f'SELECT * EXCLUDE (_dlt_id, {links}) FROM "{table}" ORDER BY ALL')  # noqa: S608
        for table, links in zip(tables, ("_dlt_load_id", *["_dlt_parent_id, _dlt_root_id"] * 5), strict=False)
    ]


def test_most_pages_of_a_long_list_are_pressed_and_fill_the_same_tables(
    serve: Serve, seen: type[Seen]
) -> None:
    server = serve(rows=4_000)
    config = api(server.base_url, resource("events"))
    by_columns = sync(config, pipeline_name="pressed")
    assert seen.pressed > 20
    assert seen.loosened <= 10
    with eligibility.by_rows():
        by_rows = sync(config, pipeline_name="decoded")
    tables = ("events", "events__labels")
    assert counts(by_columns, *tables) == counts(by_rows, *tables)
    assert content(by_columns, *tables) == content(by_rows, *tables)
    assert (of(by_columns, "events").verdict, of(by_columns, "events").distinct) == ("complete", 4_000)


@pytest.mark.parametrize("name", ["configurations", "resource", "feature_flags", "projects", "users"])
def test_every_collection_of_the_sandbox_comes_the_same_both_ways(
    serve: Serve, seen: type[Seen], name: str
) -> None:
    selector = "items" if name == "feature_flags" else "data"
    config = api(serve(rows=1_500).base_url, resource(name, selector=selector))
    by_columns = sync(config, pipeline_name="pressed")
    assert seen.given > 0
    with eligibility.by_rows():
        by_rows = sync(config, pipeline_name="decoded")
    assert content(by_columns, name) == content(by_rows, name)


PAGERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "offset": ("/v1/users", "data", {"type": "offset", "limit": 50}),
    "page number": (
        "/pages/users",
        "results",
        {"type": "page_number", "base_page": 1, "total_path": "total_pages"},
    ),
    "cursor": ("/cursor/users", "data", {"type": "cursor", "cursor_path": "cursors.next"}),
    "link": ("/links/users", "data", {"type": "json_link", "next_url_path": "next"}),
    "header link": ("/header-links/users", "$", {"type": "header_link"}),
    "header cursor": ("/header-cursor/users", "$", {"type": "header_cursor", "cursor_key": "NextPageToken"}),
    "array": ("/array/users", "$", {"type": "offset", "limit": 50, "total_path": None}),
}


@pytest.mark.parametrize("pager", PAGERS)
def test_every_pager_finds_its_way_on_in_pressed_pages(serve: Serve, seen: type[Seen], pager: str) -> None:
    path, selector, paginator = PAGERS[pager]
    users = resource("users", path, selector, endpoint={"paginator": paginator})
    receipt = sync(api(serve(rows=2_000).base_url, users), pipeline_name="pagers")
    assert (counts(receipt, "users"), of(receipt, "users").verdict) == ({"users": 2_000}, "complete")
    assert 0 < seen.pressed <= seen.given


ODD: dict[str, Any] = {
    "new": {"new": 1},
    "text": {"name": 7},
    "fraction": {"size": 1.5},
    "large": {"size": 2**70},
    "list": {"tags": [["x"]]},
    "nothing": {"name": None},
    "object": {"name": {"a": 1}},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_record_of_another_form_in_the_middle_is_no_other_than_by_rows(odd: Any, seen: type[Seen]) -> None:
    lists = records(2_000, size=1, tags=["a"])
    lists[1_700] = {**lists[1_700], **odd}
    shelf = Shelf(users=lists)
    by_columns = sync(shelf.config("users"), pipeline_name="pressed")
    assert 0 < seen.pressed <= seen.given
    shown = rows(by_columns, "SELECT * EXCLUDE (_dlt_id, _dlt_load_id) FROM users ORDER BY id")
    assert len(shown) == 2_000
    if "large" not in odd and odd.get("size") != 2**70:  # by rows, dlt fails on that
        with eligibility.by_rows():
            by_rows = sync(shelf.config("users"), pipeline_name="decoded")
        assert content(by_columns, "users", "users__tags") == content(by_rows, "users", "users__tags")


def test_pages_without_a_total_at_times_are_decoded_and_complete(seen: type[Seen]) -> None:
    shelf = Shelf(users=records(2_000))
    pages = iter(range(1000))
    send = shelf.send

    def without(request: Any, *args: Any, **options: Any) -> Any:
        shelf.totals = next(pages) % 7 != 3
        return send(request, *args, **options)

    shelf.send = without  # type: ignore[method-assign]  # a server that forgets
    receipt = sync(shelf.config("users"), pipeline_name="forgetful")
    assert counts(receipt, "users") == {"users": 2_000}
    assert 0 < seen.pressed < seen.given


def test_a_server_that_repeats_its_pages_is_found_out(seen: type[Seen]) -> None:
    shelf = Shelf(users=records(2_000))
    send = shelf.send

    def stuck(request: Any, *args: Any, **options: Any) -> Any:
        request.url = re.sub(r"offset=1[89]\d\d", "offset=1790", request.url)
        return send(request, *args, **options)

    shelf.send = stuck  # type: ignore[method-assign]  # as above
    receipt = sync(shelf.config("users"), pipeline_name="stuck")
    assert seen.pressed > 0
    assert of(receipt, "users").verdict != "complete"


def look(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "seen": True}


@pytest.mark.parametrize("step", ["map", "filter", "limit", "incremental", "columns"])
def test_whoever_looks_at_records_gets_records(step: str, seen: type[Seen], tmp_path: Any) -> None:
    shelf = Shelf(users=records(900, at="2024-01-02T03:04:05Z"))
    source = rest_api_source(shelf.config("users"))
    match step:
        case "map":
            source.users.add_map(look)
        case "filter":
            source.users.add_filter(lambda record: record["id"] % 2)
        case "limit":
            source.users.add_limit(70)
        case "incremental":
            source.users.apply_hints(incremental=dlt.sources.incremental("at"))
        case _:
            source.users.apply_hints(columns={"size": {"data_type": "bigint"}})
    pipeline = dlt.pipeline(
        f"steps_{step}", destination=dlt.destinations.duckdb(str(tmp_path / "x.duckdb")), dataset_name="d"
    )
    pipeline.run(source)
    with pipeline.sql_client() as client:
        ((count,),) = client.execute_sql("SELECT count(*) FROM users") or ((0,),)
    assert count == {"filter": 450, "limit": 700}.get(step, 900)
    assert (seen.given > 0) == (step == "columns")


def test_parents_are_not_pressed_and_their_children_find_their_fields(seen: type[Seen]) -> None:
    shelf = Shelf(users=records(600), **{"users/600/tasks": records(3, 10)})
    child = {"name": "tasks", "endpoint": {"path": "users/{resources.users.id}/tasks"}, "on_error": "isolate"}
    receipt = sync(shelf.config("users", child), pipeline_name="family")
    assert counts(receipt, "users", "tasks") == {"users": 600, "tasks": 3}
    assert seen.given == 0


def test_renamed_fields_are_renamed(seen: type[Seen]) -> None:
    shelf = Shelf(users=records(900))
    receipt = sync(shelf.config({"name": "users", "rename": {"name": "title"}}), pipeline_name="renamed")
    assert rows(receipt, "SELECT count(title) FROM users") == [(900,)]
    assert seen.given == 0


def test_without_a_pipeline_a_source_gives_plain_records(seen: type[Seen]) -> None:
    shelf = Shelf(users=records(900))
    assert list(rest_api_source(shelf.config("users")).users) == shelf.lists["/users"]
    assert seen.given == 0


def test_two_resources_may_fill_one_table(seen: type[Seen]) -> None:
    shelf = Shelf(a=records(800), b=records(800, 801))
    both = [{"name": name, "table_name": "users", "endpoint": name} for name in ("a", "b")]
    config = shelf.config(*both, primary_key="id", write_disposition="append")
    receipt = sync(config, pipeline_name="shared")
    assert counts(receipt, "users") == {"users": 1_600}
    assert seen.given > 0


def test_numbers_of_pressed_pages_widen_and_none_is_rounded(seen: type[Seen]) -> None:
    large = 2**53 + 1
    numbers = [number + 0.5 * (number >= 3000 and number % 7 == 0) for number in range(4000)]
    numbers[3500] = large
    shelf = Shelf()
    shelf.lists["/things"] = [{"id": place, "n": number} for place, number in enumerate(numbers)]
    receipt = sync(shelf.config("things", widen_numbers=True), pipeline_name="pressed")
    assert seen.pressed > 10
    assert rows(receipt, "SELECT id, n__v_bigint FROM things WHERE n IS NULL") == [(3500, large)]
    assert rows(receipt, "SELECT sum(n) FROM things") == [(sum(numbers[:3500] + numbers[3501:]),)]


def test_a_number_beyond_its_columns_precision_fails_as_it_does_by_rows(seen: type[Seen]) -> None:
    lists = records(1_500, size=1)
    lists[1_200]["size"] = 2**40
    shelf = Shelf(users=lists)
    narrow = {"name": "users", "columns": {"size": {"data_type": "bigint", "precision": 32}}}
    with pytest.raises(DestinationError, match="could not be written"):
        sync(shelf.config(narrow), pipeline_name="narrow")
    assert seen.pressed > 0
