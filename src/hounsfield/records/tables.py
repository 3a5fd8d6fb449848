"""Tables that are never derived: `reindex` leaves them alone. Times are whole seconds since 1970-01-01 UTC."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects import postgresql, sqlite

metadata = MetaData()

BIG = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
TEXT = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")

account = Table(
    "account",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("role", TEXT, nullable=False),
    Column("password_hash", TEXT, nullable=False),
    Column("created_at_s", BIG, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("account_name", TEXT, nullable=False),
    Column("created_at_s", BIG, nullable=False),
    Column("last_used_at_s", BIG, nullable=False),
    Index("session_account", "account_name"),
)

preference = Table(
    "preference",
    metadata,
    Column("account_name", TEXT, primary_key=True),
    Column("name", TEXT, primary_key=True),
    Column("document", TEXT, nullable=False),  # JSON, ASCII
)

api_token = Table(
    "api_token",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("role", TEXT, nullable=False),
    Column("token_sha256", LargeBinary, nullable=False, unique=True),
    Column("created_at_s", BIG, nullable=False),
    Column("created_by", TEXT, nullable=False),
    Column("last_used_at_s", BIG),
    Column("expires_at_s", BIG),
    Column("revoked_at_s", BIG),
)

peer = Table(
    "peer",
    metadata,
    Column("ae_title", TEXT, primary_key=True),
    Column("host", TEXT, nullable=False),
    Column("port", Integer, nullable=False),
    Column("tls", Boolean, nullable=False),
    Column("transfer_syntaxes", TEXT, nullable=False),  # UIDs and permissions are joined by spaces, which none of them holds
    Column("may", TEXT, nullable=False),
    Column("max_associations", Integer, nullable=False),
    Column("certificate", TEXT, nullable=False),
    Column("accepted_sop_classes", TEXT, nullable=False),
    Column("accepted_transfer_syntaxes", TEXT, nullable=False),
    Column("visible", TEXT, nullable=False),  # JSON, as is coercion
    Column("character_set", TEXT, nullable=False),
    Column("coercion", TEXT, nullable=False),
)

refused_caller = Table(
    "refused_caller",
    metadata,
    Column("ae_title", TEXT, primary_key=True),
    Column("host", TEXT, primary_key=True),
    Column("last_seen_s", BIG, nullable=False),
    Column("count", Integer, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("decided_at_ns", BIG, primary_key=True, autoincrement=False),
    Column("record_sha256", LargeBinary, primary_key=True),
    Column("record", TEXT, nullable=False),  # the record of the decision pack, as JSON
)

setting = Table(
    "setting",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("value", TEXT, nullable=False),
)

route = Table(
    "route",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("definition", TEXT, nullable=False),  # JSON
    Column("created_at_s", BIG, nullable=False),
    Column("created_by", TEXT, nullable=False),
)

transcode_rule = Table(
    "transcode_rule",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("definition", TEXT, nullable=False),  # JSON
    Column("created_at_s", BIG, nullable=False),
    Column("created_by", TEXT, nullable=False),
)

workitem = Table(
    "workitem",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("partition_id", BIG, nullable=False),
    Column("uid", TEXT, nullable=False),
    Column("state", TEXT, nullable=False),
    Column("transaction_uid", TEXT, nullable=False),
    Column("scheduled_start", TEXT, nullable=False),  # YYYYMMDDHHMMSS as it stands, whatever its offset from UTC
    Column("data_set", TEXT, nullable=False),  # DICOM JSON, ASCII
    Column("changed_at_s", BIG, nullable=False),
    Index("workitem_uid", "partition_id", "uid", unique=True),
    Index("workitem_state", "partition_id", "state", "id"),
    Index("workitem_start", "partition_id", "scheduled_start"),
    sqlite_autoincrement=True,
)

workitem_key = Table(
    "workitem_key",  # values by which steps are found, several of a name where a sequence has several items
    metadata,
    Column("workitem_id", BIG, primary_key=True, autoincrement=False),
    Column("name", TEXT, primary_key=True),
    Column("value", TEXT, primary_key=True),
    Index("workitem_key_value", "name", "value", "workitem_id"),
)

workitem_subscriber = Table(
    "workitem_subscriber",
    metadata,
    Column("partition_id", BIG, primary_key=True, autoincrement=False),
    Column("ae_title", TEXT, primary_key=True),
    Column("filter", TEXT, primary_key=True),  # JSON; empty for all steps
    Column("deletion_lock", Boolean, nullable=False),
)

workitem_subscription = Table(
    "workitem_subscription",
    metadata,
    Column("workitem_id", BIG, primary_key=True, autoincrement=False),
    Column("ae_title", TEXT, primary_key=True),
    Column("deletion_lock", Boolean, nullable=False),
    Index("workitem_subscription_ae", "ae_title", "workitem_id"),
)

workitem_event = Table(
    "workitem_event",
    metadata,
    Column("sequence", BIG, primary_key=True, autoincrement=True),
    Column("partition_id", BIG, nullable=False),
    Column("ae_title", TEXT, nullable=False),
    Column("report", TEXT, nullable=False),  # DICOM JSON, ASCII
    Column("created_at_s", BIG, nullable=False),
    Index("workitem_event_ae", "partition_id", "ae_title", "sequence"),
    Index("workitem_event_age", "created_at_s"),
    sqlite_autoincrement=True,
)

workitem_listener = Table(
    "workitem_listener",
    metadata,
    Column("partition_id", BIG, primary_key=True, autoincrement=False),
    Column("ae_title", TEXT, primary_key=True),
    Column("delivered", BIG, nullable=False),  # the sequence of the last event that reached it
)

web_commitment = Table(
    "web_commitment",
    metadata,
    Column("partition_id", BIG, primary_key=True, autoincrement=False),
    Column("transaction_uid", TEXT, primary_key=True),
    Column("accepted_at_s", BIG, nullable=False),
    Column("busy_until_s", BIG, nullable=False),  # until then somebody is judging it
    Column("request", TEXT, nullable=False),  # JSON, as is the result, which is empty until there is one
    Column("result", TEXT, nullable=False),
)

performed_step = Table(
    "performed_step",
    metadata,
    Column("partition_id", BIG, primary_key=True, autoincrement=False),
    Column("uid", TEXT, primary_key=True),
    Column("status", TEXT, nullable=False),
    Column("data_set", TEXT, nullable=False),  # DICOM JSON, ASCII
    Column("changed_at_s", BIG, nullable=False),
)
