"""The Cloudflare plugin's service without API calls: checks, differences, previews and configuration."""

from typing import Any, NoReturn

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from sandbox.plugins.cloudflare import properties
from sandbox.plugins.cloudflare.client import Answer, ApiError, Client
from sandbox.plugins.cloudflare.kinds import KINDS
from sandbox.plugins.cloudflare.properties import Secret, Unknown
from sandbox.plugins.cloudflare.provider import BASE_VARIABLE, TOKEN_VARIABLE, CloudflareProvider

TOKENS = {kind.type: kind.token for kind in KINDS.values()}
RECORD = {
    "zoneId": "z",
    "name": "www.example.com",
    "type": "CNAME",
    "content": "a.example.com",
    "ttl": 1,
    "proxied": True,
}
RULESET = {"zoneId": "z", "name": "r", "kind": "zone", "phase": "http_ratelimit", "rules": [{"ref": "a"}, {"ref": "b"}]}


class AbortedError(Exception):
    """What a call ended with."""


class Context:
    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        raise AbortedError(code, details)


def ask(method: str, provider: CloudflareProvider | None = None, kind: str = "DnsRecord", **values: Any) -> Any:
    request = getattr(provider_pb2, f"{method}Request")(
        urn=f"urn:pulumi:edge::askproai::{TOKENS.get(kind, kind)}::thing",
        **{name: properties.write(value) if isinstance(value, dict) else value for name, value in values.items()},
    )
    return getattr(provider or CloudflareProvider("6.0.0"), method)(request, Context())


def diff(old: dict[str, Any], new: dict[str, Any], kind: str = "DnsRecord", **values: Any) -> Any:
    return ask("Diff", kind=kind, olds={**old, "createdOn": "then"}, old_inputs=old, news=new, **values)


def kinds(answer: Any) -> dict[str, str]:
    names = provider_pb2.PropertyDiff.Kind
    return {path: names.Name(difference.kind) for path, difference in answer.detailedDiff.items()}


def test_arguments_are_taken_as_they_are() -> None:
    answer = ask("Check", news={**RECORD, "content": Unknown(), "comment": Secret("c")})
    assert properties.read(answer.inputs) == {**RECORD, "content": Unknown(), "comment": Secret("c")}
    assert list(answer.failures) == []


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"contents": "b"}, ("contents", "there is no such argument")),
        ({"settings": {"ipv5Only": True}}, ("settings.ipv5Only", "there is no such argument")),
        ({"ttl": 300}, ("ttl", "ttl must be set to 1 when `proxied` is true")),
    ],
)
def test_a_bad_argument_is_refused_before_anything_is_called(change: Any, failure: tuple[str, str]) -> None:
    answer = ask("Check", news={**RECORD, **change})
    assert [(f.property, f.reason) for f in answer.failures] == [failure]


@pytest.mark.parametrize(
    ("news", "changed"),
    [
        (RECORD, {}),
        ({**RECORD, "content": "b"}, {"content": "UPDATE"}),
        ({**RECORD, "comment": "new"}, {"comment": "ADD"}),
        ({**RECORD, "tags": [], "settings": {}}, {}),
        ({**RECORD, "proxied": False}, {"proxied": "UPDATE"}),
        ({key: value for key, value in RECORD.items() if key != "proxied"}, {"proxied": "UPDATE"}),
        ({**RECORD, "content": Unknown()}, {"content": "UPDATE"}),
        ({**RECORD, "content": Secret("a.example.com")}, {}),
        ({**RECORD, "type": "A"}, {"type": "UPDATE_REPLACE"}),
        ({**RECORD, "zoneId": "y"}, {"zoneId": "UPDATE_REPLACE"}),
    ],
)
def test_only_what_was_declared_otherwise_has_changed(news: dict[str, Any], changed: dict[str, str]) -> None:
    answer = diff(RECORD, news)
    assert kinds(answer) == changed
    assert answer.changes == (answer.DIFF_SOME if changed else answer.DIFF_NONE)
    assert sorted(answer.diffs) == sorted(changed)
    assert list(answer.replaces) == [path for path, kind in changed.items() if kind.endswith("REPLACE")]


def test_changes_inside_are_told_by_their_path() -> None:
    news = {**RULESET, "rules": [{"ref": "a", "ratelimit": {"period": 60}}, {"ref": "c"}, {"ref": "d"}]}
    expected = {"rules[0].ratelimit": "ADD", "rules[1].ref": "UPDATE", "rules[2]": "ADD"}
    assert kinds(diff(RULESET, news, "Ruleset")) == expected


def test_a_rule_is_on_unless_it_says_otherwise() -> None:
    on = {**RULESET, "rules": [{"ref": "a", "enabled": True}, {"ref": "b"}]}
    off = {**RULESET, "rules": [{"ref": "a", "enabled": False}, {"ref": "b"}]}
    assert kinds(diff(RULESET, on, "Ruleset")) == {}
    assert kinds(diff(RULESET, off, "Ruleset")) == {"rules[0].enabled": "UPDATE"}


@pytest.mark.parametrize("ignored", ["rules", "rules[1]", "rules[1].ref"])
def test_ignored_changes_are_no_changes(ignored: str) -> None:
    news = {**RULESET, "rules": [{"ref": "a"}, {"ref": "c"}]}
    assert kinds(diff(RULESET, news, "Ruleset", ignoreChanges=[ignored])) == {}


