"""What is refused of the stack itself, its network, and the lifetimes of what nobody uses."""

from typing import Any

import pytest
from broken_files import ABSENT, Refusal, refusals

STACK: list[Refusal] = [
    (
        "environment",
        "My_Bucket",
        "environment: 'My_Bucket' cannot lead the names in AWS; want 1 to 12 lower-case letters and digits, "
        "such as mybucket",
    ),
    ("role", "secondary", "role: 'secondary' is not allowed; want primary or standby"),
    ("role", "primry", "role: 'primry' is not allowed; want primary or standby; did you mean primary?"),
    ("follows", "prod", "follows: 'prod' is this stack itself; want the other stack of the pair"),
    ("follows", ABSENT, "follows: is missing; want text (The other stack of the pair)"),
    (
        "follows",
        "eu-west-1",
        "follows: 'eu-west-1' cannot lead the names in AWS; want 1 to 12 lower-case letters and digits, "
        "such as euwest1",
    ),
    ("activated", True, "activated: true says nothing of a primary; want false, or role standby"),
    ("activated", "yes", "activated: 'yes' does not fit; want true or false"),
    ("fenced", ABSENT, "fenced: is missing; want true or false (Whether nobody may write here)"),
    ("fenced", 1, "fenced: '1' does not fit; want true or false"),
    ("posture", "cold", "posture: 'cold' is not allowed; want pilot-light or warm"),
    (
        "posture",
        "pilot_light",
        "posture: 'pilot_light' is not allowed; want pilot-light or warm; did you mean pilot-light?",
    ),
    ("alarm_emails", [], "alarm_emails: a list of 0 does not fit; want a list of 1 or more"),
    ("alarm_emails", ["oncall"], "alarm_emails[0]: 'oncall' is no mail address; want one such as oncall@example.com"),
    ("alarm_emails", ["a@b.de", "a@b.de"], "alarm_emails: names a@b.de twice; want each once"),
    (
        "recovery.max_replica_lag_seconds",
        0,
        "recovery.max_replica_lag_seconds: 0 is out of range; want a whole number from 1 to 3600",
    ),
    (
        "recovery.max_replica_lag_seconds",
        3601,
        "recovery.max_replica_lag_seconds: 3601 is out of range; want a whole number from 1 to 3600",
    ),
    ("recovery.rpo_minutes", 0, "recovery.rpo_minutes: 0 is out of range; want a whole number from 1 to 1440"),
    ("recovery.rto_minutes", "4h", "recovery.rto_minutes: '4h' does not fit; want a whole number from 1 to 1440"),
    (
        "region",
        "eu-centrl-1",
        "region: 'eu-centrl-1' is not an AWS region; want eu-central-1 or eu-west-1; did you mean eu-central-1?",
    ),
    ("region", "us-east-1", "region: 'us-east-1' is not in data_residency_regions; want eu-central-1 or eu-west-1"),
    ("region", ABSENT, "region: is missing; want text (AWS region)"),
    (
        "data_residency_regions",
        ["eu-central-1", "eu-wset-1"],
        "data_residency_regions[1]: 'eu-wset-1' is not an AWS region; did you mean eu-west-1?",
    ),
    ("data_residency_regions", [], "data_residency_regions: a list of 0 does not fit; want a list of 1 or more"),
    (
        "account_id",
        "12345",
        "account_id: '12345' is no AWS account id; want 12 digits in quotes, since YAML reads bare digits as a number",
    ),
    (
        "account_id",
        175304202,
        "account_id: '175304202' is no AWS account id; want 12 digits in quotes, since YAML reads bare digits"
        " as a number",
    ),
    (
        "cost_center",
        "plat#form",
        "cost_center: 'plat#form' is no tag value; want 1 to 256 letters, digits, spaces or + - = . _ : / @",
    ),
    (
        "domain",
        "https://askproai.de",
        "domain: 'https://askproai.de' is not a plain host name of at most 64 characters; want one such as askproai.de",
    ),
    (
        "domain",
        "askproai.de.",
        "domain: 'askproai.de.' is not a plain host name of at most 64 characters; want one such as askproai.de",
    ),
    (
        "domain",
        "ask_proai.de",
        "domain: 'ask_proai.de' is not a plain host name of at most 64 characters; want one such as ask-proai.de",
    ),
    (
        "domain",
        "localhost",
        "domain: 'localhost' is not a plain host name of at most 64 characters; want one such as example.com",
    ),
    (
        "allow_destroy_of",
        "dr",
        "allow_destroy_of: 'dr' is not this stack's environment; want prod, or no such key to keep the protection",
    ),
    ("keys.deletion_window_days", 3, "keys.deletion_window_days: 3 is out of range; want a whole number from 7 to 30"),
    ("keys", [30], "keys: a list does not fit; want a block with deletion_window_days"),
    (
        "secrets.recovery_window_days",
        31,
        "secrets.recovery_window_days: 31 is out of range; want a whole number from 7 to 30",
    ),
    (
        "storage.logs_glacier_after_days",
        365,
        "storage.logs_glacier_after_days: 365 is not below logs_retention_days 365; want "
        "logs_glacier_after_days < logs_retention_days",
    ),
    (
        "storage.backups_lock_days",
        91,
        "storage.backups_lock_days: 91 is above backups_retention_days 90; want backups_lock_days <= "
        "backups_retention_days",
    ),
    (
        "storage.backups_retention_days",
        0,
        "storage.backups_retention_days: 0 is out of range; want a whole number from 1 to 36500",
    ),
]

