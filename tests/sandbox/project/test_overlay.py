"""The text of the overlay's stack files: the committed one, merged by key with what was set in the sandbox."""

import pytest
import yaml

from sandbox.project.overlay import has_secret, render_project, render_stack
from sandbox.toolchain.steps import SandboxError

OWN = {"p:key"}
COMMITTED = """# The file.
config:
  p:size: 3 # why three
  p:on: false

  p:web:
    # The group.
    least: 2 # two
    zones:
      - a
      - b
"""


def merged(committed: str, current: str, before: str = COMMITTED) -> str:
    return render_stack(committed, before, current, "Pulumi.x.yaml", OWN).text


def contested(committed: str, current: str) -> list[str]:
    return render_stack(committed, COMMITTED, current, "Pulumi.x.yaml", OWN).contested


def test_a_file_that_nobody_changed_is_the_committed_one_to_the_letter() -> None:
    assert render_stack(COMMITTED, COMMITTED, None, "f", OWN).text == COMMITTED
    assert merged(COMMITTED, COMMITTED) == COMMITTED


def test_a_changed_value_keeps_its_comment() -> None:
    assert merged(COMMITTED, COMMITTED.replace("size: 3", "size: 4")) == COMMITTED.replace("size: 3", "size: 4")


def test_changes_of_both_sides_come_together_inside_a_block() -> None:
    committed = COMMITTED.replace("least: 2", "least: 5").replace("- b", "- c")
    current = COMMITTED.replace("least: 2", "least: 2\n    most: 9")
    text = merged(committed, current)
    assert "least: 5 # two" in text
    assert "most: 9" in text
    assert "- c" in text
    assert contested(committed, current) == []


def test_a_key_that_both_changed_is_told_with_its_block() -> None:
    committed, current = COMMITTED.replace("least: 2", "least: 5"), COMMITTED.replace("least: 2", "least: 4")
    assert contested(committed, current) == ["p:web.least"]
    assert "least: 4 # two" in merged(committed, current)


def test_the_same_change_on_both_sides_is_none() -> None:
    changed = COMMITTED.replace("least: 2", "least: 5")
    assert contested(changed, changed) == []


def test_a_value_that_the_engine_wrote_as_text_is_not_changed() -> None:
    current = COMMITTED.replace("false", '"false"').replace("size: 3", 'size: "3"')
    assert merged(COMMITTED.replace("false", "true"), current) == COMMITTED.replace("false", "true")


def test_a_key_that_the_sandbox_removed_stays_away() -> None:
    assert "p:on" not in merged(COMMITTED.replace("size: 3", "size: 4"), COMMITTED.replace("  p:on: false\n", ""))


def test_a_key_that_is_new_in_the_committed_file_arrives() -> None:
    assert merged(f"{COMMITTED}  p:new: 1\n", COMMITTED).endswith("  p:new: 1\n")


def test_salt_and_own_secrets_stay_and_others_go() -> None:
    secrets = "  p:key:\n    secure: own\n  p:old:\n    secure: old\n"
    text = merged(COMMITTED.replace("size: 3", "size: 4"), f"encryptionsalt: v1:x\n{COMMITTED}{secrets}")
    assert text.startswith("# The file.\nencryptionsalt: v1:x\nconfig:\n")
    assert "secure: own" in text
    assert "p:old" not in text
    assert "size: 4" in text
    assert has_secret(text, "f", "p:key")
    assert not has_secret(text, "f", "p:size")


def test_a_committed_secret_is_replaced_and_never_copied() -> None:
    committed = "secretsprovider: awskms://x\nencryptedkey: abc\nconfig:\n  p:key:\n    secure: theirs\n  p:n: 1\n"
    assert merged(committed, "config: {}\n", "config: {}\n") == "config:\n  p:n: 1\n"


def test_a_secret_without_a_sandbox_value_is_an_error_that_says_where_to_add_one() -> None:
    with pytest.raises(SandboxError, match=r"Pulumi.x.yaml: .* p:new; add a row to SECRETS"):
        merged("config:\n  p:new:\n    secure: x\n", COMMITTED)


@pytest.mark.parametrize("text", ["config: [", "config: {}\nconfig: {}\n", "- a", ""])
def test_what_is_not_keys_and_values_is_named(text: str) -> None:
    with pytest.raises(SandboxError, match=r"^Pulumi\.x\.yaml: "):
        merged(text, COMMITTED)


def test_the_project_keeps_its_comments_and_loses_its_backend() -> None:
    text = render_project(
        "name: p # ours\nruntime: python\nbackend: {url: s3://x}\n", "f", interpreter="/venv", main="../..", values={}
    )
    assert text == "name: p # ours\nruntime:\n  name: python\n  options:\n    virtualenv: /venv\nmain: ../..\n"


def test_the_sandbox_has_other_values_in_the_blocks_that_stacks_share() -> None:
    blocks = 'config:\n  web:\n    default:\n      php: "8.3" # ours\n      blue:\n        size: 3\n'
    committed = f"name: p\nruntime: python\n{blocks}"
    values = {"web": {"php": "8.4", "blue": {"release": "1"}}, "gone": {"php": "8.4"}}
    text = render_project(committed, "f", interpreter="/venv", main="..", values=values)
    web = {"php": "8.4", "blue": {"size": 3, "release": "1"}}
    assert yaml.safe_load(text)["config"] == {"web": {"default": web}}
