"""Scenes of policies/network.py and policies/web.py."""

from policies import network, web
from policies.values import UNKNOWN
from tests.policies.scenes import GONE, UNSET, Case, Change, Made, each, values

CLOUDFLARE, OURS, WORLD = "104.16.0.0/13", "10.0.0.0/16", "0.0.0.0/0"


def ingress(first: int | None, last: int | None, cidr: str = WORLD, protocol: str = "tcp") -> dict[str, object]:
    """A rule of a security group."""
    name = "ipv6CidrBlocks" if ":" in cidr else "cidrBlocks"
    return {"protocol": protocol, "fromPort": first, "toPort": last, name: [cidr]}


def opened(*rules: dict[str, object]) -> tuple[Change, ...]:
    """A security group with each of the rules."""
    return tuple({"ingress": [rule]} for rule in rules)


GROUP = Made(
    type=network.GROUP,
    props={
        "ingress": [
            ingress(443, 443, CLOUDFLARE),
            {"protocol": "tcp", "fromPort": 22, "toPort": 22, "securityGroups": [UNKNOWN]},
        ]
    },
)
SINGLE = Made(type=network.INGRESS, props={"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": CLOUDFLARE})
EVERYTHING = ingress(0, 0, protocol="-1")
UNKNOWN_RANGE = ({"ingress": [{**ingress(443, 443), "cidrBlocks": UNKNOWN}]},)
VPC = Made(type=network.VPC)
ACL = Made(
    type=network.ACL,
    props={"ingress": [{"action": "allow", "protocol": "tcp", "fromPort": 3306, "toPort": 3306, "cidrBlock": WORLD}]},
)
VPN = Made(type=network.VPN, props={"connectionLogOptions": {"enabled": True, "cloudwatchLogGroup": UNKNOWN}})
VPN_RULE = Made(type=network.VPN_RULE, props={"targetNetworkCidr": "10.0.64.0/20"})
LISTENER = Made(
    type=web.LISTENER,
    props={"protocol": "HTTP", "defaultActions": [{"type": "redirect", "redirect": {"protocol": "HTTPS"}}]},
)
TLS_LISTENER = Made(type=web.LISTENER, props={"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"})
BALANCER = Made(
    type=web.BALANCER,
    props={
        "accessLogs": {"enabled": True, "bucket": UNKNOWN},
        "desyncMitigationMode": "defensive",
        "dropInvalidHeaderFields": True,
        "enableDeletionProtection": True,
        "subnets": [UNKNOWN, UNKNOWN],
    },
)

