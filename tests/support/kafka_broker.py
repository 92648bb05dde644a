"""A real Apache Kafka for tests: one KRaft node on loopback, from Maven artifacts."""

from __future__ import annotations

import hashlib
import socket
import struct
import subprocess
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from kpistream.edges.embedded_broker import die_with_parent, free_port

_ROOT = Path(__file__).resolve().parents[2]
_POM = Path(__file__).resolve().parent / "kafka" / "pom.xml"
_CACHE = _ROOT / ".cache" / "kafka"

_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 30.0
_POLL_SECONDS = 0.05

_JVM_FLAGS = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "auto.create.topics.enable": "false",
        "default.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        # After a kill the controller admits the node again once its old session ended.
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "400",
        "group.min.session.timeout.ms": "1000",
        "num.network.threads": "2",
        "num.io.threads": "4",
    }
)

# Warnings and errors only; the console is the log file of the process.
_LOG4J = """\
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n%throwable
"""


class KafkaBrokerError(RuntimeError):
    """Kafka did not download, format, start or stop; the message ends with its log."""


class KafkaBroker:
    """One Kafka node whose log outlives `stop` and `kill`: `start` again continues it.

    `port` is a free one when not given, and stays the same over restarts; `extra` are
    broker settings (server.properties) that win over the ones here. The process ends with
    the thread that started it, so start it from one that lives as long as the test.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int | None = None,
        *,
        extra: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.log_file = data_dir / "kafka.log"
        self._controller_port = free_port()
        self._extra = dict(extra)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """The address for clients, "127.0.0.1:port"."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id while it is up, else None."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the node and return once it answers metadata requests.

        Raises KafkaBrokerError when it exits or stays silent for 60 seconds.
        """
        if self._process is not None:
            raise KafkaBrokerError(f"Kafka on {self.bootstrap} is already started")
        self._write_config()
        self._format_once()
        self._process = self._spawn("kafka.Kafka", str(self._config_file))
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Let the node shut down in order (SIGTERM); does nothing when it is down."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise self._error(f"did not stop in {_STOP_TIMEOUT:.0f} s, killed") from None
        self._process = None

    def kill(self) -> None:
        """End the node at once (SIGKILL), as a crash would; does nothing when it is down."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Stop in order, then start on the same data and port."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def _config_file(self) -> Path:
        return self.data_dir / "server.properties"

    @property
    def _log_config(self) -> Path:
        return self.data_dir / "log4j2.properties"

    @property
    def _log_dir(self) -> Path:
        return self.data_dir / "log"

    def _write_config(self) -> None:
        controller = f"127.0.0.1:{self._controller_port}"
        settings = {
            **_SETTINGS,
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}",
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self._log_dir),
            **self._extra,
        }
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._config_file.write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
        self._log_config.write_text(_LOG4J)

    def _format_once(self) -> None:
        if (self._log_dir / "meta.properties").exists():
            return
        cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
        code = self._spawn(
            "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(self._config_file)
        ).wait(_START_TIMEOUT)
        if code != 0:
            raise self._error(f"storage format exited with {code}")

    def _spawn(self, main_class: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = ["java", *_JVM_FLAGS, f"-Dlog4j2.configurationFile={self._log_config}"]
        command += ["-cp", f"{class_path()}/*", main_class, *arguments]
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(),
            )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        while not answers_metadata(self.port):
            if process.poll() is not None:
                raise self._error(f"exited with {process.returncode}")
            if time.monotonic() > deadline:
                raise self._error(f"did not answer in {_START_TIMEOUT:.0f} s")
            time.sleep(_POLL_SECONDS)

    def _error(self, what: str) -> KafkaBrokerError:
        log = self.log_file.read_text(errors="replace")[-4000:]
        return KafkaBrokerError(f"Kafka on {self.bootstrap} {what}; {self.log_file} ends:\n{log}")


def class_path() -> Path:
    """The directory of Kafka's jars, filled by Maven the first time (43 MB).

    Its name follows the pom, so that a new version never mixes with an old one.
    """
    target = _CACHE / hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]
    if not target.is_dir():
        _CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE) as scratch:
            jars = Path(scratch) / "jars"
            _download(jars)
            _move_into_place(jars, target)
    return target


def _download(directory: Path) -> None:
    command = ["mvn", "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies"]
    command += [f"-DoutputDirectory={directory}", "-DincludeScope=runtime"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise KafkaBrokerError(f"Maven could not fetch Kafka:\n{done.stdout}{done.stderr}")


def _move_into_place(jars: Path, target: Path) -> None:
    try:
        jars.rename(target)
    except OSError:
        if not target.is_dir():  # else another test process was faster
            raise


def answers_metadata(port: int) -> bool:
    """Whether a broker on this loopback port names itself and a controller."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(_METADATA_REQUEST)
            with connection.makefile("rb") as stream:
                (size,) = struct.unpack(">i", stream.read(4))
                return _names_a_broker(stream.read(size))
    except (OSError, struct.error):
        return False


def _framed(body: bytes) -> bytes:
    return struct.pack(">i", len(body)) + body


# Metadata (API 3) version 1, correlation id 1, client "t", no topics.
_METADATA_REQUEST = _framed(struct.pack(">hhih1si", 3, 1, 1, 1, b"t", 0))


def _names_a_broker(answer: bytes) -> bool:
    """Read correlation id and broker count; the controller id precedes the topic count."""
    _, brokers = struct.unpack_from(">ii", answer)
    controller, _ = struct.unpack(">ii", answer[-8:])
    return bool(brokers > 0 and controller >= 0)
