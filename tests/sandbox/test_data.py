"""Records: the same for the same seed, whatever surrounds them, and as varied as they claim to be."""

from __future__ import annotations

import hashlib
from datetime import datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.sandbox import COLLECTIONS, Collection, collection, project_of, task_count, tasks_of

USER = (
    '{"id":1,"name":"Siobhán O\'Brien","email":"user1@example.com","role":"guest","active":true,'
    '"preferences":{"language":"ja","theme":{"dark":true}},"last_seen_at":"2025-01-01T02:33:07Z",'
    '"created_at":"2023-05-01T19:56:01Z","updated_at":"2025-01-01T02:33:07Z"}'
)
EVENT_SHA256 = "c390664e4ff0e1a9a7d8d4ca4c74a2a130bda6c4fb003db6e62c68cd875a1029"

names = st.sampled_from(COLLECTIONS)


@given(names, st.integers(0, 2**70), st.integers(0, 10**7), st.integers(1, 5000))
def test_a_record_depends_on_seed_collection_and_index_only(
    name: str, seed: int, index: int, rows: int
) -> None:
    alone = Collection(name, 1, seed).record(index)
    assert Collection(name, rows, seed).record(index) == alone
    assert orjson.loads(Collection(name, rows, seed).encoded([index])[0]) == alone


@pytest.mark.parametrize("name", COLLECTIONS)
def test_another_seed_gives_other_records(name: str) -> None:
    assert collection(name, 20, 1).encoded(range(20)) != collection(name, 20, 2).encoded(range(20))


def test_records_stay_what_they_are_from_release_to_release() -> None:
    record = collection("users", 1, 1).record(0)
    assert orjson.dumps(record).decode() == USER
    event = orjson.dumps(collection("events", 100_000, 42).record(77_777))
    assert hashlib.sha256(event).hexdigest() == EVENT_SHA256


@given(names, st.integers(0, 3500), st.integers(0, 3500))
def test_bytes_are_those_of_the_records_across_blocks(name: str, start: int, stop: int) -> None:
    found = collection(name, 3500, 7)
    positions = range(start, max(start, min(stop, start + 1200)))
    rows = found.encoded(positions)
    assert rows == found.encoded(list(positions))
    assert [orjson.loads(row)["id"] for row in rows] == [found.record(index)["id"] for index in positions]


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_record_has_its_own_id_and_is_found_by_it(name: str) -> None:
    found = collection(name, 300, 3)
    ids = [str(record["id"]) for record in found.records()]
    assert len(set(ids)) == 300
    assert [found.position(identity) for identity in ids] == list(range(300))


@pytest.mark.parametrize("wrong", ["0", "301", "-1", "007", "x", "", "res-1", "1 ", "٣", "9" * 5000])
def test_an_id_that_is_none_is_not_found(wrong: str) -> None:
    assert collection("projects", 300, 3).position(wrong) is None


@pytest.mark.parametrize("name", COLLECTIONS)
def test_fields_are_exactly_the_keys_that_occur(name: str) -> None:
    found = collection(name, 400, 3)
    assert {key for record in found.records() for key in record} == set(found.fields)
    in_all = set.intersection(*(set(record) for record in found.records()))
    assert set(found.fields) - in_all == set(found._kind.optional)


def test_settings_hold_values_of_every_json_type() -> None:
    types = {type(record["value"]) for record in collection("configurations", 400, 1).records()}
    assert types == {str, int, float, bool, type(None), dict, list}


def test_updates_are_iso_times_roughly_in_order_of_ids() -> None:
    times = [
        datetime.fromisoformat(str(record["updated_at"]))
        for record in collection("events", 9000, 1).records()
    ]
    assert times != sorted(times)
    assert max(times[:1000]) < min(times[-1000:])
    assert all(moment.utcoffset() is not None for moment in times)


def test_an_event_is_the_record_of_the_benchmark() -> None:
    found = collection("events", 1000, 1)
    for record in found.records():
        nested = {key: value for key, value in record.items() if isinstance(value, dict | list)}
        assert len(record) - len(nested) == 19
        assert {key: len(value) for key, value in nested.items()} == {"address": 4, "labels": 3}
    assert 600 < sum(map(len, found.encoded(range(1000)))) / 1000 < 700


def test_sums_of_amounts_are_exact_in_any_order() -> None:
    amounts = [record["amount"] for record in collection("events", 2000, 5).records()]
    numbers = [amount for amount in amounts if isinstance(amount, float)]
    assert len(numbers) == 2000
    assert sum(numbers) == sum(reversed(numbers)) == sum(int(4 * number) for number in numbers) / 4


@given(st.integers(0, 400))
def test_every_task_has_one_project_and_every_project_its_tasks(projects: int) -> None:
    owners = [project_of(index) for index in range(task_count(projects))]
    assert all(1 <= owner <= projects for owner in owners)
    for project in range(1, projects + 1):
        assert list(tasks_of(project)) == [index for index, owner in enumerate(owners) if owner == project]


def test_children_come_in_all_sizes() -> None:
    sizes = [len(tasks_of(project)) for project in range(1, 7)]
    assert sizes == [120, 0, 1, 5, 2, 1]


def test_warming_makes_what_would_be_made_anyway() -> None:
    found = Collection("tasks", 2500, 977)
    found.warm()
    assert found._blocks.keys() == {0, 1, 2}
    assert [orjson.loads(row) for row in found.encoded(range(2500))] == list(found.records())
