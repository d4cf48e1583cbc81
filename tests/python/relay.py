"""What stands between a client and the practice gateway, and what the ledger behind it says."""

from __future__ import annotations

import http.client
import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from support import ADDRESS

USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e"


def ledger(gateway: str) -> str:
    """Where the practice ledger answers as a chain does."""
    return f"http://{urlsplit(gateway).netloc}/practice/rpc"


def balance(gateway: str) -> int:
    """What the ledger says the wallet has, in micro-USDC."""
    call = {"to": USDC, "data": f"0x70a08231{ADDRESS[2:].lower():0>64}"}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(ledger(gateway), json.dumps(asked).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return int(json.load(answer)["result"], 16)


def payment(headers: Mapping[str, str]) -> str | None:
    """The payment that a request carries."""
    return headers.get("payment-signature") or headers.get("x-payment")


class Losing:
    """What a relay calls before an answer goes back: of the paid ones, the first are lost."""

    def __init__(self, answers: int) -> None:
        self.left = answers

    def __call__(self, headers: Mapping[str, str]) -> None:
        if payment(headers) and self.left:
            self.left -= 1
            raise ConnectionError("lost")


class Dark:
    """The same for a time: from the first paid answer on, none goes back for so long."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.until: float | None = None

    def __call__(self, headers: Mapping[str, str]) -> None:
        if not payment(headers):
            return
        if self.until is None:
            self.until = time.monotonic() + self.seconds
        if time.monotonic() < self.until:
            raise ConnectionError("lost")


class Relay(ThreadingHTTPServer):
    """Passes requests on to a server; ``returning`` is called before each answer goes back."""

    daemon_threads = True

    def __init__(self, target: str, returning: Callable[[Mapping[str, str]], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Relayed)
        self.target = urlsplit(target).netloc
        self.returning = returning
        self.url = f"http://127.0.0.1:{self.server_address[1]}/api"
        self.paid: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone before its answer is what the tests are about."""


class _Relayed(BaseHTTPRequestHandler):
    server: Relay  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if sent := payment(headers):
            self.server.paid.append(sent)
        there = http.client.HTTPConnection(self.server.target, timeout=60)
        there.request(self.command, self.path, body, headers)
        answer = there.getresponse()
        text = answer.read()
        there.close()
        self.server.returning(headers)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *args: object, **_: object) -> None:
        """Says nothing."""
