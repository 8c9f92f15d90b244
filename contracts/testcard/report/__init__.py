"""Reports of a run, in every format: one function each, from a Report to bytes.

Knows which formats there are. Must not know how a run is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from testcard.contract.safe import safe
from testcard.contract.verdict import Report
from testcard.record import baseline, har
from testcard.report import html, json, junit, sarif

__all__ = ["FORMATS", "ReportError", "known", "write"]


class ReportError(ValueError):
    """A report cannot be written: what was asked for, what is possible."""


def _har(report: Report) -> bytes:
    return har.dumps(exchange for run in report.runs for exchange in run.trace)


def _rendered(render: Callable[[Report], bytes]) -> Callable[[Report, Path], None]:
    def write_rendered(report: Report, path: Path) -> None:
        path.write_bytes(render(report))

    return write_rendered


FORMATS: Final[Mapping[str, Callable[[Report, Path], None]]] = MappingProxyType(
    {
        "baseline": baseline.save,
        "har": _rendered(_har),
        "html": _rendered(html.render),
        "json": _rendered(json.render),
        "junit": _rendered(junit.render),
        "sarif": _rendered(sarif.render),
    }
)
"""Name -> what writes a report, without secrets, to a file."""


def known(format: str) -> str:  # noqa: A002 - the word of the command line
    """Return `format`, for a check before a run begins.

    Raises:
        ReportError: there is no such format; the message lists them.
    """
    if format not in FORMATS:
        raise ReportError(
            f"there is no report format {format!r}; the formats are: {', '.join(FORMATS)}"
        )
    return format


def write(report: Report, format: str, path: Path) -> None:  # noqa: A002
    """Write a report to a file; folders on the way are made, a file there is replaced.

    No secret of the report's calls is in what is written. An existing baseline's dates and
    reasons are kept for the entries that stay.

    Args:
        report: any.
        format: one of FORMATS.
        path: of the file.

    Raises:
        ReportError: the format is unknown, the file cannot be written, or a baseline is to be
            written over a file that is none.
    """
    writer = FORMATS[known(format)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer(safe(report), path)
    except OSError as error:
        raise ReportError(
            f"the {format} report cannot be written to {path}: {error.strerror or error}"
        ) from error
    except baseline.BaselineError as error:
        raise ReportError(f"the baseline was not written over another file: {error}") from error
