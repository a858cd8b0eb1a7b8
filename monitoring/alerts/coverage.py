"""Which alerts each type of resource has, and why the others have none: together, every type that is declared."""

from collections.abc import Mapping

WATCHED: Mapping[str, tuple[str, ...]] = {
    "aws:acm/certificate:Certificate": ("certificate",),
    "aws:autoscaling/group:Group": ("hosts-cpu", "hosts-memory", "hosts-disk", "hosts-down", "launches", "credits"),
    "aws:backup/vault:Vault": (
        *("backups-failed", "backups-missing", "copies-failed", "copies-missing", "restores-failed"),
    ),
    "aws:ec2/natGateway:NatGateway": ("nat-ports",),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        *("cache-memory", "cache-evictions", "cache-cpu", "cache-lag", "cache-down"),
    ),
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": ("archive-late", "archive-failed", "archive-empty"),
    "aws:lb/loadBalancer:LoadBalancer": ("errors", "slow", "application-down", "other-region-down"),
    "aws:lb/targetGroup:TargetGroup": ("unhealthy", "healthy"),
    "aws:rds/instance:Instance": (
        *("database-cpu", "database-memory", "database-connections", "database-storage", "replica-lag"),
        "database-down",
    ),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": ("objects-late", "objects-failed"),
    "aws:sqs/queue:Queue": ("backlog", "waiting", "dead", "dead-age"),
    "cloudflare:index/dnsRecord:DnsRecord": ("edge-down", "public-certificate"),
}
"""The roles of the alerts of each type."""

SETTING = (
    "a setting of what it belongs to: it cannot fail by itself, and a change of it is drift, which a preview shows"
)
PERMISSION = "a permission: what is refused fails, and has the alerts of what asked"
REDUNDANT = "run by AWS in every zone: its failure is one of what is behind it, which has alerts"

