"""Property: any key of any parity config, misspelt, is one problem that names it and shows no value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import assume, given
from hypothesis import strategies as st

from restmill.config.check.check import check
from restmill.config.model.config import Config
from restmill.config.model.kinds import Keys
from restmill.config.positions import written
from restmill.errors import ConfigError
from tests.config.test_misspelling import MARKER, keys_in, misspelt
from tests.parity.cases import CASES

if TYPE_CHECKING:
    from restmill.config.positions import Keys as PathKeys
    from tests.parity.case import Case

API = "http://api.invalid"
# A config that both engines refuse has a problem of its own already; one that `build` makes is none.
SOUND = [case for case in CASES.values() if not (case.fails or case.build or case.needs)]
PLACES = [
    (case, path, siblings) for case in SOUND for path, siblings in keys_in(Keys(Config), case.config(API), ())
]
_LEAST = 1000


@given(data=st.data(), place=st.sampled_from(PLACES))
def test_one_misspelt_key_is_one_problem(
    data: st.DataObject, place: tuple[Case, PathKeys, frozenset[str]]
) -> None:
    case, path, siblings = place
    wrong = data.draw(misspelt(str(path[-1])))
    assume(wrong not in siblings)
    judge(case, path, wrong)


def test_every_key_once() -> None:
    for case, path, _ in PLACES:
        judge(case, path, f"{path[-1]}x")
    assert len(PLACES) >= _LEAST


def copied(tree: Any) -> Any:
    """The tree with its own dicts and lists; what else hangs in it stays where it is."""
    match tree:
        case dict():
            return {key: copied(value) for key, value in tree.items()}
        case list():
            return [copied(value) for value in tree]
        case _:
            return tree


def judge(case: Case, path: PathKeys, wrong: str) -> None:
    """Put the wrong key in place of the right one, and a marker in place of its value."""
    tree = copied(case.config(API))
    *above, right = path
    inner: Any = tree
    for step in above:
        inner = inner[step]
    value = inner.pop(right)
    inner[wrong] = {MARKER: MARKER} if isinstance(value, dict | list) else MARKER
    try:
        check(tree)
    except ConfigError as error:
        found = error.problems
    else:
        raise AssertionError(f"{case.name}: {written((*above, wrong))} passed")
    assert len(found) == 1, (case.name, path, found)
    assert found[0].place.path == written((*above, wrong)), case.name
    assert found[0].hint == f"Did you mean '{right}'?"
    assert MARKER not in str(found[0])
    assert MARKER not in repr(found[0])