NETWORK: list[Refusal] = [
    (
        "network.vpc_cidr",
        "10.0.0.0/33",
        "network.vpc_cidr: '10.0.0.0/33' is no CIDR; want an IPv4 network such as 10.0.0.0/16",
    ),
    ("network.vpc_cidr", "ten", "network.vpc_cidr: 'ten' is no CIDR; want an IPv4 network such as 10.0.0.0/16"),
    (
        "network.vpc_cidr",
        "10.0.0.5/16",
        "network.vpc_cidr: '10.0.0.5/16' has host bits set; did you mean 10.0.0.0/16?",
    ),
    (
        "network.vpc_cidr",
        "10.0.0.0",
        "network.vpc_cidr: '10.0.0.0' has no prefix length; want an IPv4 network such as 10.0.0.0/16",
    ),
    (
        "network.vpc_cidr",
        "10.0.0.0/255.255.0.0",
        "network.vpc_cidr: '10.0.0.0/255.255.0.0' is not in CIDR form; want 10.0.0.0/16",
    ),
    (
        "network.vpc_cidr",
        "10.0.0.0/8",
        "network.vpc_cidr: '10.0.0.0/8' has prefix /8; want /16 to /24 (a VPC of AWS that holds three tiers "
        "of four subnets)",
    ),
    (
        "network.vpc_cidr",
        "52.0.0.0/16",
        "network.vpc_cidr: '52.0.0.0/16' is a public range; want one inside 10.0.0.0/8, 172.16.0.0/12, "
        "192.168.0.0/16 (RFC 1918)",
    ),
    (
        "network.vpc_cidr",
        "fd00::/16",
        "network.vpc_cidr: 'fd00::/16' is IPv6; want an IPv4 network such as 10.0.0.0/16",
    ),
    (
        "network.vpc_cidr",
        "10.0.0.0/22",
        "network.subnet_prefix_length: 20 asks for 12 subnets of /20, and vpc_cidr 10.0.0.0/22 holds 1; want "
        "26 or more",
    ),
    (
        "network.subnet_prefix_length",
        19,
        "network.subnet_prefix_length: 19 asks for 12 subnets of /19, and vpc_cidr 10.0.0.0/16 holds 8; want "
        "20 or more",
    ),
    (
        "network.subnet_prefix_length",
        29,
        "network.subnet_prefix_length: 29 is out of range; want a whole number from 16 to 28",
    ),
    (
        "network.availability_zones",
        ["eu-central-1a"],
        "network.availability_zones: a list of 1 does not fit; want a list of 2 to 4",
    ),
    (
        "network.availability_zones",
        ["eu-central-1a", "eu-central-1b", "eu-central-1a"],
        "network.availability_zones: names eu-central-1a twice; want each once",
    ),
    (
        "network.availability_zones",
        ["eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1d", "eu-central-1e"],
        "network.availability_zones: a list of 5 does not fit; want a list of 2 to 4",
    ),
    (
        "network.availability_zones",
        ["eu-central-1a", "eu-central-1b", "eu-west-1c"],
        "network.availability_zones[2]: 'eu-west-1c' is not a zone of eu-central-1; want eu-central-1 and a "
        "letter, such as eu-central-1c",
    ),
    (
        "network.availability_zones",
        ["eu-central-1a", "eu-central-1b", "eu-central-1e"],
        "network.availability_zones[2]: 'eu-central-1e' has no place in the address plan; want a zone of a, b, c, d",
    ),
    (
        "network.availability_zones",
        ["eu-central-1", "eu-central-1b", "eu-central-1c"],
        "network.availability_zones[0]: 'eu-central-1' is no availability zone; want the region with a letter"
        " behind it",
    ),
    (
        "network.vpn_client_cidr",
        "0.0.0.0/0",
        "network.vpn_client_cidr: '0.0.0.0/0' is open to the world; want the range that VPN clients get, such"
        " as 10.250.0.0/22",
    ),
    (
        "network.vpn_client_cidr",
        "::/0",
        "network.vpn_client_cidr: '::/0' is open to the world; want the range that VPN clients get, such as "
        "10.250.0.0/22",
    ),
    (
        "network.vpn_client_cidr",
        "10.0.4.0/22",
        "network.vpn_client_cidr: '10.0.4.0/22' overlaps vpc_cidr 10.0.0.0/16; want a network outside it",
    ),
    (
        "network.vpn_client_cidr",
        "10.250.0.0/24",
        "network.vpn_client_cidr: '10.250.0.0/24' has prefix /24; want /12 to /22 (AWS Client VPN)",
    ),
    (
        "network.vpn_client_cidr",
        "52.0.0.0/22",
        "network.vpn_client_cidr: '52.0.0.0/22' is a public range; want one inside 10.0.0.0/8, 172.16.0.0/12,"
        " 192.168.0.0/16, 100.64.0.0/10 (RFC 1918 and 6598)",
    ),
    (
        "network.nat_gateways",
        "per-zone",
        "network.nat_gateways: 'per-zone' is not allowed; want per_zone or single; did you mean per_zone?",
    ),
    ("network.interface_endpoints", ["sqs", "sqs"], "network.interface_endpoints: names sqs twice; want each once"),
    (
        "network.flow_log_retention_days",
        33,
        "network.flow_log_retention_days: 33 is none of CloudWatch's retentions of 365 days or more; want "
        "365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653; the nearest is 365",
    ),
    (
        "network.flow_log_retention_days",
        700,
        "network.flow_log_retention_days: 700 is none of CloudWatch's retentions of 365 days or more; want "
        "365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653; the nearest is 731",
    ),
]


@pytest.mark.parametrize(("key", "value", "line"), [*STACK, *NETWORK])
def test_a_bad_setting_is_refused_in_one_line(key: str, value: Any, line: str) -> None:
    assert refusals((key, value)) == [line]
