"""What a server writes while it runs: a line a call, and warnings. No answer ever waits for it.

Records go through `logging`: calls through the logger `testcard.calls`, warnings of everybody
through the root. Two threads write them in batches. Where nobody takes the lines (a pipe without
a reader, a full disk, no output at all) they are dropped and counted, and the next line that
is taken says how many.

Knows logging, files, journal entries and deliveries. Must not know HTTP, a server or a provider.
"""

from __future__ import annotations

import io
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Literal, TextIO

from testcard.common.redaction import visible
from testcard.mock.delivery import DeliveryEntry
from testcard.mock.journal import Entry

LogFormat = Literal["text", "json"]

_BATCH_SECONDS = 0.05
_CLOSING_SECONDS = 1.0
_MOST_WAITING = 10_000  # lines
_LONGEST_TEXT = 1_000  # characters of a path or a detail
_calls = logging.getLogger("testcard.calls")


@dataclass(frozen=True, slots=True)
class CallLine:
    """One call as a log message: `str` is the line, `facts` are for JSON."""

    entry: Entry

    def __str__(self) -> str:
        """Return the line without its time."""
        entry = self.entry
        call, reply = entry.exchange.call, entry.exchange.reply
        findings = f", {len(entry.findings)} findings" if entry.findings else ""
        findings += f", {len(entry.notes)} without effect" if entry.notes else ""
        detail = f": {_cut(entry.detail)}" if entry.detail else ""
        return (
            f"{call.method} {_cut(call.parts.path)} -> {reply.status} [{entry.provider or '-'} "
            f"{entry.operation or '-'}] {entry.verdict}{detail} "
            f"({entry.exchange.elapsed * 1000:.1f} ms{findings})"
        )

    def facts(self) -> dict[str, object]:
        """Return what is known of the call, by names that logs of web servers use."""
        entry = self.entry
        return {
            "method": entry.exchange.call.method,
            "path": _cut(entry.exchange.call.parts.path),
            "status": entry.exchange.reply.status,
            "milliseconds": round(entry.exchange.elapsed * 1000, 3),
            "provider": entry.provider,
            "operation": entry.operation,
            "verdict": entry.verdict,
            "detail": _cut(entry.detail),
            "findings": len(entry.findings),
            "no_effect": len(entry.notes),
        }


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """What became of a callback, as a log message: `str` is the line, `facts` are for JSON."""

    entry: DeliveryEntry

    def __str__(self) -> str:
        """Return the line without its time."""
        entry, call = self.entry, self.entry.exchange.call
        host = f"{call.parts.scheme}://{call.parts.netloc}{call.parts.path}"
        detail = f": {_cut(entry.detail)}" if entry.detail else ""
        return (
            f"{call.method} {_cut(host)} <- {entry.exchange.reply.status or '-'} "
            f"[{entry.provider} {entry.callback}, job {entry.job} {entry.phase}] "
            f"{entry.fate}{detail}"
        )

    def facts(self) -> dict[str, object]:
        """Return what is known of the delivery."""
        entry = self.entry
        told = ("provider", "operation", "callback", "job", "phase", "attempt", "fate")
        return {
            "method": entry.exchange.call.method,
            "status": entry.exchange.reply.status or None,
            **{name: getattr(entry, name) for name in told},
            "detail": _cut(entry.detail),
        }


def log_delivery(entry: DeliveryEntry) -> None:
    """Log what became of a callback as INFO of `testcard.calls`."""
    if _calls.isEnabledFor(logging.INFO):
        line = DeliveryLine(entry)
        _calls.handle(logging.LogRecord(_calls.name, logging.INFO, __file__, 0, line, (), None))


def log_call(entry: Entry) -> None:
    """Log one call as INFO of `testcard.calls`; nothing happens where nobody listens to that."""
    if _calls.isEnabledFor(logging.INFO):
        line = CallLine(entry)
        _calls.handle(logging.LogRecord(_calls.name, logging.INFO, __file__, 0, line, (), None))


