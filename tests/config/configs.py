"""Configs that several tests read: good ones in Python (`GOOD`), one as a file (`FILE`)."""

from __future__ import annotations

from typing import Any

CLIENT: dict[str, Any] = {"base_url": "https://api.example.com"}


def with_resources(*resources: Any, **more: Any) -> dict[str, Any]:
    """A config with these resources."""
    return {"client": dict(CLIENT), "resources": list(resources), **more}


def with_endpoint(**endpoint: Any) -> dict[str, Any]:
    """A config with one resource `a` with this endpoint."""
    return with_resources({"name": "a", "endpoint": endpoint})


def vendor(selector: str, name: str) -> dict[str, Any]:
    """The shape most vendors share: a key in the query string, offset pages, merge on `id`."""
    return {
        "client": {
            "base_url": "https://api.example.com",
            "auth": {"type": "api_key", "name": "api_key", "api_key": "k-0123456789", "location": "query"},
        },
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": [
            {
                "name": name,
                "endpoint": {
                    "path": f"/v1/{name}",
                    "data_selector": selector,
                    "paginator": {"type": "offset", "limit": 100},
                },
            }
        ],
    }


ISSUES: dict[str, Any] = {
    "client": {
        "base_url": "https://api.example.com/repos/",
        "headers": {"Accept": "application/json", "X-Version": "3"},
        "auth": {"token": "t-0123456789"},
        "paginator": "header_link",
    },
    "resource_defaults": {
        "primary_key": "id",
        "write_disposition": "merge",
        "endpoint": {"params": {"per_page": 100}},
    },
    "resources": [
        {
            "name": "issues",
            "endpoint": {
                "path": "issues",
                "params": {"sort": "updated", "state": None, "since": "{incremental.start_value}"},
                "incremental": {
                    "cursor_path": "updated_at",
                    "initial_value": "2024-01-25T11:21:28Z",
                    "row_order": "asc",
                    "lag": 3600,
                },
            },
        },
        {
            "name": "comments",
            "endpoint": {"path": "issues/{resources.issues.number}/comments"},
            "include_from_parent": ["id", "title"],
        },
        {
            "name": "reactions",
            "endpoint": {
                "path": "comments/{comment_id}/reactions",
                "params": {"comment_id": {"type": "resolve", "resource": "comments", "field": "id"}},
                "response_actions": [
                    {"status_code": 404, "action": "ignore"},
                    {"content": "not allowed", "action": "ignore"},
                    {"status_code": 200, "content": "gone", "action": "ignore"},
                ],
            },
        },
        "labels",
    ],
}

HINTS: dict[str, Any] = {
    "client": {
        "base_url": "http://localhost:8000",
        "auth": {"type": "http_basic", "username": "me", "password": "p-0123456789"},
        "paginator": {"type": "page_number", "base_page": 1, "page_param": "p", "total_path": None},
    },
    "resources": [
        {
            "name": "orders",
            "table_name": "shop_orders",
            "write_disposition": {"disposition": "merge", "strategy": "upsert", "skip_unchanged_rows": True},
            "columns": {"amount": {"data_type": "decimal", "precision": 12, "scale": 2, "x-note": 1}},
            "primary_key": ["shop", "id"],
            "merge_key": "day",
            "schema_contract": {"tables": "evolve", "columns": "freeze", "data_type": "discard_row"},
            "nested_hints": {"lines": {"primary_key": "line_id", "columns": [{"name": "n", "unique": True}]}},
            "table_format": "native",
            "file_format": "parquet",
            "references": [
                {
                    "referenced_table": "shops",
                    "columns": ["shop"],
                    "referenced_columns": ["id"],
                    "label": "in",
                }
            ],
            "max_table_nesting": 2,
            "selected": False,
            "parallelized": True,
            "endpoint": {
                "method": "POST",
                "json": {"filter": {"from": "{incremental.start_value}", "tags": ["a", "{{b}}"]}},
                "paginator": {
                    "type": "cursor",
                    "cursor_path": "meta.next",
                    "cursor_body_path": "page.cursor",
                    "has_more_path": "meta.more",
                },
                "incremental": {
                    "cursor_path": "items[*].day",
                    "initial_value": 0,
                    "end_value": 9,
                    "start_param": "from",
                    "end_param": "to",
                    "last_value_func": "min",
                    "on_cursor_value_missing": "include",
                    "range_start": "open",
                    "range_end": "closed",
                    "primary_key": ["id"],
                    "allow_external_schedulers": False,
                },
            },
        },
        {
            "name": "events",
            "endpoint": {
                "path": "events",
                "data": "raw",
                "headers": {"X-Shop": "{resources.orders.shop}"},
                "auth": {
                    "type": "oauth2_client_credentials",
                    "access_token_url": "https://id.example.com/token",
                    "client_id": "c-0123456789",
                    "client_secret": "s-0123456789",
                    "access_token_request_data": {"scope": "read"},
                    "default_token_expiration": 60,
                },
                "paginator": {"type": "header_cursor", "cursor_key": "X-Next", "cursor_param": "after"},
            },
        },
    ],
}