def test_a_resource_that_exists_once_per_zone_is_deleted_before_its_replacement_is_created() -> None:
    old, new = ({"zoneId": "z", "settingId": name, "value": "on"} for name in ("ssl", "http3"))
    assert diff(old, new, "ZoneSetting").deleteBeforeReplace
    assert not diff(RECORD, {**RECORD, "zoneId": "y"}).deleteBeforeReplace


def test_a_preview_of_a_new_resource_knows_what_was_declared_alone() -> None:
    answer = ask("Create", properties=RECORD, preview=True)
    state = properties.read(answer.properties)
    assert answer.id == ""
    assert {name: value for name, value in state.items() if value != Unknown()} == RECORD
    assert state["createdOn"] == state["comment"] == Unknown()


def test_a_preview_of_a_change_keeps_what_stays() -> None:
    olds = {**RECORD, "createdOn": "then", "modifiedOn": "then"}
    answer = ask("Update", olds=olds, news={**RECORD, "content": Unknown()}, preview=True)
    state = properties.read(answer.properties)
    assert (state["createdOn"], state["modifiedOn"], state["content"]) == ("then", Unknown(), Unknown())


def test_a_type_without_a_row_is_an_error_that_names_the_table() -> None:
    with pytest.raises(AbortedError) as caught:
        ask("Create", kind="cloudflare:index/zone:Zone", properties={})
    code, details = caught.value.args
    assert code == grpc.StatusCode.UNIMPLEMENTED
    assert details.startswith("cloudflare:index/zone:Zone is not in sandbox/plugins/cloudflare/kinds.py")


def configured(**args: Any) -> CloudflareProvider:
    provider = CloudflareProvider("6.0.0")
    request = provider_pb2.ConfigureRequest(args=properties.write(args))
    assert provider.Configure(request, Context()).acceptSecrets  # type: ignore[arg-type] a fake
    return provider


def test_the_token_is_the_providers_and_else_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "environment")
    monkeypatch.setenv(BASE_VARIABLE, "http://127.0.0.1:1/client/v4")
    given, default = configured(apiToken=Secret("given"))._ready(), configured()._ready()
    assert (given.token, given.base.netloc) == ("given", "127.0.0.1:1")
    assert default.token == "environment"


def test_without_a_token_the_first_call_says_where_to_give_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    for provider in (configured(), configured(apiToken=Unknown())):
        with pytest.raises(AbortedError, match="no API token: give the provider apiToken, or set CLOUDFLARE_API_TOKEN"):
            ask("Create", provider, properties=RECORD)


def test_the_provider_refuses_inputs_that_it_does_not_have() -> None:
    check = provider_pb2.CheckRequest(news=properties.write({"apiToken": "t", "apiTokn": "t", "version": "6"}))
    answer = CloudflareProvider("6.0.0").CheckConfig(check, Context())  # type: ignore[arg-type] a fake
    assert [failure.property for failure in answer.failures] == ["apiTokn"]


def test_another_token_makes_no_resource_anew() -> None:
    request = provider_pb2.DiffRequest(
        old_inputs=properties.write({"apiToken": "a"}), news=properties.write({"apiToken": Secret("b")})
    )
    answer = CloudflareProvider("6.0.0").DiffConfig(request, Context())  # type: ignore[arg-type] a fake
    assert (list(answer.diffs), list(answer.replaces)) == (["apiToken"], [])


def test_it_is_the_plugin_of_the_sdk() -> None:
    provider = CloudflareProvider("6.0.0")
    assert provider.GetPluginInfo(empty_pb2.Empty(), Context()).version == "6.0.0"  # type: ignore[arg-type] a fake
    schema = provider.GetSchema(provider_pb2.GetSchemaRequest(), Context()).schema  # type: ignore[arg-type] a fake
    assert '"name": "cloudflare"' in schema


def test_what_is_unknown_is_never_sent() -> None:
    with pytest.raises(AbortedError, match="content is not known yet"):
        ask("Create", configured(apiToken="t"), properties={**RECORD, "content": Unknown()})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"errors": [{"code": 1, "message": "No.", "source": {"pointer": "/a"}}]}', "400 Bad: No. (1) at /a"),
        (b'{"errors": [{"code": 1, "message": "No", "error_chain": [{"code": 2, "message": "b"}]}]}', "No (1); b (2)"),
        (b"<html>", "400 Bad"),
        (b"[]", "400 Bad"),
        (b'{"errors": [{}]}', "400 Bad"),
    ],
)
def test_a_problem_is_told_in_cloudflares_words_as_far_as_it_has_any(body: bytes, said: str) -> None:
    assert Answer(400, "Bad", body, None).problem().endswith(said)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"success": false, "result": {}}'])
def test_an_answer_that_is_no_result_is_an_error(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    def answered(*_call: Any) -> Answer:
        return Answer(200, "OK", body, None)

    client = Client("http://127.0.0.1:1", "t", "test")
    monkeypatch.setattr(client, "_once", answered)
    with pytest.raises(ApiError, match="GET /zones: 200 OK, which is no result of the API"):
        client.call("GET", "/zones")
