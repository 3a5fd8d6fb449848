"""A metadata document is read an instance at a time."""

from __future__ import annotations

import gzip
import json

from hounsfield.services.metadata import data_sets_of


def test_instances_one_by_one() -> None:
    instances = [{"00100020": {"vr": "LO", "Value": [f"[{number}], \n"]}} for number in range(5)]
    documents = [b"[" + b",\n".join(json.dumps(one).encode() for one in part) + b"]" for part in (instances[:3], [], instances[3:])]
    assert [json.loads(one) for one in data_sets_of(map(gzip.compress, documents))] == instances


def test_no_document_is_opened_before_it_is_due() -> None:
    opened = []

    def documents() -> object:
        for number in range(3):
            opened.append(number)
            yield gzip.compress(b'[{"a":1},\n{"b":2}]')

    data_sets = data_sets_of(documents())  # type: ignore[arg-type]
    assert next(data_sets) == b'{"a":1}'
    assert opened == [0]
