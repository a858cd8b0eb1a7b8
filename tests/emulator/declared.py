"""The part of a platform that the sandbox application reads, declared through boto3."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from ops.core.aws import rows
from sandbox.application.observer import Observer
from tests.emulator.emulated import OTHER_REGION, REGION, Clients

ZONES = ("a", "b")
IMAGE = "ami-12345678"
"""moto accepts any, and needs seconds to list its own."""


class NeverStale(Observer):
    """Asks again each time, so that a test need not wait for an answer to expire."""

    def ask(self, region: str, service: str, operation: str, *, fresh: float = 0.0, **arguments: Any) -> Any:
        """The answer as of now."""
        return self.tell(region, service, operation, **arguments)


class OwnBuckets(NeverStale):
    """Sees no bucket of another test: what is copied are those whose names begin with this test's `name`."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(url, [REGION, OTHER_REGION])
        self.name = name

    @override
    def tell(self, region: str, service: str, operation: str, **arguments: Any) -> Any:
        answer = super().tell(region, service, operation, **arguments)
        if operation != "list_buckets":
            return answer
        return {"Buckets": [bucket for bucket in answer["Buckets"] if bucket["Name"].startswith(self.name)]}


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One stack's platform; `name` is its environment, and no other test's."""

    aws: Clients
    name: str
    region: str
    dns_name: str
    listener: str
    target_group: str
    database_group: str
    hosts_group: str

    @property
    def tags(self) -> list[dict[str, str]]:
        """What tells the stack's resources from others."""
        return tags(self.name)

    def client(self, service: str) -> Any:
        """A client of the platform's region."""
        return self.aws(service, self.region)

    def scale(self, size: int) -> None:
        """Give the web group another size."""
        self.client("autoscaling").update_auto_scaling_group(
            AutoScalingGroupName=f"shop-{self.name}-web", MinSize=size, MaxSize=size, DesiredCapacity=size
        )

    def database(self, role: str = "database", **options: Any) -> dict[str, Any]:
        """Declare a database; `source` makes it a replica of that ARN."""
        shared = {
            "DBInstanceIdentifier": f"shop-{self.name}-{role}",
            "DBInstanceClass": "db.m6i.large",
            "VpcSecurityGroupIds": [self.database_group],
            "DBSubnetGroupName": f"shop-{self.name}",
            "Tags": self.tags,
        }
        rds, source = self.client("rds"), options.pop("source", None)
        if source:
            made = rds.create_db_instance_read_replica(SourceDBInstanceIdentifier=source, **shared, **options)
        else:
            # RDS makes no replica of a database without backups.
            made = rds.create_db_instance(
                Engine="mysql", AllocatedStorage=20, MasterUsername="u", MasterUserPassword="p" * 12,
                BackupRetentionPeriod=1, **shared, **options,
            )  # fmt: skip
        return made["DBInstance"]

    def close_the_database(self) -> None:
        """Remove the rule that allows the hosts."""
        ec2 = self.client("ec2")
        (group,) = ec2.describe_security_groups(GroupIds=[self.database_group])["SecurityGroups"]
        ec2.revoke_security_group_ingress(GroupId=self.database_group, IpPermissions=group["IpPermissions"])

    def close_the_network_acl(self) -> None:
        """Give the database's subnet a network ACL that allows nobody."""
        ec2 = self.client("ec2")
        (group,) = self.client("rds").describe_db_subnet_groups(DBSubnetGroupName=f"shop-{self.name}")["DBSubnetGroups"]
        (subnet,) = [subnet["SubnetIdentifier"] for subnet in group["Subnets"]]
        of_subnet = [{"Name": "association.subnet-id", "Values": [subnet]}]
        (old,) = rows(ec2, "describe_network_acls", Filters=of_subnet)
        (association,) = [row for row in old["Associations"] if row["SubnetId"] == subnet]
        ec2.replace_network_acl_association(
            AssociationId=association["NetworkAclAssociationId"],
            NetworkAclId=ec2.create_network_acl(VpcId=group["VpcId"])["NetworkAcl"]["NetworkAclId"],
        )


def tags(name: str) -> list[dict[str, str]]:
    """The tags of a stack's resources."""
    return [{"Key": "Project", "Value": "shop"}, {"Key": "Environment", "Value": name}]


