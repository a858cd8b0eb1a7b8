"""What the ledger remembers of a change under way, which goes on after any kill. Facts are asked of the world."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, Self

from ops.core.ledger import Ledger
from ops.core.steps import Timeline

MOMENTS = (datetime, datetime | None)


@dataclass(kw_only=True)
class Record:
    """A change under way: what the world cannot tell of it. Each kind declares its fields, and the ledger's key."""

    KEYS: ClassVar[Mapping[str, str]] = {}
    """Of the fields that the ledger knows by another name."""
    started: datetime
    timeline: Timeline = field(default_factory=Timeline)

    @property
    def key(self) -> str:
        """Where the ledger has it."""
        raise NotImplementedError

    @property
    def decided(self) -> bool:
        """Whether it may have changed something: before that it is not kept."""
        return True

    def to_json(self) -> dict[str, Any]:
        """The record as the ledger and the report take it."""
        record = {self.KEYS.get(each.name, each.name): getattr(self, each.name) for each in fields(self)}
        moments = {name: value.isoformat() for name, value in record.items() if isinstance(value, datetime)}
        return {**record, **moments, "timeline": self.timeline.to_json()}

    @classmethod
    def from_json(cls, record: Mapping[str, Any], *, dry_run: bool) -> Self:
        """The record that `to_json` wrote; what an older command did not know yet has its default."""
        values: dict[str, Any] = {}
        for each in fields(cls):
            value = record.get(cls.KEYS.get(each.name, each.name))
            if value is not None:
                values[each.name] = datetime.fromisoformat(value) if each.type in MOMENTS else value
        values["timeline"] = Timeline.from_json(record["timeline"], dry_run=dry_run)
        return cls(**values)

    @classmethod
    def known(cls, ledger: Ledger, key: str, *, dry_run: bool = False) -> Self | None:
        """The record that the ledger has under a key, if there is one."""
        record = ledger.get(key)
        return cls.from_json(record, dry_run=dry_run) if record else None
