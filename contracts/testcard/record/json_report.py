"""The JSON report as a file: its name, its version, and what every reader of it relies on.

Knows the members that are read again. Must not know how a report is written, or what from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FORMAT: Final = "testcard-report"
VERSION: Final = 1
"""Raised when a member changes its meaning or goes; not for a new one."""

_RULINGS: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["fingerprint", "severity", "seen", "expected"],
        "properties": {"severity": {"enum": ["broken", "finding"]}},
    },
}
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["format", "version", "providers"],
    "properties": {
        "format": {"const": FORMAT},
        "version": {"const": VERSION},
        "providers": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "verdicts"],
                "properties": {
                    "verdicts": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["clause", "sentence", "outcome", "reason"],
                            "properties": {"rulings": _RULINGS, "accepted": _RULINGS},
                        },
                    }
                },
            },
        },
    },
}
"""JSON Schema of what is relied on; a report may hold more."""
