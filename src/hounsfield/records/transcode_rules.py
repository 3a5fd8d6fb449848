"""Rules of transcoding by their names; answers the protocol of `services.transcode_rules`."""

from __future__ import annotations

import json
from typing import Any

from hounsfield.model.connections import Connections
from hounsfield.model.routing import Condition
from hounsfield.model.transcoding import TranscodeRule
from hounsfield.records.named_rules import NamedRules
from hounsfield.records.tables import transcode_rule


class TranscodeRuleRecords:
    """One database's rules; safe to use from any thread. Raises: IndexUnavailable where the database does not answer."""

    def __init__(self, database: Connections) -> None:
        self._rules = NamedRules(database, transcode_rule)

    def rules(self) -> list[TranscodeRule]:
        """All of them, by name."""
        return [_rule(*row) for row in self._rules.all()]

    def add_rule(self, added: TranscodeRule, created_by: str) -> bool:
        """False where the name is taken."""
        return self._rules.add(added.name, _definition(added), added.created_at_s, created_by)

    def delete_rule(self, name: str) -> bool:
        """False where there is none."""
        return self._rules.delete(name)


def _definition(rule: TranscodeRule) -> str:
    return json.dumps(
        {
            "conditions": [{"keyword": one.keyword, "patterns": one.patterns} for one in rule.conditions],
            "callers": rule.callers,
            "transfer_syntax_uid": rule.transfer_syntax_uid,
            "wait_s": rule.wait_s,
            "since": rule.since,
        },
        ensure_ascii=False,
    )


def _rule(name: str, definition: str, created_at_s: int, _created_by: str) -> TranscodeRule:
    read: dict[str, Any] = json.loads(definition)
    return TranscodeRule(
        name,
        tuple(Condition(one["keyword"], tuple(one["patterns"])) for one in read["conditions"]),
        tuple(read["callers"]),
        read["transfer_syntax_uid"],
        read["wait_s"],
        created_at_s,
        read["since"],
    )
