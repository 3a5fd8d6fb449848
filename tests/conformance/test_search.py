"""QIDO-RS: which resources, what is matched, and how (PS3.18 10.6.1, 8.3.4; PS3.4 C.2.2.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

import pytest
from pydicom.datadict import tag_for_keyword

from conformance_kit.archive import SCRIPTS, Archive
from conformance_kit.catalogue import clause
from conformance_kit.client import JSON, Server, uids, value

STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"

RESOURCES = {
    "/studies": STUDY,
    "/studies/{study}/series": SERIES,
    "/studies/{study}/instances": INSTANCE,
    "/series": SERIES,
    "/studies/{study}/series/{series}/instances": INSTANCE,
    "/instances": INSTANCE,
}
"""Table 10.6.1-1, and the unique key of what each finds."""


def path_of(resource: str, archive: Archive) -> str:
    """The resource of the study `thorax` and its series `axial`."""
    return resource.format(study=archive["axial 1"].study, series=archive["axial 1"].series)


def expected_of(resource: str, archive: Archive) -> set[str]:
    """The unique keys of all of the patient that the resource holds."""
    key = RESOURCES[resource]
    held = [
        one
        for one in archive.specimens.values()
        if ("{study}" not in resource or one.study == archive["axial 1"].study)
        and ("{series}" not in resource or one.series == archive["axial 1"].series)
    ]
    return {{STUDY: one.study, SERIES: one.series, INSTANCE: one.uid}[key] for one in held}


@clause("PS3.18 10.6.1.1", "{resource} is a resource that can be searched: 200, with matches")
@pytest.mark.parametrize("resource", RESOURCES)
def test_resource(server: Server, archive: Archive, resource: str) -> None:
    assert server.get(path_of(resource, archive), JSON, [("PatientID", archive.patient_id)]).status_code == 200


@clause("PS3.18 10.6.1.1", "a search of {resource} finds all that it holds, each once")
@pytest.mark.parametrize("resource", RESOURCES)
def test_all_found(server: Server, archive: Archive, resource: str) -> None:
    found = uids(server.search(path_of(resource, archive), [("PatientID", archive.patient_id)]), RESOURCES[resource])
    assert sorted(found) == sorted(expected_of(resource, archive))


@clause("PS3.18 10.6.4", "matches of {resource} come as application/dicom+json, the default, where anything is accepted")
@pytest.mark.parametrize("resource", RESOURCES)
def test_default_media_type(server: Server, archive: Archive, resource: str) -> None:
    answer = server.get(path_of(resource, archive), "*/*", [("PatientID", archive.patient_id)])
    assert answer.headers["content-type"].partition(";")[0] == JSON


@dataclass(frozen=True, slots=True)
class Key:
    """An attribute that must be matched. other: a value that nothing has."""

    attribute: str
    of: Callable[[Archive], str]
    other: str
    level: str = "Study"

    def __str__(self) -> str:
        return self.attribute

    @property
    def tag(self) -> str:
        """The path in hexadecimal digits."""
        return ".".join(f"{tag_for_keyword(keyword):08X}" for keyword in self.attribute.split("."))


def _element(name: str, keyword: str) -> Callable[[Archive], str]:
    return lambda archive: str(archive[name].data_set[keyword].value)


def _step(keyword: str) -> Callable[[Archive], str]:
    return lambda archive: str(archive["axial 1"].data_set.RequestAttributesSequence[0][keyword].value)


STUDY_KEYS = [
    Key("StudyDate", _element("axial 1", "StudyDate"), "19010203"),
    Key("StudyTime", _element("axial 1", "StudyTime"), "030405"),
    Key("AccessionNumber", _element("axial 1", "AccessionNumber"), "NOSUCH"),
    Key("ModalitiesInStudy", lambda _: "SR", "XA"),
    Key("ReferringPhysicianName", _element("axial 1", "ReferringPhysicianName"), "Nobody"),
    Key("PatientName", lambda _: "Conformance*", "Nobody*"),
    Key("PatientID", _element("axial 1", "PatientID"), "NOSUCH"),
    Key("StudyInstanceUID", _element("axial 1", "StudyInstanceUID"), "1.2.3.4.5.6.7.8.9"),
    Key("StudyID", _element("axial 1", "StudyID"), "NOSUCH"),
]
SERIES_KEYS = [
    Key("Modality", lambda _: "CT", "XA", "Series"),
    Key("SeriesInstanceUID", _element("axial 1", "SeriesInstanceUID"), "1.2.3.4.5.6.7.8.9", "Series"),
    Key("SeriesNumber", lambda _: "1", "4711", "Series"),
    Key("PerformedProcedureStepStartDate", _element("axial 1", "PerformedProcedureStepStartDate"), "19010203", "Series"),
    Key("PerformedProcedureStepStartTime", _element("axial 1", "PerformedProcedureStepStartTime"), "030405", "Series"),
    Key("RequestAttributesSequence.ScheduledProcedureStepID", _step("ScheduledProcedureStepID"), "NOSUCH", "Series"),
    Key("RequestAttributesSequence.RequestedProcedureID", _step("RequestedProcedureID"), "NOSUCH", "Series"),
]
INSTANCE_KEYS = [
    Key("SOPClassUID", _element("axial 1", "SOPClassUID"), "1.2.3.4.5.6.7.8.9", "Instance"),
    Key("SOPInstanceUID", _element("axial 1", "SOPInstanceUID"), "1.2.3.4.5.6.7.8.9", "Instance"),
    Key("InstanceNumber", lambda _: "1", "4711", "Instance"),
]
KEYS = [*STUDY_KEYS, *SERIES_KEYS, *INSTANCE_KEYS]
WHERE = {"Study": ("/studies", STUDY), "Series": ("/studies/{study}/series", SERIES), "Instance": ("/studies/{study}/instances", INSTANCE)}


def matched(server: Server, archive: Archive, key: Key, name: str, given: str) -> list[str]:
    """The unique keys of what a search by one key finds of the patient."""
    path, unique = WHERE[key.level]
    narrow = [("PatientID", archive.patient_id)] if key.level == "Study" and key.attribute != "PatientID" else []
    return archive.ours(server.search(path_of(path, archive), [(name, given), *narrow]), unique)


def by_hand(archive: Archive, key: Key) -> set[str]:
    """What a search by the key must find."""
    wanted = key.of(archive)
    found = set()
    for one in archive.specimens.values():
        element: object = one.data_set
        if key.attribute == "ModalitiesInStudy":
            has = {"SR"} if one.study == archive["axial 1"].study else set()
        else:
            for keyword in key.attribute.split("."):
                element = element[0] if type(element).__name__ == "Sequence" else element
                element = getattr(element, keyword, None)
                if element is None:
                    break
            has = {str(element)}
        inside = key.level == "Study" or one.study == archive["axial 1"].study
        if inside and any(fnmatchcase(text, wanted) for text in has):
            found.add({"Study": one.study, "Series": one.series, "Instance": one.uid}[key.level])
    return found


@clause("PS3.18 10.6.1.2", "{key.level} attribute {key} is matched, named by keyword")
@pytest.mark.parametrize("key", KEYS, ids=str)
def test_by_keyword(server: Server, archive: Archive, key: Key) -> None:
    assert set(matched(server, archive, key, key.attribute, key.of(archive))) == by_hand(archive, key)


@clause("PS3.18 8.3.4.1", "{key.level} attribute {key} is matched, named by tag {key.tag}")
@pytest.mark.parametrize("key", KEYS, ids=str)
def test_by_tag(server: Server, archive: Archive, key: Key) -> None:
    assert set(matched(server, archive, key, key.tag, key.of(archive))) == by_hand(archive, key)


@clause("PS3.4 C.2.2.2.1", "{key.level} attribute {key} with a value that nothing has finds nothing")
@pytest.mark.parametrize("key", KEYS, ids=str)
def test_another_value(server: Server, archive: Archive, key: Key) -> None:
    assert matched(server, archive, key, key.attribute, key.other) == []


RELATIONAL = [
    ("/series", "StudyDate", "20260102", SERIES),
    ("/series", "AccessionNumber", "", SERIES),
    ("/series", "Modality", "SR", SERIES),
    ("/instances", "StudyDate", "20260102", INSTANCE),
    ("/instances", "AccessionNumber", "", INSTANCE),
    ("/instances", "Modality", "SR", INSTANCE),
    ("/instances", "SeriesNumber", "2", INSTANCE),
    ("/instances", "InstanceNumber", "2", INSTANCE),
    ("/studies/{study}/instances", "Modality", "SR", INSTANCE),
    ("/studies/{study}/instances", "SeriesNumber", "2", INSTANCE),
]


@clause("PS3.4 C.4.1.2.2.1", "{resource} matches {keyword}, an attribute of any level")
@pytest.mark.parametrize(("resource", "keyword", "given", "unique"), RELATIONAL)
def test_relational(server: Server, archive: Archive, resource: str, keyword: str, given: str, unique: str) -> None:
    given = given or str(archive.thorax.AccessionNumber)
    found = server.search(path_of(resource, archive), [("PatientID", archive.patient_id), (keyword, given)])
    expected = {
        one.series if unique == SERIES else one.uid
        for one in archive.specimens.values()
        if str(one.data_set[keyword].value) == given and ("{study}" not in resource or one.study == archive["axial 1"].study)
    }
    assert sorted(uids(found, unique)) == sorted(expected)


THORAX, HEAD = "thorax", "head"
MATCHES: list[tuple[str, str, str, str, set[str]]] = [
    ("PS3.4 C.2.2.2.3", "an empty value is universal matching", "StudyDescription", "", {THORAX, HEAD}),
    ("PS3.4 C.2.2.2.3", "the value * is universal matching", "StudyID", "*", {THORAX, HEAD}),
    ("PS3.4 C.2.2.2.4", "* at the end stands for any characters", "StudyID", "THO*", {THORAX}),
    ("PS3.4 C.2.2.2.4", "* at the beginning stands for any characters", "StudyID", "*2", {HEAD}),
    ("PS3.4 C.2.2.2.4", "* in the middle stands for any characters", "StudyID", "T*1", {THORAX}),
    ("PS3.4 C.2.2.2.4", "* also stands for no character", "StudyID", "HEAD2*", {HEAD}),
    ("PS3.4 C.2.2.2.4", "? stands for one character", "StudyID", "HEAD?", {HEAD}),
    ("PS3.4 C.2.2.2.4", "? does not stand for two characters", "StudyID", "HEA?", set()),
    ("PS3.4 C.2.2.2.4", "? and * go together", "StudyID", "?E*2", {HEAD}),
    ("PS3.4 C.2.2.2.4", "wild card matching is case sensitive for what is no name", "StudyID", "tho*", set()),
    ("PS3.4 C.2.2.2.1", "single value matching is case sensitive for what is no name", "StudyID", "thorax1", set()),
    ("PS3.4 C.2.2.2.5", "a date matches itself only", "StudyDate", "20260304", {HEAD}),
    ("PS3.4 C.2.2.2.5", "a closed range of dates holds what is between", "StudyDate", "20260101-20260201", {THORAX}),
    ("PS3.4 C.2.2.2.5", "a closed range of dates holds both its ends", "StudyDate", "20260102-20260304", {THORAX, HEAD}),
    ("PS3.4 C.2.2.2.5", "a range of dates open at its end", "StudyDate", "20260103-", {HEAD}),
    ("PS3.4 C.2.2.2.5", "a range of dates open at its beginning", "StudyDate", "-20260303", {THORAX}),
    ("PS3.4 C.2.2.2.5", "a range of dates that holds nothing", "StudyDate", "20260103-20260104", set()),
    ("PS3.4 C.2.2.2.5", "a closed range of times holds what is between", "StudyTime", "170000-180000", {HEAD}),
    ("PS3.4 C.2.2.2.5", "a range of times open at its end", "StudyTime", "120000-", {HEAD}),
    ("PS3.4 C.2.2.2.5", "a range of times open at its beginning", "StudyTime", "-120000", {THORAX}),
    ("PS3.4 C.2.2.2.1", "a name matches itself", "ReferringPhysicianName", "Lehmann", {THORAX}),
    ("PS3.4 C.2.2.2.4", "* stands for any characters of a name", "ReferringPhysicianName", "Ander*", {HEAD}),
]


@clause("{where}", "{sentence}: {keyword}={given}")
@pytest.mark.parametrize(("where", "sentence", "keyword", "given", "expected"), MATCHES, ids=[row[1] for row in MATCHES])
def test_matching(server: Server, archive: Archive, where: str, sentence: str, keyword: str, given: str, expected: set[str]) -> None:
    found = server.search("/studies", [("PatientID", archive.patient_id), (keyword, given)])
    studies = {THORAX: archive.thorax.StudyInstanceUID, HEAD: archive.head.StudyInstanceUID}
    assert set(uids(found, STUDY)) == {studies[name] for name in expected}


@clause("PS3.4 C.2.2.2.2", "a list of {keyword} with commas finds what each names")
@pytest.mark.parametrize(
    ("resource", "keyword"), [("/studies", "StudyInstanceUID"), ("/series", "SeriesInstanceUID"), ("/instances", "SOPInstanceUID")]
)
def test_list_of_uids(server: Server, archive: Archive, resource: str, keyword: str) -> None:
    two = [str(archive[name].data_set[keyword].value) for name in ("axial 1", "multi-frame")]
    assert sorted(uids(server.search(resource, [(keyword, ",".join(two))]), RESOURCES[resource])) == sorted(two)


@clause("PS3.4 C.2.2.1.3", "what is found fits all keys: {how}")
@pytest.mark.parametrize(("how", "date", "expected"), [("two that fit", "20260102", 1), ("one that does not", "20260304", 0)])
def test_several_keys(server: Server, archive: Archive, how: str, date: str, expected: int) -> None:
    keys = [("PatientID", archive.patient_id), ("AccessionNumber", archive.thorax.AccessionNumber), ("StudyDate", date)]
    assert len(server.search("/studies", keys)) == expected, how


@clause("PS3.18 10.6.3.1", "a search of {resource} that finds nothing is answered with 204, or with 200 and no matches (CP-2473)")
@pytest.mark.parametrize("resource", RESOURCES)
def test_nothing_found(server: Server, archive: Archive, resource: str) -> None:
    answer = server.get(path_of(resource, archive), JSON, [("PatientID", f"{archive.run}-NOBODY")])
    assert answer.status_code == 204 or (answer.status_code, answer.json()) == (200, [])


@clause("PS3.18 8.3.1", "a name in {script} is found, its query percent-encoded as UTF-8")
@pytest.mark.parametrize("script", SCRIPTS)
def test_script(server: Server, archive: Archive, script: str) -> None:
    name = SCRIPTS[script][1].partition("=")[0]
    found = server.search("/studies", [("PatientID", f"{archive.run}-*"), ("PatientName", f"{name}*")])
    assert uids(found, STUDY) == [archive.scripts[script].study]


@clause("PS3.18 F.2.2", "a name in {script} comes back with all its component groups")
@pytest.mark.parametrize("script", SCRIPTS)
def test_script_answered(server: Server, archive: Archive, script: str) -> None:
    groups = SCRIPTS[script][1].split("=")
    expected = dict(zip(("Alphabetic", "Ideographic", "Phonetic"), groups, strict=False))
    found = server.search("/studies", [("PatientID", f"{archive.run}-{script}")])
    assert [value(item, "00100010") for item in found] == [expected]


@clause("RFC 3986 2.1", "{what} may be percent-encoded in a query")
@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("the caret of a name", "ReferringPhysicianName=Ander%5EOtto%5E%5EProf"),
        ("a letter", "StudyID=H%45AD2"),
        ("a keyword's letter", "Study%49D=HEAD2"),
    ],
)
def test_percent_encoding(server: Server, archive: Archive, what: str, text: str) -> None:
    answer = server.get(f"/studies?PatientID={archive.patient_id}&{text}", JSON)
    assert uids(answer.json(), STUDY) == [archive.head.StudyInstanceUID]


@clause("PS3.18 8.3.4.1", "a private attribute, or one that is not matched, does not make a search fail")
def test_unmatched_attribute(server: Server, archive: Archive) -> None:
    keys = [("PatientID", archive.patient_id), ("PixelSpacing", "0.5")]
    assert server.get("/studies", JSON, keys).status_code in (200, 204)


@clause("PS3.18 8.3", "a parameter that no server knows is ignored")
def test_unknown_parameter(server: Server, archive: Archive) -> None:
    found = server.search("/studies", [("PatientID", archive.patient_id), ("x-no-such-parameter", "1")])
    assert len(found) == 2


@clause("PS3.18 8.3", "{name}={given} is an invalid value, answered with 400")
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("limit", "-1"),
        ("limit", "many"),
        ("limit", "1.5"),
        ("offset", "-1"),
        ("offset", "few"),
        ("fuzzymatching", "perhaps"),
        ("StudyDate", "yesterday"),
        ("StudyDate", "20260101-20260102-20260103"),
        ("StudyTime", "noon"),
    ],
)
def test_invalid_value(server: Server, archive: Archive, name: str, given: str) -> None:
    assert server.get("/studies", JSON, [("PatientID", archive.patient_id), (name, given)]).status_code == 400


@clause("PS3.18 8.3.4.{number}", "{name}=false is taken, and is the default")
@pytest.mark.parametrize(("number", "name"), [("2", "fuzzymatching"), ("5", "emptyvaluematching"), ("6", "multiplevaluematching")])
def test_switched_off(server: Server, archive: Archive, number: str, name: str) -> None:
    keys = [("PatientID", archive.patient_id)]
    assert uids(server.search("/studies", [*keys, (name, "false")]), STUDY) == uids(server.search("/studies", keys), STUDY)


@clause("PS3.18 8.3.4.{number}", "{name}=true is taken: it is applied, or a Warning 299 says that it is not supported")
@pytest.mark.parametrize(
    ("number", "name", "key", "given", "expected"),
    [
        ("2", "fuzzymatching", "PatientName", "Conformance", {2}),
        ("5", "emptyvaluematching", "PatientBirthDate", '""', {0}),
        ("6", "multiplevaluematching", "ModalitiesInStudy", "CT\\SR", {1, 2}),
    ],
)
def test_switched_on(server: Server, archive: Archive, number: str, name: str, key: str, given: str, expected: set[int]) -> None:
    answer = server.get("/studies", JSON, [("PatientID", archive.patient_id), (key, given), (name, "true")])
    assert answer.status_code in (200, 204)
    found = answer.json() if answer.status_code == 200 else []
    assert len(found) in expected or "299" in answer.headers.get("warning", "")


@clause("PS3.4 C.2.2.2.7", "an empty value, written as two quotation marks, finds what has no value")
def test_empty_value(server: Server, archive: Archive) -> None:
    keys = [("PatientID", f"{archive.run}-*"), ("PatientBirthDate", '""'), ("emptyvaluematching", "true")]
    answer = server.get("/studies", JSON, keys)
    if "299" in answer.headers.get("warning", ""):
        pytest.skip("not offered: empty value matching (Warning 299)")
    assert answer.status_code == 200
    assert set(uids(answer.json(), STUDY)) == {one.study for one in archive.scripts.values()}


@clause("PS3.18 8.3.4.1", "a path that holds no valid UID for the Study is refused, or finds nothing")
def test_invalid_path(server: Server) -> None:
    answer = server.get("/studies/not-a-uid/series", JSON)
    assert answer.status_code in (204, 400, 404) or answer.json() == []


@clause("PS3.18 10.6.1.1", "{resource} of a Study that is not there finds nothing, or is not found")
@pytest.mark.parametrize("resource", ["/studies/1.2.3.4.5.6.7/series", "/studies/1.2.3.4.5.6.7/instances"])
def test_unknown_study(server: Server, resource: str) -> None:
    answer = server.get(resource, JSON)
    assert answer.status_code in (204, 404) or answer.json() == []
