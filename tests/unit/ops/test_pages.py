"""Operators' commands, hosts and tests read AWS's lists to the last page, which has 20 to 1000 rows."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.session import get_session

import ops

CHECKOUT = Path(ops.__file__).parents[1]
TOKENS = {"ContinuationToken", "KeyMarker", "Marker", "NextMarker", "NextToken", "nextToken"}
NAMED = {
    "describe_auto_scaling_groups": "AutoScalingGroupNames",
    "describe_auto_scaling_instances": "InstanceIds",
    "describe_db_instances": "DBInstanceIdentifier",
    "describe_db_snapshots": "DBSnapshotIdentifier",
    "describe_images": "ImageIds",
    "describe_instance_types": "InstanceTypes",
    "describe_launch_template_versions": "Versions",
    "describe_network_acls": "NetworkAclIds",
    "describe_replication_groups": "ReplicationGroupId",
    "describe_volumes": "VolumeIds",
}
"""Arguments that name each wanted row, of which no caller names more than a page."""
WIDE = {"Filters", "IncludePlannedDeletion", "Owners", "Scope", "SnapshotType"}
"""Arguments that name no row. Tests that share an account find each other's, in any number."""


@cache
def programs(*folders: str) -> dict[Path, ast.Module]:
    """The modules in these folders."""
    files = [file for folder in folders for file in (CHECKOUT / folder).rglob("*.py")]
    return {file.relative_to(CHECKOUT): ast.parse(file.read_text()) for file in files}


OF_AWS, OF_TESTS = ("ops", "hosts"), ("tests/e2e", "tests/emulator")
"""Everything that asks the real AWS, and that asks the emulated one of what a test has made."""


@cache
def paged() -> frozenset[str]:
    """The paginated operations of the services that programs name, by AWS's models."""
    session = get_session()
    trees = [tree for folders in (OF_AWS, OF_TESTS) for tree in programs(*folders).values()]
    texts = {str(node.value) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    models = [session.get_service_model(service) for service in texts & {*session.get_available_services()}]
    operations = [model.operation_model(name) for model in models for name in model.operation_names]
    asked = [(operation.name, operation.input_shape) for operation in operations]
    return frozenset(xform_name(name) for name, shape in asked if shape and TOKENS & shape.members.keys())


def first_pages(tree: ast.Module) -> Iterator[str]:
    """The calls of which a program reads only the first page without naming the rows."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            arguments = {keyword.arg for keyword in node.keywords}
            if node.func.attr in paged() and NAMED.get(node.func.attr) not in arguments:
                yield f"{node.lineno}: {node.func.attr}"


def test_no_program_takes_the_first_page_for_the_list() -> None:
    found = [
        f"{file}:{call}: ops.core.aws.rows" for file, tree in programs(*OF_AWS).items() for call in first_pages(tree)
    ]
    assert found == []


def first_pages_of_all(tree: ast.Module) -> Iterator[str]:
    """The answers of which a test reads the first page, and that have the rows of other tests too."""
    for node in ast.walk(tree):
        call = node.value if isinstance(node, ast.Attribute | ast.Subscript) else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr in paged() and {keyword.arg for keyword in call.keywords} <= WIDE:
            yield f"{call.lineno}: {call.func.attr}"


def test_no_test_takes_the_first_page_for_all_that_there_is() -> None:
    trees = programs(*OF_TESTS)
    found = [f"{file}:{call}: ops.core.aws.rows" for file, tree in trees.items() for call in first_pages_of_all(tree)]
    assert found == []


def test_no_operation_is_excused_that_no_program_names_rows_to() -> None:
    calls = {
        (node.func.attr, keyword.arg)
        for tree in programs(*OF_AWS).values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        for keyword in node.keywords
    }
    assert NAMED.items() - calls == set()
