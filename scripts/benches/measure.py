"""Servers started for a measure, and what wrk says of them."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]
SECONDS = int(os.environ.get("BENCH_SECONDS", "5"))
# wrk asks for the paths in turn; the first request of each connection starts somewhere else.
SCRIPT = """
local paths = {%s}
local at = math.random(#paths)
request = function()
  at = at %% #paths + 1
  return wrk.format("GET", paths[at])
end
"""


@dataclass(frozen=True)
class Measure:
    """Requests per second, and the 50th and 99th percentile of an answer's milliseconds."""

    rate: float
    p50: float
    p99: float


@contextlib.contextmanager
def demo():
    """Fill a database of its own with the demo, which the bench and its servers use from then on; yield the settings
    that say so, and delete it at the end."""
    with tempfile.TemporaryDirectory() as instance:
        env = {"INSTANCE_DIR": instance, "DATABASE_URL": f"sqlite:///{instance}/bench.sqlite3", "PRODUCTION": ""}
        for command in (["db", "upgrade"], ["demo", "load"]):
            flask = [sys.executable, "-m", "flask", "--app", "wsgi", *command]
            subprocess.run(flask, env=os.environ | env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        os.environ.update(env)
        yield env


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def server(module: str, environment: dict, ready: str):
    """Run gunicorn as in production on a free port; yield its address once `ready` answers."""
    port = free_port()
    env = os.environ | environment | {"PORT": str(port), "BASE_URL": f"http://127.0.0.1:{port}"}
    process = subprocess.Popen([sys.executable, "-m", "gunicorn", module], env=env, cwd=ROOT)  # noqa: S603
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                urlopen(base + ready).read()  # noqa: S310 - our own address
                break
            time.sleep(0.1)
        yield base
    finally:
        process.terminate()
        process.wait(20)


def wrk(base: str, paths: list[str], headers: dict | None = None) -> Measure:
    """Ask for `paths` in turn, as fast as one wrk thread with 8 connections can."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % ", ".join(f'"{path}"' for path in paths))
        script.flush()
        command = ["wrk", "-t1", "-c8", f"-d{SECONDS}s", "--latency", "-s", script.name]
        for name, value in (headers or {}).items():
            command += ["-H", f"{name}: {value}"]
        said = subprocess.run([*command, base], capture_output=True, text=True, check=True).stdout  # noqa: S603
    if errors := re.search(r"Non-2xx or 3xx responses: (\d+)", said):
        raise RuntimeError(f"{paths[0]} : {errors[1]} réponses en erreur")
    percentiles = {name: _milliseconds(value) for name, value in re.findall(r"^\s+(50|99)%\s+(\S+)\s*$", said, re.M)}
    return Measure(float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]), percentiles["50"], percentiles["99"])


def _milliseconds(text):
    value, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
