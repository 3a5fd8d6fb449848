"""The settings: one frozen object, validated once, built in `app.bootstrap` and handed down.

Read, the later winning, from: the defaults here; a TOML file (`--config`, or `hounsfield.toml` in the data directory); variables
named `HOUNSFIELD_*`; the command line.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hounsfield.app.site_zone import site_zone
from hounsfield.model.errors import ConfigurationError, InvalidAETitle
from hounsfield.model.identifiers import AETitle

_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
MIB = 1 << 20
GIB = 1 << 30


class PeerSetting(str):
    """`AET=host:port`, checked."""

    __slots__ = ()

    @property
    def ae_title(self) -> str:
        """The peer's AE title."""
        return self.partition("=")[0]

    @property
    def host(self) -> str:
        """Name or address."""
        return self.partition("=")[2].rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """TCP port."""
        return int(self.rpartition(":")[2])

    @classmethod
    def parse(cls, text: str) -> PeerSetting:
        """Raises: ValueError."""
        ae_title, equals, address = text.partition("=")
        host, colon, port = address.rpartition(":")
        if not (equals and colon and host and port.isdecimal() and 0 < int(port) < 65536):
            raise ValueError(f"{text!r} is not AET=host:port, for example CT1=192.0.2.10:104")
        try:
            return cls(f"{AETitle.parse(ae_title)}={host}:{port}")
        except InvalidAETitle as exc:
            raise ValueError(str(exc)) from exc


