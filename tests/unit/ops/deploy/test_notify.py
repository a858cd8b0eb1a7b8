"""Slack messages about a deployment."""

import json

import pytest
from fake_platform import Platform
from fake_releases import NEW

from ops.deploy import notify
from ops.deploy.start import start
from ops.errors import OpsError


def test_a_webhook_that_fails_never_fails_a_deployment_and_is_never_shown(
    platform: Platform, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def secret(stack: str, key: str) -> str:
        return "http://127.0.0.1:1/the-secret-path" if key == notify.SECRET else "token"

    monkeypatch.setattr(platform.engine, "secret", secret)
    start(platform.session(), NEW)
    told = capsys.readouterr().out
    assert told.count("the notification failed: ") == 2
    assert "the-secret-path" not in told


def test_a_stack_without_a_webhook_says_so(
    platform: Platform, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def secret(stack: str, key: str) -> str:
        raise OpsError("there is none")

    monkeypatch.setattr(platform.engine, "secret", secret)
    start(platform.session(), NEW)
    assert "nobody is notified: stack prod has no secret slack_webhook" in capsys.readouterr().out


def test_the_message_is_the_manuals_attachment() -> None:
    assert json.loads(json.dumps(notify.message("success", "prod", "1.2.3", 61.4))) == {
        "attachments": [
            {
                "color": "good",
                "title": "\N{WHITE HEAVY CHECK MARK} Deployment success",
                "fields": [
                    {"title": "Environment", "value": "prod", "short": True},
                    {"title": "Version", "value": "1.2.3", "short": True},
                    {"title": "Duration", "value": "61s", "short": True},
                ],
            }
        ]
    }
