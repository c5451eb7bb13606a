"""Any bytes at all as a config file: a config, or an error of ours, and soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restmill.config.check.check import check
from restmill.config.files import load
from restmill.errors import ConfigError
from restmill.plan.build import build
from restmill.plan.describe import as_json
from tests.security.fuzzing import fuzz, near

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = {
    ".yaml": (
        b'client: {base_url: "http://x.test", auth: {type: bearer, token: "${secrets.a}"}}\n',
        b"resources:\n  - {name: a, endpoint: {path: /a, paginator: {type: offset, limit: 10}}}\n",
        b"a: &a [*a, !!int x, !!binary aGk=, <<: *b]\n? [x]\n: 0x1f\n",
    ),
    ".json": (
        b'{"client": {"base_url": "http://x.test"}, "resources": ["a", {"name": "b"}]}',
        b'{"a": "\\ud800", "a": 1e999, "b": [[[[]]]]}',
    ),
    ".toml": (
        b'[client]\nbase_url = "http://x.test"\n',
        b'[[resources]]\nname = "a"\n[resources.endpoint]\npath = "/a"\n',
        b"a.b.c = 2024-01-01T00:00:00Z\n[x.'y'.\"z\"]\nq = {a = [1, 2]}\n",
    ),
}


@pytest.mark.parametrize("suffix", SAMPLES)
def test_config_files(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"c{suffix}"

    def target(example: bytes) -> None:
        file.write_bytes(example)
        source = load.load(file)
        config = check(source.tree, source=source)
        if not config.unresolved:
            as_json(build(config, name="c"))

    fuzz(near(*SAMPLES[suffix]), target, ConfigError)
