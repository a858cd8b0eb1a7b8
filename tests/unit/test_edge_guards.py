"""The edge besides its rules: TLS, logins for admin and monitoring, health checks, and notifications."""

from edges import edge, edge_settings

ACCOUNT, ZONE = edge_settings().cloudflare_account_id, edge_settings().zone_id
SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
CERTIFICATE = "cloudflare:index/authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate"
PULLS = "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings"
POLICY = "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy"
APPLICATION = "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication"
CHECK = "cloudflare:index/healthcheck:Healthcheck"
NOTIFICATION = "cloudflare:index/notificationPolicy:NotificationPolicy"


def test_tls_is_strict_and_at_least_1_2() -> None:
    settings = {setting.inputs["settingId"]: setting.inputs["value"] for setting in edge().of(SETTING)}
    header = settings.pop("security_header")
    assert settings == {"ssl": "strict", "min_tls_version": "1.2", "tls_1_3": "on", "always_use_https": "on"}
    assert header == {
        "strict_transport_security": {
            "enabled": True,
            "max_age": edge_settings().tls.hsts_max_age_days * 86_400,
            "include_subdomains": True,
            "preload": False,
            "nosniff": True,
        }
    }


def test_a_setting_of_several_members_is_sent_as_a_whole() -> None:
    parts = {s.inputs["settingId"]: s.replace_on_changes for s in edge().of(SETTING)}
    assert {name for name, properties in parts.items() if properties == ("value",)} == {"security_header"}


def test_a_destroy_does_not_sign_the_domain_off() -> None:
    assert edge().one("cloudflare:index/zoneDnssec:ZoneDnssec").retain_on_delete


def test_the_zone_is_signed() -> None:
    assert edge().one("cloudflare:index/zoneDnssec:ZoneDnssec").inputs == {"zoneId": ZONE, "status": "active"}


def test_origins_see_our_own_certificate() -> None:
    certificate, pulls = edge().one(CERTIFICATE), edge().one(PULLS)
    assert {"certificate", "privateKey"} <= certificate.secrets
    assert pulls.inputs == {"zoneId": ZONE, "enabled": True}
    assert certificate.urn in pulls.depends_on
    # Cloudflare presents the former one until a new one is deployed.
    assert certificate.retain_on_delete


def test_admin_and_monitoring_are_behind_a_login() -> None:
    policy = edge().one(POLICY)
    assert policy.inputs["decision"] == "allow"
    assert [include["email"]["email"] for include in policy.inputs["includes"]] == edge_settings().admin_emails
    factors = policy.inputs["mfaConfig"]
    assert sorted(edge_settings().access.second_factors) == factors["allowedAuthenticators"]
    assert (factors["mfaDisabled"], factors["sessionDuration"]) == (False, "8h")
    domain = edge_settings().domain
    applications = {application.inputs["domain"]: application.inputs for application in edge().of(APPLICATION)}
    assert applications.keys() == {f"admin.{domain}", f"monitoring.{domain}"}
    for application in applications.values():
        assert (application["accountId"], application["type"], application["sessionDuration"]) == (
            ACCOUNT,
            "self_hosted",
            "8h",
        )
        assert application["policies"] == [{"id": f"zeroTrustAccessPolicy-{policy.name}", "precedence": 1}]


def test_both_regions_are_checked_through_the_names_that_cloudflare_may_use() -> None:
    checks = {check.name: check.inputs for check in edge().of(CHECK)}
    assert checks.keys() == {"watch-prod", "watch-dr"}
    for name, check in checks.items():
        assert check["address"] == f"origin-{name.removeprefix('watch-')}.{edge_settings().domain}"
        assert (check["type"], check["checkRegions"]) == ("HTTPS", ["WEU"])
        assert check["httpConfig"] == {"method": "GET", "path": "/api/health", "port": 443, "expectedCodes": ["200"]}


def test_people_are_notified_by_mail() -> None:
    policies = {policy.inputs["alertType"]: policy.inputs for policy in edge().of(NOTIFICATION)}
    health = policies["health_check_status_notification"]["filters"]
    assert health["healthCheckIds"] == ["healthcheck-watch-prod", "healthcheck-watch-dr"]
    assert health["statuses"] == ["Unhealthy", "Healthy"]
    assert "zone_aop_custom_certificate_expiration_type" in policies
    for policy in policies.values():
        mails = [mechanism["id"] for mechanism in policy["mechanisms"]["emails"]]
        assert (mails, policy["enabled"]) == (edge_settings().notification_emails, True)
        assert policy["description"]
