"""What Linux knows: the CPU time and memory of a process and all below it, and of the whole machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
CORES = os.cpu_count() or 1
_MEASURED = ("restmill", "dlt", "duckdb", "pyarrow", "aiohttp", "orjson", "requests")


def busy_seconds() -> float:
    """CPU seconds that all processes of the machine together have used, and that a hypervisor took away."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _idle, _waiting, hard, soft, stolen = fields
    return (user + nice + system + hard + soft + stolen) / _TICKS


def cpu_seconds(pid: int) -> float:
    """CPU seconds that one process has used, without its children."""
    user, system = _stat(pid)[11:13]
    return (int(user) + int(system)) / _TICKS


def tree_bytes(pid: int) -> int:
    """Resident memory of a process and all below it; pages that two of them share count twice."""
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * _PAGE
            for thread in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while it was looked at
    return total


def described() -> dict[str, str]:
    """The machine and the versions a measurement belongs to."""
    release = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    memory = os.sysconf("SC_PHYS_PAGES") * _PAGE / 2**30
    return {
        "machine": f"{CORES} x {_processor()}, {memory:.0f} GiB, {release}",
        "python": platform.python_version(),
        **{name: _version(name) for name in _MEASURED},
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(name: str) -> str:
    if name == "restmill":  # it may run from its sources, uninstalled
        from restmill import __version__  # noqa: PLC0415

        return __version__
    return version(name)


def _stat(pid: int) -> list[str]:
    """Fields of `/proc/PID/stat` from the state on: the name before it may hold spaces (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
