"""Who may do what in the account: the roles of workflows and people. There are no IAM users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import rights
from components.account.cis_events import Event
from components.account.rights import Names
from components.account.sessions import PREFERENCES
from components.component import Component
from components.security.iam import Statement, allow, document
from components.site import Site
from naming import Naming
from settings import AccessRolesSettings

NAME_LIMIT = 64
GITHUB = "token.actions.githubusercontent.com"
"""The issuer of the tokens of workflows (GitHub, "Configuring OpenID Connect in Amazon Web Services")."""
AUDIENCE = "sts.amazonaws.com"
DEPLOYMENT_SECONDS = 3 * 3600
"""Ours: the first `up` of a region takes an hour, and a replica longer."""
BREAK_GLASS = "break-glass"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
PORT, HOST_PORT = "AWS-StartPortForwardingSession", "AWS-StartPortForwardingSessionToRemoteHost"
PREVIEWS = ["pull_request", "ref:refs/heads/main"]
"""Previews run on a pull request's branch, plans on `main`."""
CHECKED = ["ref:refs/heads/main"]


@dataclass(frozen=True, kw_only=True)
class AccessArgs:
    """`regions` are the platform's, in which `devops` may work."""

    site: Site
    settings: AccessRolesSettings
    regions: list[str]


class Access(Component):
    """The roles, the permissions boundary of all but one, and GitHub as an OIDC identity provider.

    The manuals' users are the roles `deploy`, `devops` and `dbadmin`. `break-glass` may do everything, has no boundary,
    and raises an alarm when it is assumed.
    """

    roles: Mapping[str, aws.iam.Role]
    taken: Event

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("account:Access", name, args.site, opts=opts)
        self._name = name
        self._args = args
        naming = args.site.naming
        self._names = Names(account_id=naming.account_id, environment=naming.environment)
        self._boundary = aws.iam.Policy(
            f"{name}-boundary",
            name=naming.physical("boundary", NAME_LIMIT),
            description="The most that a role of the platform may do.",
            policy=document(rights.boundary(self._names)),
            opts=self.child(),
        )
        self._issuer = aws.iam.OpenIdConnectProvider(
            f"{name}-github", url=f"https://{GITHUB}", client_id_lists=[AUDIENCE], opts=self.child()
        )
        self.roles = {**self._of_workflows(), **self._of_people()}
        arn = self._names.iam(f"role/{naming.physical(BREAK_GLASS, NAME_LIMIT)}")
        self.taken = Event(
            role="glass-broken",
            pattern=f'{{ ($.eventName="AssumeRole") && ($.requestParameters.roleArn="{arn}") }}',
            why="Somebody assumed the role that may do everything: is there an emergency, and who declared it?",
        )
        self.register_outputs({})

    def _of_workflows(self) -> dict[str, aws.iam.Role]:
        """A preview reads the state, a check also AWS; a deployment changes one stack, only from its environment."""
        naming = Naming(environment="ci", account_id=self._names.account_id, cost_center="")
        reads = rights.state(self._names, writes=False)
        found = {
            f"ci-{name}": self._role(
                f"ci-{name}", naming.physical(name, NAME_LIMIT), self._workflow(subjects), statements, seconds
            )
            for name, subjects, statements, seconds in (
                ("preview", PREVIEWS, reads, DEPLOYMENT_SECONDS),
                ("check", CHECKED, [*reads, *rights.checks()], None),
            )
        }
        for stack, deployment in sorted(self._args.settings.deployments.items()):
            declares = rights.platform(self._names, deployment.regions) if deployment.regions else []
            found[f"ci-deploy-{stack}"] = self._role(
                f"ci-deploy-{stack}",
                naming.physical(f"deploy-{stack}", NAME_LIMIT),
                self._workflow([f"environment:{stack}"]),
                [*rights.state(self._names, writes=True), *declares],
                DEPLOYMENT_SECONDS,
            )
        return found

    def _of_people(self) -> dict[str, aws.iam.Role]:
        names, regions = self._names, self._args.regions
        may: dict[str, list[Statement]] = {
            "deploy": [*rights.looks(), *rights.releases(names)],
            "devops": [
                *rights.state(names, writes=True),
                *rights.platform(names, regions),
                *rights.sessions(names, PREFERENCES, PORT),
                *rights.commands(names),
                *rights.findings(names),
                *rights.ssh(names),
            ],
            "dbadmin": [*rights.looks(), *rights.databases(names), *rights.sessions(names, HOST_PORT)],
        }
        naming, people = self._args.site.naming, self._people()
        found = {
            role: self._role(role, naming.physical(role, NAME_LIMIT), people, statements)
            for role, statements in may.items()
        }
        everything = aws.iam.Role(
            f"{self._name}-{BREAK_GLASS}",
            name=naming.physical(BREAK_GLASS, NAME_LIMIT),
            description="May do everything, and rings an alarm when it is taken.",
            assume_role_policy=people,
            opts=self.child(),
        )
        aws.iam.RolePolicyAttachment(
            f"{self._name}-{BREAK_GLASS}-rights", role=everything.name, policy_arn=ADMINISTRATOR, opts=self.child()
        )
        return {**found, BREAK_GLASS: everything}

    def _role(
        self,
        role: str,
        physical: str,
        trusted: pulumi.Output[str],
        statements: list[Statement],
        seconds: int | None = None,
    ) -> aws.iam.Role:
        made = aws.iam.Role(
            f"{self._name}-{role}",
            name=physical,
            description=f"What {role} may do: see the table in docs/access.md.",
            assume_role_policy=trusted,
            permissions_boundary=self._boundary.arn,
            max_session_duration=seconds,
            opts=self.child(),
        )
        aws.iam.RolePolicy(
            f"{self._name}-{role}-rights",
            name="rights",
            role=made.name,
            policy=document(statements),
            opts=self.child(),
        )
        return made

    def _workflow(self, subjects: list[str]) -> pulumi.Output[str]:
        """Trusts only jobs of the repository whose token has one of the subjects."""
        repository = self._args.settings.repository
        of_the_job = {f"{GITHUB}:aud": AUDIENCE, f"{GITHUB}:sub": [f"repo:{repository}:{each}" for each in subjects]}
        trusted = allow(
            "sts:AssumeRoleWithWebIdentity",
            None,
            principal={"Federated": self._names.iam(f"oidc-provider/{GITHUB}")},
            condition={"StringEquals": of_the_job},
        )
        return document([trusted])

    def _people(self) -> pulumi.Output[str]:
        """Trusts principals of the sign-in account, with a second factor."""
        account = self._args.settings.sign_in_account_id
        trusted = allow(
            "sts:AssumeRole",
            None,
            principal={"AWS": f"arn:aws:iam::{account}:root"},
            condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        )
        return document([trusted])
