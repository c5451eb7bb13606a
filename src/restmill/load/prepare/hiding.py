"""Hiding: what dlt knows as secret becomes known to us, and what leaves a run shows none of it.

dlt looks values up wherever its providers have them: files, the environment, vaults. It says of each whether
it is a secret (the hint of its field), so each one that it finds is learnt when it is found: the password of
a destination, a key that a script asks for. A destination that is given as an object or a connection string
is looked up nowhere; what it holds is learnt from itself.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dlt.common.configuration.specs.base_configuration import (
    extract_inner_hint,
    is_credentials_inner_hint,
    is_secret_hint,
)

from restmill.config.telling import credentials_in_dsn, is_credential, looks_secret
from restmill.load.dlt_patches import prepare_lookups
from restmill.run.logs import redacted_logs
from restmill.run.session.redacted import redact_error
from restmill.secrets import KEYRING, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.path import Json


@contextmanager
def hiding() -> Iterator[None]:
    """Let neither a log record of the block nor an error that leaves it show a known secret."""
    with redacted_logs():
        try:
            yield
        except BaseException as error:
            redact_error(error)
            raise


def learn_value(value: object, hint: Json = None) -> None:
    """Learn what is secret of a value that dlt has looked up.

    All of it, if its hint says so or there is none (`dlt.secrets`); of credentials that are given as one
    text, which may be the path of a file, and of any other text, what a connection string hides.
    """
    if isinstance(value, str) and hint is not None and not _is_secret(hint):
        KEYRING.learn(map(Secret, credentials_in_dsn(value)) if _MARKS & set(value) else ())
    elif value is not None and (hint is None or is_secret_hint(hint)):
        KEYRING.learn(_secrets_in(value, ""))


_MARKS = frozenset("@=:?;")
"""A text without any of these is no connection string."""


def _is_secret(hint: Json) -> bool:
    return is_secret_hint(hint) and not is_credentials_inner_hint(extract_inner_hint(hint))


def _secrets_in(value: object, name: str) -> Iterator[Secret]:
    """The texts of a value; of a mapping those with telling names: hosts and users stand beside passwords."""
    match value:
        case dict():
            for key, one in value.items():
                if isinstance(one, dict | list) or is_credential(str(key)):
                    yield from _secrets_in(one, str(key))
                elif isinstance(one, str):
                    yield from map(Secret, credentials_in_dsn(one))
        case list() | tuple():
            for one in value:
                yield from _secrets_in(one, name)
        case bool() | None:
            return
        case _:
            yield Secret(str(value))


def secrets_of_destination(destination: object) -> Iterator[Secret]:
    """What is secret in a destination as it is given: a connection string, or an object of dlt's."""
    if isinstance(destination, str):
        yield from map(Secret, credentials_in_dsn(destination))
        if looks_secret(destination):
            yield Secret(destination)  # a token in the place of a name
        return
    given = getattr(destination, "config_params", None) or {}
    for name, value in given.items():
        if isinstance(value, str) and is_credential(name) and name != "credentials":
            yield Secret(value)
        elif isinstance(value, str):
            yield from map(Secret, credentials_in_dsn(value))
        else:
            fields = dict(value) if isinstance(value, dict) else dict(getattr(value, "__dict__", {}))
            yield from _secrets_in({key: _plain(one) for key, one in fields.items()}, name)


def _plain(value: object) -> object:
    return value if isinstance(value, str | dict | list) else None


prepare_lookups(learn_value)