# The keys restmill adds.
OWN: dict[str, Any] = {
    "pipeline": {"name": "flags", "destination": "duckdb", "dataset_name": "features"},
    "client": {
        "base_url": "https://api.example.com",
        "auth": {"type": "bearer", "token": "t-0123456789"},
        "paginator": {"type": "json_link", "next_url_path": "links.next"},
        "retry": {"statuses": [429, 503], "max_retries": 5, "backoff_factor": 1.5, "max_wait": 600},
        "rate_limit": {"requests_per_second": 5, "burst": 10, "concurrency": 8},
        "breaker": {"failures": 10},
        "timeout": 30,
        "proxy": "http://proxy.example.com:3128",
        "verify": "/etc/ca.pem",
        "cert": ["client.pem", "client.key"],
        "allowed_hosts": ["files.example.com"],
    },
    "resources": [
        {
            "name": "flags",
            "rename": {"customer.ref": "customer_id"},
            "delete_missing": {"mode": "soft", "max_fraction": 0.1},
            "on_error": "isolate",
            "columnar": False,
            "quarantine": True,
            "on_unsupported_merge": "append",
            "empty_columns": "text",
            "widen_numbers": True,
            "endpoint": {
                "path": "flags",
                "format": "jsonl",
                "retry": {"max_retries": 1},
                "response_actions": [
                    {"status_code": 401, "action": "reauth"},
                    {"header": {"X-Status": "busy"}, "action": "retry"},
                    {"empty": True, "action": "end"},
                    {"status_code": "410", "action": "skip"},
                    {"content": "fatal", "action": "fail"},
                ],
            },
        },
        {"name": "users", "delete_missing": "hard", "endpoint": {"paginator": {"type": "header_link"}}},
    ],
}

# What dlt 1.31 accepts too.
FOR_DLT: dict[str, dict[str, Any]] = {
    "configuration management": vendor("data", "configuration_data"),
    "generic": vendor("data", "resource_name"),
    "feature management": vendor("items", "feature_flags"),
    "monitoring": vendor("data", "monitors"),
    "project management": vendor("results", "tasks"),
    "issues": ISSUES,
    "hints": HINTS,
}
GOOD: dict[str, dict[str, Any]] = {**FOR_DLT, "own keys": OWN}

FILE = """\
pipeline: {name: flags, destination: duckdb, dataset_name: features}
client:
  base_url: https://api.example.com
  auth: {type: api_key, name: api_key, api_key: "${secrets.api_key}", location: query}
  headers:
    Authorization: Bearer ${secrets.tokens.read}
resource_defaults: {primary_key: id, write_disposition: merge}
resources:
  - name: feature_flags
    endpoint:
      path: /v1/feature_flags
      data_selector: items
      params: {since: 2024-01-01, region: no}
      paginator: {type: offset, limit: "${config.page_size}"}
"""
