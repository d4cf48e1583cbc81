"""A model that reads, to stand behind the gateway where a host's own tests want sensible answers.

It follows rules: the numbers and the text of a question become the arguments of a tool whose name
the question has a word of; quoted words are the fields of a JSON answer; other questions come back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from support import program, serving, started

Json = dict[str, Any]


@contextmanager
def reading_gateway(folder: Path) -> Iterator[str]:
    """Base address of a practice gateway that sells this model's answers."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), _Handler)) as model:
        settings = folder / "gateway.toml"
        settings.write_text(
            f'[[upstream]]\nname = "reader"\nbase_url = "http://127.0.0.1:{model.server_port}"\n'
            'output_limit = "max_tokens"\n[upstream.models]\n"openai/*" = "*"\n'
        )
        command = (program("blockrun", "BLOCKRUN_BIN"), "gateway", "--practice", "--ephemeral")
        with started(*command, "--port", "0", "--config", settings) as line:
            yield line.removeprefix("listening on ")


def answered(asked: Json) -> Json:
    """The message that answers a request."""
    said = _said(asked["messages"])
    if tool := _wanted(asked, said):
        arguments = json.dumps(_filled(tool.get("parameters") or {}, said), ensure_ascii=False)
        call = {"name": tool["name"], "arguments": arguments}
        calls = [{"index": 0, "id": "call_1", "type": "function", "function": call}]
        return {"role": "assistant", "content": None, "tool_calls": calls}
    form = asked.get("response_format") or {}
    if form.get("type") == "json_schema":
        said = json.dumps(_filled(form["json_schema"]["schema"], said))
    elif form.get("type") == "json_object":
        said = json.dumps(dict.fromkeys(re.findall(r"'(\w+)'", said), said))
    return {"role": "assistant", "content": said}


def _said(messages: list[Json]) -> str:
    content = next(one["content"] for one in reversed(messages) if one["role"] == "user")
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content) or "?"


def _wanted(asked: Json, said: str) -> Json | None:
    tools: list[Json] = [tool["function"] for tool in asked.get("tools") or ()]
    choice = asked.get("tool_choice", "auto")
    if isinstance(choice, Mapping):
        return next(tool for tool in tools if tool["name"] == choice["function"]["name"])
    if choice == "none" or (choice == "auto" and asked["messages"][-1]["role"] == "tool"):
        return None
    named = (t for t in tools if any(word in said for word in re.findall(r"[a-z]{4,}", t["name"])))
    return next(named, tools[0] if choice == "required" and tools else None)


def _filled(schema: Json, said: str) -> Any:
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return {name: _filled(one, said) for name, one in schema.get("properties", {}).items()}
    if kind in ("integer", "number"):
        return int((re.findall(r"\d+", said) or ["0"])[0])
    return True if kind == "boolean" else said


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked: Json = json.loads(self.rfile.read(int(self.headers["content-length"])))
        message, usage = answered(asked), {"prompt_tokens": 9, "completion_tokens": 4}
        finish = "tool_calls" if "tool_calls" in message else "stop"
        head = {"id": "chatcmpl-1", "created": 1, "model": asked["model"]}
        choice: Json = {"index": 0, "finish_reason": None}
        kind, usage = "application/json", {**usage, "total_tokens": 13}
        if asked.get("stream"):
            whole = [
                *({**choice, "delta": {**message, **piece}} for piece in _pieces(message)),
                {**choice, "delta": {}, "finish_reason": finish},
            ]
            chunks: list[Json] = [{**head, "choices": [one]} for one in whole]
            chunks.append({**head, "choices": [], "usage": usage})
            lines = [json.dumps({**one, "object": "chat.completion.chunk"}) for one in chunks]
            text = "".join(f"data: {line}\n\n" for line in (*lines, "[DONE]"))
            kind = "text/event-stream"
        else:
            choices = [{**choice, "message": message, "finish_reason": finish}]
            text = json.dumps(
                {**head, "object": "chat.completion", "choices": choices} | {"usage": usage}
            )
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: object, **_: object) -> None:
        """Says nothing."""


def _pieces(message: Json) -> Iterator[Json]:
    words = re.findall(r"\S+\s*", message["content"] or "")
    yield from ({"content": word} for word in words) if words else iter([{}])
