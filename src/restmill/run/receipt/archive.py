"""The archive: one JSON file for each run, below the folder that the run was started in.

    .restmill/receipts/<pipeline>/<run id>.json

A run's id begins with its start in UTC, so names sort as the runs do. A file appears whole or not at all: it
is written under another name and renamed. Of each pipeline the newest `KEPT` are kept. A receipt that cannot
be written costs the run nothing: `file` says so in the log, and whoever stands in for it with `filing`, in
its own way. A run that was killed is known by the file of a run `under_way`.
"""

from __future__ import annotations

import json
import logging
import os
import re
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from restmill.run.receipt import under_way
from restmill.run.receipt.receipt import VERDICTS, Earlier, Evidence, Failure, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from restmill.path import Json

FOLDER = Path(".restmill") / "receipts"
KEPT = 100
"""Receipts kept of each pipeline."""
FORMAT = 1
"""Of the file; a reader of this version reads files of the same format, whatever fields they add."""

_NAME = re.compile(r"\d{8}T\d{6}(\.\d{3})?Z-[0-9a-f]{6}\.(json|open)")
_log = logging.getLogger("restmill")


def as_json(receipt: Receipt) -> dict[str, Json]:
    """The receipt as a JSON object: what a file holds, and what `--json` prints."""
    summed = {"format": FORMAT, "verdict": receipt.verdict, "exit_code": receipt.exit_code}
    return {**summed, **asdict(receipt)}


def from_json(document: Json) -> Receipt:
    """The receipt in a JSON object; fields that this version does not know are left out.

    Raises:
        ValueError: it is none, or of another format.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError("not a receipt of a format that this version reads")
    try:
        resources = tuple(Evidence(**_known(Evidence, one)) for one in document["resources"])
        error = document.get("error")
        rest = _known(Receipt, document)
        rest["earlier"] = tuple(Earlier(**_known(Earlier, one)) for one in document.get("earlier", ()))
        rest |= {"resources": resources, "error": Failure(**_known(Failure, error)) if error else None}
        receipt = Receipt(**rest)
    except (KeyError, TypeError, AttributeError) as why:
        raise ValueError(f"not a receipt: {why}") from why
    if any(one.verdict not in VERDICTS for one in resources):
        raise ValueError("not a receipt: a verdict that this version does not know")
    return receipt


def _known(kind: Any, document: Mapping[str, Json]) -> dict[str, Any]:
    """The values for a dataclass of ours; JSON has lists where it has tuples."""
    names = {one.name for one in fields(kind)}
    found = {name: value for name, value in document.items() if name in names}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def store(receipt: Receipt, folder: Path = FOLDER) -> Path:
    """Write the receipt, and drop the oldest of its pipeline beyond `KEPT`; returns its path.

    Raises:
        OSError: it could not be written.
    """
    home = folder / _folder_name(receipt.pipeline)
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"{receipt.run_id}.json"
    unready = home / f".{receipt.run_id}.{os.getpid()}.tmp"
    try:
        unready.write_bytes(_text_of(receipt))
        unready.replace(path)
    finally:
        unready.unlink(missing_ok=True)
    for old in _files(home)[KEPT:]:
        old.unlink(missing_ok=True)
    return path


def begin(receipt: Receipt, folder: Path = FOLDER) -> under_way.Mark:
    """Note that a run has begun, with its receipt so far; the answer is told when it has ended."""
    home = folder / _folder_name(receipt.pipeline)
    return under_way.Mark(home / f"{receipt.run_id}{under_way.SUFFIX}", _text_of(receipt))


def _text_of(receipt: Receipt) -> bytes:
    return json_of(as_json(receipt)) + b"\n"


def json_of(document: object) -> bytes:
    """Any document as indented JSON: what a server or a config says may be text or numbers of any kind."""
    try:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str)
    except TypeError:  # half of a surrogate pair, an integer beyond 64 bits
        return json.dumps(document, indent=2, default=str).encode()


def _folder_name(pipeline: str) -> str:
    """The pipeline's name as the name of a folder: what is special to a file system is percent-encoded."""
    name = quote(pipeline, safe=" ()+,@=~")
    return name.replace(".", "%2E") if not name.strip(".") else name


@dataclass(frozen=True, slots=True)
class Shelf:
    """Receipts that were found, newest first, and the files that hold none this version can read."""

    receipts: tuple[Receipt, ...] = ()
    unreadable: tuple[Path, ...] = ()


def stored(pipeline: str = "", folder: Path = FOLDER, most: int | None = None) -> Shelf:
    """The newest `most` receipts of one pipeline, or of all."""
    return _read([folder / _folder_name(pipeline)] if pipeline else folder.glob("*/"), most=most)


def named(run: str, folder: Path = FOLDER) -> Shelf:
    """The receipts whose run id, or the part of it after the time, begins with `run`, newest first."""
    return _read(folder.glob("*/"), run)


def _read(homes: Iterable[Path], run: str = "", most: int | None = None) -> Shelf:
    files = [one for home in homes for one in _files(home) if _is_named(one, run)]
    found: list[Receipt] = []
    unreadable: list[Path] = []
    for one in sorted(files, key=lambda path: path.name, reverse=True):
        if most is not None and len(found) >= most:
            break
        try:
            found.append(_receipt_in(one))
        except (ValueError, OSError):  # orjson's errors are of the first class, too
            unreadable.append(one)
    return Shelf(tuple(found), tuple(unreadable))


def _receipt_in(path: Path) -> Receipt:
    receipt = from_json(orjson.loads(path.read_bytes()))
    return under_way.seen(path, receipt) if path.suffix == under_way.SUFFIX else receipt


def _is_named(path: Path, run: str) -> bool:
    return path.stem.startswith(run) or path.stem.rpartition("-")[2].startswith(run)


def _files(home: Path) -> list[Path]:
    """The receipts of a folder, newest first; whatever else is there is none of ours.

    A run that has ended between its two files has left both: the receipt counts.
    """
    if not home.is_dir():
        return []
    files = {file for file in home.iterdir() if _NAME.fullmatch(file.name)}
    both = {file.with_suffix(under_way.SUFFIX) for file in files if file.suffix == ".json"}
    return sorted(files - both, reverse=True)


def file(receipt: Receipt) -> None:
    """Hand the receipt of a run that has ended to whoever keeps receipts: the archive, unless told else."""
    _desk(receipt)


@contextmanager
def filing(desk: Callable[[Receipt], None]) -> Iterator[None]:
    """Hand every receipt of this process to `desk` instead, until the block ends."""
    global _desk  # noqa: PLW0603  # runs are started deep inside scripts, which nothing can be handed to
    before, _desk = _desk, desk
    try:
        yield
    finally:
        _desk = before


def _store_or_say(receipt: Receipt) -> None:
    try:
        store(receipt)
    except OSError as error:
        _log.warning(UNWRITTEN.format(folder=FOLDER, why=why(error)))


UNWRITTEN = "the receipt of this run could not be written to {folder}: {why}"


def why(error: OSError) -> str:
    """The system's reason, in lower case: `permission denied`."""
    return (error.strerror or type(error).__name__).lower()


_desk: Callable[[Receipt], None] = _store_or_say
