"""Search answers as DICOM JSON: pre-encoded fragments joined with what is known at reading time only (PS3.18 10.6.3.3, annex F).

Tags stand in rising order, as F.2.2 demands. Where the attributes of several levels go into one item (the path of a search names no
study, or no series), their fragments interleave and the item is sorted anew; all else is a join of bytes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence

from hounsfield.index.rows import InstanceHit, SeriesHit, StudyHit
from hounsfield.model.query import Level

_AVAILABLE = b'"00080056":{"vr":"CS","Value":["ONLINE"]}'
_SERIES_UID = b'"0020000E":{'

Hit = StudyHit | SeriesHit | InstanceHit


def encode_hits(hits: Sequence[Hit], base_url: str, levels: frozenset[Level]) -> bytes:
    """A JSON array. levels: those above the hits' own whose attributes belong into the answer, as the path does not name them."""
    studies = f"{base_url}/studies/".encode()
    return b"[" + b",".join([_item(hit, studies, levels) for hit in hits]) + b"]"


def encode_hit(hit: Hit, base_url: str, levels: frozenset[Level]) -> bytes:
    """One item of the array."""
    return _item(hit, f"{base_url}/studies/".encode(), levels)


def _item(hit: Hit, studies: bytes, levels: frozenset[Level]) -> bytes:
    if isinstance(hit, StudyHit):
        return b"{" + _study(hit.study_instance_uid, hit.json, hit.modalities, hit.series_count, hit.instance_count, studies) + b"}"
    own = _series(hit, studies) if isinstance(hit, SeriesHit) else _instance(hit, studies)
    if not levels:
        return b"{" + own + b"}"
    return _merged(hit, own, studies, levels)


def _study(uid: str, fragment: bytes, modalities: str, series: int, instances: int, studies: bytes) -> bytes:
    first, second, third = fragment.split(b"\n")[:3]
    return (
        b'%b,%b,"00080061":{"vr":"CS"%b},%b,"00081190":{"vr":"UR","Value":["%b%b"]},%b,'
        b'"00201206":{"vr":"IS","Value":[%d]},"00201208":{"vr":"IS","Value":[%d]}'
        % (first, _AVAILABLE, _values(modalities), second, studies, uid.encode(), third, series, instances)
    )


def _series(hit: SeriesHit, studies: bytes) -> bytes:
    first, second, third = hit.json.split(b"\n")
    study = hit.study_instance_uid.encode()
    url = b"%b%b/series/%b" % (studies, study, hit.series_instance_uid.encode())
    before, named, after = second.partition(_SERIES_UID)
    return (
        b'%b,"00081190":{"vr":"UR","Value":["%b"]},%b"0020000D":{"vr":"UI","Value":["%b"]},%b%b,"00201209":{"vr":"IS","Value":[%d]}%b%b'
        % (
            first,
            url,
            before,
            study,
            named,
            after,
            hit.instance_count,
            b"," if third else b"",
            third,
        )
    )


def _instance(hit: InstanceHit, studies: bytes) -> bytes:
    first, second = hit.json.split(b"\n")
    study, series = hit.study_instance_uid.encode(), hit.series_instance_uid.encode()
    url = b"%b%b/series/%b/instances/%b" % (studies, study, series, hit.sop_instance_uid.encode())
    return b'%b,%b,"00081190":{"vr":"UR","Value":["%b"]},"0020000D":{"vr":"UI","Value":["%b"]},"0020000E":{"vr":"UI","Value":["%b"]},%b' % (
        first,
        _AVAILABLE,
        url,
        study,
        series,
        second,
    )


def _merged(hit: SeriesHit | InstanceHit, own: bytes, studies: bytes, levels: frozenset[Level]) -> bytes:
    """The hit's own attributes count before those of the levels above."""
    item: dict[str, object] = {}
    if Level.STUDY in levels:
        counts = hit.study_series_count, hit.study_instance_count
        item |= json.loads(b"{" + _study(hit.study_instance_uid, hit.study_json, hit.modalities, *counts, studies) + b"}")
    if Level.SERIES in levels and isinstance(hit, InstanceHit):
        item |= json.loads(b"{" + b",".join(filter(None, hit.series_json.split(b"\n"))) + b"}")
        item["00201209"] = {"vr": "IS", "Value": [hit.series_instance_count]}
    item |= json.loads(b"{" + own + b"}")
    return json.dumps(dict(sorted(item.items())), separators=(",", ":"), ensure_ascii=False).encode()


@functools.lru_cache(maxsize=256)
def _values(codes: str) -> bytes:
    """The `Value` of codes separated by spaces; nothing where there are none."""
    listed = codes.split()
    return b',"Value":' + json.dumps(listed, separators=(",", ":")).encode() if listed else b""
