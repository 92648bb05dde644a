"""A Kafka-compatible broker in a child process, for the demo: no Java, no Docker."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

_START_TIMEOUT = 20.0
_STOP_TIMEOUT = 10.0
_POLL_SECONDS = 0.05


class EmbeddedBrokerError(RuntimeError):
    """The embedded broker did not start; the message ends with what it printed."""


class EmbeddedBrokerMissingError(EmbeddedBrokerError):
    """The wheel that holds the embedded broker is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "the embedded broker is not installed: run  pip install 'kpistream[embedded]'"
        )


class EmbeddedBroker:
    """One `noida-db` process that speaks Kafka on a free loopback port.

    For a demo only: it serves one worker, holds all records in memory, rewrites them whole
    to one file about once a second, and loses acknowledged ones when killed. So give its
    topics a short `retention.ms`. Its data directory is a temporary one, deleted at the
    end, unless `data_dir` is given; every start listens on a new port.
    """

    def __init__(self, data_dir: Path | None = None) -> None:
        self._keep = data_dir is not None
        self._data_dir = data_dir
        self._port = 0
        self._process: Process | None = None

    @property
    def bootstrap(self) -> str:
        """The address for clients, "127.0.0.1:port"; known once started."""
        return f"127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Start the process and return once it answers metadata requests.

        Raises EmbeddedBrokerMissingError without the wheel, and EmbeddedBrokerError when
        the process exits or stays silent for 20 seconds.
        """
        program = _program()
        self._data_dir = self._data_dir or Path(tempfile.mkdtemp(prefix="kpistream-broker-"))
        self._port = free_port()
        try:
            self._process = await _spawn(program, self._port, self._data_dir)
            await self._wait_until_ready(self._process)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the process and delete a temporary data directory; does nothing when down."""
        if self._process is not None:
            await _end(self._process)
            self._process = None
        if self._data_dir is not None and not self._keep:
            shutil.rmtree(self._data_dir, ignore_errors=True)
            self._data_dir = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _wait_until_ready(self, process: Process) -> None:
        try:
            async with asyncio.timeout(_START_TIMEOUT):
                while not await _answers(self._port):
                    if process.returncode is not None:
                        raise self._error(f"exited with {process.returncode}")
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise self._error(f"did not answer in {_START_TIMEOUT:.0f} s") from None

    def _error(self, what: str) -> EmbeddedBrokerError:
        printed = _log_file(self._data_dir).read_text(errors="replace") if self._data_dir else ""
        return EmbeddedBrokerError(f"the embedded broker {what}; it printed:\n{printed[-2000:]}")


def _program() -> Path:
    """The executable inside the wheel, whose Python wrapper would hide the process id."""
    name = "noida-db.exe" if os.name == "nt" else "noida-db"
    try:
        program = Path(str(files("noida_db").joinpath(name)))
    except ModuleNotFoundError:
        raise EmbeddedBrokerMissingError from None
    if not program.is_file():
        raise EmbeddedBrokerMissingError
    if not os.access(program, os.X_OK):
        program.chmod(0o755)
    return program


def _log_file(data_dir: Path) -> Path:
    return data_dir / "broker.log"


def _open_log(data_dir: Path) -> BinaryIO:
    data_dir.mkdir(parents=True, exist_ok=True)
    return _log_file(data_dir).open("ab")


async def _spawn(program: Path, port: int, data_dir: Path) -> Process:
    options = ["--only", "kafka", "--kafka-port", str(port), "--data-dir", str(data_dir)]
    with _open_log(data_dir) as log:
        return await asyncio.create_subprocess_exec(
            program,
            "start",
            *options,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_TIMEOUT)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _answers(port: int) -> bool:
    """Whether a broker on this loopback port answers a metadata request."""
    if not await _listens(port):  # else aiokafka logs an error at each try
        return False
    client = AIOKafkaClient(bootstrap_servers=f"127.0.0.1:{port}")
    try:
        await client.bootstrap()
    except KafkaError:
        return False
    finally:
        await client.close()
    return True


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def free_port() -> int:
    """A loopback TCP port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def die_with_parent() -> Callable[[], None] | None:
    """A `preexec_fn` by which the kernel kills the child when its parent is gone (Linux).

    The parent is the starting thread: start children from one that lives long enough.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)  # loaded before the fork: the child must not import
    parent = os.getpid()

    def hook() -> None:
        pr_set_pdeathsig = 1
        libc.prctl(pr_set_pdeathsig, int(signal.SIGKILL))
        if os.getppid() != parent:
            os._exit(1)

    return hook
