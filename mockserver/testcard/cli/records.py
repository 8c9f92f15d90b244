"""Specs as JSON that a program can read: what `providers` and `show` print with `--json`.

Knows Readings. Must not know terminals, or how JSON gets to one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import orjson

from testcard.common.operation import Operation
from testcard.common.place import Field
from testcard.common.reading import Reading
from testcard.common.spec import Evidence, Spec, evidence, words

Record = dict[str, Any]


def dumps(value: Record | list[Record]) -> str:
    """Return records as indented JSON."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def provider_records(specs: Iterable[Spec]) -> list[Record]:
    """Return each API: `id`, `title`, `server`, `servers`, and its operations.

    These have `id`, `method` and `url`. `server` is the first of `servers`.
    """
    return [_provider(spec) for spec in specs]


def _provider(spec: Spec) -> Record:
    operations = [{"id": name, "method": method, "url": url} for name, method, url in spec.calls()]
    return {
        "id": spec.id,
        "title": spec.title,
        "server": spec.server,
        "servers": [each.url for each in spec.servers],
        "operations": operations,
    }


def contract_record(reading: Reading) -> Record:
    """Return what one API promises: fields, answers and settings, each with grade and source."""
    own = words(reading.document)
    return {
        "id": reading.spec.id,
        "title": reading.spec.title,
        "server": reading.places.servers[0].url,
        "servers": [each.url for each in reading.places.servers],
        "profile": reading.profile,
        "vendor": own["vendor"],
        "page": own["page"],
        "page_url": own.get("page-url"),
        "read": own.get("read"),
        "price": {
            "credits": str(reading.general_price.told),
            "grade": own["price"]["grade"],
            "source": own["price"]["source"],
        },
        "operations": [_operation(each) for each in reading.operations],
        "settings": _settings(reading),
    }


def _operation(operation: Operation) -> Record:
    body = operation.body
    return {
        "id": operation.id,
        "method": operation.method,
        "url": operation.url,
        "servers": [each.url for each in operation.servers],
        **asdict(operation.evidence),
        "key": {
            "headers": list(operation.key_headers),
            "ways": [each.shown for each in operation.key_ways if not each.alias],
            "optional": operation.key_optional,
            **asdict(operation.key_evidence),
        },
        "media_type": body.media_type if body else None,
        "fields": [_field(each) for each in operation.takes.fields.values()],
        "other_bodies": [
            {"media_type": each.media_type, "fields": [_field(one) for one in each.fields.values()]}
            for each in operation.bodies[1:]
        ],
        "answers": [_answer(status, node) for status, node in operation.answers.items()],
    }


def _field(field: Field) -> Record:
    known = words(field.schema)
    schema = {name: value for name, value in field.whole.items() if not name.startswith("x-")}
    return {
        "name": field.name,
        "in": field.place.location,
        "required": field.required,
        "role": field.role or None,
        "encodings": list(field.encodings),
        "schema": schema,
        **asdict(field.evidence()),
        "keywords": {name: asdict(field.evidence(name)) for name in known.get("keywords", {})},
    }


def _answer(status: str, node: Record) -> Record:
    said: Evidence = evidence(node)
    media = list(node.get("content", {}))
    return {
        "status": int(status) if status.isdecimal() else status,
        "description": node["description"],
        "media_types": media,
        **asdict(said),
    }


def _settings(reading: Reading) -> list[Record]:
    return [
        {
            "name": f"{reading.spec.id}.{name}",
            "value": reading.settings[name],
            "default": schema["default"],
            "description": schema["description"],
        }
        for name, schema in reading.spec.settings.items()
    ]