class Settings(BaseSettings):
    """Every setting of `hounsfield serve`."""

    model_config = SettingsConfigDict(env_prefix="HOUNSFIELD_", frozen=True, extra="forbid")

    data_dir: Path = Field(default=Path("hounsfield-data"), description="Where packs, database and caches live. Created if missing.")
    ae_title: str = Field(default="HOUNSFIELD", description="Our AE title; associations that call another one are rejected.")
    host: str = Field(default="127.0.0.1", description="Address to listen on, for DICOM and HTTP. `0.0.0.0` listens on every IPv4 address.")
    dicom_port: int = Field(default=11112, ge=0, le=65535, description="TCP port of the DICOM listener.")
    tls_port: int = Field(
        default=2762, ge=0, le=65535, description="TCP port of the DICOM listener for TLS; it listens where `tls_certificate` is set."
    )
    tls_certificate: str = Field(
        default="", description="PEM file with our TLS certificate and its chain, for the TLS listener and for calls to peers."
    )
    tls_key: str = Field(
        default="", description="PEM file with its key, without a passphrase. Empty: it is in the file of the certificate."
    )
    tls_ca: str = Field(
        default="",
        description="PEM file of the authorities whose certificates are believed: those of callers, and those of peers that we call "
        "(empty: the system's for the latter).",
    )
    tls_require_client_certificate: bool = Field(
        default=True, description="Callers by TLS must show a certificate of an authority in `tls_ca` (mutual authentication)."
    )
    jwt_keys: str = Field(
        default="",
        description="File with the public keys of who issues JSON web tokens (a JSON web key set, or one key in PEM): "
        "callers by DICOM may then show one as their user identity.",
    )
    jwt_issuer: str = Field(default="", description="The issuer (`iss`) that such a token must name.")
    jwt_audience: str = Field(default="", description="The audience (`aud`) that such a token must be for: this archive.")
    jwt_user_claim: str = Field(default="sub", min_length=1, description="The claim of such a token that holds the account's name.")
    jwt_leeway_s: int = Field(default=60, ge=0, le=300, description="Seconds by which the issuer's clock may differ from ours.")
    http_port: int = Field(default=8080, ge=1, le=65535, description="TCP port of DICOMweb and the web app.")
    peers: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Known peers as `AET=host:port`; their AE titles may call us."
    )
    open_access: bool = Field(
        default=False,
        description="No sign-in, and any AE title may call. Refused unless `host` is a loopback address: for tests and a first look.",
    )
    accept_any_caller: bool = Field(
        default=False, description="Any AE title may call from a loopback address (the demo's way); from elsewhere only known ones."
    )
    database: str = Field(
        default="",
        description="Address of a PostgreSQL database, `postgresql://user@host/name`. Empty: SQLite in the data directory.",
    )
    node: str = Field(default="local", pattern=r"^[A-Za-z0-9_.-]{1,32}$", description="Name of this node, recorded with each object.")
    http_workers: int = Field(default=2, ge=1, le=64, description="Processes that answer HTTP requests.")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins whose pages may use DICOMweb from a browser, with an API token, such as `https://viewer.example`; `*` for all "
        "origins. Empty: none.",
    )
    access_log: bool = Field(
        default=False, description="Log each DICOMweb request at level info: who, what kind of resource, status, time and bytes."
    )
    codec_children: int = Field(default=1, ge=1, le=16, description="Decoding processes of each HTTP worker, started when first needed.")
    codec_memory_bytes: int = Field(default=2 * GIB, ge=256 * MIB, description="Address space one decoding process may use.")
    ffmpeg_path: str = Field(
        default="", description="The site's own ffmpeg, which makes MP4 videos of multi-frame images. Empty: they are not offered (406)."
    )
    pack_size_bytes: int = Field(default=GIB, ge=16 * MIB, description="A pack is sealed when it has grown to this size.")
    seal_after_idle_s: float = Field(default=900.0, gt=0, description="A pack is sealed when nothing was added to it for this long.")
    max_object_bytes: int = Field(default=64 * GIB, ge=MIB, description="Largest data set taken.")
    min_free_bytes: int = Field(
        default=256 * MIB, ge=0, description="With less free disk than this, objects are refused (0xA700, 507) and `/health/ready` says so."
    )
    max_associations: int = Field(default=100, ge=1, description="DICOM associations at once, in all.")
    max_associations_per_peer: int = Field(default=50, ge=1, description="DICOM associations at once from one host and AE title.")
    find_max_answers: int = Field(
        default=100_000, ge=1, description="Answers to one C-FIND request; beyond them it ends with status A700 (out of resources)."
    )
    time_zone: str = Field(
        default="",
        description="Time zone of dates and times in objects that do not say theirs, as an offset (`+0100`) or by name "
        "(`Europe/Berlin`), for queries that name their own; what day it is in rules on recent studies. Empty: this machine's.",
    )
    accept_unknown_sop_classes: bool = Field(
        default=True, description="Take objects of storage SOP classes that are private or newer than our table."
    )
    idle_timeout_s: float = Field(default=60.0, gt=0, description="An association on which nothing happens for this long is aborted.")
    commitment_retry_hours: float = Field(
        default=72.0, gt=0, description="Hours for which a peer is called again to be told what came of its storage commitment request."
    )
    worklist_keep_ended_days: float = Field(
        default=0.0,
        ge=0,
        le=36_500,
        description="Days for which a workitem (UPS) that is completed or canceled is kept, from its last change on; one with a Deletion "
        "Lock is kept until that is given up. 0: for ever.",
    )
    session_idle_minutes: int = Field(default=30, ge=1, description="Minutes without a request after which a person is signed out.")
    session_max_hours: int = Field(default=12, ge=1, description="Hours after which a person must sign in again.")
    log_format: str = Field(default="console", pattern="^(console|json)$", description="`console` for people, `json` for machines.")
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$", description="Least level that is logged.")

    @field_validator("ae_title")
    @classmethod
    def _check_ae_title(cls, value: str) -> str:
        try:
            return str(AETitle.parse(value))
        except InvalidAETitle as exc:
            raise ValueError(str(exc)) from exc

    @field_validator("peers", mode="before")
    @classmethod
    def _check_peers(cls, value: Any) -> Any:
        items = value.split(",") if isinstance(value, str) else value
        return tuple(PeerSetting.parse(item.strip()) for item in items if item.strip())

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _check_origins(cls, value: Any) -> Any:
        items = value.split(",") if isinstance(value, str) else value
        origins = tuple(str(item).strip().lower() for item in items if str(item).strip())
        for origin in origins:
            if origin != "*" and _ORIGIN.fullmatch(origin) is None:
                raise ValueError(
                    f"{origin!r} is no origin: scheme://host or scheme://host:port, without a path, such as https://viewer.example"
                )
        return origins

    @field_validator("time_zone")
    @classmethod
    def _check_time_zone(cls, value: str) -> str:
        site_zone(value)
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @model_validator(mode="after")
    def _open_access_stays_home(self) -> Settings:
        if self.open_access and not is_loopback(self.host):
            raise ValueError(
                f"open_access lets anyone read everything, so it is refused while listening on {self.host}: "
                "set host to 127.0.0.1, or drop open_access and sign in"
            )
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Settings:
        if self.tls_key and not self.tls_certificate:
            raise ValueError("tls_key is set, but tls_certificate is not: set both, or neither")
        if self.tls_certificate and self.tls_require_client_certificate and not self.tls_ca:
            raise ValueError(
                "callers by TLS must show a certificate, so tls_ca has to name the authorities that issue them; "
                "or set tls_require_client_certificate to false"
            )
        return self

    @model_validator(mode="after")
    def _jwt_is_whole(self) -> Settings:
        if self.jwt_keys and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("jwt_keys is set, so jwt_issuer and jwt_audience have to say whose tokens for whom are believed")
        if (self.jwt_issuer or self.jwt_audience) and not self.jwt_keys:
            raise ValueError("jwt_issuer or jwt_audience is set, but jwt_keys does not name the issuer's public keys")
        return self

    @property
    def known_peers(self) -> tuple[PeerSetting, ...]:
        """`peers`, taken apart."""
        return tuple(PeerSetting(peer) for peer in self.peers)

    @property
    def packs_dir(self) -> Path:
        """Where the packs lie."""
        return self.data_dir / "packs"

    @property
    def cache_dir(self) -> Path:
        """What may be deleted at any time."""
        return self.data_dir / "cache"

    @property
    def spool_dir(self) -> Path:
        """Where bulk data of an upload waits for the rest of it, in files without names."""
        return self.data_dir / "spool"

    @property
    def renditions_dir(self) -> Path:
        """Where a transcoded object waits for the archive process to take it in."""
        return self.spool_dir / "renditions"

    @property
    def intake_socket(self) -> Path:
        """The archive process' door for this machine's other processes."""
        return self.data_dir / "intake.sock"

    @property
    def database_address(self) -> str:
        """A PostgreSQL address, or the path of the SQLite file."""
        return self.database or str(self.data_dir / "index.sqlite")


