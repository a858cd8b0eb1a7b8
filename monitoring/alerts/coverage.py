"""The alerts of each resource type, or the reason why a type has none. Together they are all declared types."""

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
"""The alerts of each type, by role."""

SETTING = "a setting of another resource: it cannot fail by itself, and a change of it is drift, which a preview shows"
PERMISSION = "a permission: without it, its user fails, which has alerts"
REDUNDANT = "run by AWS in every zone: if it fails, so does what is behind it, which has alerts"

UNWATCHED: Mapping[str, str] = {
    "aws:acm/certificateValidation:CertificateValidation": "only waits during a deployment, which fails with it",
    "aws:autoscaling/lifecycleHook:LifecycleHook": "a host that does not answer is terminated after a timeout",
    "aws:autoscaling/policy:Policy": "if it does not scale, the alerts on CPU, memory or backlog fire",
    "aws:backup/plan:Plan": "if it does not run, the vault gets no snapshot, and backups-missing fires",
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": "if a test of it fails, restores-failed fires",
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": "as its plan",
    "aws:backup/selection:Selection": "as its plan",
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": SETTING,
    "aws:cloudwatch/dashboard:Dashboard": "shows the alarms, which fire without it",
    "aws:cloudwatch/logGroup:LogGroup": "only stores logs: customers are not affected if they do not arrive",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "counts log lines; requests that fail have an alert",
    "aws:cloudwatch/logStream:LogStream": "as its log group",
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": "if it sends nothing, archive-empty fires",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "is itself monitoring; the rules of Prometheus are the second source",
    "aws:cloudwatch/queryDefinition:QueryDefinition": "a saved query; logs can be searched without it",
    "aws:ebs/volume:Volume": "of the monitoring host, which is unhealthy without it; metrics-disk fires if it is full",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": SETTING,
    "aws:ec2/eip:Eip": "an address of a NAT gateway, which has alerts",
    "aws:ec2/flowLog:FlowLog": "an audit trail: no request passes through it",
    "aws:ec2/internetGateway:InternetGateway": REDUNDANT,
    "aws:ec2/launchTemplate:LaunchTemplate": "a template; if no host starts from it, launches fires",
    "aws:ec2/networkAcl:NetworkAcl": SETTING,
    "aws:ec2/route:Route": SETTING,
    "aws:ec2/routeTable:RouteTable": SETTING,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": SETTING,
    "aws:ec2/securityGroup:SecurityGroup": SETTING,
    "aws:ec2/subnet:Subnet": "if it has no free address, launches fires",
    "aws:ec2/vpc:Vpc": SETTING,
    "aws:ec2/vpcEndpoint:VpcEndpoint": REDUNDANT,
    "aws:ec2clientvpn/authorizationRule:AuthorizationRule": PERMISSION,
    "aws:ec2clientvpn/endpoint:Endpoint": "only engineers use it, and they notice when it fails",
    "aws:ec2clientvpn/networkAssociation:NetworkAssociation": "as its endpoint, which has one in each zone",
    "aws:elasticache/parameterGroup:ParameterGroup": SETTING,
    "aws:elasticache/subnetGroup:SubnetGroup": SETTING,
    "aws:iam/instanceProfile:InstanceProfile": PERMISSION,
    "aws:iam/role:Role": PERMISSION,
    "aws:iam/rolePolicy:RolePolicy": PERMISSION,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": PERMISSION,
    "aws:kms/alias:Alias": SETTING,
    "aws:kms/key:Key": "run by AWS in every zone; if it is disabled, what it encrypts fails, which has alerts",
    "aws:kms/replicaKey:ReplicaKey": "as the key: what it encrypts arrives late, and objects-late fires",
    "aws:lb/listener:Listener": "a part of the load balancer, whose alerts count what it refuses",
    "aws:lb/listenerRule:ListenerRule": "a part of the load balancer, whose alerts count what it refuses",
    "aws:lb/trustStore:TrustStore": "the certificates that expire are Cloudflare's, which notifies of them",
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": (
        "RDS has no metric for it; the replica of the same database has an alert on its lag"
    ),
    "aws:rds/optionGroup:OptionGroup": SETTING,
    "aws:rds/parameterGroup:ParameterGroup": SETTING,
    "aws:rds/subnetGroup:SubnetGroup": SETTING,
    "aws:s3/bucket:Bucket": "run by AWS in every zone; if hosts cannot use it, requests or jobs fail",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": SETTING,
    "aws:s3/bucketLogging:BucketLogging": SETTING,
    "aws:s3/bucketObjectv2:BucketObjectv2": "a file; a host that cannot load it is never ready, and launches fires",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": SETTING,
    "aws:s3/bucketPolicy:BucketPolicy": PERMISSION,
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": SETTING,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": SETTING,
    "aws:s3/bucketVersioning:BucketVersioning": SETTING,
    "aws:secretsmanager/secret:Secret": "run by AWS in every zone; a host without its secrets is never ready",
    "aws:secretsmanager/secretVersion:SecretVersion": "as the secret",
    "aws:sns/topic:Topic": "delivers CloudWatch's alarms; Prometheus's alerts are delivered another way",
    "aws:sns/topicPolicy:TopicPolicy": PERMISSION,
    "aws:sns/topicSubscription:TopicSubscription": "as the topic",
    "aws:sqs/queuePolicy:QueuePolicy": PERMISSION,
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": PERMISSION,
    "aws:wafv2/webAcl:WebAcl": "before the load balancer: what it blocks by mistake fails the outside checks",
    "aws:wafv2/webAclAssociation:WebAclAssociation": SETTING,
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": SETTING,
    "cloudflare:index/authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate": (
        "Cloudflare notifies before it expires"
    ),
    "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings": SETTING,
    "cloudflare:index/healthcheck:Healthcheck": "is itself monitoring, from outside both regions",
    "cloudflare:index/notificationPolicy:NotificationPolicy": "notifies without SNS and Alertmanager",
    "cloudflare:index/leakedCredentialCheck:LeakedCredentialCheck": SETTING,
    "cloudflare:index/ruleset:Ruleset": SETTING,
    "cloudflare:index/urlNormalizationSettings:UrlNormalizationSettings": SETTING,
    "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": (
        "if it fails, it locks engineers out, who notice"
    ),
    "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy": PERMISSION,
    "cloudflare:index/zoneDnssec:ZoneDnssec": "if a signature breaks, the names do not resolve, and edge-down fires",
    "cloudflare:index/zoneSetting:ZoneSetting": SETTING,
}
"""Why each other type has none."""
