"""How what serves requests is found: load balancer, certificate, groups of instances, firewall, and roles."""

from ops.core.recovery.finders.wanted import Finder, Wanted, among, by_name, listed, waiter

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


def _listener(wanted: Wanted) -> list[str]:
    rows = listed(wanted, "elbv2", "describe_listeners", "Listeners", LoadBalancerArn=wanted["loadBalancerArn"])
    return [row["ListenerArn"] for row in rows if row["Port"] == int(wanted["port"])]


def _rule(wanted: Wanted) -> list[str]:
    rows = listed(wanted, "elbv2", "describe_rules", "Rules", ListenerArn=wanted["listenerArn"])
    return [row["RuleArn"] for row in rows if row["Priority"] == str(int(wanted["priority"]))]


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
        by="name",
        settled=waiter("elbv2", "load_balancer_available", "LoadBalancerArns", seconds=BALANCER_SECONDS),
    ),
    "aws:lb/targetGroup:TargetGroup": Finder(
        find=by_name(
            "elbv2", "describe_target_groups", "Names", "TargetGroups", "TargetGroupArn", name="TargetGroupName"
        ),
        by="name",
    ),
    "aws:lb/trustStore:TrustStore": Finder(
        find=by_name("elbv2", "describe_trust_stores", "Names", "TrustStores", "TrustStoreArn", name="Name"),
        by="name",
    ),
    "aws:lb/listener:Listener": Finder(find=_listener, by="load balancer and port"),
    "aws:lb/listenerRule:ListenerRule": Finder(find=_rule, by="listener and priority"),
    "aws:autoscaling/group:Group": Finder(
        find=by_name(
            "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroupNames", "AutoScalingGroups",
            "AutoScalingGroupName",
        ),
        by="name",
    ),
    "aws:wafv2/webAcl:WebAcl": Finder(
        find=_web_acl,
        by="scope and name",
        identified=lambda resource: f"{resource['id']}/{resource['inputs']['name']}/{resource['inputs']['scope']}",
    ),
    "aws:iam/role:Role": Finder(
        find=among("iam", "list_roles", "Roles", "RoleName", lambda wanted, row: row["RoleName"] == wanted["name"]),
        by="name",
    ),
    "aws:iam/instanceProfile:InstanceProfile": Finder(
        find=among(
            "iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName",
            lambda wanted, row: row["InstanceProfileName"] == wanted["name"],
        ),
        by="name",
    ),
}  # fmt: skip
