r"""What one record of each collection looks like.

A builder is a pure function of the dice and the index: it never knows how many records there are, so record 7
is the same record in a collection of ten and of a million. Between them the collections carry what makes
loading hard: mixed types in one field, keys that are absent, nulls, lists of objects in lists of objects,
texts with quotes, newlines and letters from many alphabets, integers beyond 2**32, decimals, dates and times.

Ids are `index + 1`, with a prefix where the vendor would give a string. `events` is the record of the
benchmark: its `amount` is a multiple of 1/4, so sums over any number of them are exact in floating point, in
any order.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from restmill.sandbox.chance import Dice

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Record: TypeAlias = dict[str, Json]

EPOCH = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
_DAY = 86_400

_PEOPLE = (
    "Ada Okafor", "Zoë Müller", "José Ñandú", "李雷", "Ольга Иванова", "Siobhán O'Brien",
    "Amina Diallo", "Søren Ås", "Nguyễn Thị Mai", "Grace Kim", "محمد علي", "Ioana Țepeș",
)  # fmt: skip
_COMPANIES = ("Acme", "Globex", "Initech", "Umbrella & Söhne", "Stark", "Hooli", "Vandelay", "株式会社例")
_NOUNS = (
    "checkout",
    "search",
    "billing",
    "login",
    "export",
    "invoice",
    "cache",
    "queue",
    "mail",
    "gateway",
    "report",
)
_ADJECTIVES = ("new", "fast", "legacy", "secure", "dark", "async", "global", "partial", "strict", "quiet")
_ENVIRONMENTS = ("development", "staging", "production")
_REGIONS = ("eu-west-1", "eu-north-1", "us-east-1", "ap-south-1")
_TAGS = ("core", "beta", "internal", "customer", "ünïcode", "needs review", "a/b", "p1")
_ROLES = ("owner", "editor", "viewer", "guest")
_TEXTS = (
    "Plain and short.",
    'They said "ship it" and we did.',
    "First line\nSecond line\r\nThird\tline",
    "Größe: 10 µm, naïve café, 100 % 🚀",
    "C:\\temp\\new; 'single', \"double\", comma, semicolon;",
    "日本語の説明 と English",
    "",
)
_CITIES = (
    ("Tromsø", "NO"),
    ("Łódź", "PL"),
    ("Zürich", "CH"),
    ("Porto", "PT"),
    ("Nairobi", "KE"),
    ("Osaka", "JP"),
)
_METRICS = (("cpu.load", "ratio"), ("disk.used", "bytes"), ("http.latency", "ms"), ("queue.depth", "count"))

# Tasks hang on projects in groups of six projects and twelve tasks; one project has none. The first project
# has more than a hundred besides, so that somebody's children need a second page.
_TASKS_IN_GROUP = (3, 0, 1, 5, 2, 1)
_OWNER = tuple(place for place, count in enumerate(_TASKS_IN_GROUP) for _ in range(count))
_FIRST_PROJECT_EXTRA = 117


def stamp(seconds: int) -> str:
    """Return `seconds` after the start of 2025 as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(EPOCH + seconds, UTC).isoformat()[:19] + "Z"


def day(seconds: int) -> str:
    """Return the date of `seconds` after the start of 2025."""
    return stamp(seconds)[:10]


def updated(dice: Dice, index: int) -> int:
    """Return when the record changed last, in seconds after the start of 2025: roughly in order of ids."""
    return 37 * index + dice.below(3 * _DAY)


def project_of(index: int) -> int:
    """Return the id of the project that task number `index` belongs to."""
    if index < _FIRST_PROJECT_EXTRA:
        return 1
    group, place = divmod(index - _FIRST_PROJECT_EXTRA, len(_OWNER))
    return group * len(_TASKS_IN_GROUP) + _OWNER[place] + 1


def task_count(projects: int) -> int:
    """Return how many tasks the first `projects` projects have in all."""
    groups, rest = divmod(projects, len(_TASKS_IN_GROUP))
    extra = _FIRST_PROJECT_EXTRA if projects else 0
    return extra + groups * len(_OWNER) + sum(_TASKS_IN_GROUP[:rest])


def tasks_of(project: int) -> Sequence[int]:
    """Return the indexes of the tasks of the project with this id, in order."""
    own = range(max(task_count(project - 1), _FIRST_PROJECT_EXTRA), task_count(project))
    return (*range(_FIRST_PROJECT_EXTRA), *own) if project == 1 else own


def _tags(dice: Dice) -> list[Json]:
    start = dice.below(len(_TAGS))
    return [*_TAGS[start : start + dice.below(4)]]


