"""Search answers out of fragments."""

from __future__ import annotations

import json

from hounsfield.index.rows import InstanceHit, SeriesHit, StudyHit
from hounsfield.model.query import Level
from hounsfield.servers.dicomweb.search.answer import encode_hits

STUDY = (
    b'"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00080050":{"vr":"SH"}\n"00080090":{"vr":"PN"}\n'
    b'"00100010":{"vr":"PN"},"0020000D":{"vr":"UI","Value":["1.2"]}'
)
# The texts look like what is searched for, as a hostile sender would write them.
SERIES = (
    b'"00080060":{"vr":"CS","Value":["CT"]},"0008103E":{"vr":"LO","Value":["\\"0020000E\\":{"]}\n'
    b'"00181030":{"vr":"LO","Value":["a","0040\\",\\"00400244\\":{"]},"0020000E":{"vr":"UI","Value":["1.2.3"]},"00200011":{"vr":"IS"}\n'
    b'"00400244":{"vr":"DA"}'
)
INSTANCE = b'"00080016":{"vr":"UI","Value":["9"]},"00080018":{"vr":"UI","Value":["1.2.3.4"]}\n"00200013":{"vr":"IS","Value":[1]}'
BASE = "http://pacs.example/dicom-web"


def decoded(body: bytes) -> list[dict[str, dict[str, object]]]:
    """Each item must be ordered by tag, and no tag may come twice."""
    pairs = json.loads(body, object_pairs_hook=list)
    for item in pairs:
        names = [name for name, _ in item]
        assert names == sorted(set(names))
    found: list[dict[str, dict[str, object]]] = json.loads(body)
    return found


def test_a_study() -> None:
    (item,) = decoded(encode_hits([StudyHit("1.2", STUDY, 3, 40, " CT SR ", "")], BASE, frozenset()))
    assert item["00080061"] == {"vr": "CS", "Value": ["CT", "SR"]}
    assert item["00081190"]["Value"] == [f"{BASE}/studies/1.2"]
    assert (item["00201206"]["Value"], item["00201208"]["Value"]) == ([3], [40])
    (item,) = decoded(encode_hits([StudyHit("1.2", STUDY, 3, 40, "", "")], BASE, frozenset()))
    assert item["00080061"] == {"vr": "CS"}


def series_hit(fragment: bytes = SERIES) -> SeriesHit:
    return SeriesHit("1.2", "1.2.3", fragment, 5, STUDY, 3, 40, " CT ", "")


def test_a_series_with_and_without_its_study() -> None:
    (item,) = decoded(encode_hits([series_hit()], BASE, frozenset()))
    assert item["0020000D"]["Value"] == ["1.2"]
    assert item["00201209"]["Value"] == [5]
    assert item["00181030"]["Value"] == ["a", '0040","00400244":{']
    assert "00100010" not in item
    (item,) = decoded(encode_hits([series_hit()], BASE, frozenset({Level.STUDY})))
    assert item["00081190"]["Value"] == [f"{BASE}/studies/1.2/series/1.2.3"], "its own, not that of the study"
    assert "00100010" in item
    without_steps = SERIES.rpartition(b"\n")[0] + b"\n"
    assert "00400244" not in decoded(encode_hits([series_hit(without_steps)], BASE, frozenset()))[0]


def test_an_instance_with_what_the_path_leaves_open() -> None:
    hit = InstanceHit("1.2", "1.2.3", "1.2.3.4", INSTANCE, SERIES, STUDY, 5, 3, 40, " CT ", "", "1.2.840.10008.1.2")
    (item,) = decoded(encode_hits([hit], BASE, frozenset()))
    assert "00080060" not in item
    assert (item["0020000D"]["Value"], item["0020000E"]["Value"]) == (["1.2"], ["1.2.3"])
    (item,) = decoded(encode_hits([hit], BASE, frozenset({Level.SERIES})))
    assert "00080060" in item
    assert "00100010" not in item
    (item,) = decoded(encode_hits([hit, hit], BASE, frozenset({Level.SERIES, Level.STUDY})))[:1]
    assert "00100010" in item


def test_nothing_found() -> None:
    assert encode_hits([], BASE, frozenset()) == b"[]"
