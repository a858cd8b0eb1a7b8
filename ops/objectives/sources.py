"""The sources of every duration and every promise of the recovery objectives."""

from dataclasses import dataclass
from enum import StrEnum


class Basis(StrEnum):
    """The basis of a figure."""

    DOCUMENTED = "documented"
    """The provider states the figure."""
    MEASURED = "measured"
    """The provider states none; others measured it in the real cloud and published it."""
    SETTING = "setting"
    """Our own configuration enforces it."""
    SANDBOX = "sandbox"
    """Our own work, measured on the sandbox, independent of the cloud."""
    ASSUMED = "assumed"
    """Nobody states or published it; our assumption until the first drill in the real clouds."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A page, and what it says. `url` is a path in this repository if the source is ours."""

    title: str
    url: str
    says: str
    basis: Basis


PROMOTION = Source(
    title="RDS User Guide, Promoting a read replica to be a standalone DB instance",
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.Promote.html",
    says="RDS reboots the instance; several minutes or longer, by size; no figure. Stands in: three times a Multi-AZ "
    "failover, which restarts MySQL too and takes 60-120 s (RDS User Guide, Failing over a Multi-AZ DB instance)",
    basis=Basis.ASSUMED,
)
FIRST_BACKUP = Source(
    title="RDS API, PromoteReadReplica",
    url="https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html",
    says="backup duration is a function of the changes since the previous backup, and a first one is of everything; "
    "enable backups on the replica and complete one before promotion; no figure",
    basis=Basis.ASSUMED,
)
MULTI_AZ = Source(
    title="RDS Multi AZ vs Read Replica (L. Tumosa, 2021)",
    url="https://awsforhumans.xyz/rds-multi-az-vs-read-replica",
    says="enabling Multi-AZ takes around 30 minutes; AWS states no figure, and that the instance stays up (re:Post, "
    "Convert a Single-AZ instance)",
    basis=Basis.MEASURED,
)
CACHE = Source(
    title="terraform-provider-aws #46526 and #45893, acceptance tests on AWS, 2025-26",
    url="https://github.com/hashicorp/terraform-provider-aws/pull/45893",
    says="a group from creation to deletion takes 541 s, one in cluster mode with log delivery 892 s; AWS states no "
    "figure",
    basis=Basis.MEASURED,
)
ENDPOINTS = Source(
    title="terraform-provider-aws, aws_vpc_endpoint, Timeouts",
    url="https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_endpoint#timeouts",
    says="an endpoint is waited for at most 10 minutes after its subnets have changed; AWS states no figure",
    basis=Basis.ASSUMED,
)
BOOT = Source(
    title="The web groups' health check grace period, web.warmup_seconds",
    url="components/compute/fleet.py",
    says="an instance that is not healthy by then is replaced; of it one to two minutes are the boot (ADMIN 65/2021, "
    "Comparing startup times of Linux distros in the cloud)",
    basis=Basis.SETTING,
)
TARGET_HEALTH = Source(
    title="Elastic Load Balancing, Health checks for Application Load Balancer target groups",
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
    says="a new target must pass one health check; ours come every 15 s (components/web/load_balancer.py)",
    basis=Basis.DOCUMENTED,
)
PROPAGATION = Source(
    title="Cloudflare blog, Wow, That's Fast! Instant DNS Updates and More",
    url="https://blog.cloudflare.com/wow-thats-fast-instant-dns-updates-and-more",
    says="a changed record is live at every site in less than a minute; the 300 s TTL of a proxied record is of "
    "Cloudflare's own address, which a flip does not change (Cloudflare docs, Time to Live)",
    basis=Basis.DOCUMENTED,
)
ESTIMATE = Source(
    title="An operator reads the data-loss estimate and confirms it",
    url="docs/decisions/0012-the-drill.md",
    says="four lines of what would be lost; one to two minutes, until a drill with people says otherwise",
    basis=Basis.ASSUMED,
)
COMMAND = Source(
    title="The command's own work, as the drill measures it",
    url="ops/drill/drill.py",
    says="its calls give up after 20 s each, in the region that is left alone",
    basis=Basis.SANDBOX,
)
RESPONSE = Source(
    title="Pulumi.edge.yaml, health_checks; both manuals, response time of P1",
    url="Pulumi.edge.yaml",
    says="an origin is down after consecutive_fails checks; 15 minutes to respond",
    basis=Basis.SETTING,
)
RESTORE = Source(
    title="terraform-provider-aws #23560, acceptance tests on AWS",
    url="https://github.com/hashicorp/terraform-provider-aws/pull/23560",
    says="MySQL created, snapshot taken, restored and deleted in 2015 s; a restored volume loads lazily, so its size "
    "does not matter to this; replaying a day's log comes on top: AWS says that point-in-time recovery can take "
    "several hours (re:Post, Convert a Single-AZ instance)",
    basis=Basis.MEASURED,
)
LAG_LIMIT = Source(
    title="recovery.max_replica_lag_seconds",
    url="ops/dr/preflight.py",
    says="beyond it an alarm rings, and an activation is refused",
    basis=Basis.SETTING,
)
REPLICATED_BACKUPS = Source(
    title="AWS Prescriptive Guidance, Amazon RDS PITR snapshot replication",
    url="https://docs.aws.amazon.com/prescriptive-guidance/latest/dr-standard-edition-amazon-rds/rds-pitr-snapshot.html",
    says="replication is asynchronous, so the RPO ranges from 5 to 30 minutes",
    basis=Basis.DOCUMENTED,
)
COPIES = Source(
    title="offsite.daily_copy_hour",
    url="settings/offsite.py",
    says="what is written right after a copy began is in the next, once that has arrived",
    basis=Basis.SETTING,
)
COPY_TIME = Source(
    title="RDS User Guide, Copying a DB snapshot",
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html",
    says="depending on regions and amount a copy to another region can take hours; no figure",
    basis=Basis.ASSUMED,
)
POINT_IN_TIME = Source(
    title="RDS User Guide, Restoring a DB instance to a specified time",
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html",
    says="the latest restorable time is typically within 5 minutes of the current time",
    basis=Basis.DOCUMENTED,
)
TIME_CONTROL = Source(
    title="S3 User Guide, S3 Replication Time Control",
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html",
    says="99.99 % of objects within 15 minutes",
    basis=Basis.DOCUMENTED,
)
REPLICATION = Source(
    title="S3 User Guide, Troubleshooting replication",
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-troubleshoot.html",
    says="the majority of objects within 15 minutes, sometimes a couple of hours",
    basis=Basis.DOCUMENTED,
)
VERSIONS = Source(
    title="S3 User Guide, Retaining multiple versions of objects",
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",
    says="a version that was overwritten or deleted can be had again while it is kept",
    basis=Basis.DOCUMENTED,
)
QUEUES = Source(
    title="SQS API, CreateQueue, MessageRetentionPeriod",
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
    says="a queue is of one region; its messages wait there until it comes back, as long as they are kept",
    basis=Basis.DOCUMENTED,
)
SESSIONS = Source(
    title="Pulumi.prod.yaml, cache",
    url="Pulumi.prod.yaml",
    says="the cache holds sessions, not records: people sign in again",
    basis=Basis.SETTING,
)
