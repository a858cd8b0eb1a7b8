"""How what serves requests is found: load balancer, certificate, groups of instances, firewall, and roles."""

from ops.core.recovery.finders.wanted import Finder, Wanted, by_name, listed, listing, same, waiter

BALANCER_SECONDS = 600
"""Terraform's provider, aws_lb: create within 10 minutes."""
LIVING_CERTIFICATES = ["ISSUED", "PENDING_VALIDATION"]


def _certificate(wanted: Wanted) -> list[str]:
    acm = wanted.aws("acm")
    rows = listed(wanted, "acm", "list_certificates", "CertificateSummaryList", CertificateStatuses=LIVING_CERTIFICATES)
    found = []
    for row in rows:
        if row["DomainName"] != wanted["domainName"]:
            continue
        tags = acm.list_tags_for_certificate(CertificateArn=row["CertificateArn"])["Tags"]
        if {"Key": "Name", "Value": wanted.name_tag} in tags:
            found.append(row["CertificateArn"])
    return found


def _web_acl(wanted: Wanted) -> list[str]:
    scope = wanted["scope"]
    rows = listed(wanted, "wafv2", "list_web_acls", "WebACLs", Scope=scope)
    return [f"{row['Id']}/{row['Name']}/{scope}" for row in rows if row["Name"] == wanted["name"]]


WEB = {
    "aws:acm/certificate:Certificate": Finder(find=_certificate, by="domain and tag Name"),
    "aws:lb/loadBalancer:LoadBalancer": Finder(
        find=by_name(
            "elbv2", "describe_load_balancers", "Names", "LoadBalancers", "LoadBalancerArn", name="LoadBalancerName"
        ),
        settled=waiter("elbv2", "load_balancer_available", "LoadBalancerArns", seconds=BALANCER_SECONDS),
    ),
    "aws:lb/targetGroup:TargetGroup": Finder(
        find=by_name(
            "elbv2", "describe_target_groups", "Names", "TargetGroups", "TargetGroupArn", name="TargetGroupName"
        )
    ),
    "aws:lb/trustStore:TrustStore": Finder(
        find=by_name("elbv2", "describe_trust_stores", "Names", "TrustStores", "TrustStoreArn", name="Name")
    ),
    "aws:lb/listener:Listener": Finder(
        find=listing(
            "elbv2", "describe_listeners", "Listeners", "ListenerArn",
            lambda wanted: {"LoadBalancerArn": wanted["loadBalancerArn"]},
            lambda wanted, row: row["Port"] == int(wanted["port"]),
        ),
        by="load balancer and port",
    ),
    "aws:lb/listenerRule:ListenerRule": Finder(
        find=listing(
            "elbv2", "describe_rules", "Rules", "RuleArn",
            lambda wanted: {"ListenerArn": wanted["listenerArn"]},
            lambda wanted, row: row["Priority"] == str(int(wanted["priority"])),
        ),
        by="listener and priority",
    ),
    "aws:autoscaling/group:Group": Finder(
        find=by_name(
            "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroupNames", "AutoScalingGroups",
            "AutoScalingGroupName",
        )
    ),
    "aws:wafv2/webAcl:WebAcl": Finder(
        find=_web_acl,
        by="scope and name",
        identified=lambda resource: f"{resource['id']}/{resource['inputs']['name']}/{resource['inputs']['scope']}",
    ),
    "aws:iam/role:Role": Finder(find=listing("iam", "list_roles", "Roles", "RoleName", matches=same("RoleName"))),
    "aws:iam/instanceProfile:InstanceProfile": Finder(
        find=listing(
            "iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName",
            matches=same("InstanceProfileName"),
        )
    ),
}  # fmt: skip
