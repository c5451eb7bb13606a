"""Recovery: what a killed run has left in dlt's working folder is put right before dlt goes on with it.

Under the pipeline's lock, so whatever lies there is nobody's any more. dlt moves a package by renaming its
folder, from step to step, so a package that lies in two places was caught between the rename and what
follows it:

    normalize/<chance>/<id>   an extract that never committed: deleted
    normalize/extracted/<id>  committed; deleted when it has been normalized, or is half deleted itself, or
                              when the pipeline knows no schema: its first run was killed before it was known
    load/new/<id>             a normalize that never committed: deleted, it is done again from the extracted
    load/normalized/<id>      to be loaded, or being loaded; a mark that it is complete is taken off, because
                              dlt refuses to complete it again
    load/loaded/<id>          done; a half that stayed behind is deleted

Finished packages are kept for whoever looks into them: the newest `KEPT`, and the files of the newest one.
Those with failed jobs, or given up, are not touched: nothing else has their rows.
"""

from __future__ import annotations

import re
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from dlt.common.storages import LoadStorage, NormalizeStorage, PackageStorage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt import Pipeline

KEPT = 20
"""Finished packages that are kept of each pipeline."""
_UNREADY = re.compile(r"[0-9a-f]{16}")
"""How dlt names a file that it is about to rename."""


def recover(pipeline: Pipeline) -> None:
    """Put right what a killed run has left in the pipeline's working folder.

    Raises:
        OSError: a file cannot be deleted.
    """
    normalize = Path(pipeline._get_normalize_storage().storage.storage_path)  # noqa: SLF001  # dlt leaves its folders there
    load = Path(pipeline._get_load_storage().storage.storage_path)  # noqa: SLF001  # as above
    extracted = normalize / NormalizeStorage.EXTRACTED_FOLDER
    new, normalized, loaded = (
        load / name
        for name in (
            LoadStorage.NEW_PACKAGES_FOLDER,
            LoadStorage.NORMALIZED_FOLDER,
            LoadStorage.LOADED_FOLDER,
        )
    )
    _delete(folder for folder in _folders(normalize) if folder != extracted)
    halves = [folder.name for folder in _folders(new)]
    _delete(normalized / name for name in halves)  # renamed file by file, where a folder could not be
    _delete(_folders(new))
    _delete(folder for folder in _folders(normalized) if (loaded / folder.name).is_dir())
    unknown = not pipeline.default_schema_name
    _delete(one for one in _folders(extracted) if unknown or _is_over(one, normalized, loaded))
    for folder in _folders(normalized):
        (folder / PackageStorage.PACKAGE_COMPLETED_FILE_NAME).unlink(missing_ok=True)
    for home in (Path(pipeline.working_dir), normalize, extracted, load, new, normalized, loaded):
        _delete_unready(home)


def tidy(pipeline: Pipeline) -> None:
    """Delete finished packages beyond the newest `KEPT`, and the files of all but the newest one.

    Raises:
        OSError: a file cannot be deleted.
    """
    loaded = Path(pipeline._get_load_storage().storage.storage_path) / LoadStorage.LOADED_FOLDER  # noqa: SLF001  # as above
    finished = sorted(filter(_went_well, _folders(loaded)), reverse=True)
    _delete(folder / PackageStorage.COMPLETED_JOBS_FOLDER for folder in finished[1:KEPT])
    _delete(finished[KEPT:])


def _is_over(extracted: Path, normalized: Path, loaded: Path) -> bool:
    """Whether an extracted package has been normalized, or was being deleted."""
    known = any((home / extracted.name).is_dir() for home in (normalized, loaded))
    return known or not (extracted / PackageStorage.SCHEMA_FILE_NAME).is_file()


def _went_well(package: Path) -> bool:
    mark = package / PackageStorage.PACKAGE_COMPLETED_FILE_NAME
    failed = package / PackageStorage.FAILED_JOBS_FOLDER
    if any(failed.glob("*")):
        return False
    return mark.is_file() and mark.read_text() == "loaded"


def _folders(home: Path) -> list[Path]:
    return [entry for entry in home.glob("*") if entry.is_dir()]


def _delete(folders: Iterator[Path] | list[Path]) -> None:
    for folder in folders:
        if folder.is_dir():
            rmtree(folder)


def _delete_unready(home: Path) -> None:
    for file in home.glob("*"):
        if _UNREADY.fullmatch(file.name) and file.is_file():
            file.unlink()
