"""The hosts: private, without stored keys, with encrypted disks, and enough of them after a zone is lost."""

import base64
import binascii
import re

from policies.rule import HIGH, MEDIUM, Finding, Findings, Resource, Stack, rule

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE = "aws:ec2/instance:Instance"
VOLUME = "aws:ebs/volume:Volume"
EBS_DEFAULT = "aws:ebs/encryptionByDefault:EncryptionByDefault"
GROUP = "aws:autoscaling/group:Group"

HOPS = 1
ZONES_FLOOR = 2
ONE_ZONE_LOST = 2
"""A group that must survive the loss of a zone runs at least two instances."""
SECRET_TEXT = re.compile(
    r"(AKIA|ASIA)[A-Z0-9]{16}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|(?<!:)(?i:password|passwd|secret|token|app_key|api_key)[\"']?\s*[:=]\s*[\"']?[^\s\"'${]{8,}"
)
"""An AWS access key, a private key, or a value assigned to a name such as `password`; not the ARN of a secret."""


@rule(
    on=(TEMPLATE, INSTANCE), severity=HIGH,
    controls="FSBP EC2.8; FSBP AutoScaling.3; FSBP AutoScaling.4; CIS 3.0 5.6; CIS 5.0 5.7; PCI 8.2.8",
    remedy="Set http_tokens to required and http_put_response_hop_limit to 1.",
)  # fmt: skip
def host_metadata_needs_token(host: Resource) -> Findings:
    """A host's metadata service requires a token (IMDSv2), and answers only on the host itself."""
    yield from host.wants("metadataOptions.httpTokens", "required")
    yield from host.wants("metadataOptions.httpPutResponseHopLimit", HOPS)


@rule(
    on=(TEMPLATE, INSTANCE), severity=HIGH, controls="FSBP EC2.25; FSBP EC2.9; PCI 1.4.5",
    remedy="Set associate_public_ip_address to False.",
)  # fmt: skip
def host_without_public_ip(host: Resource) -> Findings:
    """A host has no public address."""
    if host.type == INSTANCE:
        yield from host.wants("associatePublicIpAddress", False)
        return
    interfaces = host.each("networkInterfaces")
    if not interfaces:
        yield Finding("networkInterfaces not set", "an interface without a public address")
    for interface in interfaces:
        yield from host.wants(f"{interface}.associatePublicIpAddress", False)


@rule(
    on=(TEMPLATE, VOLUME), severity=HIGH, controls="FSBP EC2.3; CIS 3.0 2.2.1; CIS 5.0 5.1.1; PCI 3.5.1; GDPR 32",
    remedy="Set encrypted, with the data key.",
)  # fmt: skip
def host_disks_encrypted(disks: Resource) -> Findings:
    """A host's disks are encrypted."""
    if disks.type == VOLUME:
        yield from disks.wants("encrypted", True)
        return
    mappings = disks.each("blockDeviceMappings")
    if not mappings:
        yield Finding("blockDeviceMappings not set", "encrypted disks")
    for mapping in mappings:
        yield from disks.wants(f"{mapping}.ebs.encrypted", True)


@rule(
    severity=MEDIUM, controls="FSBP EC2.7; CIS 3.0 2.2.1; CIS 5.0 5.1.1; GDPR 32 (own)",
    remedy="Declare an EncryptionByDefault in each region.",
)  # fmt: skip
def region_disks_encrypted_by_default(stack: Stack) -> Findings:
    """Each region encrypts every disk, including undeclared ones."""
    # It is enabled by default.
    for region in stack.regions_without(EBS_DEFAULT, lambda each: each.get("enabled") is not False):
        yield Finding(f"no enabled EncryptionByDefault in {region}", "an enabled one")


@rule(
    on=(TEMPLATE, INSTANCE), severity=HIGH, controls="CIS 3.0 1.18; CIS 5.0 1.17; PCI 8.6.2 (own); GDPR 32 (own)",
    remedy="Give hosts an instance profile, and read secrets on the host from Secrets Manager.",
)  # fmt: skip
def host_without_credentials(host: Resource) -> Findings:
    """A host gets its permissions from an instance profile, and has no key pair and no secret in its user data."""
    if not host.has("iamInstanceProfile"):
        yield Finding("iamInstanceProfile not set", "an instance profile")
    if host.has("keyName"):
        yield Finding("a key pair", "no keyName: SSM opens sessions")
    for path in filter(host.has, ("userData", "userDataBase64")):
        if SECRET_TEXT.search(_text(str(host.get(path)))):
            yield Finding(f"text like a secret in {path}", "no secret")


def _text(data: str) -> str:
    """User data in plain text; it may be in base64."""
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return data


@rule(
    on=GROUP, severity=HIGH, controls="FSBP AutoScaling.2; GDPR 32 (own)", remedy="Give the group one subnet per zone."
)
def group_multi_az(group: Resource) -> Findings:
    """A group of hosts spans several zones."""
    found = max(len(group.each("vpcZoneIdentifiers")), len(group.each("availabilityZones")))
    if found < ZONES_FLOOR:
        yield Finding(f"{found} zones", f"{ZONES_FLOOR} at least")


@rule(
    on=GROUP, severity=MEDIUM, controls="FSBP AutoScaling.1",
    remedy="Set health_check_type to ELB.",
)  # fmt: skip
def group_replaces_ill_hosts(group: Resource) -> Findings:
    """A group behind a load balancer replaces hosts that fail the load balancer's health check."""
    return group.wants("healthCheckType", "ELB") if group.has("targetGroupArns") else []


@rule(
    on=GROUP, severity=MEDIUM, controls="own",
    remedy="Raise min_size: the rest must suffice without a control plane (AWS Well-Architected, REL11-BP05).",
)  # fmt: skip
def group_survives_zone(group: Resource) -> Findings:
    """A serving group has hosts left when a zone is lost, without creating new ones; an empty group does not serve."""
    size = group.get("minSize")
    return [] if size == 0 and size is not False else group.wants_at_least("minSize", ONE_ZONE_LOST)


POLICIES = (
    host_metadata_needs_token,
    host_without_public_ip,
    host_disks_encrypted,
    region_disks_encrypted_by_default,
    host_without_credentials,
    group_multi_az,
    group_replaces_ill_hosts,
    group_survives_zone,
)
