"""Asks the nginx of this machine for each path of /paths.json, from an address outside the VPC, byte for byte."""

import json
import socket
from pathlib import Path

VISITOR = "192.0.2.1"
answers = {}
for path in json.loads(Path("/paths.json").read_text()):
    with socket.create_connection((VISITOR, 80), timeout=60, source_address=(VISITOR, 0)) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: app.askproai.de\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    answers[path] = [status, body.decode(errors="replace") if status == 200 else ""]
print(json.dumps(answers))
