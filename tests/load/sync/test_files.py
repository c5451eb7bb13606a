"""Config files of every format, with references resolved by dlt's providers only when a run needs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from restmill import sync
from restmill.connectors import names
from restmill.connectors import path as connector
from restmill.errors import ConfigError
from tests.load.api import KEY, counts, of, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.load.conftest import Serve

FIRST_TABLE = {
    "configuration_management": "configuration_data",
    "feature_management": "feature_flags",
    "generic": "resource_name",
    "monitoring": "resource_name",
    "project_management": "project_data",
}

YAML = """
pipeline: {name: flags, dataset_name: features}
client:
  base_url: ${env.THE_API}/v1
  auth: {type: api_key, name: api_key, api_key: "${secrets.flags.api_key}", location: query}
resource_defaults: {primary_key: id, write_disposition: merge}
resources:
  - name: users
    endpoint:
      path: users
      data_selector: data
      params: {sort: "${config.flags.sort}"}
      paginator: {type: offset, limit: "${config.flags.page_size}"}
"""
TOML = """
pipeline = {name = "flags", dataset_name = "features"}
[client]
base_url = "${env.THE_API}/v1"
auth = {type = "api_key", name = "api_key", api_key = "${secrets.flags.api_key}", location = "query"}
[resource_defaults]
primary_key = "id"
write_disposition = "merge"
[[resources]]
name = "users"
[resources.endpoint]
path = "users"
data_selector = "data"
params = {sort = "${config.flags.sort}"}
paginator = {type = "offset", limit = "${config.flags.page_size}"}
"""
AS_MAPPING = {
    "pipeline": {"name": "flags", "dataset_name": "features"},
    "client": {
        "base_url": "${env.THE_API}/v1",
        "auth": {
            "type": "api_key",
            "name": "api_key",
            "api_key": "${secrets.flags.api_key}",
            "location": "query",
        },
    },
    "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
    "resources": [
        {
            "name": "users",
            "endpoint": {
                "path": "users",
                "data_selector": "data",
                "params": {"sort": "${config.flags.sort}"},
                "paginator": {"type": "offset", "limit": "${config.flags.page_size}"},
            },
        }
    ],
}
PYTHON = """
import os
import dlt
from restmill.config import model  # a config may import what it likes

config = {
    "pipeline": {"name": "flags", "dataset_name": "features"},
    "client": {
        "base_url": os.environ["THE_API"] + "/v1",
        "auth": {
            "type": "api_key",
            "name": "api_key",
            "api_key": dlt.secrets["flags.api_key"],
            "location": "query",
        },
    },
    "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
    "resources": [
        {
            "name": "users",
            "endpoint": {
                "path": "users",
                "data_selector": "data",
                "params": {"sort": dlt.config["flags.sort"]},
                "paginator": {"type": "offset", "limit": dlt.config["flags.page_size"]},
            },
        }
    ],
}
"""
FILES = {
    "flags.yaml": YAML,
    "flags.toml": TOML,
    "flags.json": json.dumps(AS_MAPPING),
    "flags.py": PYTHON,
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_with_references(
    name: str, serve: Serve, dlt_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(rows=25, key=KEY)
    monkeypatch.setenv("THE_API", server.base_url)
    dlt_settings(secrets=f'[flags]\napi_key = "{KEY}"\n', config='[flags]\nsort = "id"\npage_size = 10\n')
    Path(name).write_text(FILES[name])
    receipt = sync(name if name.endswith("yaml") else Path(name))
    assert (receipt.pipeline, receipt.dataset, receipt.verdict) == ("flags", "features", "complete")
    assert counts(receipt, "users") == {"users": 25}
    assert of(receipt, "users").pages == 3


def test_references_from_the_environment_of_dlt(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_API", serve(rows=3, key=KEY).base_url)
    monkeypatch.setenv("FLAGS__API_KEY", KEY)
    monkeypatch.setenv("FLAGS__SORT", "id")
    monkeypatch.setenv("FLAGS__PAGE_SIZE", "2")
    Path("flags.yaml").write_text(YAML)
    assert counts(sync("flags.yaml"), "users") == {"users": 3}


def test_all_missing_values_are_named_at_once_and_nothing_is_sent(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    monkeypatch.setenv("THE_API", server.base_url)
    Path("flags.yaml").write_text(YAML)
    with pytest.raises(ConfigError) as caught:
        sync("flags.yaml")
    said = str(caught.value)
    assert all(
        name in said for name in ("secrets.flags.api_key", "config.flags.sort", "config.flags.page_size")
    )
    assert "flags.yaml:5" in said
    assert server.stats()["requests"] == 0


@pytest.mark.parametrize("name", names())
def test_shipped_connectors_load_completely_and_again(
    name: str, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(rows=230, key=KEY)
    monkeypatch.setenv(f"SOURCES__{name.upper()}__BASE_URL", server.base_url)
    monkeypatch.setenv(f"SOURCES__{name.upper()}__API_KEY", KEY)
    table = FIRST_TABLE[name]
    for _ in range(2):
        receipt = sync(connector(name))
        assert (receipt.exit_code, receipt.pipeline, receipt.dataset) == (0, name, f"{name}_data")
        assert of(receipt, table).rows == 230
        assert rows(receipt, f"SELECT count(*), count(DISTINCT id) FROM {table}") == [(230, 230)]  # noqa: S608


def test_a_connector_without_its_values_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError) as caught:
        sync(connector("generic"))
    assert "sources.generic.base_url" in str(caught.value)
    assert "sources.generic.api_key" in str(caught.value)
