"""The events in the trail that raise an alarm: CIS AWS Foundations Benchmark 3.0 and 5.0, 4.1 to 4.15."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Event:
    """A kind of event: its part of the alarm's name, the filter that finds it in the trail, and what it means.

    `why` is the text of the mail: what happened, and what to check.
    """

    role: str
    pattern: str
    why: str


def any_of(*names: str, source: str | None = None) -> str:
    """The filter pattern of events by name, optionally from one service only."""
    named = " || ".join(f"($.eventName={name})" for name in names)
    return f"{{ ($.eventSource={source}.amazonaws.com) && ({named}) }}" if source else f"{{ {named} }}"


EVENTS = (
    Event(
        role="unauthorized",
        pattern='{ ($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*") }',
        why="API calls were denied (CIS 4.1): who called, and did other calls of the same identity succeed?",
    ),
    Event(
        role="sign-in-without-mfa",
        pattern='{ ($.eventName="ConsoleLogin") && ($.additionalEventData.MFAUsed!="Yes") && '
        '($.userIdentity.type="IAMUser") && ($.responseElements.ConsoleLogin="Success") }',
        why="An IAM user signed in without MFA (CIS 4.2). There should be none: end the session, delete the user.",
    ),
    Event(
        role="root-used",
        pattern='{ $.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && '
        '$.eventType!="AwsServiceEvent" }',
        why="The root user was used (CIS 4.3): by whom, and for which of the few tasks that need it?",
    ),
    Event(
        role="iam-changed",
        pattern=any_of(
            "DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy", "PutRolePolicy",
            "PutUserPolicy", "CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion",
            "AttachRolePolicy", "DetachRolePolicy", "AttachUserPolicy", "DetachUserPolicy", "AttachGroupPolicy",
            "DetachGroupPolicy",
        ),
        why="IAM permissions changed (CIS 4.4): was a deployment approved that declares this?",
    ),
    Event(
        role="trail-changed",
        pattern=any_of("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"),
        why="CloudTrail changed (CIS 4.5): start the trail again if it was stopped, then find out who did it.",
    ),
    Event(
        role="sign-in-failed",
        pattern='{ ($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication") }',
        why="A console sign-in failed (CIS 4.6): who tried?",
    ),
    Event(
        role="key-ended",
        pattern=any_of("DisableKey", "ScheduleKeyDeletion", source="kms"),
        why="A KMS key was disabled or scheduled for deletion (CIS 4.7). Undo it: without the key, its data are lost.",
    ),
    Event(
        role="bucket-opened",
        pattern=any_of(
            "PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication",
            "DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication", source="s3",
        ),
        why="Access to a bucket, or its retention, changed (CIS 4.8): is the change declared?",
    ),
    Event(
        role="recorder-changed",
        pattern=any_of(
            "StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder",
            source="config",
        ),
        why="AWS Config changed (CIS 4.9): is it still recording?",
    ),
    Event(
        role="group-changed",
        pattern=any_of(
            "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress", "CreateSecurityGroup", "DeleteSecurityGroup",
        ),
        why="A security group changed (CIS 4.10): is the change declared?",
    ),
    Event(
        role="acl-changed",
        pattern=any_of(
            "CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry",
            "ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation",
        ),
        why="A network ACL changed (CIS 4.11): is the change declared, or is a region fenced?",
    ),
    Event(
        role="gateway-changed",
        pattern=any_of(
            "CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway",
            "DeleteInternetGateway", "DetachInternetGateway",
        ),
        why="A gateway to the internet changed (CIS 4.12): is the change declared?",
    ),
    Event(
        role="route-changed",
        pattern=any_of(
            "CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable",
            "DeleteRoute", "DisassociateRouteTable", source="ec2",
        ),
        why="A route changed (CIS 4.13): is the change declared?",
    ),
    Event(
        role="vpc-changed",
        pattern=any_of(
            "CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection",
            "DeleteVpcPeeringConnection", "RejectVpcPeeringConnection", "AttachClassicLinkVpc", "DetachClassicLinkVpc",
            "DisableVpcClassicLink", "EnableVpcClassicLink",
        ),
        why="A VPC changed (CIS 4.14): is the change declared?",
    ),
    Event(
        role="organization-changed",
        pattern=any_of(
            "AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy",
            "DeclineHandshake", "DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy", "DetachPolicy",
            "DisablePolicyType", "EnablePolicyType", "InviteAccountToOrganization", "LeaveOrganization", "MoveAccount",
            "RemoveAccountFromOrganization", "UpdatePolicy", "UpdateOrganizationalUnit", source="organizations",
        ),
        why="The organization changed (CIS 4.15): who can now control the account?",
    ),
)  # fmt: skip
