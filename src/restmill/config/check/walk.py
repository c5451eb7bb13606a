"""The walk: a plain tree against the kinds of the model, collecting every problem on the way.

Each kind of container has one method; scalars are checked without context in `scalars`. A method returns the
value as the model keeps it, or `FAILED` after it has noted at least one problem, so that the walk goes on to
the next key and one mistake is one problem. Values under auth and headers are never shown, nor is anything
that stands under an unknown key: it is not even looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, replace
from typing import Any, Final, TypeAlias

from restmill.config.bounds import MOST_PROBLEMS
from restmill.config.check.block_rules import block_rules
from restmill.config.check.scalars import Complaint, check_scalar, from_text, plain, text_of
from restmill.config.check.suggest import Chain, meant_key
from restmill.config.check.variants import Misfit, tag_of
from restmill.config.model.kinds import (
    Anything,
    Block,
    Flag,
    Function,
    HeaderValue,
    Hidden,
    HttpUrl,
    Instance,
    Keys,
    Kind,
    Listing,
    Number,
    OneOf,
    Table,
    Tagged,
    Text,
    Whole,
    is_required,
    keys_of,
    kind_of,
)
from restmill.config.model.opaque import Opaque
from restmill.config.positions import Keys as PathKeys
from restmill.config.positions import Positions, written
from restmill.config.references import waits
from restmill.config.telling import (
    credentials_in,
    credentials_in_dsn,
    is_credential,
    is_literal,
    looks_secret,
)
from restmill.config.wording import describe, got, shown
from restmill.errors import Problem
from restmill.path import Json
from restmill.secrets import Masked, Secret

Names: TypeAlias = frozenset[str]

FAILED: Final = object()
"""Returned for a value that could not be read; its problems are noted."""
LATER: Final = object()
"""Returned for a mapping or list whose place a reference holds: unknown until it is resolved."""


# What a checked value becomes: a block, a tuple, a scalar, a secret or an object, as its kind says.
Checked: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the walk is: the path, the blocks around it, and whether values here may be credentials."""

    keys: PathKeys = ()
    chain: Chain = ()
    hidden: bool = False

    def at(self, key: str | int, *, hidden: bool = False) -> Spot:
        """One step down."""
        return replace(self, keys=(*self.keys, key), hidden=self.hidden or hidden)

    def inside(self, cls: type[Block]) -> Spot:
        """The same place, inside a block of class `cls`."""
        return replace(self, chain=(*self.chain, (cls, self.keys)))


