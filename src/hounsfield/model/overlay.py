"""What is to be read otherwise than a stored object has it: kept beside its bytes, which never change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.peers import Peer


@dataclass(frozen=True, slots=True)
class Overlay:
    """Of one object. Its effective values follow from its bytes and this alone.

    rules: those that change something of it, in order.
    character_set: Specific Character Set (0008,0005) of an object that has none; empty where its own counts.
    system: who changed it, for Modifying System (0400,0563); empty where no rule did.
    """

    rules: tuple[CoercionRule, ...] = ()
    character_set: str = ""
    system: str = ""

    def __bool__(self) -> bool:
        return bool(self.rules or self.character_set)

    def to_bytes(self) -> bytes:
        """As it is kept: UTF-8, empty where nothing is changed."""
        if not self:
            return b""
        said: dict[str, Any] = {}
        if self.rules:
            said["rules"] = [[rule.attribute, rule.action.value, rule.value] for rule in self.rules]
            said["system"] = self.system
        if self.character_set:
            said["character_set"] = self.character_set
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Overlay:
        """The inverse of `to_bytes`."""
        if not raw:
            return NO_OVERLAY
        said = json.loads(raw)
        rules = tuple(CoercionRule(attribute, CoercionAction(action), value) for attribute, action, value in said.get("rules", ()))
        return cls(rules, said.get("character_set", ""), said.get("system", ""))


NO_OVERLAY = Overlay()


@dataclass(frozen=True, slots=True)
class Treatment:
    """What a caller's objects are subject to when they come in; an object's overlay is the part of it that takes effect."""

    rules: tuple[CoercionRule, ...] = ()
    character_set: str = ""
    system: str = ""

    def __bool__(self) -> bool:
        return bool(self.rules or self.character_set)

    @property
    def largest_overlay(self) -> bytes:
        """No object's overlay is longer."""
        return Overlay(self.rules, self.character_set, self.system).to_bytes()

    @classmethod
    def of(cls, peer: Peer, system: str) -> Treatment:
        """What a peer's objects are subject to. system: our AE title."""
        return cls(peer.coercion, peer.character_set, system) if peer.coercion or peer.character_set else NO_TREATMENT

    @classmethod
    def from_bytes(cls, raw: bytes) -> Treatment:
        """The inverse of `largest_overlay`."""
        overlay = Overlay.from_bytes(raw)
        return cls(overlay.rules, overlay.character_set, overlay.system)


NO_TREATMENT = Treatment()
