"""Child processes: started with a log, measured by what they use, ended by their id."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from kpistream.edges.embedded_broker import die_with_parent

ROOT: Final = Path(__file__).resolve().parents[1]
_STOP_S: Final = 30.0
_LOG_TAIL: Final = 4000


class ChildError(RuntimeError):
    """A child ended or did nothing; the message ends with its log."""


class Child:
    """One Python program as a process of its own, while its context is open."""

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        *,
        reports: bool = False,
        stops_in_order: bool = True,
    ) -> None:
        """Say whether :meth:`report` will be called, and whether it may be ended just so."""
        self._arguments = [sys.executable, *arguments]
        self._log = log
        self._environment = dict(environment or {})
        self._reports = reports
        self._stops_in_order = stops_in_order
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("KPISTREAM_")}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own programs
                self._arguments,
                cwd=ROOT,
                env=inherited | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if self._reports else log,
                stderr=log,
                preexec_fn=die_with_parent(),
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process = self._running()
        if self._stops_in_order and kind is None:
            process.terminate()
        else:
            process.kill()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        finally:
            if process.stdout is not None:
                process.stdout.close()

    @property
    def cpu_s(self) -> float:
        """The processor time it has used, user and system, in seconds."""
        return cpu_seconds(self._running().pid)

    @property
    def peak_bytes(self) -> int:
        """The most memory it has had, resident, in bytes."""
        return resident_bytes(self._running().pid, "VmHWM")

    def check(self) -> None:
        """Raise ChildError if it has ended."""
        code = self._running().poll()
        if code is not None:
            raise self.error(f"ended with {code}")

    def report(self) -> bytes:
        """Wait for the line of JSON on its standard output; raises ChildError if none comes."""
        stdout = self._running().stdout
        for line in stdout or ():
            if line.startswith(b"{"):
                return line
        raise self.error("said nothing")

    def error(self, what: str) -> ChildError:
        """An error about this child, with the end of its log."""
        log = self._log.read_text(errors="replace")[-_LOG_TAIL:]
        return ChildError(f"{' '.join(self._arguments[1:])}: {what}; its log ends:\n{log}")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the child was not started")
        return self._process


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all threads; Linux only."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = after_name[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int, which: str = "VmRSS") -> int:
    """A process's resident memory in bytes, now or at its peak (``VmHWM``); Linux only."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith(f"{which}:"))
    return int(found.split()[1]) * 1024
