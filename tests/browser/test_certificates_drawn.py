"""The browser of a crawl verifies TLS certificates as the crawl does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tls_sites import serve_sites

ROOT = Path(__file__).parents[2]
PAGE = """<!DOCTYPE html><html><head><title>News</title></head><body><ul id="list"></ul><script>
for (let day = 1; day < 7; day++) document.getElementById("list").innerHTML +=
  `<li><a href="/news/20240${day}/story-${day}.html">Harbour works, phase ${day}</a></li>`;
</script></body></html>"""
WAIVER = 'tls: {verify: false, reason: "the certificate is of the city\'s own making"}\n'


@pytest.mark.parametrize("waived", [True, False])
def test_a_drawn_list_over_a_bad_certificate_is_read_with_a_waiver_only(
    tmp_path: Path, waived: bool
) -> None:
    pages = {"/news/": PAGE.encode()}
    with serve_sites(tmp_path, pages.get) as sites:
        host = sites.hosts["self_signed"]
        source = f'{{lang: en, cms: generic, list: "https://{host}/news/", render: browser}}'
        (tmp_path / "haiqing.yaml").write_text(
            f'name: {{zh: 海晴市, en: Haiqing}}\nhosts: ["{host}"]\n{WAIVER if waived else ""}'
            f"sources: [{source}]\n",
            encoding="utf-8",
        )
        crawl(tmp_path)
    lines = (tmp_path / "output/runs/run-1/haiqing.issues.jsonl").read_text("utf-8").splitlines()
    found = {(issue["url"], issue["code"]): issue["evidence"] for issue in map(json.loads, lines)}
    if waived:
        # The list was read: its articles were asked for, and there are none.
        stories = {f"https://{host}/news/20240{day}/story-{day}.html" for day in range(1, 7)}
        assert set(found) == {(url, "http_4xx") for url in stories}
    else:
        ((key, evidence),) = found.items()
        assert key == (f"https://{host}/news/", "tls_error")
        assert evidence.startswith("the certificate is self-signed, or its issuer unknown: ")


def crawl(folder: Path) -> None:
    """Crawl without robots.txt, which the crawl itself would ask for, and be refused."""
    plain = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "")
    local = {"no_proxy": "*", "SHIZHENG_PRIVATE_ADDRESSES": "1", "SHIZHENG_DELAY": "0"}
    where = ["--output", str(folder / "output"), "--cities-dir", str(folder), "--run-id", "run-1"]
    settings = ["-sROBOTSTXT_OBEY=0", "-sAUTOTHROTTLE_ENABLED=0", "-sRETRY_TIMES=0"]
    subprocess.run(
        [sys.executable, "-m", "crawler.crawl", "haiqing", *where, *settings],
        env={**os.environ, **plain, **local},
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=False,
    )
