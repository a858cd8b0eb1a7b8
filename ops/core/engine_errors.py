"""The engine's errors, from its output or its event log, as one message for the operator."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ops.core import aws
from ops.errors import Exit, OpsError

LOCK = re.compile(r"created by (?P<who>\S+) \(pid (?P<pid>\d+)\) at (?P<since>\S+)")
UNREADABLE = re.compile(r'failed to load checkpoint.*|read "\.pulumi/meta\.yaml".*')
PLUGIN_ENDED = re.compile("error reading from server|transport is closing|Stream removed|Plugin did not respond")
"""Messages of the engine, the bridge and Terraform's protocol after a provider's process has ended: mostly killed by a
machine that is out of memory."""
ERROR = re.compile(r"^.*error:.*[^:\n]$|^.*error:.*:$(?:\n[ \t]+\S.*)*", re.MULTILINE)
"""An error on the screen: a line, and if that ends with a colon the indented lines below it."""
ERRORS_SHOWN = 8


class LockedError(OpsError):
    """Another engine holds the stack."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.BUSY)


class UnreadableStateError(OpsError):
    """The engine cannot read a stack's state, or there is none: cut off by a kill, lost, or never created."""


class UpError(OpsError):
    """A resource could not be created, changed or deleted; the message has the engine's own errors, one per line."""


class PluginEndedError(UpError):
    """A provider's plugin ended before it answered; the result of its calls is unknown."""


def events(log: Path, kind: str) -> list[dict[str, Any]]:
    """The events of a kind in the engine's event log; none if the log does not exist."""
    lines = log.read_text().splitlines() if log.exists() else []
    found = [json.loads(line) for line in lines if line.endswith("}")]
    return [event[kind] for event in found if kind in event]


def logged_errors(log: Path) -> list[str]:
    """The engine's error messages, one line each, without colours."""
    said = [event for event in events(log, "diagnosticEvent") if event.get("severity") == "error"]
    texts = [f"{_resource(event)}{_flat(event['message'])}" for event in said]
    return list(dict.fromkeys(texts))[:ERRORS_SHOWN]


def failed(stack: str, errors: list[str]) -> UpError:
    """The errors of an engine that ran; expired credentials first, and once."""
    ended = [f"stack {stack}: {aws.LOG_IN_AGAIN}"] if any(aws.ENDED.search(line) for line in errors) else []
    lines = ended + [f"stack {stack}: {line}" for line in errors if not aws.ENDED.search(line)]
    if not any(PLUGIN_ENDED.search(line) for line in lines):
        return UpError("\n".join(lines))
    hint = "a provider's plugin exited before it answered: is this machine out of memory? Run the same command again"
    return PluginEndedError("\n".join([f"stack {stack}: {hint}", *lines]))


def _resource(event: Mapping[str, Any]) -> str:
    name = str(event.get("urn", "")).rpartition("::")[2]
    return f"{name}: " if name else ""


def _flat(text: str) -> str:
    return " ".join(re.sub(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m", "", text).split())


def explained(text: str, arguments: list[str], stack: str) -> OpsError:
    """The output of an engine command, as a message for the operator."""
    if "currently locked by" in text or "Another update is currently in progress" in text:
        locks = [f"{m['who']} (pid {m['pid']}) since {m['since']}" for m in LOCK.finditer(text)]
        who = ", ".join(locks) or "another engine"
        return LockedError(
            f"stack {stack} is locked by {who}; wait for it, or run `ops recover {stack}` if that was killed"
        )
    if aws.ENDED.search(text):
        return OpsError(aws.LOG_IN_AGAIN)
    if re.search("no stack named.*found", text):
        return UnreadableStateError(
            f"stack {stack} is not in the state backend; run `ops bootstrap`, or `pulumi stack init {stack}`; "
            f"if it was there before, `ops recover {stack}` restores it"
        )
    if unreadable := UNREADABLE.search(text):
        return UnreadableStateError(
            f"the state of stack {stack} cannot be read: {_flat(unreadable[0])}; if it is damaged, "
            f"`ops recover {stack}` restores it"
        )
    lines = [_flat(found) for found in ERROR.findall(text)]
    reason = "; ".join(dict.fromkeys(lines)) or _flat(text)[-300:]
    where = f"stack {stack}: " if stack else ""
    return OpsError(f"{where}`pulumi {' '.join(arguments[:2])}` failed: {reason}")
