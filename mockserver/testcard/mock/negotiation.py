"""Which of several media types answers a call, by its Accept header (RFC 9110, 12.5.1).

Must not know Readings, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

_MOST: Final = 20  # media types of an Accept header that are looked at
_ANY: Final = "*/*"


def preferred(accept: str | None, offered: Sequence[str]) -> str | None:
    """Return the one of `offered` that an Accept header names and weighs most.

    None where it names none of them: `*/*` leaves the choice to who answers.
    """
    best, most = None, 0.0
    for wanted, weight in _wanted(accept or ""):
        found = next((each for each in offered if _is_one(each, wanted)), None)
        if found is not None and weight > most:
            best, most = found, weight
    return best


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON, or written in it, as `application/problem+json` is."""
    bare = media_type.partition(";")[0].strip().lower()
    return bare == "application/json" or bare.endswith("+json")


def _wanted(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(",")[:_MOST]:
        media_type, *parameters = (each.strip().lower() for each in part.split(";"))
        if media_type and media_type != _ANY:
            yield media_type, _weight(parameters)


def _weight(parameters: Sequence[str]) -> float:
    said = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    try:
        return float(said)
    except ValueError:
        return 0.0


def _is_one(media_type: str, wanted: str) -> bool:
    bare = media_type.partition(";")[0].strip().lower()
    return bare == wanted or (wanted.endswith("/*") and bare.startswith(wanted[:-1]))
