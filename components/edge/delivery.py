"""What Cloudflare answers without a region: assets from its cache, the redirect from www, and errors."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.expressions import PATH, STATUS, any_host, below
from components.edge.part import EdgePart, Zone
from contract import HEALTH_PATH

ASSET_EXTENSIONS = ("avif", "css", "gif", "ico", "jpeg", "jpg", "js", "map", "png", "svg", "webp", "woff", "woff2")
"""What a front-end build writes; no response for a single user has such an extension."""

FIRST_ERROR, NOT_STORED = 400, -1
"""Cloudflare, "Cache Rules", settings: status code TTL, -1 for no-store."""


UNAVAILABLE = (502, 503, 504, *range(520, 527), 530)
"""The status codes of load balancers without instances, of a release in maintenance mode, and of Cloudflare without a
region (Cloudflare, "5xx errors")."""
UNAVAILABLE_JSON = '{"message": "Service Unavailable"}'
PAGE = Path(__file__).with_name("unavailable.html")
"""At most 10 KB (Cloudflare, "Custom errors parameters")."""


class Delivery(EdgePart):
    """Cache rules (the last match applies), the redirect, and error pages."""

    def __init__(self, name: str, zone: Zone, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Delivery", name, opts)
        cloudflare.Ruleset(
            f"{name}-cache",
            zone_id=zone.id,
            name=zone.named("cache"),
            kind="zone",
            phase="http_request_cache_settings",
            rules=[_assets(), _bypass(zone)],
            opts=self.ruleset_options(),
        )
        cloudflare.Ruleset(
            f"{name}-redirects",
            zone_id=zone.id,
            name=zone.named("redirects"),
            kind="zone",
            phase="http_request_dynamic_redirect",
            rules=[_to_the_apex(zone)],
            opts=self.ruleset_options(),
        )
        cloudflare.Ruleset(
            f"{name}-errors",
            zone_id=zone.id,
            name=zone.named("errors"),
            kind="zone",
            phase="http_custom_errors",
            rules=_errors(zone),
            opts=self.ruleset_options(),
        )
        self.register_outputs({})


def _errors(zone: Zone) -> list[cloudflare.RulesetRuleArgs]:
    """The error pages of a region that cannot serve or is in maintenance: the first match applies, the status stays.

    The responses of health checks stay unchanged: they say why they fail.
    """
    codes = " ".join(str(code) for code in UNAVAILABLE)
    unavailable = f"{STATUS} in {{{codes}}} and not {below(HEALTH_PATH)}"
    api = f'({any_host([zone.host("api")])} or starts_with({PATH}, "/api/"))'
    return [
        _error(
            "api", f"{unavailable} and {api}", UNAVAILABLE_JSON, "application/json", "Clients of the API read JSON."
        ),
        _error("page", unavailable, PAGE.read_text(), "text/html", "Visitors see our page, not that of Cloudflare."),
    ]


def _error(ref: str, expression: str, content: str, content_type: str, why: str) -> cloudflare.RulesetRuleArgs:
    return cloudflare.RulesetRuleArgs(
        ref=ref,
        description=why,
        expression=expression,
        action="serve_error",
        action_parameters=cloudflare.RulesetRuleActionParametersArgs(content=content, content_type=content_type),
        enabled=True,
    )


def _assets() -> cloudflare.RulesetRuleArgs:
    """Assets are cached as long as the region's response says (`expires` of nginx on the web hosts), errors never.

    An error of a lost region must not outlive the flip to the other one. Cache Deception Armor excludes responses whose
    path only ends like an asset, such as a user's page under /account/x.css.
    """
    extensions = " ".join(f'"{extension}"' for extension in ASSET_EXTENSIONS)
    return cloudflare.RulesetRuleArgs(
        ref="assets",
        description="Assets carry a version in their name or query, and spare the regions most requests.",
        expression=f"{PATH}.extension in {{{extensions}}}",
        action="set_cache_settings",
        action_parameters=cloudflare.RulesetRuleActionParametersArgs(
            cache=True,
            edge_ttl=cloudflare.RulesetRuleActionParametersEdgeTtlArgs(
                mode="respect_origin",
                status_code_ttls=[
                    cloudflare.RulesetRuleActionParametersEdgeTtlStatusCodeTtlArgs(
                        status_code_range=cloudflare.RulesetRuleActionParametersEdgeTtlStatusCodeTtlStatusCodeRangeArgs(
                            from_=FIRST_ERROR
                        ),
                        value=NOT_STORED,
                    )
                ],
            ),
            browser_ttl=cloudflare.RulesetRuleActionParametersBrowserTtlArgs(mode="respect_origin"),
            cache_key=cloudflare.RulesetRuleActionParametersCacheKeyArgs(cache_deception_armor=True),
        ),
        enabled=True,
    )


def _bypass(zone: Zone) -> cloudflare.RulesetRuleArgs:
    private = any_host([zone.host(subdomain) for subdomain in ("api", "admin", "monitoring")])
    return cloudflare.RulesetRuleArgs(
        ref="never-cached",
        description="Answers of the API, and what is behind a login, are for one client alone.",
        expression=f'{private} or starts_with({PATH}, "/api/")',
        action="set_cache_settings",
        action_parameters=cloudflare.RulesetRuleActionParametersArgs(cache=False),
        enabled=True,
    )


def _to_the_apex(zone: Zone) -> cloudflare.RulesetRuleArgs:
    return cloudflare.RulesetRuleArgs(
        ref="www",
        description="One name for one page: sessions and search engines know the domain alone.",
        expression=any_host([zone.host("www")]),
        action="redirect",
        action_parameters=cloudflare.RulesetRuleActionParametersArgs(
            from_value=cloudflare.RulesetRuleActionParametersFromValueArgs(
                status_code=301,
                preserve_query_string=True,
                target_url=cloudflare.RulesetRuleActionParametersFromValueTargetUrlArgs(
                    expression=f'concat("https://{zone.domain}", {PATH})'
                ),
            )
        ),
        enabled=True,
    )
