"""Processes of a measurement: the sandbox that serves, and one peer measured from its start to its end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.peers.job import Job
    from bench.scenarios import Peer, Scenario

ROOT = Path(__file__).resolve().parent.parent
_SAMPLE = 0.05
"""Seconds between two looks at a peer's memory."""
_LONGEST = 1800.0
"""Seconds after which a peer is ended."""
_ERROR = re.compile(r"[\w.]+(Error|Exception|Failed\w*|Missing\w*): ")
_LONGEST_LINE = 140


@dataclass(frozen=True, slots=True)
class Server:
    """A sandbox that serves one scenario."""

    base_url: str
    pid: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process used: seconds, CPU seconds of its tree, MB; `noise` is the rest of the machine's load.

    `noise` is the CPU that neither the peer nor the sandbox used, as a share of all cores.
    """

    wall: float
    cpu: float
    rss: float
    server_cpu: float
    noise: float
    failure: str
    """What error it ended with; "" when it ended well."""


@contextmanager
def serving(scenario: Scenario) -> Iterator[Server]:
    """A sandbox process with the scenario's data, all of it made before the block begins.

    Raises:
        RuntimeError: it did not start.
    """
    names = ("projects", "tasks") if scenario.collection == "tasks" else (scenario.collection,)
    warm = [word for name in names for word in ("--warm", name)]
    size = ["--rows", str(scenario.rows), "--latency-ms", str(scenario.latency_ms)]
    command = [sys.executable, "-m", "restmill.sandbox", "--port", "0", *size, *warm]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment()) as process:
        try:
            assert process.stdout is not None
            announced = process.stdout.readline().split()
            if not announced:
                raise RuntimeError("the sandbox did not start")
            yield Server(announced[-1], process.pid)
        finally:
            process.terminate()


def measured(peer: Peer, job: Job, server: Server) -> Usage:
    """Run a peer to its end."""
    command = [sys.executable, "-m", f"bench.peers.{peer.module}", job.as_argument()]
    busy, served = machine.busy_seconds(), machine.cpu_seconds(server.pid)
    began = time.perf_counter()
    with (Path(job.folder) / "stderr.txt").open("w+b") as errors:
        process = subprocess.Popen(
            command,
            cwd=job.folder,
            env=_environment(peer.settings),
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        with _sampling(process.pid) as peaks, _ending(process.pid):
            _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip().splitlines()
    cpu = used.ru_utime + used.ru_stime
    server_cpu = machine.cpu_seconds(server.pid) - served
    others = machine.busy_seconds() - busy - cpu - server_cpu
    return Usage(
        wall=wall,
        cpu=cpu,
        rss=max(*peaks, used.ru_maxrss * 1024) / 1e6,
        server_cpu=server_cpu,
        noise=max(0.0, others / (machine.CORES * wall)),
        failure=_failure(process.returncode, said),
    )


def _failure(code: int, said: list[str]) -> str:
    if code == 0:
        return ""
    errors = [line for line in said if _ERROR.match(line)]
    line = errors[0] if errors else said[-1] if said else "no word"  # a chain begins with its cause
    return f"ended with {code}: {line[:_LONGEST_LINE]}"


@contextmanager
def _sampling(pid: int) -> Iterator[list[int]]:
    """Collect the memory of a process tree until the block ends."""
    peaks, over = [0], threading.Event()

    def sample() -> None:
        while not over.wait(_SAMPLE):
            peaks[0] = max(peaks[0], machine.tree_bytes(pid))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()


@contextmanager
def _ending(pid: int) -> Iterator[None]:
    """End a process and all it started, should the block last too long or be interrupted."""
    timer = threading.Timer(_LONGEST, os.killpg, (pid, signal.SIGKILL))
    timer.start()
    try:
        yield
    except BaseException:
        os.killpg(pid, signal.SIGKILL)
        raise
    finally:
        timer.cancel()


def _environment(settings: tuple[tuple[str, str], ...] = ()) -> Mapping[str, str]:
    """The environment of a process: this checkout is measured, dlt calls nobody, loopback needs no proxy."""
    path = os.pathsep.join(filter(None, (str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return {**os.environ, "PYTHONPATH": path, **quiet, **dict(settings)}
