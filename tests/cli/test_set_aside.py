"""A contract that refuses a table: the receipt and what refused are told, and no database is blamed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from restmill.cli.main import main
from restmill.sandbox import Behaviour, SandboxServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., int]

RENAMED = {"rename": {"name": "called"}}
STAGES: dict[str, tuple[str, dict[str, Any], str, bool]] = {
    "tables": ("extract", {"schema_contract": {"tables": "freeze"}}, "`tables` is `freeze`", False),
    "columns": (
        "normalize",
        {"schema_contract": {"columns": "freeze"}, **RENAMED},
        "`columns` is `freeze` and refuses `projects.called`",
        True,
    ),
    "data_type": (
        "normalize",
        {"schema_contract": {"data_type": "freeze"}, "columns": {"name": {"data_type": "bigint"}}},
        "`data_type` is `freeze` and refuses `projects.name",
        False,
    ),
}
"""Entity -> the stage that refuses, a resource's keys, what is said, whether the table was there before."""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run of `projects` with these keys, and of `feature_flags` if there are `others`."""

    def done(*words: str, others: bool = True, **keys: Any) -> int:
        resources = [{"name": "projects", "endpoint": "v1/projects", **keys}]
        resources += [{"name": "feature_flags", "endpoint": "v1/feature_flags"}] if others else []
        config = {
            "pipeline": {"name": tmp_path.name, "dataset_name": "tables"},
            "client": {"base_url": server.base_url},
            "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
            "resources": resources,
        }
        (tmp_path / "aside.json").write_text(json.dumps(config))
        return main(["run", "aside.json", *words])

    with SandboxServer(Behaviour(rows=5)) as server:
        yield done


@pytest.mark.parametrize("columnar", [True, False])
@pytest.mark.parametrize("others", [True, False])
@pytest.mark.parametrize("entity", STAGES)
def test_the_contract_is_named_and_the_receipt_printed(
    run: Run, entity: str, others: bool, columnar: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    stage, keys, said, before = STAGES[entity]
    if before:
        run(others=False)
    capsys.readouterr()
    assert run(others=others, columnar=columnar, **keys) == 5
    out, err = (" ".join(text.split()) for text in capsys.readouterr())
    assert f"projects {stage} " in err
    assert f"the schema contract on {said}" in err
    assert f"Contract on `{entity}` with `contract_mode=freeze` is violated." in err
    assert err.endswith("Rows of 1 table were refused.")
    assert "destination" not in out + err
    assert ("The other tables are loaded." in err) is others
    assert "partial projects" in out
    assert f"the schema contract on {said}" in out
    assert ("complete feature_flags" in out) is others


@pytest.mark.parametrize("entity", STAGES)
def test_with_raise_nothing_was_loaded_and_no_receipt_says_otherwise(
    run: Run, entity: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stage, keys, said, before = STAGES[entity]
    if before:
        run(others=False)
    capsys.readouterr()
    assert run(on_error="raise", **keys) == 5
    out, err = (" ".join(text.split()) for text in capsys.readouterr())
    assert f"projects {stage} the schema contract on {said}" in err
    assert err.endswith("Rows were refused. Nothing was loaded.")
    assert "destination" not in err
    assert out == ""


def test_json_has_the_receipt_once(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", schema_contract={"tables": "freeze"}) == 5
    told = json.loads(capsys.readouterr().out)
    assert told["error"]["kind"] == "SetAside"
    assert told["error"]["where"] == "projects  extract"
    assert [one["verdict"] for one in told["resources"]] == ["partial", "complete"]
    assert "contract" in told["resources"][0]["reason"]