def declare(aws: Clients, name: str, region: str = REGION, *, instances: int = 2) -> Declared:
    """A load balancer with a group of instances behind it, and the security groups of a database."""
    ec2, elb = aws("ec2", region), aws("elbv2", region)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [_subnet(ec2, vpc, region, number) for number in range(len(ZONES))]
    hosts, database = (_group(ec2, vpc, f"{name}-{role}") for role in ("hosts", "database"))
    peers = [{"GroupId": hosts}]
    ec2.authorize_security_group_ingress(
        GroupId=database,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "UserIdGroupPairs": peers}],
    )
    aws("rds", region).create_db_subnet_group(
        DBSubnetGroupName=f"shop-{name}",
        DBSubnetGroupDescription="data",
        SubnetIds=[_subnet(ec2, vpc, region, len(ZONES))],
    )
    (balancer,) = elb.create_load_balancer(Name=f"shop-{name}", Subnets=subnets, Tags=tags(name))["LoadBalancers"]
    (target,) = elb.create_target_group(Name=f"shop-{name}", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"]
    listener = _listener(aws, region, balancer["LoadBalancerArn"], target["TargetGroupArn"])
    _web(aws, region, name, subnets, hosts, target["TargetGroupArn"], instances)
    return Declared(
        aws=aws, name=name, region=region, dns_name=balancer["DNSName"], listener=listener,
        target_group=target["TargetGroupArn"], database_group=database, hosts_group=hosts,
    )  # fmt: skip


def replicate(aws: Clients, bucket: str, target: str, *, deletions: bool = False) -> None:
    """Declare that a bucket's objects go to another, and with `deletions` its delete markers."""
    role = "arn:aws:iam::210987654321:role/replication"
    markers = {"Status": "Enabled" if deletions else "Disabled"}
    rule = {
        "ID": "all", "Priority": 1, "Status": "Enabled", "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": markers, "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
    }  # fmt: skip
    aws("s3").put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": role, "Rules": [rule]})


def bucket(aws: Clients, name: str, region: str) -> str:
    """A versioned bucket."""
    s3 = aws("s3", region)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def body(number: object) -> bytes:
    """A request to write a canary row."""
    return json.dumps({"id": number}).encode()


def _subnet(ec2: Any, vpc: str, region: str, number: int) -> str:
    zone = f"{region}{ZONES[number % len(ZONES)]}"
    return ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]


def _group(ec2: Any, vpc: str, name: str) -> str:
    return ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]


def _listener(aws: Clients, region: str, balancer: str, target: str) -> str:
    (certificate,) = [aws("acm", region).request_certificate(DomainName="shop.example")["CertificateArn"]]
    elb = aws("elbv2", region)
    (listener,) = elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[_fixed("404", "Unknown host")],
    )["Listeners"]
    arn = listener["ListenerArn"]
    forward = {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": target, "Weight": 100}]}}
    _rule(elb, arn, 10, [_hosts("monitoring.shop.example")], _fixed("503", "Not in service"))
    _rule(elb, arn, 20, [_hosts("origin-*.shop.example"), _paths("/api/health*")], forward)
    _rule(elb, arn, 30, [_hosts("shop.example", "app.shop.example")], forward)
    return arn


def _rule(elb: Any, listener: str, priority: int, conditions: Sequence[Any], action: Any) -> None:
    elb.create_rule(ListenerArn=listener, Priority=priority, Conditions=conditions, Actions=[action])


def _hosts(*names: str) -> dict[str, Any]:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(names)}}


def _paths(*patterns: str) -> dict[str, Any]:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(patterns)}}


def _fixed(status: str, text: str) -> dict[str, Any]:
    answer = {"StatusCode": status, "ContentType": "text/plain", "MessageBody": text}
    return {"Type": "fixed-response", "FixedResponseConfig": answer}


def _web(aws: Clients, region: str, name: str, subnets: Sequence[str], group: str, target: str, instances: int) -> None:
    ec2 = aws("ec2", region)
    data = {"ImageId": IMAGE, "InstanceType": "t3.micro", "SecurityGroupIds": [group]}
    template = ec2.create_launch_template(LaunchTemplateName=f"shop-{name}", LaunchTemplateData=data)
    aws("autoscaling", region).create_auto_scaling_group(
        AutoScalingGroupName=f"shop-{name}-web",
        MinSize=instances,
        MaxSize=instances,
        VPCZoneIdentifier=",".join(subnets),
        TargetGroupARNs=[target],
        Tags=[{**tag, "PropagateAtLaunch": True} for tag in tags(name)],
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"},
    )
