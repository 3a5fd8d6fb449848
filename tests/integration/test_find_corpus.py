"""Every object of the corpus that the archive takes, odd ones too, is found at every level with all that is known of it."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from find_kit.client import EXPLICIT, IMPLICIT, PATIENT_ROOT, FindClient, identifier
from find_kit.served import serving
from hounsfield.dicom.dictionary import keyword_of
from hounsfield.index.fragments import FRAGMENT_LEVELS
from hounsfield.model.query import Level
from hounsfield.network.status import Status
from hounsfield.servers.dimse.information_model import LEVEL_NAMES
from hounsfield.services.computed_attributes import COMPUTED


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_all_of_all(tmp_path: Path, corpus: Path, transfer_syntax: str) -> None:
    relational = bytes((1,))
    with warnings.catch_warnings(), serving(tmp_path) as served, FindClient(served.port, relational, transfer_syntax) as client:
        warnings.simplefilter("ignore")
        files = [
            path for folder in ("charset", "edge", "fuzz", "modality", "synth", "ts", "worklist") for path in (corpus / folder).rglob("*")
        ]
        assert len(served.keep(path for path in sorted(files) if path.is_file())) > 100
        totals = served.reader.totals()
        for name, level in LEVEL_NAMES.items():
            tags = [tag for tag, own in (dict(FRAGMENT_LEVELS) | dict(COMPUTED)).items() if own <= level]
            keys = identifier({keyword_of(tag): "" for tag in tags if keyword_of(tag) != "RequestAttributesSequence"})
            keys.QueryRetrieveLevel = name
            if level >= Level.SERIES:
                keys.RequestAttributesSequence = []
            answer = client.find(keys, PATIENT_ROOT)
            assert answer.final.status == Status.SUCCESS
            assert answer.statuses == {Status.PENDING}
            due = {Level.STUDY: totals.studies, Level.SERIES: totals.series, Level.INSTANCE: totals.instances}
            assert len(answer.found) == due.get(level, len(answer.found)) > 0
            for found in answer.found:
                assert {tag for tag in tags if tag in found} == set(tags)
                for element in found.iterall():
                    assert element.value is None or element.VR != "UN"
