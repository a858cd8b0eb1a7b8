"""Values of Pulumi.yaml and of a stack's file: merged key by key, both by the engine's reader and by the files'."""

import re
from pathlib import Path

import pytest
import yaml
from broken_files import EDGE_SECRETS, GOOD_SECRETS, configured
from stack_files import FIXTURE, settings_of

from project_files import Project, UnreadableFileError, merged
from settings import ConfigurationError, Settings, load, read

SHARED = """\
name: askproai
runtime: python
config:
  survives_zone_loss:
    default: true
  web:
    default:
      volume_gib: 77
      blue:
        max_size: 9
  offsite:
    default:
      home: prod
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The fixture's files with values that all stacks share."""
    for stack in FIXTURE.stacks:
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(FIXTURE.file(stack).read_text())
    (tmp_path / "Pulumi.yaml").write_text(SHARED)
    return Project(tmp_path)


def without(project: Project, *lines: str) -> None:
    """Remove lines from prod's file."""
    file = project.file("prod")
    kept = [line for line in file.read_text().splitlines() if not line.strip().startswith(lines)]
    file.write_text("\n".join(kept) + "\n")


def test_blocks_are_merged_key_by_key_and_lists_are_one_value() -> None:
    shared = {"a": {"b": {"c": 1, "d": 2}, "e": [1, 2]}, "f": 3}
    assert merged(shared, {"a": {"b": {"d": 4}, "e": [5]}}) == {"a": {"b": {"c": 1, "d": 4}, "e": [5]}, "f": 3}
    assert merged(shared, {"a": "none"}) == {"a": "none", "f": 3}


def test_a_stack_s_file_is_over_what_all_share(project: Project) -> None:
    assert read(project, "prod") == settings_of("prod")


def test_what_a_file_does_not_say_is_what_all_share_for_the_program_too(project: Project) -> None:
    without(project, "volume_gib: 200", "max_size: 6 # ours: twice")
    from_files = read(project, "prod")
    with configured({**project.shared, **project.own("prod")}, folder=project.folder):
        from_engine = load()

    assert isinstance(from_files, Settings)
    assert (from_files.web.volume_gib, from_files.web.blue.max_size) == (77, 9)
    assert from_engine == from_files


def test_a_stack_leaves_out_a_block_that_all_share(project: Project) -> None:
    values = {**project.own("prod"), "offsite": "none"}
    del values["follows"]
    project.file("prod").write_text(yaml.safe_dump({"config": {f"askproai:{key}": v for key, v in values.items()}}))

    settings = read(project, "prod")

    assert isinstance(settings, Settings)
    assert (settings.offsite, settings.follows, settings.home) == (None, None, "prod")


def test_the_edge_is_not_asked_for_what_only_regions_have(project: Project) -> None:
    with configured({**project.shared, **project.own("edge")}, EDGE_SECRETS, stack="edge", folder=project.folder):
        assert load() == read(project, "edge")


def test_a_copied_file_is_refused_by_the_stack_s_own_name(project: Project) -> None:
    (project.folder / "Pulumi.copy.yaml").write_text(project.file("prod").read_text())
    with pytest.raises(ConfigurationError) as refusal:
        read(project, "copy")
    with configured(project.own("copy"), GOOD_SECRETS, stack="copy"), pytest.raises(ConfigurationError) as of_program:
        load()

    assert str(refusal.value) == str(of_program.value)
    assert str(refusal.value) == "Pulumi.copy.yaml: askproai:environment: 'prod' is not this stack; want copy"


def test_a_stack_that_no_environment_can_name_is_told_to_be_renamed(project: Project) -> None:
    project.file("my-stack.eu").write_text(project.file("prod").read_text())

    assert "my-stack.eu" in project.stacks
    with pytest.raises(ConfigurationError, match="is not this stack; name the stack with 1 to 12 lower-case letters"):
        read(project, "my-stack.eu")


@pytest.mark.parametrize(
    ("shared", "own", "at"),
    [
        ("volume_gib: 1", "", "web.volume_gib (in Pulumi.yaml)"),
        ("volum_gib: 77", "", "web.volum_gib (in Pulumi.yaml)"),
        ("volume_gib: 1", "volume_gib: 2", "web.volume_gib"),
        ("volume_gib: 77", "volume_gib: 1", "web.volume_gib"),
    ],
)
def test_a_value_that_pulumi_yaml_has_is_looked_for_there(project: Project, shared: str, own: str, at: str) -> None:
    without(project, "volume_gib: 200")
    project.shared_file.write_text(SHARED.replace("volume_gib: 77", shared))
    file = project.file("prod")
    file.write_text(file.read_text().replace("  askproai:web:\n", f"  askproai:web:\n    {own}\n"))

    with pytest.raises(ConfigurationError) as of_files:
        read(project, "prod")
    with (
        configured({**project.shared, **project.own("prod")}, folder=project.folder),
        pytest.raises(ConfigurationError) as of_engine,
    ):
        load()

    for refusal in (of_files, of_engine):
        assert f"Pulumi.prod.yaml: askproai:{at}: " in str(refusal.value)


def test_a_setting_that_the_stack_s_file_encrypts_is_looked_for_there(project: Project) -> None:
    without(project, "askproai:domain:")
    project.shared_file.write_text(f"{SHARED}  domain:\n    default: askproai.de\n")
    file = project.file("prod")
    file.write_text(f"{file.read_text()}  askproai:domain:\n    secure: v1:abc\n")

    with pytest.raises(ConfigurationError, match=r"askproai:domain: is encrypted"):
        read(project, "prod")


def test_a_file_that_is_not_there_is_named(project: Project) -> None:
    with pytest.raises(UnreadableFileError, match=r"Pulumi\.other\.yaml cannot be read"):
        read(project, "other")


@pytest.mark.parametrize(
    "content", [b"", b"- a\n", b"config: text\n", b"config:\n  - a\n", b"config:\n  1: 2\n", b"\xff\xfe"]
)
@pytest.mark.parametrize("file", ["Pulumi.yaml", "Pulumi.prod.yaml"])
def test_a_file_without_keys_and_values_is_refused_by_its_name(project: Project, file: str, content: bytes) -> None:
    (project.folder / file).write_bytes(content)

    with pytest.raises(UnreadableFileError, match=rf"{re.escape(file)}(: expected keys and values| cannot be read)"):
        read(project, "prod")


@pytest.mark.parametrize("file", ["Pulumi.yaml", "Pulumi.prod.yaml"])
def test_a_key_that_a_file_has_twice_is_refused_with_both_lines(project: Project, file: str) -> None:
    path = project.folder / file
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, "config: {}"]))

    with pytest.raises(UnreadableFileError) as refusal:
        read(project, "prod")

    first, second = lines.index("config:") + 1, len(lines) + 1
    assert str(refusal.value) == f"{path}: line {second}: config is in line {first} already; keep one of the two"
