"""`hounsfield route prefetch`: a study is scheduled, and the patient's earlier ones go to where it will be read."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from hounsfield.app import bootstrap
from hounsfield.app.commands.options import AsJson, Config, Database, DataDir, settings_from
from hounsfield.app.commands.queue import job_json
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.model.priors import Relevance, ScheduledStudy

PatientId = Annotated[str, typer.Option("--patient-id", help="Whose earlier studies.", show_default=False)]
Issuer = Annotated[str, typer.Option("--issuer", help="Of the Patient ID.")]
To = Annotated[list[str] | None, typer.Option("--to", help="AE title to which they go; may be given several times.")]
From = Annotated[
    list[str] | None, typer.Option("--from", help="AE title of an archive that is asked for those that are not here; repeatable.")
]
Modality = Annotated[list[str] | None, typer.Option("--modality", help="Only studies with one of these; repeatable.")]
BodyPart = Annotated[str, typer.Option("--body-part", help="Only studies of this Body Part Examined; wild cards allowed.")]
Priors = Annotated[int, typer.Option("--priors", help="How many studies at most, the latest ones.")]
Occasion = Annotated[str, typer.Option("--occasion", help="Names the visit, for example by its accession number; default: today's date.")]


def prefetch(
    patient_id: PatientId,
    issuer: Issuer = "",
    to: To = None,
    source: From = None,
    modality: Modality = None,
    body_part: BodyPart = "",
    priors: Priors = 3,
    occasion: Occasion = "",
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """A study is scheduled: send the patient's earlier ones to where it will be read, and fetch those that are elsewhere.

    Asked twice for one occasion, it is done once. The running server does it; `hounsfield queue` shows how far it has come.
    """
    settings = settings_from(config, data_dir=data_dir, database=database)
    relevance = Relevance(tuple(modality or ()), body_part, priors)
    study = ScheduledStudy(patient_id, issuer, occasion, tuple(to or ()), tuple(source or ()), relevance)
    with bootstrap.database(settings) as opened:
        jobs = bootstrap.priors_of(opened, settings).scheduled(Origin(Protocol.SYSTEM, SYSTEM), study)
    if as_json:
        sys.stdout.write(json.dumps([job_json(job) for job in jobs]) + "\n")
    else:
        sys.stdout.writelines(f"job {job.id} {job.queue} {job.state.value}\n" for job in jobs)
