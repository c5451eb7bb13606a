"""Page sizes other than the declared one, for reading a list again so that its pages are cut elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restmill.wire.paging.numbered import asked_size
from restmill.wire.paging.pagers import Offset, PageNumber

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.wire.message import Request
    from restmill.wire.paging.pagers import Pager

_LARGER = 10
"""How many times the declared size is asked for at most."""
_LARGEST = 5_000
_SMALLER = (0.8, 0.6, 0.45, 0.7)


def other_sizes(pager: Offset | PageNumber, request: Request, given: int, total: int | None) -> list[int]:
    """Further page sizes, the most promising first; 0 where no size can be asked for.

    `given` is how many rows a page had. Where the server gave what was asked for, a larger page comes first:
    fewer cuts, and none where it holds the whole list. Then primes below `given`: their cuts fall elsewhere.
    """
    asked = pager.limit if isinstance(pager, Offset) else (asked_size(request) or ("", 0))[1]
    if not asked or not given:
        return [0]
    larger = total + 1 if total and total < _LARGEST else min(_LARGER * asked, _LARGEST)
    sizes = [larger] if given >= asked and larger > asked else []
    sizes += [prime for share in _SMALLER if (prime := _prime_below(int(given * share)))]
    return list(dict.fromkeys(sizes)) or [0]


def resized(pager: Pager | None, request: Request, size: int) -> tuple[Pager | None, Request]:
    """The pager and the request that ask for pages of `size` rows; unchanged for 0."""
    if size and isinstance(pager, Offset):
        return replace(pager, limit=size), request
    named = asked_size(request)
    if size and named and isinstance(pager, PageNumber):
        return pager, request.with_params({named[0]: size})
    return pager, request


def _prime_below(most: int) -> int:
    """The largest prime up to `most`; 0 when there is none."""
    primes: Iterator[int] = (n for n in range(most, 1, -1) if all(n % d for d in range(2, int(n**0.5) + 1)))
    return next(primes, 0)
