"""Kinds: a small language that says what a value of the config may be.

Each key of each block carries a kind and a description; from these the checker reads what to accept, the
error report what to suggest, and the JSON schema and the documentation what to print. A kind is data: the
code that checks (`walk`) and the code that prints (`schema`) each dispatch over the closed union `Kind`.

Why not a validation library: told apart by form and by `type`, a wrong value gives exactly one problem with
its place; unresolved references pass every scalar; and importing costs a quarter of the time.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    empty: bool = False
    """Whether "" is a value too."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A secret string; becomes a `restmill.secrets.Secret`."""

    warns: bool = True
    """Whether a literal in a file is worth a warning (a client id is not)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; `fold` accepts them in any case."""

    words: tuple[str, ...]
    fold: bool = False


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds, both inclusive."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number within bounds, both inclusive; `positive` excludes zero."""

    least: float | None = None
    most: float | None = None
    positive: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """An HTTP status code, 100 to 599, as a number or its digits."""


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A JSON path, as text or compiled; kept as text."""

    empty: bool = False
    """Whether "" is accepted, as None (dlt's rule for paths that may be left out)."""


@dataclass(frozen=True, slots=True)
class HttpUrl:
    """An absolute http or https URL."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value; mappings and lists are copied, objects kept."""


@dataclass(frozen=True, slots=True)
class HeaderValue:
    """A header's value: text, a number, or None to leave the header out. Never shown."""


@dataclass(frozen=True, slots=True)
class Function:
    """A Python callable; becomes `Opaque`."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A ready Python object, which `of` names in errors; becomes `Opaque`."""

    of: str
    having: str = ""
    """An attribute that tells it from other objects; "" takes any object."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list or tuple of one kind; becomes a tuple, or stays a list when `plain`."""

    of: Kind
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping whose keys the user chooses."""

    of: Kind
    hidden: bool = False
    """Whether its values may hold credentials, so that nothing below is shown."""


@dataclass(frozen=True, slots=True)
class Keys:
    """A mapping with the known keys of a block class."""

    of: type[Block]
    shorthand: str = ""
    """The key that a bare string stands for."""
    plain: bool = False
    """Check only, and keep the mapping: what is handed to dlt as it was written."""
    extensions: bool = False
    """Whether `x-...` keys are accepted."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """A mapping told apart by its `type`; a bare string is a `type` alone."""

    what: str
    variants: Mapping[str, type[Block]]
    default: str = ""
    """The `type` meant when none is given; "" when it must be given, and a bare string is no `type`."""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class OneOf:
    """Alternatives told apart by the form of the value (text, number, mapping, list, object), in order."""

    kinds: tuple[Kind, ...]


Kind: TypeAlias = (
    Text
    | Hidden
    | Choice
    | Whole
    | Number
    | Status
    | Flag
    | JsonPath
    | HttpUrl
    | Anything
    | HeaderValue
    | Function
    | Instance
    | Listing
    | Table
    | Keys
    | Tagged
    | OneOf
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One mapping of the config with known keys."""

    given: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    """The keys that were written, also those written as None: a default is not a choice."""


def key(
    doc: str,
    kind: Kind,
    *,
    default: Any = MISSING,
    factory: Callable[[], Any] | None = None,
    shown: bool = True,
    null: bool = False,
) -> Any:
    """A key of a block: its description, kind and default; without default and factory it is required.

    `shown=False` keeps the value out of the repr. An explicit None means the default, unless `null`.
    """
    metadata = {"doc": doc, "kind": kind, "null": null}
    if factory:
        return field(default_factory=factory, repr=shown, metadata=metadata)
    return field(default=default, repr=shown, metadata=metadata)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(key, field))
def block(cls: type[T]) -> type[T]:
    """Make a block class: a frozen dataclass, built by keyword."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


def keys_of(cls: type[Block]) -> Mapping[str, Field[Any]]:
    """The keys of a block class by name, in the order they are documented."""
    if cls not in _KEYS:
        _KEYS[cls] = {one.name: one for one in fields(cls) if one.metadata}
    return _KEYS[cls]


_KEYS: dict[type[Block], Mapping[str, Field[Any]]] = {}


def kind_of(one: Field[Any]) -> Kind:
    """The kind of a key."""
    kind: Kind = one.metadata["kind"]
    return kind


def is_required(one: Field[Any]) -> bool:
    """Whether a key must be given."""
    return one.default is MISSING and one.default_factory is MISSING
