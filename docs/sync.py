"""Keep the docs in step with the code: rewrite what is generated, or with --check say what is behind.

A page holds `<!-- generated: NAME -->` and `<!-- end of NAME -->`; what stands between belongs to the block
of that name. Every page may hold any number of blocks.
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from restmill import events
from restmill.cli.app import app
from restmill.config.model import kinds
from restmill.config.model.config import Config
from restmill.config.model.hints import STRATEGIES
from restmill.plan.destinations import DESTINATIONS
from restmill.plan.dispositions import Asked, outcome
from restmill.sandbox import COLLECTIONS, ROUTES, SWITCH_TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from dataclasses import Field

    from restmill.plan.destinations import Abilities
    from restmill.plan.dispositions import Outcome

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end of (?P=name) -->)", re.DOTALL)
NOT_GIVEN = re.compile(r"; (?P<default>[^;.]+?),? when not given\.$")
"""How a description ends that says what holds when the key is left out."""
WIDTH = 80


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [list(heads)]
    lines += [["---"] * len(lines[0])]
    lines += [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# --- the command line ---------------------------------------------------------------------------------------


def help_block() -> str:
    """What `restmill --help` prints."""
    first = next(_contexts(app, "restmill", None))
    return f"```text\n$ restmill --help\n{_help(first)}\n```"


def cli_block() -> str:
    """One section a command: its usage, its arguments and options."""
    found = _contexts(app, "restmill", None)
    return "\n\n".join(f"## {one.command_path}\n\n```text\n{_help(one)}\n```" for one in found)


def _contexts(command: click.Command, name: str, parent: click.Context | None) -> Iterator[click.Context]:
    """The command and all below it, in the order in which help lists them."""
    # A fixed width: the text must not depend on the terminal it is made in.
    settings = {**command.context_settings, "terminal_width": WIDTH}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    yield context
    if isinstance(command, click.Group):
        for word in command.list_commands(context):
            inner = command.get_command(context, word)
            if inner and not inner.hidden:
                yield from _contexts(inner, word, context)


def _help(context: click.Context) -> str:
    return "\n".join(line.rstrip() for line in context.get_help().splitlines())


# --- the config ---------------------------------------------------------------------------------------------


def config_block() -> str:
    """One section a mapping, in the order in which a reader meets them."""
    sections = _sections()
    return "\n\n".join(_section(title, block, sections) for title, block in sections.items())


def _sections() -> dict[str, type[kinds.Block]]:
    """Every mapping the config may hold, under the title of its first mention."""
    waiting: list[tuple[str, type[kinds.Block]]] = [("the whole config", Config)]
    found: dict[str, type[kinds.Block]] = {}
    while waiting:
        title, block = waiting.pop(0)
        if block in found.values():
            continue
        found[title] = block
        for name, one in kinds.keys_of(block).items():
            waiting += _inside(kinds.kind_of(one), name)
    return found


def _inside(kind: kinds.Kind, name: str) -> list[tuple[str, type[kinds.Block]]]:
    """The mappings a key's value may be, each with its title."""
    match kind:
        case kinds.Keys():
            return [(name, kind.of)]
        case kinds.Tagged():
            return [(_typed(kind, block), block) for block in dict.fromkeys(kind.variants.values())]
        case kinds.Listing():
            return _inside(kind.of, f"each of {name}")
        case kinds.Table():
            return _inside(kind.of, name)
        case kinds.OneOf():
            return [pair for one in kind.kinds for pair in _inside(one, name)]
        case _:
            return []


def _typed(kind: kinds.Tagged, block: type[kinds.Block]) -> str:
    words = " or ".join(word for word, one in kind.variants.items() if one is block)
    return f"{kind.what}, type {words}"


