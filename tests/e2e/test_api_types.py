"""The web app's idea of the API, held against the server's: the types are written by hand, so they may drift."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from hounsfield.servers.webapi import (
    association_routes,
    document_schemas,
    key_image_schemas,
    measurement_schemas,
    people_schemas,
    routing_schemas,
    schemas,
    settings_routes,
    storage_routes,
    view_schemas,
    volume_schemas,
)

TYPES = Path(__file__).resolve().parents[2] / "web" / "src" / "api" / "types"


def fields_in_typescript(interface: str) -> set[str]:
    """Names of the fields of an exported interface, those of nested objects left out."""
    everything = "\n".join(path.read_text() for path in sorted(TYPES.glob("*.ts")))
    body = re.search(rf"export interface {interface} {{(.*?)^}}", everything, re.DOTALL | re.MULTILINE)
    assert body, interface
    return set(re.findall(r"^  (\w+)\??:", body[1], re.MULTILINE))


@pytest.mark.parametrize(
    ("interface", "schema"),
    [
        ("Session", schemas.SessionAnswer),
        ("StudyRow", schemas.StudyAnswer),
        ("Worklist", schemas.WorklistAnswer),
        ("SeriesRow", schemas.SeriesAnswer),
        ("StudyDetail", schemas.StudyDetailAnswer),
        ("ServerStatus", schemas.StatusAnswer),
        ("RefusedCaller", schemas.RefusedCallerAnswer),
        ("Peer", schemas.PeerAnswer),
        ("VisibleStudies", schemas.VisibleStudiesAnswer),
        ("CoercionRule", schemas.CoercionRuleAnswer),
        ("Callers", schemas.CallersAnswer),
        ("Echo", schemas.EchoAnswer),
        ("MeasuredValue", measurement_schemas.MeasuredValueAnswer),
        ("Measurement", measurement_schemas.MeasurementAnswer),
        ("UnreadReport", measurement_schemas.UnreadReportAnswer),
        ("Measurements", measurement_schemas.MeasurementsAnswer),
        ("MeasurementChanges", measurement_schemas.MeasurementsAsked),
        ("KeyImageReference", key_image_schemas.KeyImageAnswer),
        ("KeySelection", key_image_schemas.KeySelectionAnswer),
        ("KeyImages", key_image_schemas.KeyImagesAnswer),
        ("KeyImageChanges", key_image_schemas.KeyImagesAsked),
        ("ShownImage", view_schemas.ShownAnswer),
        ("PresentationState", view_schemas.StateAnswer),
        ("PresentationStates", view_schemas.ViewsAnswer),
        ("Figure", view_schemas.FigureAsked),
        ("FigureLabel", view_schemas.LabelAsked),
        ("StateWindow", view_schemas.StateWindowAnswer),
        ("ViewToSave", view_schemas.ViewAsked),
        ("StateGraphic", view_schemas.GraphicAnswer),
        ("StateText", view_schemas.TextAnswer),
        ("StateShutter", view_schemas.ShutterAnswer),
        ("StateOver", view_schemas.StateOverAnswer),
        ("DocumentReference", document_schemas.DocumentReferenceAnswer),
        ("ContentItem", document_schemas.ContentItemAnswer),
        ("Verification", document_schemas.VerificationAnswer),
        ("StructuredDocument", document_schemas.DocumentAnswer),
        ("RouteCondition", routing_schemas.ConditionAnswer),
        ("Route", routing_schemas.RouteAnswer),
        ("Routes", routing_schemas.RoutesAnswer),
        ("RouteVerdict", routing_schemas.VerdictAnswer),
        ("Queue", routing_schemas.QueueAnswer),
        ("Job", routing_schemas.JobAnswer),
        ("Queues", routing_schemas.QueuesAnswer),
        ("Account", people_schemas.AccountAnswer),
        ("NewPassword", people_schemas.NewPasswordAnswer),
        ("ApiToken", people_schemas.TokenAnswer),
        ("TokenAsked", people_schemas.TokenAsked),
        ("NewToken", people_schemas.NewTokenAnswer),
        ("LiveAssociation", association_routes.AssociationAnswer),
        ("LiveAssociations", association_routes.AssociationsAnswer),
        ("Setting", settings_routes.SettingAnswer),
        ("StorageShare", storage_routes.ShareAnswer),
        ("StorageCounted", storage_routes.CountedAnswer),
        ("StorageUse", storage_routes.StorageAnswer),
        ("VolumeSlice", volume_schemas.SliceAnswer),
        ("VolumeTrait", volume_schemas.TraitAnswer),
        ("VolumeGap", volume_schemas.GapAnswer),
        ("Volume", volume_schemas.VolumeAnswer),
        ("VolumeLeftOut", volume_schemas.LeftOutAnswer),
        ("SeriesVolumes", volume_schemas.VolumesAnswer),
    ],
)
def test_the_app_knows_the_fields_that_the_server_sends(interface: str, schema: type[BaseModel]) -> None:
    """No more and no fewer."""
    assert fields_in_typescript(interface) == set(schema.model_fields)
