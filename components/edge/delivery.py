"""What Cloudflare answers without a region: assets from its cache, and the redirect from www."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge.expressions import PATH, any_host
from components.edge.part import EdgePart, Zone
from settings import AssetSettings

ASSET_EXTENSIONS = ("avif", "css", "gif", "ico", "jpeg", "jpg", "js", "map", "png", "svg", "webp", "woff", "woff2")
"""What a front-end build writes; no response for a single user has such an extension."""


@dataclass(frozen=True, kw_only=True)
class DeliveryArgs:
    """The zone, and how long its assets are cached."""

    zone: Zone
    settings: AssetSettings


class Delivery(EdgePart):
    """Cache rules, of which the last match applies, and the redirect."""

    def __init__(self, name: str, args: DeliveryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Delivery", name, opts)
        zone = args.zone
        cloudflare.Ruleset(
            f"{name}-cache",
            zone_id=zone.id,
            name=zone.named("cache"),
            kind="zone",
            phase="http_request_cache_settings",
            rules=[_assets(args.settings), _bypass(zone)],
            opts=self.child(),
        )
        cloudflare.Ruleset(
            f"{name}-redirects",
            zone_id=zone.id,
            name=zone.named("redirects"),
            kind="zone",
            phase="http_request_dynamic_redirect",
            rules=[_to_the_apex(zone)],
            opts=self.child(),
        )
        self.register_outputs({})


def _assets(settings: AssetSettings) -> cloudflare.RulesetRuleArgs:
    extensions = " ".join(f'"{extension}"' for extension in ASSET_EXTENSIONS)
    return cloudflare.RulesetRuleArgs(
        ref="assets",
        description="Assets carry a version in their name or query, and spare the regions most requests.",
        expression=f"{PATH}.extension in {{{extensions}}}",
        action="set_cache_settings",
        action_parameters=cloudflare.RulesetRuleActionParametersArgs(
            cache=True,
            edge_ttl=cloudflare.RulesetRuleActionParametersEdgeTtlArgs(
                mode="override_origin", default=settings.edge_seconds
            ),
            browser_ttl=cloudflare.RulesetRuleActionParametersBrowserTtlArgs(
                mode="override_origin", default=settings.browser_seconds
            ),
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
