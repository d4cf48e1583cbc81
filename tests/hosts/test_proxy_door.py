"""Who may ask: tried by hand, as a page or a stranger would."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from proxied import BLOCKRUN, SHOWN, Proxy, asked, environment, started_proxy


def test_a_page_of_another_origin_may_not_ask(proxy: Proxy) -> None:
    assert asked(proxy.url, SHOWN)[0] == 200
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": proxy.url},
        {"Sec-Fetch-Site": "cross-site"},
        # A name of the page's own that was made to lead here.
        {"Host": "evil.example:8402"},
    ):
        status, told, body = asked(proxy.url, {**SHOWN, **headers})
        assert status == 403, headers
        assert not any(name.startswith("access-control") for name in told)
        assert json.loads(body)["error"]["code"] == "forbidden"
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert asked(proxy.url, preflight, "OPTIONS", "/v1/chat/completions")[0] == 403
    assert proxy.payments() == []


def test_an_origin_that_is_allowed_is_told_so(gateway: str, tmp_path: Path) -> None:
    page = "app://notes"
    with started_proxy(gateway, tmp_path, "--allow-origin", page) as proxy:
        preflight = {"Origin": page, "Access-Control-Request-Method": "POST"}
        status, told, _ = asked(proxy.url, preflight, "OPTIONS", "/v1/chat/completions")
        assert (status, told["access-control-allow-origin"]) == (204, page)
        assert "authorization" in told["access-control-allow-headers"]
        status, told, _ = asked(proxy.url, {**SHOWN, "Origin": page})
        assert (status, told["access-control-allow-origin"]) == (200, page)
        assert asked(proxy.url, {"Origin": page})[0] == 401


def test_a_request_without_the_token_buys_nothing(proxy: Proxy) -> None:
    for headers in ({}, {"Authorization": "Bearer sk-guessed"}, {"x-api-key": "sk-ant-guessed"}):
        status, _, body = asked(proxy.url, headers)
        assert (status, json.loads(body)["error"]["code"]) == (401, "invalid_api_key")
        status, _, body = asked(proxy.url, headers, "POST", "/v1/messages")
        assert (status, json.loads(body)["error"]["type"]) == (401, "authentication_error")
    status, _, body = asked(proxy.url, {}, path="/health")
    assert (status, json.loads(body)["status"]) == (200, "ok")
    assert asked(proxy.url, {"Host": "evil.example"}, path="/health")[0] == 403
    assert asked(proxy.url, SHOWN, path="/etc/passwd")[0] == 404
    assert asked(proxy.url, SHOWN, "DELETE")[0] == 405


def test_a_token_is_made_up_and_printed(gateway: str, tmp_path: Path) -> None:
    env = environment(gateway, tmp_path)
    del env["BLOCKRUN_PROXY_TOKEN"]
    command = [BLOCKRUN, "proxy", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as run:
        assert run.stdout
        url = run.stdout.readline().strip().removeprefix("listening on ").removesuffix("/v1")
        token = run.stdout.readline().strip().removeprefix("token ")
        assert len(token) > 30
        assert asked(url, {"x-api-key": token})[0] == 200
        assert asked(url, {"x-api-key": token[:-1]})[0] == 401
        run.terminate()
        assert run.wait(10) == 0


def test_beyond_this_machine_a_token_is_demanded(gateway: str, tmp_path: Path) -> None:
    env = environment(gateway, tmp_path)
    del env["BLOCKRUN_PROXY_TOKEN"]
    for options in (("--host", "0.0.0.0"), ("--host", "0.0.0.0", "--no-token"), ("--token", "abc")):
        command = [BLOCKRUN, "proxy", "--port", "0", *options]
        said = subprocess.run(
            command, env=env, capture_output=True, text=True, check=False, timeout=20
        )
        assert (said.returncode, "token" in said.stderr) == (2, True), said.stderr