UNWATCHED: Mapping[str, str] = {
    "aws:acm/certificateValidation:CertificateValidation": "waits during a deployment, which fails with it",
    "aws:autoscaling/lifecycleHook:LifecycleHook": "a host that does not answer ends all the same, after a timeout",
    "aws:autoscaling/policy:Policy": "where it does not scale, CPU, memory or the backlog ring",
    "aws:backup/plan:Plan": "where it does not run, the vault gets no snapshot, and backups-missing rings",
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": "a test of the vault's backups; one that fails rings",
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": "as its plan",
    "aws:backup/selection:Selection": "as its plan",
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": SETTING,
    "aws:cloudwatch/dashboard:Dashboard": "shows the alarms; they ring without it",
    "aws:cloudwatch/logGroup:LogGroup": "stores what it is sent: logs that do not arrive harm no customer",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "counts what is logged; requests that fail have an alert",
    "aws:cloudwatch/logStream:LogStream": "as its log group",
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": "where it sends nothing, archive-empty rings",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "watches; the rules of Prometheus are the second pair of eyes",
    "aws:cloudwatch/queryDefinition:QueryDefinition": "a text; logs are stored and searched without it",
    "aws:ebs/volume:Volume": "of the monitoring host, unhealthy without it; metrics-disk fires where it is full",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": SETTING,
    "aws:ec2/eip:Eip": "an address of a NAT gateway, which has alerts",
    "aws:ec2/flowLog:FlowLog": "an audit trail: no request passes through it",
    "aws:ec2/internetGateway:InternetGateway": REDUNDANT,
    "aws:ec2/launchTemplate:LaunchTemplate": "a text; where no host starts from it, launches rings",
    "aws:ec2/networkAcl:NetworkAcl": SETTING,
    "aws:ec2/route:Route": SETTING,
    "aws:ec2/routeTable:RouteTable": SETTING,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": SETTING,
    "aws:ec2/securityGroup:SecurityGroup": SETTING,
    "aws:ec2/subnet:Subnet": "where it has no address left, launches rings",
    "aws:ec2/vpc:Vpc": SETTING,
    "aws:ec2/vpcEndpoint:VpcEndpoint": REDUNDANT,
    "aws:ec2clientvpn/authorizationRule:AuthorizationRule": PERMISSION,
    "aws:ec2clientvpn/endpoint:Endpoint": "for people: its failure keeps engineers out, who notice",
    "aws:ec2clientvpn/networkAssociation:NetworkAssociation": "as its endpoint, which has one in each zone",
    "aws:elasticache/parameterGroup:ParameterGroup": SETTING,
    "aws:elasticache/subnetGroup:SubnetGroup": SETTING,
    "aws:iam/instanceProfile:InstanceProfile": PERMISSION,
    "aws:iam/role:Role": PERMISSION,
    "aws:iam/rolePolicy:RolePolicy": PERMISSION,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": PERMISSION,
    "aws:kms/alias:Alias": SETTING,
    "aws:kms/key:Key": "run by AWS in every zone; one that is disabled fails what it encrypts, which has alerts",
    "aws:kms/replicaKey:ReplicaKey": "as the key: what it encrypts arrives late, and objects-late rings",
    "aws:lb/listener:Listener": "a part of the load balancer, whose alerts count what it refuses",
    "aws:lb/listenerRule:ListenerRule": "a part of the load balancer, whose alerts count what it refuses",
    "aws:lb/trustStore:TrustStore": "certificates that end are Cloudflare's, which notifies of them",
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": (
        "RDS has no metric of it; the replica that follows the same database has an alert on its lag"
    ),
    "aws:rds/optionGroup:OptionGroup": SETTING,
    "aws:rds/parameterGroup:ParameterGroup": SETTING,
    "aws:rds/subnetGroup:SubnetGroup": SETTING,
    "aws:s3/bucket:Bucket": "run by AWS in every zone; what hosts cannot read or write fails a request or a job",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": SETTING,
    "aws:s3/bucketLogging:BucketLogging": SETTING,
    "aws:s3/bucketObjectv2:BucketObjectv2": "a file; a host that cannot load it does not get ready, and launches rings",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": SETTING,
    "aws:s3/bucketPolicy:BucketPolicy": PERMISSION,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": SETTING,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": SETTING,
    "aws:s3/bucketVersioning:BucketVersioning": SETTING,
    "aws:secretsmanager/secret:Secret": "run by AWS in every zone; a host without its secrets does not get ready",
    "aws:secretsmanager/secretVersion:SecretVersion": "as the secret",
    "aws:sns/topic:Topic": "the way of CloudWatch's alarms; those of Prometheus take another",
    "aws:sns/topicPolicy:TopicPolicy": PERMISSION,
    "aws:sns/topicSubscription:TopicSubscription": "as the topic",
    "aws:sqs/queuePolicy:QueuePolicy": PERMISSION,
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": PERMISSION,
    "aws:wafv2/webAcl:WebAcl": "a part of the load balancer's path: what it refuses wrongly is seen from outside",
    "aws:wafv2/webAclAssociation:WebAclAssociation": SETTING,
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": SETTING,
    "cloudflare:index/authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate": (
        "Cloudflare notifies before it ends"
    ),
    "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings": SETTING,
    "cloudflare:index/healthcheck:Healthcheck": "watches, from outside both regions",
    "cloudflare:index/notificationPolicy:NotificationPolicy": "a way of its own beside SNS and Alertmanager",
    "cloudflare:index/leakedCredentialCheck:LeakedCredentialCheck": SETTING,
    "cloudflare:index/ruleset:Ruleset": SETTING,
    "cloudflare:index/urlNormalizationSettings:UrlNormalizationSettings": SETTING,
    "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": (
        "keeps strangers out: its failure keeps engineers out too, who notice"
    ),
    "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy": PERMISSION,
    "cloudflare:index/zoneDnssec:ZoneDnssec": "a signature that breaks makes the names unknown, and edge-down fires",
    "cloudflare:index/zoneSetting:ZoneSetting": SETTING,
}
"""Why each of the other types has none."""
