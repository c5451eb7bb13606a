"""What the documentation's APIs hold: a blog, GitHub's issues, Pokémon, users in groups. All of it made up.

A record depends on its collection and its number only, so a list that has grown begins as it was.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from restmill.path import Json

    Record = dict[str, Json]
    Wanted = Mapping[str, str]

FIRST_DAY = date(2024, 1, 25)
"""The day before the first record; the documentation's incremental examples start here."""
EPOCH = 1_704_067_200
"""2024-01-01 in seconds, the documentation's example of a cursor to convert."""
_EVERY = ("like", "wow", "sad")
_KIND = ("opened", "closed")


def _day(number: int) -> str:
    return (FIRST_DAY + timedelta(days=number)).isoformat()


def _post(number: int) -> Record:
    return {
        "id": number,
        "title": f"IMPORTANT Post {number}" if number % 3 == 0 else f"Post {number}",
        "email": f"writer{number}@example.com",
        "created_at": _day(number),
        "updated_at": str(EPOCH + number * 86_400),
        "reactions": list(_EVERY[: number % 3 + 1]),
    }


def _issue(number: int) -> Record:
    return {
        "id": 1000 + number,
        "number": 122 + number,
        "title": "some text" if number == 5 else f"Issue {number}",
        "state": "closed" if number % 4 == 0 else "open",
        "email": f"reporter{number}@example.com",
        "user": {"login": f"user{number % 2}", "site_admin": number == 1},
        "labels": [{"name": kind, "color": "ff0000"} for kind in _EVERY[: number % 3]],
        "created_at": f"{_day(number)}T08:00:00Z",
        "updated_at": f"{_day(number)}T12:00:00Z",
    }


def _user(number: int) -> Record:
    return {
        "id": number,
        "group_id": number % 2 + 1,
        "name": f"User {number}",
        "email": f"user{number}@example.com",
        "score": number / 4,
    }


def _event(number: int) -> Record:
    return {"id": number, "kind": _KIND[number % 2], "updated_at": f"{_day(number)}T12:00:00Z"}


def _order(number: int) -> Record:
    return {"id": number, "items": [{"id": number * 10 + place, "count": place} for place in (1, 2)]}


def _named(name: str) -> Callable[[int], Record]:
    return lambda number: {
        "id": number,
        "name": f"{name}-{number}",
        "url": f"https://example.com/{name}/{number}",
    }


def _numbered(number: int) -> Record:
    return {"id": number, "name": f"name {number}"}


_MADE: dict[str, Callable[[int], Record]] = {
    "posts": _post,
    "issues": _issue,
    "pulls": _issue,
    "users": _user,
    "user": _user,
    "events": _event,
    "orders": _order,
    "groups": _numbered,
    "artists": _numbered,
    "items": _numbered,
    "data": _numbered,
    "pokemon": _named("pokemon"),
    "berry": _named("berry"),
    "location": _named("location"),
}
_SINCE = {"created_since": "created_at", "fromDate": "created_at", "since": "updated_at"}
_BEFORE = {"created_before": "created_at", "toDate": "created_at"}
_SAME = ("post_id", "state", "group_id")


def collection(name: str, rows: int, wanted: Wanted) -> list[Record] | None:
    """The records that are wanted, in order; None where there is no such collection."""
    if name == "comments":
        found = [comment for post in range(1, rows + 1) for comment in comments(str(post))]
    elif name in _MADE:
        found = [_MADE[name](number) for number in range(1, rows + 1)]
    else:
        return None
    found = [record for record in found if _is_wanted(record, wanted)]
    return found[::-1] if wanted.get("direction") == "desc" else found


def comments(post: str) -> list[Record]:
    """The comments on one post or issue."""
    return [
        {"id": int(post) * 10 + place, "post_id": int(post), "text": f"comment {place} on {post}"}
        for place in range(1, int(post) % 3 + 2)
    ]


def _is_wanted(record: Record, wanted: Wanted) -> bool:
    return (
        all(
            str(record[key]) >= wanted[name]
            for name, key in _SINCE.items()
            if name in wanted and key in record
        )
        and all(
            str(record[key]) < wanted[name]
            for name, key in _BEFORE.items()
            if name in wanted and key in record
        )
        and all(str(record[key]) == wanted[key] for key in _SAME if key in wanted and key in record)
    )
