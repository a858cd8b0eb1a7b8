"""Caches the bridge's answers on disk by question, so that the bridge is started only for new questions.

How Terraform's provider completes and compares a resource depends only on the question. For an unchanged region these
are 700 questions, and 11 of the 21 CPU seconds of a preview, plus the start of a bridge and a provider for each AWS
region; the plan of a web ACL alone takes 10, because the schema of one rule has thousands of attributes.
"""

import hashlib
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value

from sandbox.plugins.aws.shapes import SIGNATURE_KEY
from sandbox.plugins.protocol import provider_pb2

BUSY_SECONDS = 60.0
"""Several plugins may write at the same time, each for microseconds."""


class Memory:
    """Answers of one provider; `about` identifies it, its version and its configuration."""

    def __init__(self, file: Path, about: str) -> None:
        self._about = about.encode()
        self._turn = threading.Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        self._kept = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        # Entries that are lost in a crash are asked again.
        for line in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = OFF"):
            self._kept.execute(line)
        self._kept.execute("CREATE TABLE IF NOT EXISTS answers (question BLOB PRIMARY KEY, answer BLOB) WITHOUT ROWID")

    def configured(self, request: Message) -> None:
        """Use the answers of a provider with this configuration from now on."""
        self._about += _plain(request)

    def recall(self, method: str, request: Any, answer: Message) -> bool:
        """Fill `answer` with an earlier answer, if there is one."""
        with self._turn, closing(self._kept.cursor()) as cursor:
            found = cursor.execute("SELECT answer FROM answers WHERE question = ?", [self._key(method, request)])
            row = found.fetchone()
        if row:
            answer.ParseFromString(row[0])
            if isinstance(answer, provider_pb2.CheckResponse):
                _complete(answer.inputs, request.news)
        return row is not None

    def keep(self, method: str, request: Any, answer: Any) -> None:
        """Store an answer, unless it is a failure, or has a secret that was not a property of the question."""
        if isinstance(answer, provider_pb2.CheckResponse):
            added = _added(answer.inputs, request.news)
            if answer.failures or added is None:
                return
            answer = provider_pb2.CheckResponse(inputs=added)
        with self._turn:
            row = [self._key(method, request), _plain(answer)]
            self._kept.execute("REPLACE INTO answers VALUES (?, ?)", row)

    def _key(self, method: str, request: Any) -> bytes:
        if isinstance(request, provider_pb2.CheckRequest) and request.olds.fields:
            # Only a new resource gets a part of its name from it.
            request = _without(request, "randomSeed")
        return hashlib.sha256(b"\0".join((self._about, method.encode(), _plain(request)))).digest()


def _plain(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)


def _without(message: Any, field: str) -> Any:
    copy = type(message)()
    copy.CopyFrom(message)
    copy.ClearField(field)
    return copy


def _added(answered: Struct, asked: Struct) -> Struct | None:
    """The properties that differ from the question, so that no value of a question is stored on disk.

    A property that only became secret is stored without its value. None if this does not describe the answer.
    """
    added = Struct()
    if set(asked.fields) - set(answered.fields):
        return None
    for name, value in answered.fields.items():
        given = asked.fields[name] if name in asked.fields else Value()
        if value == given:
            continue
        added.fields[name].CopyFrom(value)
        if value.struct_value.fields.get("value") == given and SIGNATURE_KEY in value.struct_value.fields:
            del added.fields[name].struct_value.fields["value"]
        elif SIGNATURE_KEY.encode() in _plain(value):
            return None
    return added


def _complete(answered: Struct, asked: Struct) -> None:
    for name, value in asked.fields.items():
        if name not in answered.fields:
            answered.fields[name].CopyFrom(value)
        elif SIGNATURE_KEY in answered.fields[name].struct_value.fields:
            answered.fields[name].struct_value.fields["value"].CopyFrom(value)
