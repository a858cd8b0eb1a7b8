"""The instance metadata service, only version 2, which answers from the emulated AWS for the calling instance."""

import base64
import json
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

ADDRESS = "169.254.169.254"
PORT = 80
CREDENTIAL_SECONDS = 3600
LONGEST_TTL_SECONDS = 21_600
"""EC2's maximum for a token."""
TTL = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "X-aws-ec2-metadata-token"
Client = Callable[[str], Any]
"""A boto3 client of the region, by service."""
Computed = Callable[[], str]


class Metadata:
    """The metadata of one instance: `values` by path below `/latest/`, each computed on request."""

    def __init__(self, client: Client, instance_id: str) -> None:
        self._client = client
        self.id = instance_id
        ec2 = client("ec2")
        self.instance = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
        given = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute="userData")["UserData"]
        self.user_data = base64.b64decode(given.get("Value", ""))
        self.address: str = self.instance["PrivateIpAddress"]
        self.region: str = client("ec2").meta.region_name
        self._values: Mapping[str, str | Computed] = {
            **self._facts(),
            **self._network(),
            **self._tags(),
            **self._role(),
            **self._scaling(),
        }

    @property
    def tags(self) -> dict[str, str]:
        """The instance's tags."""
        return {tag["Key"]: tag["Value"] for tag in self.instance.get("Tags", [])}

    def answer(self, path: str) -> bytes | None:
        """The value at a path below `/latest/`, or the listing of a folder; None if it does not exist."""
        if path == "user-data":
            return self.user_data or None
        path = path.removeprefix("/")
        if path in self._values:
            value = self._values[path]
            return (value if isinstance(value, str) else value()).encode()
        folder = path.rstrip("/") + "/"
        below = [name.removeprefix(folder) for name in self._values if name.startswith(folder)]
        entries = sorted({rest.partition("/")[0] + ("/" if "/" in rest else "") for rest in below if rest})
        return "\n".join(entries).encode() if entries else None

    def _facts(self) -> dict[str, str]:
        one = self.instance
        name = f"ip-{self.address.replace('.', '-')}.{self.region}.compute.internal"
        facts = {
            "ami-id": one["ImageId"],
            "hostname": name,
            "instance-id": self.id,
            "instance-life-cycle": "on-demand",
            "instance-type": one["InstanceType"],
            "local-hostname": name,
            "local-ipv4": self.address,
            "placement/availability-zone": one["Placement"]["AvailabilityZone"],
            "placement/region": self.region,
        }
        document = {"region": self.region, "instanceId": self.id, "instanceType": one["InstanceType"]}
        return {f"meta-data/{path}": value for path, value in facts.items()} | {
            "dynamic/instance-identity/document": json.dumps(document)
        }

    def _tags(self) -> dict[str, str]:
        """As in EC2, only if the launch template allows it."""
        if (self.instance.get("MetadataOptions") or {}).get("InstanceMetadataTags") != "enabled":
            return {}
        return {f"meta-data/tags/instance/{key}": value for key, value in self.tags.items()}

    def _network(self) -> dict[str, str]:
        """Its network interfaces, by their MAC addresses."""
        facts: dict[str, str] = {}
        for one in self.instance.get("NetworkInterfaces", []):
            subnet = self._client("ec2").describe_subnets(SubnetIds=[one["SubnetId"]])["Subnets"][0]
            told = {
                "device-number": str(one["Attachment"]["DeviceIndex"]),
                "interface-id": one["NetworkInterfaceId"],
                "local-ipv4s": "\n".join(each["PrivateIpAddress"] for each in one["PrivateIpAddresses"]),
                "mac": one["MacAddress"],
                "owner-id": one["OwnerId"],
                "security-group-ids": "\n".join(group["GroupId"] for group in one["Groups"]),
                "subnet-id": one["SubnetId"],
                "subnet-ipv4-cidr-block": subnet["CidrBlock"],
                "vpc-id": one["VpcId"],
            }
            base = f"meta-data/network/interfaces/macs/{one['MacAddress']}"
            facts |= {"meta-data/mac": one["MacAddress"], **{f"{base}/{name}": value for name, value in told.items()}}
        return facts

    def _scaling(self) -> dict[str, Computed]:
        """The target lifecycle state of an instance of a group."""
        if "aws:autoscaling:groupName" not in self.tags:
            return {}
        return {"meta-data/autoscaling/target-lifecycle-state": self._target_state}

    def _target_state(self) -> str:
        """InService or Terminated: there are no other states here."""
        scaling = self._client("autoscaling")
        found = scaling.describe_auto_scaling_instances(InstanceIds=[self.id])["AutoScalingInstances"]
        return "InService" if found and not found[0]["LifecycleState"].startswith("Terminat") else "Terminated"

    def _role(self) -> dict[str, str | Computed]:
        """The credentials of the instance's own role, from the emulated STS."""
        profile = (self.instance.get("IamInstanceProfile") or {}).get("Arn")
        if profile is None:
            return {}
        found = self._client("iam").get_instance_profile(InstanceProfileName=profile.rsplit("/", 1)[1])
        role = found["InstanceProfile"]["Roles"][0]
        base = "meta-data/iam/security-credentials"
        return {f"{base}/{role['RoleName']}": lambda: self._credentials(role["Arn"])}

    def _credentials(self, role: str) -> str:
        given = self._client("sts").assume_role(
            RoleArn=role, RoleSessionName=self.id, DurationSeconds=CREDENTIAL_SECONDS
        )["Credentials"]
        return json.dumps(
            {
                "Code": "Success",
                "Type": "AWS-HMAC",
                "AccessKeyId": given["AccessKeyId"],
                "SecretAccessKey": given["SecretAccessKey"],
                "Token": given["SessionToken"],
                "Expiration": given["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )


class MetadataServer(ThreadingHTTPServer):
    """One address for all instances, as in EC2: each instance gets only its own metadata."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((ADDRESS, PORT), Handler)
        self.instances: dict[str, Metadata] = {}
        """By their addresses."""
        self.tokens: dict[str, tuple[str, float]] = {}
        """The address to which each token was issued, and its expiry (monotonic seconds)."""


class Handler(BaseHTTPRequestHandler):
    """Issues tokens on PUT; without one nothing is answered."""

    protocol_version = "HTTP/1.1"

    @property
    def _service(self) -> MetadataServer:
        assert isinstance(self.server, MetadataServer)
        return self.server

    def do_PUT(self) -> None:
        """Issue a token."""
        ttl = self.headers.get(TTL, "")
        if self.path != "/latest/api/token":
            self._send(404)
        elif not ttl.isdecimal() or not 1 <= int(ttl) <= LONGEST_TTL_SECONDS or "X-Forwarded-For" in self.headers:
            self._send(400)
        else:
            token = secrets.token_urlsafe(32)
            self._service.tokens[token] = (self.client_address[0], time.monotonic() + int(ttl))
            self._send(200, token.encode(), {TTL: ttl})

    def do_GET(self) -> None:
        """Answer for the calling instance."""
        caller, ends = self._service.tokens.get(self.headers.get(TOKEN, ""), ("", 0.0))
        instance = self._service.instances.get(self.client_address[0])
        if instance is None or caller != self.client_address[0] or time.monotonic() > ends:
            self._send(401)
            return
        # The version of the interface is a date or `latest`, with the same answers.
        found = instance.answer(self.path.strip("/").partition("/")[2])
        self._send(404 if found is None else 200, found or b"")

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing: an instance's requests are in its own log."""

    def _send(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        # The client has given up.
        with suppress(ConnectionError):
            self.end_headers()
            self.wfile.write(body)