def is_loopback(host: str) -> bool:
    """Whether an address or name stays on this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(config: Path | None, overrides: dict[str, Any]) -> Settings:
    """Raises: ConfigurationError, naming the setting, what is wrong with it, and where it may be set."""
    values: dict[str, Any] = {}
    data_dir = Path(overrides.get("data_dir") or os.environ.get("HOUNSFIELD_DATA_DIR") or Settings.model_fields["data_dir"].default)
    path = config or data_dir / "hounsfield.toml"
    if config is not None or path.is_file():
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
            raise ConfigurationError(f"{path}: {exc}") from exc
    from_file = {name: value for name, value in values.items() if f"HOUNSFIELD_{name.upper()}" not in os.environ}
    try:
        return Settings(**(from_file | overrides))
    except ValidationError as exc:
        raise ConfigurationError("\n".join(_explain(error, path) for error in exc.errors())) from exc


def _explain(error: Any, path: Path) -> str:
    name = ".".join(str(part) for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    if not name:
        return message
    if error["type"] == "extra_forbidden":
        return f"{name}: no such setting (in {path}); `hounsfield doctor` lists all of them"
    option = name.replace("_", "-")
    return f"{name}: {message} (set by --{option}, HOUNSFIELD_{name.upper()}, or {name} in {path})"