def _section(title: str, block: type[kinds.Block], sections: dict[str, type[kinds.Block]]) -> str:
    above = [known for known in sections.items() if known[1] in block.__mro__[1:]]
    known = kinds.keys_of(above[0][1]) if above else {}
    rows = [
        (f"`{name}`", _said(kinds.kind_of(one), sections), _default(one), _meaning(one))
        for name, one in kinds.keys_of(block).items()
        if name not in known or _default(one) != _default(known[name])
    ]
    same = f"The keys of [{above[0][0]}](#{_anchor(above[0][0])}), and:\n\n" if above else ""
    keys = table(("key", "value", "default", "meaning"), rows) if rows else "No further keys."
    return f"### {title}\n\n{(block.__doc__ or '').strip()}\n\n{same}{keys}"


def _default(one: Field[object]) -> str:
    if kinds.is_required(one):
        return "**required**"
    if one.default is MISSING or one.default in (None, (), "") or isinstance(one.default, kinds.Block):
        said = NOT_GIVEN.search(one.metadata["doc"])
        return said["default"] if said else ""
    shown = one.default if not isinstance(one.default, bool) else str(one.default).lower()
    return ", ".join(f"`{value}`" for value in (shown if isinstance(shown, tuple) else (shown,)))


def _meaning(one: Field[object]) -> str:
    """The description, without the default that stands in a column of its own."""
    return NOT_GIVEN.sub(".", one.metadata["doc"])


WORDS: dict[type[kinds.Kind], str] = {
    kinds.Text: "text",
    kinds.HeaderValue: "text",
    kinds.Hidden: "secret text",
    kinds.Status: "HTTP status",
    kinds.Flag: "true or false",
    kinds.JsonPath: "JSON path",
    kinds.HttpUrl: "URL",
    kinds.Anything: "anything",
    kinds.Function: "function (Python)",
}


def _said(kind: kinds.Kind, sections: dict[str, type[kinds.Block]]) -> str:
    """What a value may be, in words."""
    match kind:
        case kinds.Choice():
            said = ", ".join(f"`{word}`" for word in kind.words)
        case kinds.Whole() | kinds.Number():
            said = _number(kind)
        case kinds.Instance():
            said = f"{kind.of} (Python)"
        case kinds.Listing():
            said = f"list of {_said(kind.of, sections)}"
        case kinds.Table():
            said = f"mapping of {_said(kind.of, sections)}"
        case kinds.Keys() | kinds.Tagged():
            said = _link(kind, sections)
        case kinds.OneOf():
            said = " or ".join(dict.fromkeys(_said(one, sections) for one in kind.kinds))
        case _:
            said = WORDS[type(kind)]
    return said


def _link(kind: kinds.Keys | kinds.Tagged, sections: dict[str, type[kinds.Block]]) -> str:
    """A link to the section of a mapping, or of the first of its types."""
    first = kind.of if isinstance(kind, kinds.Keys) else next(iter(kind.variants.values()))
    title = next(title for title, block in sections.items() if block is first)
    said = kind.what if isinstance(kind, kinds.Tagged) else title.removeprefix("each of ")
    return f"[{said}](#{_anchor(title)})"


def _number(kind: kinds.Whole | kinds.Number) -> str:
    least = "" if kind.least is None else f" from {kind.least:g}"
    most = "" if kind.most is None else f" to {kind.most:g}"
    above = " above 0" if isinstance(kind, kinds.Number) and kind.positive else ""
    return f"{'whole ' if isinstance(kind, kinds.Whole) else ''}number{least}{most}{above}"