CASES = (
    Case(
        rule=network.group_admin_ports_closed,
        it=GROUP,
        fires=opened(ingress(22, 22), ingress(3389, 3389, "::/0"), ingress(21, 23), EVERYTHING, ingress(None, None)),
        passes=opened(ingress(23, 3388), ingress(22, 22, OURS)),
        undecided=UNKNOWN_RANGE,
    ),
    Case(
        rule=network.group_admin_ports_closed,
        it=SINGLE,
        fires=({"cidrIpv4": WORLD, "fromPort": 22, "toPort": 22}, {"cidrIpv4": WORLD, "ipProtocol": "-1"}),
    ),
    Case(
        rule=network.group_admin_ports_closed,
        it=Made(
            type=network.RULE,
            props={"type": "ingress", "protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": [WORLD]},
        ),
        fires=({"fromPort": 22},),
        passes=({"fromPort": 22, "type": "egress"},),
    ),
    Case(
        rule=network.group_risky_ports_closed,
        it=GROUP,
        fires=opened(ingress(3306, 3306), ingress(6379, 6379, "::/0"), ingress(6000, 7000), EVERYTHING),
        passes=opened(ingress(443, 443), ingress(3306, 3306, OURS)),
        undecided=UNKNOWN_RANGE,
    ),
    Case(
        rule=network.group_public_from_cloudflare_alone,
        it=GROUP,
        fires=opened(
            ingress(443, 443),
            ingress(443, 443, "::/0"),
            ingress(443, 443, "104.0.0.0/8"),
            ingress(8443, 8443, CLOUDFLARE),
            ingress(80, 443, CLOUDFLARE),
            ingress(443, 443, "203.0.114.0/24"),
        ),
        passes=opened(ingress(80, 80, CLOUDFLARE), ingress(443, 443, "2606:4700::/32"), ingress(22, 22, OURS)),
        undecided=UNKNOWN_RANGE,
    ),
    Case(
        rule=network.vpc_default_group_empty,
        it=VPC,
        others={
            "default": Made(type=network.DEFAULT_GROUP, props={"ingress": [], "egress": []}, links={"vpcId": "it"})
        },
        fires=(
            {"@default": GONE},
            {"@default:ingress": [{"protocol": "-1"}]},
            {"@default:egress": [{"protocol": "-1"}]},
        ),
        passes=each("@default:ingress", "@default:egress", value=UNSET),
        undecided=values("@default:ingress", UNKNOWN),
    ),
    Case(
        rule=network.vpc_flow_logged,
        it=VPC,
        others={"log": Made(type=network.FLOW_LOG, props={"trafficType": "ALL"}, links={"vpcId": "it"})},
        fires=({"@log": GONE}, *values("@log:trafficType", "ACCEPT", UNSET)),
        passes=values("@log:trafficType", "REJECT"),
        undecided=values("@log:trafficType", UNKNOWN),
    ),
    Case(
        rule=network.subnet_gives_no_public_ip,
        it=Made(type=network.SUBNET, props={"mapPublicIpOnLaunch": False}),
        fires=values("mapPublicIpOnLaunch", True, UNSET),
        undecided=values("mapPublicIpOnLaunch", UNKNOWN),
    ),
    Case(
        rule=network.acl_admin_ports_closed,
        it=ACL,
        fires=(
            {"ingress.0.fromPort": 22},
            {"ingress.0.fromPort": 22, "egress": [{"action": "deny"}]},
            {"ingress.0.protocol": "-1"},
            {"ingress.0.toPort": 3389},
            {
                "ingress.0": {
                    "action": "allow",
                    "protocol": "tcp",
                    "fromPort": 22,
                    "toPort": 22,
                    "ipv6CidrBlock": "::/0",
                }
            },
        ),
        passes=(
            {"ingress.0.fromPort": 22, "ingress.0.cidrBlock": OURS},
            {"ingress.0.fromPort": 22, "ingress.0.action": "deny"},
            {"ingress": UNSET},
        ),
        undecided=values("ingress", UNKNOWN),
    ),
    Case(
        rule=network.acl_admin_ports_closed,
        it=Made(
            type=network.ACL_RULE,
            props={"ruleAction": "allow", "protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlock": WORLD},
        ),
        fires=({"fromPort": 22},),
        passes=({"fromPort": 22, "egress": True}, {"fromPort": 22, "ruleAction": "deny"}),
    ),
    Case(
        rule=network.vpn_connections_logged,
        it=VPN,
        fires=(
            *values("connectionLogOptions.enabled", False, UNSET),
            *values("connectionLogOptions.cloudwatchLogGroup", UNSET, ""),
        ),
        undecided=values("connectionLogOptions.enabled", UNKNOWN),
    ),
    Case(
        rule=network.vpn_leads_into_the_vpc_alone,
        it=VPN_RULE,
        fires=values("targetNetworkCidr", WORLD, CLOUDFLARE),
        undecided=values("targetNetworkCidr", UNKNOWN),
    ),
    Case(
        rule=web.listener_http_redirects,
        it=LISTENER,
        fires=(
            *values("defaultActions.0.type", "forward", UNSET),
            *values("defaultActions.0.redirect.protocol", "HTTP", UNSET),
            {"defaultActions": UNSET},
            {"defaultActions": [LISTENER.props["defaultActions"][0], {"type": "forward"}]},
            {"defaultActions": [{"type": "forward"}], "protocol": UNSET},
        ),
        passes=({"defaultActions.0.type": "forward", "protocol": "HTTPS"},),
        undecided=values("defaultActions.0.type", UNKNOWN),
    ),
    Case(
        rule=web.listener_tls_recent,
        it=TLS_LISTENER,
        fires=values(
            "sslPolicy",
            UNSET,
            "ELBSecurityPolicy-2016-08",
            "ELBSecurityPolicy-TLS13-1-0-2021-06",
            "ELBSecurityPolicy-TLS-1-1-2017-01",
            "ELBSecurityPolicy-FS-2018-06",
        ),
        passes=(
            *values("sslPolicy", "ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS-1-2-Ext-2018-06"),
            {"protocol": "HTTP", "sslPolicy": UNSET},
        ),
        undecided=values("sslPolicy", UNKNOWN),
    ),
    Case(
        rule=web.balancer_refuses_malformed,
        it=BALANCER,
        fires=(*values("dropInvalidHeaderFields", False, UNSET), *values("desyncMitigationMode", "monitor", UNSET)),
        passes=(
            *values("desyncMitigationMode", "strictest"),
            {"dropInvalidHeaderFields": UNSET, "loadBalancerType": "network"},
        ),
        undecided=each("dropInvalidHeaderFields", "desyncMitigationMode", value=UNKNOWN),
    ),
    Case(
        rule=web.balancer_access_logged,
        it=BALANCER,
        fires=(*values("accessLogs.enabled", False, UNSET), {"accessLogs": UNSET}),
        undecided=values("accessLogs.enabled", UNKNOWN),
    ),
    Case(
        rule=web.balancer_kept,
        it=BALANCER,
        fires=(*values("enableDeletionProtection", False, UNSET), *values("subnets", UNSET, [UNKNOWN])),
        passes=({"subnets": UNSET, "subnetMappings": [UNKNOWN, UNKNOWN]},),
        undecided=each("enableDeletionProtection", "subnets", value=UNKNOWN),
    ),
    Case(
        rule=web.balancer_behind_waf,
        it=BALANCER,
        others={"waf": Made(type=web.WAF, links={"resourceArn": "it"})},
        fires=({"@waf": GONE},),
        passes=({"@waf": GONE, "internal": True}, {"@waf": GONE, "loadBalancerType": "network"}),
        undecided=({"@waf": GONE, "internal": UNKNOWN},),
    ),
)
