"""Variables: which values of the environment are secret, by the place that they are put in.

`${env.X}` may hold a page size or an API key. Nobody says which, so the place decides: a variable in `auth`,
in a header or under a telling name is secret; in a parameter, a body or a path it is, unless it is a number,
a date or a word of restmill's own; of an address only login and telling parameters are. Elsewhere (names,
limits) it is not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from restmill.config.telling import credentials_in_dsn, is_credential, looks_secret
from restmill.secrets import Secret
from restmill.spellings import OURS, SHORTEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.config.positions import Keys

_SURE = frozenset(("auth", "headers"))
_POSSIBLE = frozenset(
    ("params", "json", "data", "path", "base_url", "proxy", "destination", "access_token_url"),
)
_NEVER = frozenset(("accept", "accept-language", "content-type", "location", "name", "type", "user-agent"))
"""Keys of auth and headers with no credential in them."""
_PLAIN = re.compile(r"[\d.,:TZ+ -]*|true|false|null|none|asc|desc", re.IGNORECASE)
"""Numbers, dates, flags."""


def secrets_in_variable(value: object, keys: Keys) -> Iterator[Secret]:
    """What is secret of a variable whose value stands at `keys` of the config."""
    names = {one for one in keys if isinstance(one, str)}
    last = str(keys[-1]) if keys else ""
    if not isinstance(value, str) or len(value) < SHORTEST:
        return
    sure = bool(_SURE & names) and last.lower() not in _NEVER
    if "://" in value:
        yield from map(Secret, credentials_in_dsn(value))
        if sure and not last.endswith("_url"):
            yield Secret(value)
    elif sure or is_credential(last) or (_POSSIBLE & names and _may_be_secret(value)):
        yield Secret(value)


def _may_be_secret(value: str) -> bool:
    return looks_secret(value) or not (_PLAIN.fullmatch(value) or value.lower() in OURS)
