"""Physical names and tags: the only source of names in the cloud and of tag values."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

PROJECT = "askproai"
HASH_LENGTH = 6


def spelled(environment: str, role: str) -> str:
    """The name of `role` in a stack, where no length limit applies."""
    return f"{PROJECT}-{environment}-{role}"


def replica_of(role: str) -> str:
    """The role of the replica of `role` in another region."""
    return f"{role}-replica"


class DataClass(StrEnum):
    """The classification of the data in a resource, for audits."""

    PERSONAL = "personal"
    CONFIDENTIAL = "confidential"
    INTERNAL = "internal"


@dataclass(frozen=True, kw_only=True)
class Naming:
    """Names and tags of one stack.

    `environment` distinguishes the stacks of an account ("prod", "dr"); `account_id` makes bucket names unique in S3's
    global namespace. The stack's role in its pair is in neither: it changes in operation, and names and tags do not.
    """

    environment: str
    account_id: str
    cost_center: str

    def physical(self, role: str, limit: int) -> str:
        """The physical name of `role`, at most `limit` characters.

        A name that is too long is cut, and ends with a hash of the whole name, so that two long names stay distinct.
        Raises ValueError for a limit that leaves no room for the hash.
        """
        if limit <= HASH_LENGTH + 1:
            raise ValueError(f"limit {limit}: must exceed {HASH_LENGTH + 1}")
        name = spelled(self.environment, role)
        if len(name) <= limit:
            return name
        digest = hashlib.sha256(name.encode()).hexdigest()[:HASH_LENGTH]
        return f"{name[: limit - HASH_LENGTH - 1].rstrip('-')}-{digest}"

    def bucket(self, role: str) -> str:
        """An S3 bucket name; it contains the account, since bucket names are global."""
        return self.physical(f"{role}-{self.account_id}", 63)

    def tags(self, component: str, data_class: DataClass) -> dict[str, str]:
        """The tags of every resource of `component`; `Name` is added for each resource."""
        return {
            "Project": PROJECT,
            "Environment": self.environment,
            "Component": component,
            "CostCenter": self.cost_center,
            "DataClass": data_class.value,
            "ManagedBy": "pulumi",
        }
