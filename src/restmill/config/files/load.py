"""Files: the text of a config file -> a plain tree, and the position of every key in it.

    .yaml .yml    YAML 1.2's scalars: `yes`, `on` and dates are text as written; duplicate keys are an error
    .toml         dates and times become ISO 8601 text
    .json
    .py           run as a program; a dict named `config`, or the only one with `client` and `resources`

`read_bytes` is the only function of the config layer that touches the disk (running a .py file aside).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from restmill.config.bounds import MOST_BYTES, TOO_DEEP, deeper_than
from restmill.config.files import python_text
from restmill.config.files.json_text import read_json
from restmill.config.files.toml_text import read_toml
from restmill.config.files.yaml_text import read_yaml
from restmill.config.positions import Positions
from restmill.config.wording import got
from restmill.errors import ConfigError, Place, Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from restmill.path import Json


@dataclass(frozen=True, slots=True)
class Source:
    """A config file that was read: its tree, and where everything in it stands."""

    tree: dict[str, Json]
    positions: Positions

    @property
    def file(self) -> str:
        """The file's path, as it was given."""
        return self.positions.file


def load(path: Path | str) -> Source:
    """Read a config file.

    Raises:
        ConfigError: the file cannot be read, its syntax is wrong, it is empty, or it holds no mapping.
    """
    file = str(path)
    content = read_bytes(file)
    suffix = Path(file).suffix.lower()
    if suffix == ".py":
        return Source(python_text.run(file), Positions(file))
    if suffix not in _READERS:
        hint = did_you_mean(suffix, SUFFIXES) or f"One of {', '.join(SUFFIXES)}."
        raise _unreadable(file, f"`{suffix or 'no extension'}` is no format of a config file", hint=hint)
    if len(content) > MOST_BYTES:
        raise _unreadable(file, f"the file has {len(content):,} bytes, and a config at most {MOST_BYTES:,}")
    text = _decoded(content, file)
    if not text.strip():
        raise _unreadable(file, "the file is empty")
    tree, positions = _READERS[suffix](text, file)
    if tree is None:
        raise _unreadable(file, "the file is empty")
    if not isinstance(tree, dict):
        raise _unreadable(file, "a config must be a mapping", got(tree, hidden=True))
    if deeper_than(tree):
        raise _unreadable(file, TOO_DEEP)
    return Source(tree, positions)


def read_bytes(file: str) -> bytes:
    """The content of `file`.

    Raises:
        ConfigError: there is no such file, it is a directory, or it may not be read.
    """
    try:
        return Path(file).read_bytes()
    except FileNotFoundError:
        raise _unreadable(file, "there is no such file") from None
    except IsADirectoryError:
        raise _unreadable(file, "this is a directory, not a file") from None
    except OSError as error:
        raise _unreadable(file, f"the file cannot be read: {error.strerror}") from None


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable(file, "the file is not UTF-8 text") from None


def _unreadable(file: str, what: str, got: str = "", hint: str = "") -> ConfigError:
    return ConfigError(Problem(Place(file=file), what, got, hint))


_READERS: Mapping[str, Callable[[str, str], tuple[Json, Positions]]] = {
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".toml": read_toml,
    ".json": read_json,
}
SUFFIXES = (*_READERS, ".py")
"""The extensions of config files."""
