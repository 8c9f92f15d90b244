"""Which of several documented media types answers a call, and in which format its pictures are.

Knows OpenAPI responses, roles and formats. Must not know HTTP, or any one vendor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from testcard.common.event_stream import EVENT_STREAM
from testcard.common.operation import Operation
from testcard.common.picture import Format, format_of
from testcard.common.schema import nodes
from testcard.common.spec import words
from testcard.mock.dialect import Visit
from testcard.mock.facts import said, wants_base64
from testcard.mock.formats import EncodingAsked, encoding_asked
from testcard.mock.negotiation import is_json, preferred
from testcard.providers.answers import JSON, media_types_in


def type_for(visit: Visit, response: Mapping[str, Any], ordered: Format | None = None) -> str:
    """Return the media type of a success that answers a call.

    Of several that are documented, the call's as-base64 field decides between JSON and bytes, and
    its output-format field between pictures; then its Accept header; then that field's default;
    then what the spec `prefers`; then the first that is a picture. `ordered` is the format that
    was asked for where the pictures were ordered by another call.
    """
    offered: list[str] = list(response.get("content", ()))
    if EVENT_STREAM in offered and said(visit, "stream"):
        return EVENT_STREAM
    told = [each for each in offered if is_json(each)] or [JSON]
    pictures = [each for each in offered if format_of(each)]
    if not pictures or len(offered) == 1:
        return (pictures or told)[0]
    wanted, usual = encoding_asked(visit), str(words(response).get("prefers", ""))
    wanted = EncodingAsked(ordered) if wanted.format is None else wanted
    if of_format := [each for each in pictures if format_of(each) == wanted.format]:
        pictures, usual = (of_format, usual) if wanted.sent else (pictures, of_format[0])
    asked, pool = wants_base64(visit), [*pictures, *told]
    if asked is not None:
        pool = told if asked and JSON in offered else pictures
    named = preferred(visit.call.header("accept"), pool)
    return named or (usual if usual in pool else pool[0])


def format_for(visit: Visit, response: Mapping[str, Any], answered: str) -> Format | None:
    """Return the format of the pictures in an answer of a media type; None where nothing says.

    That of bytes is theirs; of others the one asked for, and then the one that their schema names.
    """
    if (bytes_of := format_of(answered)) or (bytes_of := encoding_asked(visit).format):
        return bytes_of
    content = response.get("content", {}).get(answered)
    return next(_formats(media_types_in(content["schema"]) if content else ()), None)


def carries_pictures(response: Mapping[str, Any], answered: str) -> bool:
    """Whether an answer of a media type carries pictures: its bytes, or in its JSON."""
    if format_of(answered):
        return True
    content = response.get("content", {}).get(answered)
    schema = content["schema"] if content else {}
    return any(words(node).get("role") == "picture" for _, node in nodes(schema))


def usual_format(operation: Operation) -> Format:
    """Return the format that an operation's answers name; PNG where none is named."""
    for status, response in operation.answers.items():
        if status[0] in "2d":
            for media_type, content in response.get("content", {}).items():
                for found in _formats((media_type, *media_types_in(content["schema"]))):
                    return found
    return "png"


def _formats(named: Iterable[str]) -> Iterator[Format]:
    return (found for each in named if (found := format_of(each)))
