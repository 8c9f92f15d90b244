"""One child process that believes us: its environment, its process group, its end.

The child, and whatever it starts, live in a process group that a watchdog leads. The watchdog
waits for a pipe that ends when we do: should we be killed outright, it kills the group. So
neither a child nor a port outlives `testcard run`.

Knows processes, signals and what makes each language use a proxy. Must not know a provider,
or what the child is for.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from shutil import copyfile
from types import FrameType
from typing import Any, Final

from testcard.intercept.guard import USER
from testcard.intercept.trust import STORE_PASSWORD, Trust

NOT_FOUND: Final = 127
NOT_RUNNABLE: Final = 126

_LOCAL: Final = "localhost,127.0.0.1,::1"
_FORWARDED: Final = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
    if hasattr(signal, name)
)
_GRACE_SECONDS: Final = 5.0
_WATCHDOG: Final = "trap '' INT TERM HUP QUIT TSTP TTOU; echo; read -r x; kill -KILL 0"
_HOOKS: Final = ("preload.cjs", "prepend.php", "sitecustomize.py")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a child is told of the proxy.

    Attributes:
        port: of the proxy.
        token: its password.
        trust: the files to trust by.
        folder: of this run, for hooks.
    """

    port: int
    token: str
    trust: Trust
    folder: Path


def environment(setting: Setting, around: Mapping[str, str]) -> dict[str, str]:
    """Return `around` with the variables that lead a child to the proxy; writes the hooks."""
    hooks, php = _write_hooks(setting)
    here = f"127.0.0.1:{setting.port}"
    proxy = f"http://{USER}:{setting.token}@{here}"
    bundle = str(setting.trust.bundle)
    own = {
        **{name: proxy for each in ("HTTPS_PROXY", "HTTP_PROXY") for name in (each, each.lower())},
        "NO_PROXY": _LOCAL,
        "no_proxy": _LOCAL,
        "TESTCARD_URL": f"http://{here}",
        "SSL_CERT_FILE": bundle,
        "REQUESTS_CA_BUNDLE": bundle,
        "CURL_CA_BUNDLE": bundle,
        "NODE_EXTRA_CA_CERTS": str(setting.trust.own),
        "NODE_OPTIONS": _joined(
            around.get("NODE_OPTIONS"), f'--require "{_quoted(hooks / "preload.cjs")}"'
        ),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(hooks), around.get("PYTHONPATH")))),
        "PHP_INI_SCAN_DIR": f"{around.get('PHP_INI_SCAN_DIR', '')}{os.pathsep}{php}",
        "JAVA_TOOL_OPTIONS": _joined(around.get("JAVA_TOOL_OPTIONS"), _java(setting)),
    }
    kept = {name: value for name, value in around.items() if name.upper() != "ALL_PROXY"}
    return kept | own


def _write_hooks(setting: Setting) -> tuple[Path, Path]:
    hooks, php = setting.folder / "hooks", setting.folder / "php"
    hooks.mkdir()
    php.mkdir()
    for name in _HOOKS:
        with as_file(files("testcard.intercept") / "hooks" / name) as source:
            copyfile(source, hooks / name)
    (php / "testcard.ini").write_text(
        f'curl.cainfo="{setting.trust.bundle}"\nopenssl.cafile="{setting.trust.bundle}"\n'
        f'auto_prepend_file="{hooks / "prepend.php"}"\n',
        encoding="utf-8",
    )
    return hooks, php


def _java(setting: Setting) -> str:
    said = {
        "https.proxyHost": "127.0.0.1",
        "https.proxyPort": setting.port,
        "http.proxyHost": "127.0.0.1",
        "http.proxyPort": setting.port,
        "http.nonProxyHosts": _LOCAL.replace(",", "|").replace("::1", "[::1]"),
        "javax.net.ssl.trustStore": setting.trust.store,
        "javax.net.ssl.trustStoreType": "PKCS12",
        "javax.net.ssl.trustStorePassword": STORE_PASSWORD,
    }
    return " ".join(f'"-D{name}={value}"' for name, value in said.items())


def _joined(before: str | None, ours: str) -> str:
    return f"{before} {ours}" if before else ours


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command to its end and return its exit code, as a shell would.

    Signals that would end us are passed on to the child and all that it started; whoever is
    left a few seconds after is killed. When this returns, nobody of the group is alive.

    Raises:
        OSError: this system has no process groups.
    """
    if not hasattr(os, "killpg"):
        raise OSError("this system has no process groups; use Linux, macOS or WSL")
    watchdog = _watch()
    group = watchdog.pid
    try:
        with _forwarding(group) as told:
            child = _start(command, environment, group)
            if isinstance(child, int):
                return child
            with _in_front(group):
                return _code(_waited(child, told))
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
        watchdog.wait()
        for pipe in (watchdog.stdin, watchdog.stdout):
            if pipe is not None:
                pipe.close()


def _watch() -> subprocess.Popen[bytes]:
    """Start the leader of the group, and wait until it is on guard."""
    pipe = subprocess.PIPE
    watchdog = subprocess.Popen(  # noqa: S603 (our own command)
        ["/bin/sh", "-c", _WATCHDOG], stdin=pipe, stdout=pipe, process_group=0
    )
    assert watchdog.stdout is not None  # noqa: S101 (it was asked for)
    watchdog.stdout.readline()
    return watchdog


def _start(
    command: Sequence[str], environment: Mapping[str, str], group: int
) -> subprocess.Popen[bytes] | int:
    try:
        return subprocess.Popen(  # noqa: S603 (the user's own command)
            command, env=environment, process_group=group
        )
    except FileNotFoundError:
        sys.stderr.write(f"testcard: there is no command {shlex.quote(command[0])}\n")
        return NOT_FOUND
    except OSError as error:
        what = error.strerror or str(error)
        sys.stderr.write(f"testcard: {shlex.quote(command[0])} cannot be run: {what}\n")
        return NOT_RUNNABLE


@contextmanager
def _forwarding(group: int) -> Iterator[list[int]]:
    """Pass signals on to the group while the block lasts; yield those that came."""
    told: list[int] = []

    def forward(number: int, _: FrameType | None) -> None:
        told.append(number)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)

    before: dict[int, Any] = {each: signal.signal(each, forward) for each in _FORWARDED}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _waited(child: subprocess.Popen[bytes], told: list[int]) -> int:
    """Wait for the end; once told to end, wait only so long."""
    patience = _GRACE_SECONDS
    while True:
        try:
            return child.wait(0.1 if told else 1)
        except subprocess.TimeoutExpired:
            patience -= 0.1 if told else 0
            if patience <= 0:
                child.kill()


@contextmanager
def _in_front(group: int) -> Iterator[None]:
    """Give the group the terminal that we hold, if any, so that it can be typed to."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        yield
        return
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    mine = os.getpgrp()
    held = os.tcgetpgrp(terminal) == mine
    try:
        if held:
            os.tcsetpgrp(terminal, group)
        yield
    finally:
        if held:
            with suppress(OSError):
                os.tcsetpgrp(terminal, mine)
        signal.signal(signal.SIGTTOU, before)
        os.close(terminal)


def _code(returned: int) -> int:
    return 128 - returned if returned < 0 else returned
