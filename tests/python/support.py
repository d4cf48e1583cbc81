"""What the tests start and share. The servers come with the workspace, as Rust programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
NOBODY = "http://127.0.0.1:9/api"
"""An address where nothing listens: whatever is sent there fails."""

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "service_tier": "default",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "logprobs": None,
            "message": {"role": "assistant", "content": "ok", "refusal": None},
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "details": {"a": 1}},
}


_Server = TypeVar("_Server", bound=ThreadingHTTPServer)

Answer = Callable[[Mapping[str, str]], tuple[int, Any]]
"""From the headers of a request to status and body of its answer."""

CHALLENGE = {
    "x402Version": 1,
    "accepts": [
        {
            "scheme": "exact",
            "network": "base-sepolia",
            "maxAmountRequired": "1000",
            "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
            "payTo": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
            "maxTimeoutSeconds": 300,
            "extra": {"name": "USDC", "version": "2"},
        }
    ],
}


def free(headers: Mapping[str, str]) -> tuple[int, Any]:
    """Answers without asking for money."""
    return 200, ANSWER


def program(name: str, variable: str | None = None) -> Path:
    """A program of the workspace: from an environment variable, else the newest that was built."""
    named = os.environ.get(variable) if variable else None
    found = (
        [Path(named)]
        if named
        else [
            path
            for profile in ("release", "debug")
            if (path := ROOT / "target" / profile / name).exists()
        ]
    )
    if not found:
        raise FileNotFoundError(f"{name} is not built: cargo build -p blockrun-cli -p conformance")
    return max(found, key=lambda path: path.stat().st_mtime)


@contextmanager
def started(*command: str | Path, env: Mapping[str, str] | None = None) -> Generator[str]:
    """Runs a server and gives the line that it prints when it listens."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env) as run:
        assert run.stdout is not None
        try:
            line = run.stdout.readline().strip()
            assert line, f"{command[0]} printed nothing"
            yield line
        finally:
            run.terminate()
            run.communicate()


def python(script: str, *arguments: str, options: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Starts a script in a Python of its own."""
    command = [sys.executable, *options, "-c", textwrap.dedent(script), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def printed(running: subprocess.Popen[str], within: float = 120) -> Any:
    """Waits for a script to end well and reads the JSON that it prints."""
    try:
        out, err = running.communicate(timeout=within)
    finally:
        running.kill()
    assert running.returncode == 0, err
    return json.loads(out)


def run(script: str, *arguments: str) -> Any:
    """Runs a script in a Python of its own and reads the JSON that it prints."""
    return printed(python(script, *arguments))


@contextmanager
def answering(answer: Answer) -> Generator[Server]:
    """Serves what ``answer`` says to each request, on a thread for each."""
    with serving(Server(answer)) as server:
        yield server


@contextmanager
def serving(server: _Server) -> Generator[_Server]:
    """Runs a server on a thread."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Server(ThreadingHTTPServer):
    """Answers in JSON and keeps the requests."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.url = f"http://127.0.0.1:{self.server_address[1]}/api"
        self.requests: list[tuple[dict[str, str], Any]] = []
        self.paths: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone before its answer is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((headers, json.loads(body or b"null")))
        self.server.paths.append(self.path)
        status, said = self.server.answer(headers)
        text = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *args: object, **_: object) -> None:
        """Says nothing."""
