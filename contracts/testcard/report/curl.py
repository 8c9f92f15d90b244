"""A recorded call as a curl command that a person can read, run and change.

The key stands as the shell variable KEY, cookies as COOKIE. Whole commands send every byte; in
those to be read a file part is taken from a file of its name, and long base64 is cut, with a
remark.

Knows curl, the POSIX shell, and what answered in place of a server. Must not know a provider.
"""

from __future__ import annotations

import re
import shlex
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from testcard.common.message import BLANKED, Call
from testcard.common.redaction import blanked, redacted_url, visible
from testcard.common.secret_members import secret_name
from testcard.contract.stand_in import StandIn
from testcard.contract.verdict import ProviderRun
from testcard.report.excerpt import cut, shortened, text_of
from testcard.report.form import Part, parts_of

KEY: Final = "$KEY"
"""Stands in a command where a secret was."""
COOKIE: Final = "$COOKIE"
"""Stands there for cookies."""

_SECRET: Final = re.compile(re.escape(BLANKED))
_OF_CURL: Final = frozenset(
    {"host", "content-length", "user-agent", "accept-encoding", "connection", "transfer-encoding"}
)
_WHOLE: Final = "--report html=FILE has the whole command"
_PIPED: Final = "--data-binary @-"
_LONGEST_WORD: Final = 100_000
"""Bytes: a little less than Linux allows a command for one word."""
_PLAIN: Final = re.compile(r"[^\"$`\\!\n]*")


def curl(call: Call, *, multiline: bool = False, whole: bool = False) -> str:
    """Return a POSIX shell command that sends `call`, and remarks as comments below it.

    Args:
        call: any; secrets in headers and URL are blanked here too.
        multiline: whether each option stands on a line of its own.
        whole: whether the body is sent byte for byte, however long, or cut to be read.
    """
    options, remarks = _whole_body(call) if whole else _body(call)
    method = [] if call.method == "GET" and not call.body else [f"-X {shlex.quote(call.method)}"]
    literal = ["-g"] if set("[]{}") & set(call.url.replace(BLANKED, "")) else []
    headers = _headers(call, form=parts_of(call) is not None and not whole)
    pieces = [*literal, *method, _quoted(redacted_url(call.url)), *headers, *options]
    between = " \\\n  " if multiline else " "
    command = between.join([f"curl {pieces[0]}", *pieces[1:]])
    if whole and options == [_PIPED]:
        command = f"{_source(call)} | {command}"
    return "\n".join([command, *(f"# {visible(remark)}" for remark in remarks)])


def curl_to(run: ProviderRun, call: Call, *, multiline: bool = False, whole: bool = False) -> str:
    """Return the command that sends `call` to what answered in a run, as `curl` gives it.

    Where that was no server of its own, a remark tells the command that makes it one.
    """
    there = replace(call, url=StandIn(run.base or None, run.reading.places.lists).at(call.url))
    command = curl(there, multiline=multiline, whole=whole)
    if not run.serving or there.url == call.url:
        return command
    return f"{command}\n# `{visible(run.serving)}` answers there"


def _quoted(text: str, variable: str = KEY) -> str:
    """One word of the shell, with a variable where a secret was."""
    if BLANKED not in text:
        return shlex.quote(visible(text))
    plain = _SECRET.sub("", text)
    if _PLAIN.fullmatch(plain):
        return f'"{_SECRET.sub(variable, visible(text))}"'
    return f'"{variable}"'.join(shlex.quote(piece) for piece in visible(text).split(BLANKED))


def _headers(call: Call, *, form: bool) -> Iterator[str]:
    for name, value in call.headers:
        low = name.lower()
        if low in _OF_CURL or (low == "accept" and value == "*/*"):
            continue
        if low == "content-type" and form:
            continue  # curl writes it, with a boundary of its own
        shown = blanked(value) if secret_name(name) else value
        line = f"{name}: {shown}" if shown else f"{name};"
        yield f"-H {_quoted(line, COOKIE if low == 'cookie' else KEY)}"
    if call.body and call.header("content-type") is None:
        yield "-H 'Content-Type:'"  # or curl would send one for forms


def _body(call: Call) -> tuple[list[str], list[str]]:
    """The options that carry the body, and remarks on what they leave out."""
    if not call.body:
        return [], []
    parts = parts_of(call)
    if parts is not None:
        options = [_field(part) for part in parts]
        return options, [remark for part in parts for remark in _part_remarks(part)]
    text = text_of(call.body)
    if text is None:
        remark = f"body.bin: {len(call.body)} bytes; {_WHOLE}"
        return ["--data-binary @body.bin"], [remark]
    shown = shortened(text)
    remark = f"the body, of {len(text)} characters, is cut; {_WHOLE}"
    return [f"--data-raw {_quoted(shown)}"], [] if shown == text else [remark]


def _whole_body(call: Call) -> tuple[list[str], list[str]]:
    """The options that carry the whole body: in the command, or from what is before it."""
    text = text_of(call.body)
    if text is None or len(call.body) > _LONGEST_WORD:
        return [_PIPED], []
    return [f"--data-raw {_quoted(text)}"] if text else [], []


def _source(call: Call) -> str:
    """What prints the body: the shell itself, whose words may be of any length."""
    text = text_of(call.body)
    if text is None:
        return f"printf %s {b64encode(call.body).decode()} | base64 -d"
    return f"printf %s {_quoted(text)}"


def _field(part: Part) -> str:
    if part.filename is None and (text := text_of(part.data)) is not None:
        return f"--form-string {_quoted(f'{part.name}={cut(text)}')}"
    kind = f";type={part.media_type}" if part.media_type else ""
    return f"-F {_quoted(f'{part.name}=@{part.filename or part.name}{kind}')}"


def _part_remarks(part: Part) -> Iterator[str]:
    text = text_of(part.data)
    if part.filename is not None or text is None:
        yield f"{part.filename or part.name}: {len(part.data)} bytes; {_WHOLE}"
    elif cut(text) != text:
        yield f"{part.name}, of {len(text)} characters, is cut; {_WHOLE}"