@dataclass
class Walk:
    """One walk over one tree, and what it found."""

    positions: Positions
    custom: Mapping[str, Names]
    """Type names the user registered with dlt, by what they are: "paginator", "auth"."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    secrets: dict[Secret, None] = field(default_factory=dict)
    built: dict[PathKeys, Block] = field(default_factory=dict)
    """Every block that is sound in itself, by its path."""

    def take(self, kind: Kind, value: Json, spot: Spot) -> Checked:
        """`value` as `kind` keeps it, or FAILED, or LATER."""
        if self.positions.stage == "file" and waits(value):
            return self._waiting(_for_text(kind), value, spot)
        if self.positions.stage == "resolved" and isinstance(kind, Whole | Number | Flag):
            return self._scalar(kind, from_text(value), value, spot)
        if method := _CONTAINERS.get(type(kind)):
            return method(self, kind, value, spot)
        return self._scalar(kind, value, value, spot)

    def _scalar(self, kind: Kind, value: Json, as_got: Json, spot: Spot) -> Checked:
        taken = check_scalar(kind, value)
        if isinstance(taken, Complaint):
            return self.wrong(
                spot, taken.what, got(as_got, hidden=spot.hidden or not taken.shows), taken.hint
            )
        return self._noted(kind, taken, spot)

    def wrong(self, spot: Spot, what: str, got: str = "", hint: str = "") -> Checked:
        """Note a problem; FAILED."""
        self.problems.append(Problem(self.positions.place(spot.keys), what, got, hint))
        return FAILED

    def warn(self, spot: Spot, what: str, hint: str) -> None:
        """Note something that is allowed but unwise."""
        self.warnings.append(Problem(self.positions.place(spot.keys), what, hint=hint))

    def _waiting(self, kind: Kind, value: str, spot: Spot) -> Checked:
        """A text that waits for a reference passes as any scalar."""
        if isinstance(kind, Keys) and kind.shorthand:
            return self.take_keys(kind, value, spot)
        if isinstance(kind, Hidden):
            return Secret(value)
        return LATER if isinstance(kind, _STRUCTURES) else value

    def _noted(self, kind: Kind, value: Json, spot: Spot) -> Json:
        """Remember the secrets in a scalar, and warn of literal ones in a file."""
        if isinstance(value, Masked):
            self.secrets[Secret(str(value))] = None
            self.secrets.update((Secret(one), None) for one in credentials_in(value))
        elif isinstance(value, Secret):
            self.secrets[value] = None
        elif isinstance(value, str):
            self._look_for_literals(kind, value, spot)
        return value

    def _look_for_literals(self, kind: Kind, value: str, spot: Spot) -> None:
        if isinstance(kind, HeaderValue) and (is_credential(str(spot.keys[-1])) or looks_secret(value)):
            self.literal(spot, value)
        elif spot.keys == ("pipeline", "destination"):
            for one in credentials_in_dsn(value):
                self.literal(spot, one)
        elif isinstance(kind, HttpUrl) or (isinstance(kind, Text) and spot.keys[-1] == "path"):
            for one in credentials_in(value):
                self.literal(spot, one)

    def literal(self, spot: Spot, value: str) -> None:
        """Note a credential that is written out; one that is filled in per request is none."""
        if not value or "{resources." in value or "{incremental." in value:
            return
        for part in {value, value.rpartition(" ")[2]}:  # also the token of "Bearer <token>"
            self.secrets[Secret(part)] = None
        if self.positions.file and self.positions.stage != "python":
            name = spot.keys[-1]
            self.warn(
                spot,
                "a secret is written into the file",
                f"Put it into .dlt/secrets.toml and write ${{secrets.{name}}}.",
            )

    def take_secret(self, kind: Hidden, value: Json, spot: Spot) -> Checked:
        """A secret; a literal one in a file is worth a warning."""
        if isinstance(value, Secret):
            self.secrets[value] = None
            return value
        if isinstance(value, bool) or not isinstance(value, str | int):
            return self.wrong(spot, "must be a text", got(value, hidden=True))
        if kind.warns:
            self.literal(spot, str(value))
        return Secret(str(value))

    def take_anything(self, _kind: Anything, value: Json, spot: Spot) -> Checked:
        """A copy of any value: containers are new, everything in them is kept."""
        match value:
            case dict():
                return {key: self.take_anything(_kind, one, spot.at(str(key))) for key, one in value.items()}
            case list():
                return [self.take_anything(_kind, one, spot) for one in value]
            case tuple():
                return tuple(self.take_anything(_kind, one, spot) for one in value)
            case Secret():
                self.secrets[value] = None
                return value
            case str() | int() if not isinstance(value, bool) and not waits(value):
                if is_literal(str(spot.keys[-1]), str(value)):
                    self.literal(spot, str(value))
                return value
            case _:
                return value

    def take_object(self, kind: Function | Instance, value: Json, spot: Spot) -> Checked:
        """A Python object, wrapped with its path."""
        if fits(kind, value):
            return Opaque(value, written(spot.keys))
        hint = "Give an instance of the class." if isinstance(value, type) else ""
        return self.wrong(spot, f"must be {describe(kind)}", got(value, hidden=spot.hidden), hint)

    def take_listing(self, kind: Listing, value: Json, spot: Spot) -> Checked:
        """A list or tuple, item by item."""
        if not isinstance(value, list | tuple):
            hint = "Put it in a list: [...]." if plain(value) and not isinstance(value, dict) else ""
            return self.wrong(spot, f"must be {describe(kind)}", got(value, hidden=spot.hidden), hint)
        taken = [self.take(kind.of, one, spot.at(index)) for index, one in enumerate(value)]
        if any(one is FAILED for one in taken):
            return FAILED
        taken = [one for one in taken if one is not LATER]
        return taken if kind.plain else tuple(taken)

    def take_table(self, kind: Table, value: Json, spot: Spot) -> Checked:
        """A mapping with free keys, value by value."""
        if not isinstance(value, dict):
            return self.wrong(spot, "must be a mapping", got(value, hidden=kind.hidden or spot.hidden))
        taken = {}
        for key, one in value.items():
            below = spot.at(key if isinstance(key, str) else str(key), hidden=kind.hidden)
            taken[key] = self.take(kind.of, one, below) if isinstance(key, str) else self._odd_key(key, spot)
        if any(one is FAILED for one in taken.values()):
            return FAILED
        return {key: one for key, one in taken.items() if one is not LATER}

    def _odd_key(self, key: object, spot: Spot) -> Checked:
        return self.wrong(spot.at(str(key)), "a key must be a text", got(key), "Put the key in quotes.")

    def take_one_of(self, kind: OneOf, value: Json, spot: Spot) -> Checked:
        """The first alternative that has the form of the value."""
        if self.positions.stage == "resolved" and any(isinstance(one, Flag) for one in kind.kinds):
            value = from_text(value)
        for one in kind.kinds:
            if fits(one, value):
                return self.take(one, value, spot)
        hidden = spot.hidden or any(isinstance(one, Tagged) and one.hidden for one in kind.kinds)
        hint = "Give an instance of the class." if isinstance(value, type) else ""
        return self.wrong(spot, f"must be {describe(kind)}", got(value, hidden=hidden), hint)

    def take_keys(self, kind: Keys, value: Json, spot: Spot) -> Checked:
        """A block, from a mapping or its shorthand."""
        body = text_of(value)
        if isinstance(body, str) and kind.shorthand:
            body = {kind.shorthand: value}
        if not isinstance(body, dict):
            return self.wrong(spot, "must be a mapping", got(value, hidden=spot.hidden))
        if kind.extensions:
            body = {
                key: one for key, one in body.items() if not (isinstance(key, str) and key.startswith("x-"))
            }
        taken = self.block(kind.of, body, spot)
        if taken is FAILED or not kind.plain:
            return taken
        return self.take_anything(Anything(), value, spot)

    def take_tagged(self, kind: Tagged, value: Json, spot: Spot) -> Checked:
        """The block that `type` names, or an `Opaque` when the user registered that type with dlt."""
        spot = replace(spot, hidden=spot.hidden or kind.hidden)
        body = value if isinstance(value, dict) else {"type": value}
        body = {**body, "type": text_of(body.get("type"))}
        if self.positions.stage == "file" and waits(body["type"]):
            return LATER
        tag = tag_of(kind, body, self.custom.get(kind.what, frozenset()))
        if isinstance(tag, Misfit):
            at = spot.at(tag.key) if isinstance(value, dict) and tag.key in value else spot
            shown = got(body["type"], hidden=spot.hidden) if tag.key == "type" else ""
            return self.wrong(at, tag.what, shown, tag.hint)
        if tag not in kind.variants:
            return Opaque(self.take_anything(Anything(), value, spot), written(spot.keys))
        if tag == "json_response":
            self.warn(spot, "`json_response` is deprecated", "Write `json_link`.")
        return self.block(kind.variants[tag], {key: one for key, one in body.items() if key != "type"}, spot)

    def block(self, cls: type[Block], body: Mapping[str, Json], spot: Spot) -> Checked:
        """A block of class `cls` from `body`."""
        noted = len(self.problems)
        spot = spot.inside(cls)
        known = keys_of(cls)
        excused = self._strangers(body, list(known), spot)
        values: dict[str, Checked] = {}
        for name, one in known.items():
            if body.get(name) is not None:
                self._fill(name, one, body[name], values, spot)
            elif is_required(one) and name not in excused:
                self.wrong(spot.at(name), f"`{name}` is missing")
            elif name in body and one.metadata["null"]:
                values[name] = None
        if len(self.problems) > noted:
            return FAILED
        built = cls(**values, given=frozenset(name for name in known if name in body))
        for complaint in block_rules(built):
            self.wrong(spot, complaint.what, hint=complaint.hint)
        if len(self.problems) > noted:
            return FAILED
        self.built[spot.keys] = built
        return built

    def _fill(self, name: str, one: Field[Any], value: Json, values: dict[str, Checked], spot: Spot) -> None:
        taken = self.take(kind_of(one), value, spot.at(name))
        if taken is not LATER:
            values[name] = taken
        elif is_required(one) or isinstance(kind_of(one), Keys | Table):
            self.wrong(spot.at(name), "a reference cannot stand for the whole of this", hint="Write it out.")

    def _strangers(self, body: Mapping[str, Json], known: list[str], spot: Spot) -> set[str]:
        """Note the unknown keys; returns the known ones they were probably meant to be."""
        meant = set()
        for key in body:
            if not isinstance(key, str):
                self._odd_key(key, spot)
            elif key not in known:
                many = len(self.problems) > MOST_PROBLEMS  # then nobody is told of further ones
                free = [] if many else [one for one in known if one not in body]
                name, hint = ("", "") if many else meant_key(key, free, spot.chain)
                meant.add(name)
                hint = hint or (f"Known here: {', '.join(known)}." if known else "Nothing belongs here.")
                self.wrong(spot.at(key), f"there is no key `{shown(key)}` here", hint=hint)
        return meant


_STRUCTURES = (Keys, Listing, Table, Tagged, Function, Instance)


def _for_text(kind: Kind) -> Kind:
    """The alternative that takes a text, of several."""
    if not isinstance(kind, OneOf):
        return kind
    able = [
        one
        for one in kind.kinds
        if not isinstance(one, _STRUCTURES) or (isinstance(one, Keys) and one.shorthand)
    ]
    return able[0] if able else kind.kinds[0]


def fits(kind: Kind, value: Json) -> bool:
    """Whether `value` has the form of `kind`: the first question, before whether it is right."""
    match kind:
        case Anything():
            return True
        case Function():
            return not plain(value) and callable(value)
        case Instance():
            has = getattr(value, kind.having or "__class__", None) is not None
            return has and not plain(value) and not isinstance(value, type)
        case Keys() | Tagged():
            bare = kind.shorthand if isinstance(kind, Keys) else kind.default
            return isinstance(value, dict) or bool(bare and isinstance(value, str | Secret))
        case _:
            return isinstance(value, _FORMS.get(type(kind), (str, Secret)))


_FORMS: dict[type[Kind], tuple[type, ...]] = {Flag: (bool,), Listing: (list, tuple), Table: (dict,)}


_Method: TypeAlias = Callable[[Walk, Any, Json, Spot], Checked]

_CONTAINERS: dict[type[Kind], _Method] = {
    Hidden: Walk.take_secret,
    Anything: Walk.take_anything,
    Function: Walk.take_object,
    Instance: Walk.take_object,
    Listing: Walk.take_listing,
    Table: Walk.take_table,
    OneOf: Walk.take_one_of,
    Keys: Walk.take_keys,
    Tagged: Walk.take_tagged,
}
