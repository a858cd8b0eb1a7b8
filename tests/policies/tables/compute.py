"""Scenes of policies/compute.py."""

import base64

from policies import compute
from policies.values import UNKNOWN
from tests.policies.scenes import GONE, STANDBY, UNSET, WITHIN, Case, Made, each, in_both, values

TEMPLATE = Made(
    type=compute.TEMPLATE,
    props={
        "blockDeviceMappings": [{"ebs": {"encrypted": "true", "kmsKeyId": UNKNOWN}}],
        "iamInstanceProfile": {"arn": UNKNOWN},
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
        "networkInterfaces": [{"associatePublicIpAddress": "false", "securityGroups": [UNKNOWN]}],
        "userData": "packages: [nginx]",
    },
)
GROUP = Made(
    type=compute.GROUP,
    props={
        "healthCheckType": "ELB",
        "minSize": 2,
        "targetGroupArns": [UNKNOWN],
        "vpcZoneIdentifiers": [UNKNOWN, UNKNOWN],
    },
)
TOKENS, HOPS = "metadataOptions.httpTokens", "metadataOptions.httpPutResponseHopLimit"
ADDRESS, DISK = "networkInterfaces.0.associatePublicIpAddress", "blockDeviceMappings.0.ebs.encrypted"
SECRET_ARN = "OUR_SECRET_DATABASE=arn:aws:secretsmanager:xx-north-1:123456789012:secret:database-AbCdEf"
SECRET_LINES = (
    "DB_PASSWORD=correct-horse",
    "export API_TOKEN='0123456789abcdef'",
    "key: AKIAIOSFODNN7EXAMPLE",
    "-----BEGIN RSA PRIVATE KEY-----",
)

CASES = (
    Case(
        rule=compute.host_metadata_needs_token,
        it=TEMPLATE,
        fires=(*values(TOKENS, "optional", UNSET), *values(HOPS, 2, UNSET), {"metadataOptions": UNSET}),
        undecided=each(TOKENS, HOPS, value=UNKNOWN),
    ),
    Case(
        rule=compute.host_without_public_ip,
        it=TEMPLATE,
        fires=(*values(ADDRESS, "true", True, UNSET), *values("networkInterfaces", UNSET, [])),
        passes=values(ADDRESS, False),
        undecided=values(ADDRESS, UNKNOWN),
    ),
    Case(
        rule=compute.host_without_public_ip,
        it=Made(type=compute.INSTANCE, props={"associatePublicIpAddress": False}),
        fires=values("associatePublicIpAddress", True, UNSET),
    ),
    Case(
        rule=compute.host_disks_encrypted,
        it=TEMPLATE,
        fires=(*values(DISK, "false", False, UNSET), *values("blockDeviceMappings", UNSET, [])),
        passes=values(DISK, True),
        undecided=values(DISK, UNKNOWN),
    ),
    Case(
        rule=compute.host_disks_encrypted,
        it=Made(type=compute.VOLUME, props={"encrypted": True}),
        fires=values("encrypted", False, UNSET),
    ),
    Case(
        rule=compute.region_disks_encrypted_by_default,
        others=in_both("switch", compute.EBS_DEFAULT),
        fires=({"@switch-home": GONE}, {"@switch-away": GONE}, {"@switch-home:enabled": False}),
        passes=({"@switch-home": GONE, WITHIN: STANDBY}, {"@switch-home:enabled": True}),
        undecided=({"@switch-home:enabled": UNKNOWN},),
    ),
    Case(
        rule=compute.host_without_credentials,
        it=TEMPLATE,
        fires=(
            {"iamInstanceProfile": UNSET},
            {"keyName": "ours"},
            *values("userData", *SECRET_LINES, base64.b64encode(SECRET_LINES[0].encode()).decode()),
        ),
        passes=values(
            "userData", UNSET, "password: $SECRET", "DB_PASSWORD=${password}", "reset_password.sh", SECRET_ARN
        ),
        undecided=values("userData", UNKNOWN),
    ),
    Case(
        rule=compute.group_multi_az,
        it=GROUP,
        fires=values("vpcZoneIdentifiers", UNSET, [], [UNKNOWN]),
        passes=({"vpcZoneIdentifiers": UNSET, "availabilityZones": ["a", "b"]},),
        undecided=values("vpcZoneIdentifiers", UNKNOWN),
    ),
    Case(
        rule=compute.group_replaces_ill_hosts,
        it=GROUP,
        fires=values("healthCheckType", "EC2", UNSET),
        passes=(
            {"healthCheckType": "EC2", "targetGroupArns": []},
            {"healthCheckType": "EC2", "targetGroupArns": UNSET},
        ),
        undecided=values("healthCheckType", UNKNOWN),
    ),
    Case(
        rule=compute.group_survives_zone,
        it=GROUP,
        fires=values("minSize", 1, UNSET, False),
        passes=values("minSize", 0, 3),
        undecided=values("minSize", UNKNOWN),
    ),
)
