"""Settings: dlt's own files, `.dlt/secrets.toml` and `config.toml`, before anything is read out of them.

dlt quotes the line that it cannot read, and that line holds a secret as likely as not. So a file is read here
first, by a reader that says where a mistake is and quotes nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers.toml import TomlProviderReadException
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from restmill.config.files.load import read_bytes
from restmill.config.files.toml_text import read_toml
from restmill.errors import ConfigError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMES = ("secrets.toml", "config.toml")


def ensure_readable() -> None:
    """Let dlt read its settings.

    Raises:
        ConfigError: one of the files is no TOML, or no text.
    """
    _judge(Path(".dlt") / name for name in _NAMES)
    try:
        _ = Container()[PluggableRunContext]
    except TomlProviderReadException as error:
        raise mistake_in(error) from None


def mistake_in(error: TomlProviderReadException) -> ConfigError:
    """Where the file is wrong that dlt could not read; nothing of it is repeated."""
    try:
        _judge(map(Path, error.full_paths))
    except ConfigError as found:
        return found
    return ConfigError(Problem(Place(file=f".dlt/{error.file_name}"), "the file cannot be read as TOML"))


def _judge(files: Iterable[Path]) -> None:
    for file in files:
        if not file.is_file():
            continue
        try:
            text = read_bytes(str(file)).decode()
        except UnicodeDecodeError:
            raise ConfigError(Problem(Place(file=str(file)), "the file is not UTF-8 text")) from None
        read_toml(text, str(file))
