"""The bastion: one host in any zone, without secrets, access to data stores, or services of ours."""

from fake_cloud import Cloud, deploy
from host_values import values_of
from parts import PROD, region

from components.compute.bastion import Bastion
from components.compute.hosts import HostsArgs
from hosts.bundle import rendered
from hosts.contents import contents
from hosts.roles import BASTION


def bastion() -> Cloud[Bastion]:
    context = region().built.context
    assert PROD.bastion is not None
    args = HostsArgs(context=context, settings=PROD.bastion)
    return deploy(lambda: Bastion("bastion", args))


def test_there_is_none_until_one_is_started_which_may_read_its_bundle_and_no_secret() -> None:
    cloud = bastion()
    group = cloud.one("aws:autoscaling/group:Group").inputs
    assert (group["minSize"], group["maxSize"]) == (0, 1)
    assert len(group["vpcZoneIdentifiers"]) == len(PROD.network.availability_zones)
    actions = {
        action
        for statement in cloud.one("aws:iam/rolePolicy:RolePolicy").document()["Statement"]
        for action in statement["Action"]
    }
    assert "s3:GetObject" in actions
    assert not [each for each in actions if each.startswith(("secretsmanager:", "rds:", "sqs:", "s3:Put", "s3:Delete"))]


def test_its_ssh_gives_no_shell_and_passes_on_to_ssh_alone() -> None:
    text = rendered(BASTION, values_of(BASTION))["files/etc/ssh/sshd_config.d/10-bastion.conf"]
    said = dict(line.split(maxsplit=1) for line in text.splitlines() if not line.startswith("#"))
    assert said["ForceCommand"] == "/usr/sbin/nologin"
    assert (said["PermitTTY"], said["AllowTcpForwarding"], said["PermitOpen"]) == ("no", "local", "*:22")


def test_it_fetches_neither_secrets_nor_a_release() -> None:
    units = contents(BASTION, "").units
    assert "ssh.service" in units
    assert not {"askproai-secrets.service", "askproai-release.service"} & set(units)