def _anchor(title: str) -> str:
    """The anchor that Markdown renderers give to a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


# --- the sandbox --------------------------------------------------------------------------------------------


def routes_block() -> str:
    """What the sandbox serves."""
    return table(("route", "answer"), ((f"`{route}`", answer) for route, answer in ROUTES))


def collections_block() -> str:
    """What the sandbox has records of."""
    return ", ".join(f"`{name}`" for name in COLLECTIONS)


def switches_block() -> str:
    """How the sandbox can misbehave."""
    rows = ((f"`{name}`", takes, default, meaning) for name, takes, default, meaning in SWITCH_TABLE)
    return table(("switch", "takes", "default", "meaning"), rows)


# --- events -------------------------------------------------------------------------------------------------


def events_block() -> str:
    """Every event with its own fields."""
    rows = (
        (f"`{one.__name__}`", ", ".join(f"`{name}`" for name in _own_fields(one)), _first(one))
        for one in vars(events).values()
        if isinstance(one, type) and issubclass(one, events.Event) and one is not events.Event
    )
    return table(("event", "fields", "meaning"), rows)


def _own_fields(event: type[events.Event]) -> list[str]:
    known = {one.name for one in fields(events.Event)}
    return [one.name for one in fields(event) if one.name not in known]


def _first(event: type[events.Event]) -> str:
    return (event.__doc__ or "").partition("\n")[0]


# --- destinations ------------------------------------------------------------------------------------------


def dispositions_block() -> str:
    """What each destination does with each disposition and strategy of merging and of replacing."""
    heads = ("destination", "`merge`", *(f"`{one}`" for one in STRATEGIES), "`replace`")
    return table(heads, (row for able in DESTINATIONS.values() for row in _kept(able)))


def _kept(able: Abilities) -> Iterator[tuple[str, ...]]:
    """One row for each of the destination's table formats that make a difference."""
    for table_format in (
        "",
        *(one for one in able.formats if able.merges.get(one) or able.replaces.get(one)),
    ):
        told = f", `table_format: {table_format}`" if table_format else ""
        merges = (outcome(able, Asked("merge", one, table_format, primary_key=True)) for one in STRATEGIES)
        usual = outcome(able, Asked("merge", "", table_format, primary_key=True))
        cells = ["no" if one.refusal else "the function" if able.decides else "yes" for one in merges]
        strategies = ", ".join(f"`{one}`" for one in able.replacing(table_format))
        yield (
            f"`{able.name}`{told}",
            _usually(usual),
            *cells,
            strategies or ("the function" if able.decides else "nothing is kept"),
        )


def _usually(usual: Outcome) -> str:
    """What plain `merge` becomes."""
    if usual.refusal:
        return "refused; dlt appends" if usual.really == "append" else "refused"
    return f"`{found[1]}`" if (found := re.search(r"\((.*)\)", usual.really)) else "the function"


# --- rooms -------------------------------------------------------------------------------------------------


def rooms_block() -> str:
    """The folders of the package as a tree, each with the first sentence of its docstring."""
    top = ROOT / "src" / "restmill"
    found = (one.parent.relative_to(top) for one in top.rglob("__init__.py"))
    folders = sorted((one for one in found if one.parts), key=lambda one: one.parts)
    lines = (_room(one.parts, top / one / "__init__.py") for one in folders)
    return "\n".join(["```", *lines, "```"])


def _room(parts: tuple[str, ...], init: Path) -> str:
    said = (ast.get_docstring(ast.parse(init.read_text())) or "").partition("\n\n")[0].replace("\n", " ")
    name = f"{'  ' * (len(parts) - 1)}{parts[-1]}/"
    subject, _, rest = said.partition(": ")
    return f"{name:20}{rest or subject}"


# --- pages --------------------------------------------------------------------------------------------------

BLOCKS: dict[str, Callable[[], str]] = {
    "help": help_block,
    "cli": cli_block,
    "config": config_block,
    "dispositions": dispositions_block,
    "events": events_block,
    "rooms": rooms_block,
    "sandbox-collections": collections_block,
    "sandbox-routes": routes_block,
    "sandbox-switches": switches_block,
}


def renewed(text: str) -> str:
    """The page with its blocks as the code has them now.

    Raises:
        KeyError: the page names a block that does not exist.
    """
    return BLOCK.sub(lambda found: f"{found[1]}\n{BLOCKS[found['name']]()}\n\n{found[3]}", text)


def pages() -> list[Path]:
    """Every page that may hold blocks."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def main(arguments: list[str]) -> int:
    """Renew all pages, or with `--check` only name those that are behind; 1 when there are any."""
    texts = {page: page.read_text() for page in pages()}
    behind = {page: new for page, text in texts.items() if (new := renewed(text)) != text}
    if "--check" not in arguments:
        for page, new in behind.items():
            page.write_text(new)
        return 0
    for page in behind:
        print(f"{page.relative_to(ROOT)} is behind the code: run `make docs`")
    return 1 if behind else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
