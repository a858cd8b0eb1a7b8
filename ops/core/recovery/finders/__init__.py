"""How an existing resource of each type is found that is missing in a state, or why it need not be."""

from ops.core.recovery.finders.data import DATA
from ops.core.recovery.finders.edge import EDGE
from ops.core.recovery.finders.network import NETWORK
from ops.core.recovery.finders.operations import OPERATIONS
from ops.core.recovery.finders.wanted import Finder, NotKnownYetError, Wanted
from ops.core.recovery.finders.web import WEB

__all__ = ["AGAIN", "FINDERS", "Finder", "NotKnownYetError", "Wanted"]

FINDERS: dict[str, Finder] = {**NETWORK, **DATA, **WEB, **OPERATIONS, **EDGE}

_PUT = "AWS replaces what is there: made again, it is the same"
_ALWAYS_THERE = "every zone has it: making it sets it"
_OF_A_BUCKET = (
    "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "bucketLogging:BucketLogging",
    "bucketOwnershipControls:BucketOwnershipControls",
    "bucketPolicy:BucketPolicy",
    "bucketPublicAccessBlock:BucketPublicAccessBlock",
    "bucketReplicationConfig:BucketReplicationConfig",
    "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "bucketVersioning:BucketVersioning",
)

AGAIN: dict[str, str] = {
    **{f"aws:s3/{kind}": _PUT for kind in _OF_A_BUCKET},
    "aws:acm/certificateValidation:CertificateValidation": "it only waits for the certificate",
    "aws:autoscaling/lifecycleHook:LifecycleHook": _PUT,
    "aws:autoscaling/policy:Policy": _PUT,
    "aws:cloudwatch/dashboard:Dashboard": _PUT,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": _PUT,
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": _PUT,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _PUT,
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "the VPC has it, and the provider takes it over",
    "aws:iam/rolePolicy:RolePolicy": _PUT,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _PUT,
    "aws:s3/bucketObjectv2:BucketObjectv2": _PUT,
    "aws:secretsmanager/secretVersion:SecretVersion": "a new version of the same value becomes the current one",
    "aws:sns/topicPolicy:TopicPolicy": _PUT,
    "aws:sns/topicSubscription:TopicSubscription": "SNS gives the subscription that is there",
    "aws:sqs/queuePolicy:QueuePolicy": _PUT,
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _PUT,
    "aws:wafv2/webAclAssociation:WebAclAssociation": _PUT,
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": _PUT,
    "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings": _ALWAYS_THERE,
    "cloudflare:index/leakedCredentialCheck:LeakedCredentialCheck": _ALWAYS_THERE,
    "cloudflare:index/urlNormalizationSettings:UrlNormalizationSettings": _ALWAYS_THERE,
    "cloudflare:index/zoneDnssec:ZoneDnssec": _ALWAYS_THERE,
    "cloudflare:index/zoneSetting:ZoneSetting": _ALWAYS_THERE,
}
"""Types that need no search: creating them again neither fails nor leaves two."""
