"""The program with a transformation of what the edge declares: each of its rules in policies/edge.py is broken once."""

import runpy
import sys
from pathlib import Path
from typing import Any

import pulumi

CHECKOUT = Path(__file__).resolve().parents[3]
CHANGES: dict[str, dict[str, Any]] = {
    "access-monitoring": {"domain": "elsewhere.example.org"},
    "access-operators": {"includes": [{"everyone": {}}]},
    "dns-app": {"proxied": False},
    "dns-dnssec": {"status": "disabled"},
    "firewall-managed-rules": {"rules": []},
    "firewall-rate-limits": {"rules": []},
    "tls-always-use-https": {"value": "off"},
    "tls-min-tls-version": {"value": "1.0"},
    "tls-origin-pulls": {"enabled": False},
    "tls-ssl": {"value": "full"},
}
"""Inputs by the resource's logical name."""


def changed(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """The resource with other inputs."""
    if args.name not in CHANGES:
        return None
    return pulumi.ResourceTransformResult(props={**args.props, **CHANGES[args.name]}, opts=args.opts)


pulumi.runtime.register_resource_transform(changed)
sys.path.insert(0, str(CHECKOUT))
runpy.run_path(str(CHECKOUT / "__main__.py"), run_name="__main__")
