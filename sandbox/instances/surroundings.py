"""The surroundings of one region's instances: metadata, AWS at its own names, database and cache, a caller."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from hosts.contents import RDS_AUTHORITIES
from sandbox.instances import data, endpoints, metadata
from sandbox.instances.agent import Agent
from sandbox.instances.boot import Machine, Scratch
from sandbox.instances.network import Namespace, connect
from sandbox.instances.root import made
from sandbox.instances.volumes import Volumes, release
from sandbox.project.paths import Paths
from sandbox.toolchain.steps import SandboxError

AWS_ADDRESS = "10.99.0.1"
DATA_ADDRESS = "10.99.0.2"
"""Addresses that exist only inside our own namespaces."""
TRUSTED = "/etc/ssl/certs/ca-certificates.crt"

CLOUD_INIT = f"""datasource_list: [Ec2]
datasource: {{Ec2: {{strict_id: false, max_wait: 20, timeout: 5, metadata_urls: ["http://{metadata.ADDRESS}"]}}}}
network: {{config: disabled}}
"""
"""The only data source and its only address, so that cloud-init searches no others; the network already exists."""


class Surroundings:
    """Everything outside the instances of a `region` of the emulated AWS at the address `aws`.

    `caller` is the address from which they are called, in production one of the load balancer's.
    """

    def __init__(self, paths: Paths, aws: str, region: str, caller: str) -> None:
        self.base = made(paths)
        self.region = region
        self._aws = urlsplit(aws)
        for left in paths.instances.glob("*"):
            if not Path("/proc", left.name).exists():
                release(left)
        self._scratch = Scratch(paths)
        self._volumes = Volumes(self._scratch.folder, self.client)
        self._authority = endpoints.Authority()
        self.machines: list[Machine] = []
        self.outside = Namespace()
        for address in (metadata.ADDRESS, AWS_ADDRESS, caller):
            self.outside.ip("address", "add", f"{address}/32", "dev", "lo")
        self.outside.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self._caller = caller
        self._metadata, self._forwarder = self._serve()
        self._agent = Agent(aws)

    def client(self, service: str) -> Any:
        """A boto3 client of the region."""
        return client(self._aws.geturl(), self.region, service)

    def boot(self, instance_id: str) -> Machine:
        """Boot an instance of the emulated AWS, with its user data there.

        A machine whose address AWS has given to this instance is stopped, because its own instance is terminated.
        """
        told = metadata.Metadata(self.client, instance_id)
        former = self._metadata.instances.get(told.address)
        for machine in [one for one in self.machines if former and one.name == former.id]:
            self.stop(machine)
        self._metadata.instances[told.address] = told
        files = {"/etc/cloud/cloud.cfg.d/90_sandbox.cfg": CLOUD_INIT, **_trusted(self._authority.certificate)}
        machine = self._boot(instance_id, told.address, files)
        self._volumes.show(machine)
        self._agent.serve(machine)
        return machine

    def boot_data(self) -> Machine:
        """Boot a machine with MariaDB and Redis as the region's database and cache."""
        data.make_accounts(self.client("secretsmanager"))
        stores = data.stores(self.client)
        certificate, key = self._authority.issue([each.address for each in stores.endpoints])
        return self._boot("data", DATA_ADDRESS, data.files(stores, certificate, key))

    def address(self, instance_id: str) -> str:
        """The address of a booted instance."""
        return next(one.address for one in self._metadata.instances.values() if one.id == instance_id)

    def stop(self, machine: Machine) -> None:
        """Stop a machine."""
        self.machines.remove(machine)
        self._agent.leave(machine)
        machine.stop()

    def connection(self, address: str, port: int, seconds: float) -> socket.socket:
        """Connect from outside to a machine. Raises OSError if it refuses."""
        with self.outside.entered():
            return socket.create_connection((address, port), seconds)

    def close(self) -> None:
        """Stop all machines and delete their writes."""
        self._agent.close()
        for machine in reversed(self.machines):
            machine.stop()
        self._volumes.close()
        self._forwarder.close()
        self._metadata.shutdown()
        self._metadata.server_close()
        self.outside.close()
        self._scratch.close()

    def _boot(self, name: str, address: str, files: Mapping[str, str]) -> Machine:
        inside = Namespace()
        connect(self.outside, inside, f"v{len(self.machines)}-{name[-8:]}", address, metadata.ADDRESS, self._caller)
        machine = Machine(self._scratch, self.base, inside, name, {**self._common(name), **files})
        self.machines.append(machine)
        return machine

    def _common(self, name: str) -> dict[str, str]:
        """The differences of every machine here from an image of Debian."""
        trusted = (self.base / TRUSTED.lstrip("/")).read_text() + self._authority.certificate
        stores = data.stores(self.client).endpoints
        lines = [
            "127.0.0.1 localhost",
            f"127.0.1.1 {name}",
            *(f"{AWS_ADDRESS} {each}" for each in self._aws_names()),
            *(f"{DATA_ADDRESS} {each.address}" for each in stores),
        ]
        return {
            "/etc/hosts": "\n".join(lines) + "\n",
            "/etc/hostname": f"{name}\n",
            TRUSTED: trusted,
            # Nothing answers there: a name that is not in the file fails immediately, not after a timeout.
            "/etc/resolv.conf": "nameserver 127.0.0.1\n",
            # Without the file systemd would enable every installed service, as at the first boot of an image.
            "/etc/machine-id": "",
            # An empty unit never starts. The network exists before the machine.
            "/etc/systemd/system/systemd-networkd.service": "",
            "/etc/systemd/system/systemd-networkd-wait-online.service": "",
        }

    def _aws_names(self) -> list[str]:
        buckets = [bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]]
        return endpoints.names(self.region, buckets)

    def _serve(self) -> tuple[metadata.MetadataServer, endpoints.Forwarder]:
        """The servers: their sockets are outside, and their threads are where the emulated AWS is."""
        if not self._aws.hostname or not self._aws.port:
            raise SandboxError(f"not an address of the emulated AWS: {self._aws.geturl()}")
        with self.outside.entered():
            server = metadata.MetadataServer()
            listener = socket.create_server((AWS_ADDRESS, endpoints.PORT))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        certificate, key = self._authority.issue(self._aws_names())
        return server, endpoints.Forwarder(listener, (self._aws.hostname, self._aws.port), certificate, key)


