"""The ledger's record of a running change, which can continue after a kill. Facts are always read from the clouds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, Self

from ops.core.ledger import Ledger
from ops.core.steps import Timeline

MOMENTS = (datetime, datetime | None)


@dataclass(kw_only=True)
class Record:
    """A running change: what cannot be read from the clouds. Each kind declares its fields, and the ledger's key."""

    KEYS: ClassVar[Mapping[str, str]] = {}
    """Fields that have another name in the ledger."""
    started: datetime
    timeline: Timeline = field(default_factory=Timeline)

    @property
    def key(self) -> str:
        """Its key in the ledger."""
        raise NotImplementedError

    @property
    def decided(self) -> bool:
        """Whether it may have changed something; until then it is not stored."""
        return True

    def to_json(self) -> dict[str, Any]:
        """The record in the form for the ledger and the report."""
        record = {self.KEYS.get(each.name, each.name): getattr(self, each.name) for each in fields(self)}
        moments = {name: value.isoformat() for name, value in record.items() if isinstance(value, datetime)}
        return {**record, **moments, "timeline": self.timeline.to_json()}

    @classmethod
    def from_json(cls, record: Mapping[str, Any], *, dry_run: bool) -> Self:
        """The record that `to_json` wrote; fields that an older command did not have get their default."""
        values: dict[str, Any] = {}
        for each in fields(cls):
            value = record.get(cls.KEYS.get(each.name, each.name))
            if value is not None:
                values[each.name] = datetime.fromisoformat(value) if each.type in MOMENTS else value
        values["timeline"] = Timeline.from_json(record["timeline"], dry_run=dry_run)
        return cls(**values)

    @classmethod
    def known(cls, ledger: Ledger, key: str, *, dry_run: bool = False) -> Self | None:
        """The ledger's record under a key, if there is one."""
        record = ledger.get(key)
        return cls.from_json(record, dry_run=dry_run) if record else None