def _person(dice: Dice) -> Record:
    number = dice.below(20)
    return {"id": number + 1, "name": _PEOPLE[number % len(_PEOPLE)]}


def _mixed(dice: Dice) -> Json:
    """Return a setting's value: whatever type its owner felt like.

    No text looks like a time: dlt 1.31 gives up on a column that holds both times and other texts.
    """
    choices: tuple[Json, ...] = (
        dice.pick(_TEXTS),
        dice.below(10_000),
        dice.below(2) == 1,
        dice.below(10_000) / 8,
        None,
        (1 << 33) + dice.below(1 << 40),
        str(dice.below(100)),
        {"min": dice.below(10), "max": 10 + dice.below(10), "unit": dice.pick(("s", "ms", "MB"))},
        [dice.below(100) for _ in range(dice.below(4))],
    )
    return choices[dice.pick((0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8))]


def configuration(dice: Dice, index: int) -> Record:
    """Build one setting of a configuration management API."""
    changed = updated(dice, index)
    record: Record = {
        "id": index + 1,
        "name": f"{dice.pick(_NOUNS)}.{dice.pick(_ADJECTIVES)}.{index}",
        "value": _mixed(dice),
        "scope": {
            "environment": dice.pick(_ENVIRONMENTS),
            "region": dice.pick(_REGIONS),
            "service": {"name": dice.pick(_NOUNS), "version": f"{dice.below(9)}.{dice.below(20)}"},
        },
        "tags": _tags(dice),
        "sensitive": dice.chance(10),
        "version": 1 + dice.below(40),
        "updated_by": _person(dice) if dice.chance(90) else None,
        "created_at": stamp(changed - dice.below(90 * _DAY)),
        "updated_at": stamp(changed),
    }
    if dice.chance(20):
        record["expires_at"] = stamp(changed + dice.below(365 * _DAY))
    return record


def resource(dice: Dice, index: int) -> Record:
    """Build one record that a generic API and a monitoring API could both serve."""
    changed = updated(dice, index)
    metric, unit_name = dice.pick(_METRICS)
    customer = dice.below(40)
    record: Record = {
        "id": f"res-{index + 1}",
        "name": metric,
        "value": dice.below(1_000_000) / 64,
        "unit": unit_name,
        "status": dice.pick(("ok", "ok", "ok", "warning", "critical", "unknown")),
        "host": f"{dice.pick(_NOUNS)}-{dice.below(30):02}.{dice.pick(_REGIONS)}.example.com",
        "customer": {
            "id": customer + 1,
            "name": _COMPANIES[customer % len(_COMPANIES)],
            "user_key": f"u-{customer:04x}",
            "tier": ("free", "team", "enterprise")[customer % 3],
        },
        "attributes": {dice.pick(_NOUNS): dice.pick(_TEXTS), "threshold": dice.below(100)},
        "tags": _tags(dice),
        "samples": [
            {"at": stamp(changed - 60 * k), "value": dice.below(8_000) / 8} for k in range(dice.below(4))
        ],
        "message": dice.pick(_TEXTS) if dice.chance(70) else None,
        "measured_at": stamp(changed),
        "updated_at": stamp(changed),
    }
    if dice.chance(15):
        record["acknowledged_by"] = dice.pick(_PEOPLE)
    return record


def _strategy(dice: Dice) -> Record:
    name = dice.pick(("default", "userWithId", "gradualRollout", "remoteAddress"))
    parameters: dict[str, Record] = {
        "default": {},
        "userWithId": {"userIds": ",".join(str(dice.below(1000)) for _ in range(3))},
        "gradualRollout": {
            "percentage": dice.below(101),
            "stickiness": dice.pick(("user", "session", "random")),
        },
        "remoteAddress": {"IPs": f"192.0.2.{dice.below(256)}"},
    }
    return {"name": name, "parameters": parameters[name]}


def feature_flag(dice: Dice, index: int) -> Record:
    """Build one flag of a feature management API."""
    changed = updated(dice, index)
    key = f"{dice.pick(_ADJECTIVES)}.{dice.pick(_NOUNS)}.{index}"
    record: Record = {
        "id": f"flag-{index + 1}",
        "key": key,
        "name": key.replace(".", " ").title(),
        "status": dice.pick(("active", "inactive", "stale", "archived")),
        "enabled": dice.chance(60),
        "description": dice.pick(_TEXTS) if dice.chance(60) else None,
        "type": dice.pick(("release", "experiment", "operational", "kill-switch")),
        "environments": [
            {
                "name": name,
                "enabled": dice.chance(50),
                "strategies": [_strategy(dice) for _ in range(dice.below(3))],
            }
            for name in _ENVIRONMENTS[: 1 + dice.below(3)]
        ],
        "tags": _tags(dice),
        "created_by": dice.below(40) - 5,
        "created_at": stamp(changed - dice.below(90 * _DAY)),
        "updated_at": stamp(changed),
    }
    if dice.chance(30):
        record["last_seen_at"] = stamp(changed + dice.below(_DAY))
    return record