def _trusted(certificate: str) -> dict[str, str]:
    """Replaces RDS's authorities, which a host adds to those of its bundle."""
    kept = "/etc/sandbox-authority.pem"
    units = "/etc/systemd/system"
    return {
        kept: certificate,
        f"{units}/sandbox-authority.path": f"[Path]\nPathExists={RDS_AUTHORITIES}\n",
        f"{units}/sandbox-authority.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
        f"ExecStart=/bin/sh -c 'cat {kept} >>{RDS_AUTHORITIES}'\n",
        f"{units}/multi-user.target.d/sandbox-authority.conf": "[Unit]\nWants=sandbox-authority.path\n",
    }


@contextmanager
def surroundings(paths: Paths, aws: str, region: str, caller: str) -> Iterator[Surroundings]:
    """The surroundings of instances, as a context."""
    around = Surroundings(paths, aws, region, caller)
    try:
        yield around
    finally:
        around.close()


def client(aws: str, region: str, service: str) -> Any:
    """A boto3 client of a region of the emulated AWS at the address `aws`."""
    any_client: Any = boto3.client
    return any_client(
        service,
        region_name=region,
        endpoint_url=aws,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
    )


def declared(client: Any, group: str) -> list[str]:
    """The instances that an Auto Scaling group has in service."""
    groups = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"]
    if not groups:
        raise SandboxError(f"the emulated AWS has no Auto Scaling group {group}")
    return [one["InstanceId"] for one in groups[0]["Instances"] if one["LifecycleState"] == "InService"]
