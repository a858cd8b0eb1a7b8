"""Finders of what serves requests: load balancer, certificate, Auto Scaling groups, WAF, and roles."""

from ops.core.recovery.finders.wanted import Finder, Wanted, by_name, given, listed, listing, same, tagged, waiter

BALANCER_SECONDS = 600
"""Terraform's provider, aws_lb: create within 10 minutes."""
LIVING_CERTIFICATES = ["ISSUED", "PENDING_VALIDATION"]


def _certificate(wanted: Wanted) -> list[str]:
    acm = wanted.aws("acm")
    rows = listed(wanted, "acm", "list_certificates", CertificateStatuses=LIVING_CERTIFICATES)
    found = [row["CertificateArn"] for row in rows if row["DomainName"] == wanted["domainName"]]
    return [arn for arn in found if tagged(wanted, acm.list_tags_for_certificate(CertificateArn=arn))]


WEB = {
    "aws:acm/certificate:Certificate": Finder(search=_certificate, by="domain and tag Name"),
    "aws:lb/loadBalancer:LoadBalancer": by_name(
        "elbv2", "describe_load_balancers", "Names", "LoadBalancerArn", field="LoadBalancerName",
        settled=waiter("elbv2", "load_balancer_available", "LoadBalancerArns", seconds=BALANCER_SECONDS),
    ),
    "aws:lb/targetGroup:TargetGroup": by_name(
        "elbv2", "describe_target_groups", "Names", "TargetGroupArn", field="TargetGroupName"
    ),
    "aws:lb/trustStore:TrustStore": by_name(
        "elbv2", "describe_trust_stores", "Names", "TrustStoreArn", field="Name"
    ),
    "aws:lb/listener:Listener": listing(
        "elbv2", "describe_listeners", "ListenerArn", given(LoadBalancerArn="loadBalancerArn"),
        lambda wanted, row: row["Port"] == int(wanted["port"]),
        by="load balancer and port",
    ),
    "aws:lb/listenerRule:ListenerRule": listing(
        "elbv2", "describe_rules", "RuleArn", given(ListenerArn="listenerArn"),
        lambda wanted, row: row["Priority"] == str(int(wanted["priority"])),
        by="listener and priority",
    ),
    "aws:autoscaling/group:Group": by_name(
        "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroupNames", "AutoScalingGroupName"
    ),
    "aws:wafv2/webAcl:WebAcl": listing(
        "wafv2", "list_web_acls", "Id", given(Scope="scope"), same(Name="name"),
        by="scope and name",
        form="{id}/{name}/{scope}",
    ),
    "aws:iam/role:Role": listing("iam", "list_roles", "RoleName", matches=same(RoleName="name")),
    "aws:iam/instanceProfile:InstanceProfile": listing(
        "iam", "list_instance_profiles", "InstanceProfileName", matches=same(InstanceProfileName="name")
    ),
}  # fmt: skip
