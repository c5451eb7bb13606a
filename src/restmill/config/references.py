"""References: `${secrets.x.y}`, `${config.x}` and `${env.X}` in the strings of a config file.

    "${config.page_size}"         the whole string: the value looked up, with its type
    "Bearer ${secrets.token}"     a part: formatted into the text
    "$${HOME}"                    an escape: the text `${HOME}`

What comes from `secrets` is wrapped in `Secret`, and so is a text it becomes part of. What comes from `env`
is known as secret, too, where a credential may stand (`variables`). Who looks things up, and where, is the
caller's business: `resolve` takes a function.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, assert_never

from restmill.config.positions import Keys, Positions
from restmill.config.variables import secrets_in_variable
from restmill.errors import ConfigError, Problem, did_you_mean
from restmill.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from restmill.path import Json

PROVIDERS = ("secrets", "config", "env")

_TOKEN = re.compile(r"\$\$\{|\$\{(?P<inside>[^{}]*)\}|\$\{")
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Reference:
    """A value to look up: `provider` is one of `PROVIDERS`, `name` a dotted name."""

    provider: str
    name: str

    def __str__(self) -> str:
        return f"${{{self.provider}.{self.name}}}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A reference that is written wrongly."""

    what: str
    hint: str = ""


Part: TypeAlias = "str | Reference | Fault"


@dataclass(frozen=True, slots=True)
class Found:
    """A reference and the path of the string it stands in."""

    keys: Keys
    reference: Reference


def parts(text: str) -> tuple[Part, ...]:
    """`text` cut into literal text, references and faults; escapes are literal text."""
    cut: list[Part] = []
    end = 0
    for token in _TOKEN.finditer(text):
        cut += [text[end : token.start()], _part(token)]
        end = token.end()
    return tuple(part for part in (*cut, text[end:]) if part != "")


def waits(value: object) -> bool:
    """Whether `value` is a string with a reference in it, right or wrong."""
    return (
        isinstance(value, str) and "${" in value and any(not isinstance(part, str) for part in parts(value))
    )


def find(tree: Json) -> tuple[Found, ...]:
    """All references in the strings of `tree`, in order."""
    return tuple(
        Found(keys, part)
        for keys, text in _strings(tree, ())
        for part in parts(text)
        if isinstance(part, Reference)
    )


def faults(tree: Json, positions: Positions) -> list[Problem]:
    """All references in `tree` that are written wrongly."""
    return [
        Problem(positions.place(keys), part.what, hint=part.hint)
        for keys, text in _strings(tree, ())
        for part in parts(text)
        if isinstance(part, Fault)
    ]


def resolve(
    tree: Json, lookup: Callable[[Reference], object], positions: Positions | None = None
) -> tuple[Json, tuple[Secret, ...]]:
    """A copy of `tree` with every reference replaced by what `lookup` returns, and the secrets among them.

    Check the result with `check(tree, source, secrets)`.

    Raises:
        ConfigError: a reference is written wrongly, `lookup` raised LookupError for it (there is no such
            value), or a mapping or list was to become part of a text. All of them at once.
    """
    filling = _Filling(lookup, positions or Positions())
    filled = filling.fill(tree, ())
    if filling.problems:
        raise ConfigError(*filling.problems)
    return filled, tuple(filling.secrets)


class _Filling:
    """One pass over a tree: what was filled in, which secrets were met, what went wrong."""

    def __init__(self, lookup: Callable[[Reference], object], positions: Positions) -> None:
        self._lookup = lookup
        self._positions = positions
        self.problems: list[Problem] = []
        self.secrets: dict[Secret, None] = {}  # a set that keeps its order

    def fill(self, tree: Json, keys: Keys) -> Json:
        match tree:
            case dict():
                return {key: self.fill(value, (*keys, key)) for key, value in tree.items()}
            case list():
                return [self.fill(value, (*keys, index)) for index, value in enumerate(tree)]
            case str() if "${" in tree:
                return self._text(parts(tree), keys)
            case _:
                return tree

    def _text(self, text: tuple[Part, ...], keys: Keys) -> Json:
        values = [self._value(part, keys) for part in text]
        if len(values) == 1:
            return values[0]
        pieces = [self._piece(value, keys) for value in values]
        joined = "".join(pieces)
        return self._sealed(joined) if any(isinstance(value, Secret) for value in values) else joined

    def _value(self, part: Part, keys: Keys) -> Json:
        match part:
            case str():
                return part
            case Fault():
                return self._wrong(keys, part.what, part.hint)
            case Reference():
                try:
                    value = self._lookup(part)
                except LookupError:
                    return self._wrong(keys, f"there is no value for `{part}`", _remedy(part))
                if part.provider == "env":
                    self.secrets.update((one, None) for one in secrets_in_variable(value, keys))
                return self._sealed(value) if part.provider == "secrets" else value
            case _:
                assert_never(part)

    def _piece(self, value: Json, keys: Keys) -> str:
        match value:
            case Secret():
                return value.reveal()
            case bool():
                return str(value).lower()
            case str() | int() | float():
                return str(value)
            case _:
                self._wrong(keys, "only text and numbers can be part of a text", got=type(value).__name__)
                return ""

    def _sealed(self, value: Json) -> Json:
        match value:
            case dict():
                return {key: self._sealed(one) for key, one in value.items()}
            case list() | tuple():
                return [self._sealed(one) for one in value]
            case str():
                return self._known(Secret(value))
            case Secret():
                return self._known(value)
            case _:
                self._known(Secret(str(value)))
                return value

    def _known(self, secret: Secret) -> Secret:
        self.secrets[secret] = None
        return secret

    def _wrong(self, keys: Keys, what: str, hint: str = "", got: str = "") -> str:
        self.problems.append(Problem(self._positions.place(keys), what, got, hint))
        return ""


def _remedy(missing: Reference) -> str:
    """Where to put a value that is missing: dlt's providers know the last part of a name in its sections."""
    if missing.provider == "env":
        return f"Set {missing.name}."
    section, _, name = missing.name.rpartition(".")
    place = f"under [{section}] in" if section else "at the top of"
    variable = missing.name.replace(".", "__").upper()
    return f'Put {name} = "..." {place} .dlt/{missing.provider}.toml, or set {variable}.'


def _part(token: re.Match[str]) -> Part:
    inside = token["inside"]
    if inside is None:
        return "${" if token[0] == "$${" else Fault("a reference is not closed", f"Write {_FORMS}.")
    provider, _, name = inside.partition(".")
    if provider not in PROVIDERS:
        near = did_you_mean(provider, PROVIDERS)
        return Fault("a reference must begin with secrets, config or env", near or f"Write {_FORMS}.")
    if not (_ENV_NAME if provider == "env" else _NAME).fullmatch(name):
        return Fault(
            f"a reference to `{provider}` needs a name", f"Write ${{{provider}.{_SAMPLE[provider]}}}."
        )
    return Reference(provider, name)


_SAMPLE = {"secrets": "api_key", "config": "page_size", "env": "API_KEY"}
_FORMS = "${secrets.name}, ${config.name} or ${env.NAME}; $${ for a literal ${"


def _strings(tree: Json, keys: Keys) -> Iterator[tuple[Keys, str]]:
    match tree:
        case str():
            yield keys, tree
        case dict():
            for key, value in tree.items():
                yield from _strings(value, (*keys, key))
        case list():
            for index, value in enumerate(tree):
                yield from _strings(value, (*keys, index))
