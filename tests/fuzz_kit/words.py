"""What requests are made of: names and values that mean something to a DICOMweb server, and some that are a little wrong."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


KEYWORDS = _words("""
PatientName PatientID PatientBirthDate StudyDate StudyTime AccessionNumber ModalitiesInStudy Modality StudyID StudyInstanceUID
SeriesInstanceUID SOPInstanceUID SeriesNumber InstanceNumber Rows ReferringPhysicianName NumberOfStudyRelatedInstances 00100010
0020000D 00080061 7FE00010 00091001 RequestAttributesSequence.00401001 00400275.00400009 OtherPatientIDsSequence.PatientID
includefield limit offset fuzzymatching emptyvaluematching multiplevaluematching accept charset viewport window quality iccprofile
annotation presentationUID requestType studyUID seriesUID objectUID contentType frameNumber transferSyntax deletionlock
""")

VALUES = (
    *_words("* ? **?** Müller* MULLER^ 20260102 20260101-20261231 -20261231 20260101- - 99999999 20261301 1011 101112.123456 250000"),
    *_words("CT CT\\MR CT,MR 1.2.3 1.2.3\\1.2.4 1.2.3,1.2.4 .1 1..2 0 1 -1 10 1e3 4294967296 ٣ NaN inf true TRUE false all"),
    *_words("PatientName,00080020 00080020 % \\ ';-- <b> 🩻 Ａ ß [ _ ~ 256,256 0,0 1,1,0,0,9,9 16384,16384 -5,10 2,2,-1,-1,-3,4"),
    *_words("40,400,linear 40,0,sigmoid 1e300,1e-300,linear-exact nan,1,linear 50 101 srgb no patient technique WADO utf-8"),
    *_words("application/dicom application/dicom+json image/jpeg text/html 1.2.840.10008.1.2.4.50"),
    "",
    "1" * 70,
    "9" * 30,
    "a" * 2000,
    "\u202e",
    "\ud800",
    "\x00",
    "\n",
)

PAIRS = tuple(
    pair.partition("=")[::2]
    for pair in (
        *_words("PatientName=M* PatientName=Müller^Ägidius PatientID=PAT-1 PatientID=PAT* StudyDate=20260101-20261231 StudyTime=10-11"),
        *_words("ModalitiesInStudy=CT Modality=MR AccessionNumber=ACC-1 StudyInstanceUID=1.2.3,1.2.4 00100010=*gid* InstanceNumber=1"),
        *_words("includefield=all includefield=00081030,PatientName limit=2 offset=1 fuzzymatching=true viewport=64,64 quality=80"),
        *_words("viewport=32,32,0,0,16,16 window=1000,2000,linear window=1000,500,sigmoid accept=image/png accept=application/dicom+json"),
        *_words("iccprofile=no annotation=patient NumberOfStudyRelatedInstances=3 requestType=WADO studyUID=1.2.3 charset=utf-8"),
    )
)
"""Names with values that they take."""

MEDIA_TYPES = _words("""
*/* application/dicom application/dicom+json application/json application/dicom+xml application/octet-stream image/jpeg image/png
image/gif image/jp2 image/jls image/jphc image/dicom-rle image/* video/mp4 application/* text/html application/zip application/pdf
text/plain multipart/related multipart/mixed / a * */json
""")

TRANSFER_SYNTAXES = (
    *(f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".1.99", ".2", ".4.50", ".4.70", ".4.80", ".4.90", ".4.201", ".4.203", ".5")),
    "*",
    "1.2.3",
    "",
    "**",
)

RANGES = _words("bytes=0- bytes=0-99 bytes=-1 bytes=10-5 bytes=0-0,5-9 bytes=99999999999- bytes=-0 items=1-2 bytes= bytes=a-b")
ETAGS = ("*", '"x"', 'W/"x"', '"', "x,y", ",", "")
CODINGS = ("gzip", "gzip;q=0", "*", "identity;q=0", "br, zstd", "gzip;q=", ";;;", "")
QUALITIES = ("0", "0.5", "1", "1e400", "nan", "-1", "", "x")

RESOURCES = (
    "",
    *_words("/metadata /rendered /thumbnail /frames/1 /frames/2,1 /frames/3/rendered /frames/1/thumbnail /bulkdata/7FE00010"),
    *_words("/bulkdata/00091001 /bulkdata/00081140/0/00081155 /pixeldata /nothing"),
)
SEGMENTS = (
    *_words("studies series instances frames metadata rendered workitems bulkdata subscribers state .. . %2e%2e %00 %FF %2F 1.2.3"),
    "",
    "a" * 900,
    "1" * 65,
)

VRS = (*_words("AE AS AT CS DA DS DT FL FD IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV ZZ sq"), "")
TAGS = (
    *_words("00080005 00080016 00080018 00080060 00100010 00100020 0020000D 0020000E 00280010 00280011 7FE00010 00090010 00091001"),
    *_words("00081140 FFFEE000 00020010 00000000 FFFFFFFF 0010001G 10"),
    "",
)
