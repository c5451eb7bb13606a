"""Cases: resources that are read once for each record of another, and what may stand among resources."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dlt

from tests.parity.case import PAGED, Case, Config, many, resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FIFTY = {"type": "offset", "limit": 50}
_TASKS = "v1/projects/{resources.projects.id}/tasks"


def _projects(**keys: Any) -> Config:
    return resource("projects", "v1/projects", paginator=PAGED, **keys)


def _family(
    path: str = _TASKS, name: str = "tasks", parent: Config | None = None, **keys: Any
) -> Callable[[str], Config]:
    child = resource(name, path, **{"paginator": _FIFTY, **keys})
    return lambda api: many(api, _projects(**(parent or {})), child)


def _echoed(path: str = "echo/child", **keys: Any) -> Callable[[str], Config]:
    return _family(path, "echoes", **{"paginator": "single_page", **keys})


def _resolved(param: str, field: str = "id", **keys: Any) -> Callable[[str], Config]:
    bound = {param: {"type": "resolve", "resource": "projects", "field": field}}
    return _family(f"v1/projects/{{{param}}}/tasks", params={**bound, **keys})


def _two_resolved(api: str) -> Config:
    params = {
        "number": {"type": "resolve", "resource": "projects", "field": "id"},
        "owner": {"type": "resolve", "resource": "projects", "field": "owner.name"},
    }
    child = resource("echoes", "echo/{number}/of/{owner}", params=params, paginator="single_page")
    return many(api, _projects(), child)


def _three_levels(api: str) -> Config:
    return many(
        api,
        resource(
            "checks", "echo/{resources.tasks.project_id}/{resources.tasks.id}", include_from_parent=["done"]
        ),
        resource("tasks", _TASKS, paginator=_FIFTY, include_from_parent=["id", "name"]),
        _projects(),
    )


def _four_levels(api: str) -> Config:
    return many(
        api,
        _projects(selected=False),
        resource("tasks", _TASKS, paginator=_FIFTY, selected=False),
        resource(
            "task",
            "v1/tasks/{resources.tasks.id}",
            data_selector="$",
            processing_steps=[{"filter": lambda row: row["id"] < 9}],
        ),
        resource("echo", "echo/{resources.task.id}", data_selector="$"),
    )


def _siblings(api: str) -> Config:
    return many(
        api,
        _projects(),
        resource("tasks", _TASKS, paginator=_FIFTY),
        resource("project", "v1/projects/{resources.projects.id}"),
        resource("echoes", "echo/{resources.projects.name}", paginator="single_page"),
    )


@dlt.resource(name="numbers", primary_key="id")
def _numbers() -> Iterator[Config]:
    yield from ({"id": number} for number in (1, 2, 3))


def _foreign(api: str) -> Config:
    return many(api, _numbers(), resource("users", "v1/users", paginator=PAGED))


def _foreign_parent(api: str) -> Config:
    return many(
        api,
        dlt.resource([[{"id": 1, "kind": "a"}, {"id": 2, "kind": "b"}]], name="numbers"),
        resource("users", "v1/users/{resources.numbers.id}", include_from_parent=["kind"]),
    )


def _marked(row: Config) -> Config:
    return {**row, "mark": f"p{row['id']}"}


def _odd(row: Config) -> bool:
    return bool(row["id"] % 2)


def _doubled(row: Config) -> Iterator[Config]:
    yield row
    yield {**row, "copy": True}


def _stepped(*steps: Config) -> Callable[[str], Config]:
    return lambda api: many(api, resource("users", "v1/users", paginator=PAGED, processing_steps=list(steps)))


_GAPS = {"parents": [{"id": 1}, {"name": "no id"}]}

_CASES = (
    Case("child by placeholder in the path", _family()),
    Case("child by resolve", _resolved("project")),
    Case("child by resolve beside other params", _resolved("project", sort="id", order="desc")),
    Case("child by two resolves", _two_resolved),
    Case("child by a nested field", _echoed("echo/{resources.projects.owner.name}")),
    Case(
        "child by placeholders in params",
        _echoed(params={"p": "{resources.projects.id}", "n": "no {resources.projects.name}"}),
    ),
    Case("child by placeholders in headers", _echoed(headers={"X-Project": "p{resources.projects.id}"})),
    Case(
        "child by placeholders in json",
        _echoed(
            method="POST",
            json={
                "id": "{resources.projects.id}",
                "text": "id {resources.projects.id}",
                "list": ["{resources.projects.owner}"],
            },
        ),
    ),
    Case("child by placeholders in data", _echoed(method="POST", data={"id": "{resources.projects.id}"})),
    Case(
        "child by a filter in json",
        _family(
            "search/tasks",
            method="POST",
            json={"filter": {"project_id": "{resources.projects.id}"}, "limit": 200},
            paginator="single_page",
        ),
    ),
    Case("children three levels deep, declared backwards", _three_levels),
    Case("children four levels deep below unselected parents", _four_levels),
    Case("children of one parent side by side", _siblings),
    Case("child with several pages", _family(paginator={"type": "offset", "limit": 30})),
    Case(
        "child with detected paginator",
        _family(
            "links/{resources.projects.kind}",
            "lists",
            parent={
                "processing_steps": [
                    {"filter": lambda row: row["id"] < 3},
                    {"map": lambda row: {**row, "kind": ["users", "events"][row["id"] - 1]}},
                ]
            },
            paginator="auto",
        ),
    ),
    Case("child of an unselected parent", _family(parent={"selected": False})),
    Case("child that is not selected", _family(selected=False)),
    Case("child with parallelized", _family(parallelized=True, parent={"parallelized": True})),
    Case("child of an empty parent", _family(), {"rows": 0}, empty=True),
    Case("include_from_parent", _family(include_from_parent=["id", "name", "owner", "members"])),
    Case("include_from_parent of a missing field", _family(include_from_parent=["nmae"]), fails=True),
    Case(
        "include_from_parent without a parent",
        lambda api: many(api, resource("users", "v1/users", include_from_parent=["id"])),
        fails=True,
    ),
    Case(
        "child sees the parent's steps",
        _echoed(
            "echo/{resources.projects.mark}",
            parent={"processing_steps": [{"filter": _odd}, {"map": _marked}]},
        ),
    ),
    Case(
        "child with steps of its own",
        _family(
            include_from_parent=["name"],
            processing_steps=[{"filter": _odd}, {"map": lambda row: {**row, "of": row["_projects_name"]}}],
        ),
    ),
    Case(
        "child ignores a missing list",
        _family(response_actions=[{"status_code": 404, "action": "ignore"}]),
        {"broken_child": 3},
    ),
    Case(
        "child of a parent without the field",
        lambda api: many(
            api, resource("parents", "made/parents"), resource("users", "v1/users/{resources.parents.id}")
        ),
        documents=_GAPS,
        fails=True,
    ),
    Case("child with merge and primary key", _family(primary_key="id", write_disposition="merge"), runs=2),
    Case("DltResource among the resources", _foreign),
    Case("DltResource as parent of whole pages", _foreign_parent),
    Case(
        "resources as text",
        lambda api: {
            "client": {"base_url": f"{api}/v1", "paginator": PAGED},
            "resources": ["users", "tasks"],
        },
    ),
    Case("processing_steps filter", _stepped({"filter": _odd})),
    Case("processing_steps map", _stepped({"map": _marked})),
    Case("processing_steps yield_map", _stepped({"yield_map": _doubled})),
    Case("processing_steps in order", _stepped({"map": _marked}, {"yield_map": _doubled}, {"filter": _odd})),
    Case(
        "processing_steps all in one step", _stepped({"filter": _odd, "map": _marked, "yield_map": _doubled})
    ),
    Case("processing_steps that drop everything", _stepped({"filter": lambda _: False}), empty=True),
)
CASES = tuple(replace(case, any_order=True) for case in _CASES)  # fmt: skip
