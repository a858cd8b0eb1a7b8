"""What an instance knows at startup: the variables of its stack, role and group, without secrets."""

from __future__ import annotations

import pulumi

import contract
from components.compute.host_context import HostContext
from hosts.contents import RDS_AUTHORITIES
from hosts.roles import HostRole

APPLICATION_ENVIRONMENT = "production"
"""Laravel's environment, which precedes the level in each log line; the same in every stack, because all serve."""
SERVICE_USER = "www-data"
"""Debian's and Ubuntu's web server user, as in the DevOps manual."""


def host_environment(context: HostContext, role: HostRole, group: str, release: str) -> dict[str, pulumi.Input[str]]:
    """The variables by name: ours, and those that Laravel's own configuration files read."""
    return {**_own(context, role, group, release), **_laravel(context)}


def what_it_is(
    context: HostContext, role: HostRole, group: str, release: str, user: str
) -> dict[str, pulumi.Input[str]]:
    """The variables of every role. `user` runs its services; without a `release`, none is downloaded."""
    return {
        "ASKPROAI_ENVIRONMENT": context.site.naming.environment,
        "ASKPROAI_ROLE": role.name,
        "ASKPROAI_GROUP": group,
        "ASKPROAI_RELEASE": release,
        "ASKPROAI_USER": user,
        "ASKPROAI_BUCKET_RELEASES": context.storage["releases"].name,
    }


def _own(context: HostContext, role: HostRole, group: str, release: str) -> dict[str, pulumi.Input[str]]:
    queues = {f"ASKPROAI_QUEUE_{_variable(name)}": queue.name for name, queue in sorted(context.queues.work.items())}
    return {
        **what_it_is(context, role, group, release, SERVICE_USER),
        **{f"ASKPROAI_SECRET_{_variable(name)}": arn for name, arn in context.secrets.of_application.items()},
        "ASKPROAI_DATABASE": context.data_stores.database,
        "ASKPROAI_CACHE": context.data_stores.cache,
        **queues,
        **(_of_jobs(context, role) if role.termination_hook else {}),
    }


def _of_jobs(context: HostContext, role: HostRole) -> dict[str, pulumi.Input[str]]:
    """When the host works: until it is terminated, and while this region serves."""
    visitors = f"https://{contract.app(context.domain)}{contract.HEALTH_PATH}"
    return {"ASKPROAI_TERMINATION_HOOK": role.termination_hook, "ASKPROAI_VISITORS_URL": visitors}


def _laravel(context: HostContext) -> dict[str, pulumi.Input[str]]:
    queues = context.queues.work
    default = queues["default"] if "default" in queues else queues[min(queues)]
    return {
        "APP_ENV": APPLICATION_ENVIRONMENT,
        "APP_DEBUG": "false",
        "APP_URL": f"https://{contract.app(context.domain)}",
        "AWS_DEFAULT_REGION": context.site.region,
        "AWS_BUCKET": context.storage["uploads"].name,
        "FILESYSTEM_DISK": "s3",
        "DB_CONNECTION": "mysql",
        # The database refuses connections without TLS, which PHP uses once it has a certificate authority.
        "MYSQL_ATTR_SSL_CA": RDS_AUTHORITIES,
        "DB_DATABASE": context.data_stores.database_name,
        "CACHE_DRIVER": "redis",
        "SESSION_DRIVER": "redis",
        "REDIS_CLIENT": "phpredis",
        # ElastiCache requires TLS here.
        "REDIS_SCHEME": "tls",
        "QUEUE_CONNECTION": "sqs",
        "SQS_PREFIX": default.url.apply(lambda url: url.rpartition("/")[0]),
        "SQS_QUEUE": default.name,
        # The journal keeps it, and the CloudWatch agent forwards it.
        "LOG_CHANNEL": "stderr",
    }


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")