class TextFormatter(logging.Formatter):
    """`HH:MM:SS message`, on one line, with nothing in it that acts on a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback follows on lines of its own."""
        message = record.getMessage()
        if not message.isprintable():
            message = visible(message).replace("\n", "\\n").replace("\t", "\\t")
        trace = f"\n{visible(self.formatException(record.exc_info))}" if record.exc_info else ""
        return f"{_clock(int(record.created))} {message}{trace}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII: time (RFC 3339), level, logger, and a call or a message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        call = record.msg
        said |= (
            call.facts()
            if isinstance(call, CallLine | DeliveryLine)
            else {"message": record.getMessage()}
        )
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said).replace("\x7f", "\\u007f")


class Outlet(logging.Handler):
    """Writes lines to a stream in a thread of its own; whoever logs never waits."""

    def __init__(self, stream: TextIO | None, formatter: logging.Formatter) -> None:
        """Take over where `stream` leads to; None for nowhere."""
        super().__init__()
        self.setFormatter(formatter)
        self._file = _descriptor(stream)
        self._encoding = (stream and stream.encoding) or "utf-8"
        self._waiting: SimpleQueue[str | None] = SimpleQueue()  # None ends the thread
        self._dropped = 0
        self._counting = Lock()
        self._ending = Event()
        self._thread = Thread(target=self._write_all, name="testcard-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Have a record written."""
        try:
            self.say(f"{self.format(record)}\n")
        except Exception:  # as every handler of `logging` does
            self.handleError(record)

    def say(self, text: str) -> None:
        """Have `text` written as it is, or dropped where 10,000 lines wait already."""
        if self._waiting.qsize() < _MOST_WAITING:
            self._waiting.put(text)
        else:
            self._lose(1)

    def close(self) -> None:
        """Write what waits, for at most a second."""
        self._ending.set()
        self._waiting.put(None)
        self._thread.join(_CLOSING_SECONDS)
        if self._file >= 0 and not self._thread.is_alive():
            os.close(self._file)
            self._file = -1
        super().close()

    def _lose(self, lines: int) -> None:
        with self._counting:
            self._dropped += lines

    def _write_all(self) -> None:
        ended = False
        while not ended:
            lines = [self._waiting.get()]
            self._ending.wait(_BATCH_SECONDS)
            with suppress(Empty):
                while True:
                    lines.append(self._waiting.get_nowait())
            ended = None in lines
            self._write([line for line in lines if line])

    def _write(self, lines: list[str]) -> None:
        with self._counting:
            lost, self._dropped = self._dropped, 0
        told = [f"({lost} lines could not be written)\n"] if lost else []
        data = memoryview("".join(told + lines).encode(self._encoding, "backslashreplace"))
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError:
            self._lose(lost + len(lines))


@contextmanager
def logging_to(out: TextIO | None, err: TextIO | None, format_: LogFormat) -> Iterator[Outlet]:
    """Log calls to `out` and everybody's warnings to `err` for as long as this lasts.

    Args:
        out: for calls; None where there is no such stream.
        err: for warnings, those of libraries too.
        format_: of both.

    Yields:
        the outlet of `out`, for what else is to be said there.
    """
    formatter = TextFormatter() if format_ == "text" else JsonFormatter()
    calls, warnings = Outlet(out, formatter), Outlet(err, formatter)
    warnings.setLevel(logging.WARNING)
    before = _calls.level
    _calls.setLevel(logging.INFO)
    _calls.addHandler(calls)
    logging.getLogger().addHandler(warnings)
    try:
        yield calls
    finally:
        _calls.removeHandler(calls)
        _calls.setLevel(before)
        logging.getLogger().removeHandler(warnings)
        calls.close()
        warnings.close()


def _descriptor(stream: TextIO | None) -> int:
    """A file descriptor of our own for a stream; that of a closed file where it has none."""
    try:
        return os.dup(stream.fileno()) if stream is not None else -1
    except (OSError, ValueError, io.UnsupportedOperation):
        return -1


@lru_cache(maxsize=2)
def _clock(seconds: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(seconds))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
