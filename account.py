"""The composition of the account: resources that exist once, and resources that exist once per region."""

import pulumi
import pulumi_aws as aws

from components.account.access import Access, AccessArgs
from components.account.changes import Changes, ChangesArgs, RecorderRole, RecorderRoleArgs
from components.account.cis_events import EVENTS
from components.account.costs import Costs, CostsArgs
from components.account.defaults import Defaults, DefaultsArgs
from components.account.events import Events, EventsArgs
from components.account.findings import Findings, FindingsArgs
from components.account.record import Record, RecordArgs
from components.account.region_defaults import RegionDefaults, RegionDefaultsArgs
from components.account.sessions import Sessions, SessionsArgs
from components.account.threats import Threats, ThreatsArgs
from components.component import Component
from components.protection import Protection
from components.site import Site
from naming import Naming
from outputs import AccountOutputs
from settings import AccountSettings
from settings.permanent import made_with

LEFT = "the trail's bucket, with objects that nobody can delete before their retention ends, and its key"


def compose(settings: AccountSettings) -> AccountOutputs:
    """Declare the account; every resource is a child of its part.

    It reads no other stack, and no other stack reads it.
    """
    providers = {
        region: aws.Provider(f"{region}-aws", region=region, allowed_account_ids=[settings.account_id])
        for region in settings.data_residency_regions
    }
    sites = {region: _site(settings, region) for region in providers}
    opts = pulumi.ResourceOptions(provider=providers[settings.region])
    site = sites[settings.region]
    record = Record("record", RecordArgs(site=site, settings=settings), opts)
    recorder_args = RecorderRoleArgs(site=site, logs=record.logs)
    recorder = RecorderRole("recorder", recorder_args, opts)
    access_args = AccessArgs(site=site, settings=settings.access, regions=settings.data_residency_regions)
    access = Access("access", access_args, opts)
    events = [*EVENTS, access.taken]
    events_args = EventsArgs(site=site, record=record, events=events, emails=settings.alarm_emails)
    costs_args = CostsArgs(
        site=site,
        settings=settings.costs,
        emails=settings.alarm_emails,
        anomalies="cost-anomalies" not in settings.turned_off,
    )
    parts: list[Component] = [
        record,
        recorder,
        access,
        Events("events", events_args, opts),
        Defaults("defaults", DefaultsArgs(site=site), opts),
        Costs("costs", costs_args, opts),
    ]
    for region, provider in providers.items():
        there = pulumi.ResourceOptions(provider=provider)
        parts += _watched(settings, sites[region], record, recorder, there)
    Protection(parts, protected=settings.protected)
    if not settings.protected:
        pulumi.log.warn(f"the protection is off: `pulumi destroy` deletes the stack, and leaves {LEFT}")
    return AccountOutputs(made_with=made_with(settings))


def _watched(
    settings: AccountSettings, site: Site, record: Record, recorder: RecorderRole, opts: pulumi.ResourceOptions
) -> list[Component]:
    """The resources of each region of the account, by the region's name."""
    changes_args = ChangesArgs(
        site=site, role=recorder, logs=record.logs, records_global=site.region == settings.region
    )
    findings_args = FindingsArgs(site=site, keys=settings.keys, emails=settings.alarm_emails)
    threats_args = ThreatsArgs(site=site, analyzer="access-analyzer" not in settings.turned_off)
    return [
        RegionDefaults(f"{site.region}-defaults", RegionDefaultsArgs(site=site), opts),
        Threats(f"{site.region}-threats", threats_args, opts),
        Findings(f"{site.region}-findings", findings_args, opts),
        Changes(f"{site.region}-changes", changes_args, opts),
        Sessions(f"{site.region}-sessions", SessionsArgs(site=site, settings=settings), opts),
    ]


def _site(settings: AccountSettings, region: str) -> Site:
    naming = Naming(environment=settings.environment, account_id=settings.account_id, cost_center=settings.cost_center)
    return Site(naming=naming, region=region, protected=settings.protected)