def project(dice: Dice, index: int) -> Record:
    """Build one project of a project management API."""
    changed = updated(dice, index)
    started = changed - dice.below(400 * _DAY)
    record: Record = {
        "id": index + 1,
        "name": f"{dice.pick(_ADJECTIVES)} {dice.pick(_NOUNS)} {index + 1}",
        "status": dice.pick(("planned", "active", "active", "on hold", "done")),
        "owner": _person(dice),
        "budget": dice.below(10_000_000) / 100,
        "members": [{**_person(dice), "role": dice.pick(_ROLES)} for _ in range(dice.below(5))],
        "description": dice.pick(_TEXTS),
        "public": dice.chance(40),
        "started_on": day(started),
        "archived_at": stamp(changed) if dice.chance(15) else None,
        "created_at": stamp(started),
        "updated_at": stamp(changed),
    }
    if index and dice.chance(25):
        record["parent_id"] = 1 + dice.below(index)
    return record


def task(dice: Dice, index: int) -> Record:
    """Build one task, the child of the project `project_of(index)`."""
    changed = updated(dice, index)
    record: Record = {
        "id": index + 1,
        "project_id": project_of(index),
        "title": f"{dice.pick(_ADJECTIVES)} {dice.pick(_NOUNS)}",
        "done": dice.chance(40),
        "estimate_hours": dice.below(80) / 2 if dice.chance(70) else None,
        "checklist": [{"text": dice.pick(_NOUNS), "done": dice.chance(50)} for _ in range(dice.below(3))],
        "due_on": day(changed + dice.below(30 * _DAY)) if dice.chance(60) else None,
        "updated_at": stamp(changed),
    }
    if dice.chance(70):
        record["assigned_to"] = _person(dice)
    return record


def user(dice: Dice, index: int) -> Record:
    """Build one account."""
    changed = updated(dice, index)
    return {
        "id": index + 1,
        "name": dice.pick(_PEOPLE),
        "email": f"user{index + 1}@example.com",
        "role": dice.pick(_ROLES),
        "active": dice.chance(85),
        "preferences": {"language": dice.pick(("en", "de", "ja")), "theme": {"dark": dice.chance(50)}},
        "last_seen_at": stamp(changed) if dice.chance(80) else None,
        "created_at": stamp(changed - dice.below(700 * _DAY)),
        "updated_at": stamp(changed),
    }


def event(dice: Dice, index: int) -> Record:
    """Build the record of the benchmark: 19 flat fields, an object, a list of 3 objects; about 650 bytes."""
    changed = updated(dice, index)
    created = stamp(changed - dice.below(_DAY))
    city, country = dice.pick(_CITIES)
    person = dice.below(5_000)
    label = dice.below(1_000)
    return {
        "id": index + 1,
        "event_key": f"evt-{dice.below(1 << 62):016x}",
        "type": dice.pick(("order", "refund", "visit", "signup", "transfer")),
        "status": dice.pick(("new", "open", "closed")),
        "severity": 1 + person % 5,
        "source": _NOUNS[person % len(_NOUNS)],
        "host": f"node-{person % 64:02}.example.com",
        "user_id": person + 1,
        "user_email": f"user{person + 1}@example.com",
        "session_id": f"{dice.below(1 << 48):012x}",
        "message": f"{_ADJECTIVES[label % 10]} {_NOUNS[label % 11]} of {city}",
        "note": _TEXTS[label % 6] if label % 3 else None,
        "quantity": dice.below(500),
        "amount": dice.below(4_000_000) / 4,
        "currency": ("EUR", "USD", "JPY")[label % 3],
        "is_test": label % 50 == 0,
        "version": label % 7,
        "created_at": created,
        "updated_at": stamp(changed),
        "address": {"street": f"{label} Main Street", "city": city, "country": country, "zip": f"{label:05}"},
        "labels": [
            {"id": k + 1, "name": _TAGS[(label + k) % len(_TAGS)], "weight": (label + k) % 100 / 4}
            for k in range(3)
        ],
    }
