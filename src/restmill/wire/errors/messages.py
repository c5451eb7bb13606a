"""Messages: lists in which an API says how its answer went, one object with a text for each thing to say.

    RETURN: [{TYPE: "S", NUMBER: "000", MESSAGE: "Selection carried out"}]         all is well
    RETURN: [{TYPE: "A", NUMBER: "128", MESSAGE: "no more storage space"}]         it is not
    messages: [{severity: "WARNING", text: "13 entries were left out"}]            a part is missing

SAP's `RETURN`, FHIR's `issue` and the `messages` of many others are such lists. Any other list around the
records, as of records that go with them, says nothing of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from restmill.wire.errors.usual_names import alarms
from restmill.wire.errors.values import plain_name
from restmill.wire.errors.words import CODE, ENTITY, TEXT, WORD, word_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.path import Json

_MOST = 20
"""Messages of one answer that are read."""
_MOST_KEYS = 6
"""Keys of a message; what has more is a thing."""
_BLANKS = 2
"""Blanks in a sentence, at least."""
_GRADES = (
    WORD
    | CODE
    | word_set(
        """
    category errortype kind level loglevel messagetype messagetyp msgtype msgty msgtyp number priority
    severity sev typ type
    """
    )
)
"""Keys whose value says how bad it is."""
_TEXTS = TEXT | word_set("diagnostics errormessage messagetext messagetxt msgtext text")
_BAD_GRADES = word_set("a e w x abend abort aborted alert critical crit err error fatal severe warn warning")


def told(value: Json) -> Iterator[tuple[str, str]]:
    """Each grade of a list of messages, by its key: all values that it has, joined; none for another list."""
    found: dict[str, set[str]] = {}
    for one in _messages(value):
        for key, grade in _under(_GRADES, one):
            if isinstance(grade, str | int) and grade != "":
                found.setdefault(key, set()).add(str(grade))
    for key, values in found.items():
        yield key, ", ".join(sorted(values))


def is_bad(grade: str) -> bool:
    """Whether one of the grades that `told` has joined says that something went wrong."""
    return any(one.strip().lower() in _BAD_GRADES or bool(alarms(one)) for one in grade.split(","))


def warns(value: Json) -> bool:
    """Whether a text, or one in a list, warns; or a message, in a list of them or alone, does."""
    listed = value[:_MOST] if isinstance(value, list) else [value]
    texts = (one for one in listed if isinstance(one, str))
    return any(" " in one.strip() and alarms(one) for one in texts) or any(
        map(_is_warning, _messages(listed))
    )


def graded(value: Json) -> bool:
    """Whether a list has a message of a bad grade."""
    return isinstance(value, list) and any(map(_is_graded_bad, _messages(value)))


def speaks_up(value: Json) -> bool:
    """Whether there is a sentence, in whatever language, in a list of texts or of what is no thing.

    Beside a page cut short, where no page before had one, it is about that.
    """
    listed = value[:_MOST] if isinstance(value, list) else []
    return any(_is_sentence(one) or (isinstance(one, Mapping) and _has_sentence(one)) for one in listed)


def _has_sentence(one: Mapping[str, Json]) -> bool:
    thing = any(_is_id(str(key)) for key in one) or len(one) > _MOST_KEYS
    return not thing and any(map(_is_sentence, one.values()))


def _is_id(key: str) -> bool:
    return plain_name(key) in ENTITY or re.search(r"(?:_id|Id|ID|_key)$", key) is not None


def _is_sentence(value: Json) -> bool:
    return isinstance(value, str) and value.strip().count(" ") >= _BLANKS


def _is_warning(message: Mapping[str, Json]) -> bool:
    said = (value for _, value in _under(_TEXTS, message))
    return _is_graded_bad(message) or any(isinstance(value, str) and alarms(value) for value in said)


def _is_graded_bad(message: Mapping[str, Json]) -> bool:
    grades = (value for _, value in _under(_GRADES, message))
    return any(isinstance(value, str) and is_bad(value) for value in grades)


def _under(names: frozenset[str], message: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """What stands under keys of these plain names, with the key."""
    return ((str(key), value) for key, value in message.items() if plain_name(str(key)) in names)


def _messages(value: Json) -> list[Mapping[str, Json]]:
    """The objects in a list of messages: each has a text, and says how bad it is."""
    listed = value[:_MOST] if isinstance(value, list) else []
    objects = [one for one in listed if isinstance(one, Mapping)]
    return objects if all(map(_is_message, objects)) else []


def _is_message(one: Mapping[str, Json]) -> bool:
    names = {plain_name(str(key)) for key in one}
    return not _TEXTS.isdisjoint(names) and not _GRADES.isdisjoint(names)
