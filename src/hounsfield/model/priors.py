"""Which of a patient's earlier studies are wanted when a new one is scheduled or arrives. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from hounsfield.model.errors import InvalidInput
from hounsfield.model.routing import MOST_DESTINATIONS, MOST_PRIORS, matches

LONGEST_TEXT = 64
MOST_MODALITIES = 16
NOT_TO_BE_ASKED_FOR = frozenset("*?\\")
"""In a Patient ID they would ask for the studies of others (PS3.4 C.2.2.2.4, C.2.2.2.8)."""

_CODE = re.compile(r"[A-Z0-9_ ]{1,16}")


@dataclass(frozen=True, slots=True)
class Relevance:
    """Which studies help to read the new one.

    modalities: a study has one of them; empty: any.
    body_part: Body Part Examined (0018,0015) of one of its series, wild cards allowed, case does not count; empty: any.
    most: so many studies, the latest ones.

    What a study does not say of itself does not speak against it.
    """

    modalities: tuple[str, ...] = ()
    body_part: str = ""
    most: int = 3

    def has_modality(self, found: Collection[str]) -> bool:
        """found: Modalities in Study (0008,0061)."""
        return not self.modalities or not any(found) or any(modality in self.modalities for modality in found)

    def has_body_part(self, found: Collection[str]) -> bool:
        """found: of all series."""
        said = [part for part in found if part]
        return not self.body_part or not said or any(matches(self.body_part, part) for part in said)

    def check(self) -> None:
        """Raises: InvalidInput."""
        if len(self.modalities) > MOST_MODALITIES or not all(map(_CODE.fullmatch, self.modalities)):
            raise InvalidInput(f"modalities are up to {MOST_MODALITIES} codes like CT or MR")
        if len(self.body_part) > LONGEST_TEXT:
            raise InvalidInput(f"a body part has at most {LONGEST_TEXT} characters")
        if not 0 < self.most <= MOST_PRIORS:
            raise InvalidInput(f"1 to {MOST_PRIORS} prior studies are brought")


def issuers_meant(issuer: str, found: Collection[str]) -> frozenset[str]:
    """Which issuers a Patient ID may have and still be the same patient's.

    issuer: that of the patient who is meant; found: those with which the ID was found. A study that names none may be that patient's; where
    the patient is given without one, several different issuers are several patients, and nobody knows which is meant.
    """
    named = {one for one in found if one}
    if issuer:
        return frozenset({issuer, ""})
    return frozenset({"", *named}) if len(named) == 1 else frozenset({""})


@dataclass(frozen=True, slots=True)
class ScheduledStudy:
    """A study that is going to be made, and who needs the patient's earlier ones for it.

    patient_id, issuer: whose; an issuer that is not known may be empty.
    occasion: names the visit, for example an accession number or a procedure step's ID: what is asked for it once is not done again.
    destinations: AE titles to which the priors go. sources: of archives that are asked for those that are not here.
    """

    patient_id: str
    issuer: str = ""
    occasion: str = ""
    destinations: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    relevance: Relevance = field(default_factory=Relevance)

    def check(self) -> None:
        """Raises: InvalidInput."""
        if not self.patient_id or NOT_TO_BE_ASKED_FOR & set(self.patient_id):
            raise InvalidInput("priors are sought by a Patient ID that is not empty and has no *, ? or \\")
        if any(len(text) > LONGEST_TEXT for text in (self.patient_id, self.issuer, self.occasion)):
            raise InvalidInput(f"a Patient ID, its issuer and an occasion have at most {LONGEST_TEXT} characters each")
        if not 0 < len(self.destinations) + len(self.sources) <= MOST_DESTINATIONS:
            raise InvalidInput(f"say to whom priors go, or who is asked for them: 1 to {MOST_DESTINATIONS} AE titles in all")
        self.relevance.check()
