"""A recorded call as a curl command that a person can read, run and change.

The key stands as the shell variable KEY, cookies as COOKIE. Pictures do not fit a command: a
file part is taken from a file of its name, and long base64 is cut with a remark.

Knows curl and the POSIX shell. Must not know a provider.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Final

from testcard.common.message import BLANKED, Call
from testcard.common.redaction import blanked, redacted_url, secret_name, visible
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
_PLAIN: Final = re.compile(r"[^\"$`\\!\n]*")


def curl(call: Call, *, multiline: bool = False) -> str:
    """Return a POSIX shell command that sends `call`, and remarks as comments below it.

    Args:
        call: any; secrets in headers and URL are blanked here too.
        multiline: whether each option stands on a line of its own.
    """
    options, remarks = _body(call)
    method = [] if call.method == "GET" and not call.body else [f"-X {shlex.quote(call.method)}"]
    literal = ["-g"] if set("[]{}") & set(call.url.replace(BLANKED, "")) else []
    pieces = [*literal, *method, _quoted(redacted_url(call.url)), *_headers(call), *options]
    between = " \\\n  " if multiline else " "
    command = between.join([f"curl {pieces[0]}", *pieces[1:]])
    return "\n".join([command, *(f"# {visible(remark)}" for remark in remarks)])


def _quoted(text: str, variable: str = KEY) -> str:
    """One word of the shell, with a variable where a secret was."""
    if BLANKED not in text:
        return shlex.quote(visible(text))
    plain = _SECRET.sub("", text)
    if _PLAIN.fullmatch(plain):
        return f'"{_SECRET.sub(variable, visible(text))}"'
    return f'"{variable}"'.join(shlex.quote(piece) for piece in visible(text).split(BLANKED))


def _headers(call: Call) -> Iterator[str]:
    form = parts_of(call) is not None
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
        remark = f"body.bin: {len(call.body)} bytes; --report har=FILE keeps them"
        return ["--data-binary @body.bin"], [remark]
    shown = shortened(text)
    remark = f"the body is cut; --report har=FILE keeps all its {len(text)} characters"
    return [f"--data-raw {_quoted(shown)}"], [] if shown == text else [remark]


def _field(part: Part) -> str:
    if part.filename is None and (text := text_of(part.data)) is not None:
        return f"--form-string {_quoted(f'{part.name}={cut(text)}')}"
    kind = f";type={part.media_type}" if part.media_type else ""
    return f"-F {_quoted(f'{part.name}=@{part.filename or part.name}{kind}')}"


def _part_remarks(part: Part) -> Iterator[str]:
    text = text_of(part.data)
    if part.filename is not None or text is None:
        yield f"{part.filename or part.name}: {len(part.data)} bytes; --report har=FILE keeps them"
    elif cut(text) != text:
        yield f"{part.name} is cut; --report har=FILE keeps all its {len(text)} characters"
