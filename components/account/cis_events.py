"""The events in the trail that ring an alarm: those of CIS AWS Foundations Benchmark 3.0 and 5.0, 4.1 to 4.15."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Event:
    """A kind of event: the part of its alarm's name, the filter that finds it in the trail, and what it means.

    `why` is what the mail says: what was done, and what to do about it.
    """

    role: str
    pattern: str
    why: str


def any_of(*names: str, source: str | None = None) -> str:
    """The filter pattern of events by their names, all from one service where it is given."""
    named = " || ".join(f"($.eventName={name})" for name in names)
    return f"{{ ($.eventSource={source}.amazonaws.com) && ({named}) }}" if source else f"{{ {named} }}"


EVENTS = (
    Event(
        role="unauthorized",
        pattern='{ ($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*") }',
        why="Calls were refused (CIS 4.1): who called, and did anything follow that was not refused?",
    ),
    Event(
        role="sign-in-without-mfa",
        pattern='{ ($.eventName="ConsoleLogin") && ($.additionalEventData.MFAUsed!="Yes") && '
        '($.userIdentity.type="IAMUser") && ($.responseElements.ConsoleLogin="Success") }',
        why="A user signed in without MFA (CIS 4.2): there should be no IAM user; end the session and remove the user.",
    ),
    Event(
        role="root-used",
        pattern='{ $.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && '
        '$.eventType!="AwsServiceEvent" }',
        why="The root user acted (CIS 4.3): who, and for which of the few tasks that need it?",
    ),
    Event(
        role="iam-changed",
        pattern=any_of(
            "DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy", "PutRolePolicy",
            "PutUserPolicy", "CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion",
            "AttachRolePolicy", "DetachRolePolicy", "AttachUserPolicy", "DetachUserPolicy", "AttachGroupPolicy",
            "DetachGroupPolicy",
        ),
        why="Rights changed (CIS 4.4): is there a deployment that was approved, and does it declare this?",
    ),
    Event(
        role="trail-changed",
        pattern=any_of("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"),
        why="The trail changed (CIS 4.5): start it again, then ask who stopped it.",
    ),
    Event(
        role="sign-in-failed",
        pattern='{ ($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication") }',
        why="A sign-in to the console failed (CIS 4.6): whose was it?",
    ),
    Event(
        role="key-ended",
        pattern=any_of("DisableKey", "ScheduleKeyDeletion", source="kms"),
        why="A key was disabled, or is to be deleted (CIS 4.7): cancel it, for with a key goes all that it encrypts.",
    ),
    Event(
        role="bucket-opened",
        pattern=any_of(
            "PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication",
            "DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication", source="s3",
        ),
        why="Access to a bucket, or what it keeps, changed (CIS 4.8): is it declared?",
    ),
    Event(
        role="recorder-changed",
        pattern=any_of(
            "StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel", "PutConfigurationRecorder",
            source="config",
        ),
        why="AWS Config changed (CIS 4.9): does it still record?",
    ),
    Event(
        role="group-changed",
        pattern=any_of(
            "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress", "CreateSecurityGroup", "DeleteSecurityGroup",
        ),
        why="A security group changed (CIS 4.10): is it declared?",
    ),
    Event(
        role="acl-changed",
        pattern=any_of(
            "CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry",
            "ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation",
        ),
        why="A network ACL changed (CIS 4.11): is it declared, or a region fenced?",
    ),
    Event(
        role="gateway-changed",
        pattern=any_of(
            "CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway",
            "DeleteInternetGateway", "DetachInternetGateway",
        ),
        why="A way to the internet changed (CIS 4.12): is it declared?",
    ),
    Event(
        role="route-changed",
        pattern=any_of(
            "CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation", "DeleteRouteTable",
            "DeleteRoute", "DisassociateRouteTable", source="ec2",
        ),
        why="A route changed (CIS 4.13): is it declared?",
    ),
    Event(
        role="vpc-changed",
        pattern=any_of(
            "CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection",
            "DeleteVpcPeeringConnection", "RejectVpcPeeringConnection", "AttachClassicLinkVpc", "DetachClassicLinkVpc",
            "DisableVpcClassicLink", "EnableVpcClassicLink",
        ),
        why="A VPC changed (CIS 4.14): is it declared?",
    ),
    Event(
        role="organization-changed",
        pattern=any_of(
            "AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy",
            "DeclineHandshake", "DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy", "DetachPolicy",
            "DisablePolicyType", "EnablePolicyType", "InviteAccountToOrganization", "LeaveOrganization", "MoveAccount",
            "RemoveAccountFromOrganization", "UpdatePolicy", "UpdateOrganizationalUnit", source="organizations",
        ),
        why="The organization changed (CIS 4.15): who may still rule over the account?",
    ),
)  # fmt: skip
