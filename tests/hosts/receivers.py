"""Alertmanager's receivers, on loopback: a mail server, and a web server for webhooks and Slack."""

import base64
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

LOOPBACK = "127.0.0.1"


class MailServer(socketserver.ThreadingTCPServer):
    """Accepts mail with a name and a password (RFC 5321, RFC 4616)."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Mail)
        self.accounts: list[str] = []
        self.recipients: list[str] = []
        self.mails: list[Message] = []


class _Mail(socketserver.StreamRequestHandler):
    @property
    def _mails(self) -> MailServer:
        assert isinstance(self.server, MailServer)
        return self.server

    @override
    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    self._say("250-here\r\n250 AUTH PLAIN")
                case "AUTH":
                    self._mails.accounts.append(base64.b64decode(rest.split()[1]).decode())
                    self._say("235 welcome")
                case "DATA":
                    self._say("354 go on")
                    self._mails.mails.append(message_from_string(self._text(), policy=default))
                    self._say("250 taken")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    if verb.upper() == "RCPT":
                        self._mails.recipients.append(rest.partition("<")[2].rstrip(">"))
                    self._say("250 well")

    def _text(self) -> str:
        lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
        return "".join(lines)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class WebServer(ThreadingHTTPServer):
    """Keeps what is posted, by path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Web)
        self.posted: dict[str, list[Any]] = {}


class _Web(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Take it."""
        assert isinstance(self.server, WebServer)
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.posted.setdefault(self.path, []).append(content)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def listening() -> Iterator[tuple[MailServer, WebServer]]:
    """Both, until the end."""
    with MailServer() as mail, WebServer() as web:
        for server in (mail, web):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield mail, web
        finally:
            mail.shutdown()
            web.shutdown()
