"""TLS certificates are verified; a city file may waive it for its own crawl alone.

Each certificate is a real one, of a server on loopback. The sound one and those that are bad for
another reason come from an issuer that the crawls trust.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import warm
from conftest import href, listing, news, stem
from operating import words
from tls_sites import Sites, serve_sites, tunnel

from pipelines.tables import articles

REASON = "the certificate was made by the city itself"
REFUSED = {
    "self_signed": "it is self-signed",
    "expired": "it expired on 20",
    "early": "it is not valid before 20",
    "wrong_host": "it is for another host (mail.other.example)",
    "unknown_issuer": "the issuer is unknown",
}
ENTRIES = [(href(n), f"海晴市推进第{n}期工程", f"2024-03-{n + 1:02d}") for n in range(2)]
PAGES = {"/xw/index.html": listing(ENTRIES).body} | {
    f"/xw/{href(n)}": news(n).body for n in range(2)
}


@dataclass(frozen=True)
class Crawled:
    """Two cities with the same sites after one run; only `lenient` has a waiver."""

    sites: Sites
    folder: Path
    ended: "subprocess.CompletedProcess[str]"

    @property
    def run(self) -> Path:
        (run,) = self.folder.glob("output/runs/*")
        return run

    def issues(self, city: str) -> list[dict[str, str]]:
        lines = (self.run / "issues.jsonl").read_text(encoding="utf-8").splitlines()
        return [issue for issue in map(json.loads, lines) if issue["city"] == city]

    def hosts_stored(self, city: str) -> set[str]:
        urls = articles.read_articles(self.folder / "output", city, ["url"])["url"].to_pylist()
        return {url.split("/")[2] for url in urls if stem(0) in url or stem(1) in url}


def city_file(sites: Sites, name: str, tls: str = "") -> str:
    hosts = ", ".join(f'"{host}"' for host in sites.hosts.values())
    sources = "".join(
        f'  - {{lang: zh, cms: trs, list: "https://{host}/xw/index.html"}}\n'
        for host in sites.hosts.values()
    )
    head = f"name: {{zh: {name}, en: {name}}}\nhosts: [{hosts}]\nstatus: active\n{tls}"
    return f"{head}sources:\n{sources}assertions: {{quiet_days: 36500}}\n"


def environment(sites: Sites) -> dict[str, str]:
    direct = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "")
    local = {
        "SHIZHENG_PRIVATE_ADDRESSES": "1",
        "SSL_CERT_FILE": str(sites.trusted),
        "SSL_CERT_DIR": str(sites.trusted.parent),
    }
    return {**os.environ, **direct, "no_proxy": "*", "SHIZHENG_DELAY": "0", **local}


def call(sites: Sites, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return warm.run("pipelines.cli", *words, env=environment(sites) | more)


def write_cities(folder: Path, sites: Sites) -> None:
    folder.mkdir()
    waiver = f'tls: {{verify: false, reason: "{REASON}"}}\n'
    (folder / "lenient.yaml").write_text(city_file(sites, "Lenient", waiver), encoding="utf-8")
    (folder / "strict.yaml").write_text(city_file(sites, "Strict"), encoding="utf-8")


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("certificates")
    with serve_sites(folder, PAGES.get) as sites:
        write_cities(folder / "cities", sites)
        ended = call(sites, *words("crawl", folder / "output", folder / "cities", "--all"))
        yield Crawled(sites, folder, ended)


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_certificate_is_refused_and_the_issue_names_the_reason(
    crawled: Crawled, kind: str
) -> None:
    host = crawled.sites.hosts[kind]
    found = [issue for issue in crawled.issues("strict") if f"//{host}/" in issue["url"]]
    assert {issue["code"] for issue in found} == {"tls_error"}
    assert all(f"its certificate is refused: {REFUSED[kind]}" in i["evidence"] for i in found)


def test_only_the_host_with_a_sound_certificate_is_crawled_without_a_waiver(
    crawled: Crawled,
) -> None:
    assert crawled.hosts_stored("strict") == {crawled.sites.hosts["sound"]}


def test_a_city_with_a_waiver_is_crawled_over_any_certificate(crawled: Crawled) -> None:
    assert crawled.issues("lenient") == []
    assert crawled.hosts_stored("lenient") == set(crawled.sites.hosts.values())


def test_the_terms_of_the_run_name_the_waiver(crawled: Crawled) -> None:
    terms = json.loads((crawled.run / "manifest.json").read_text(encoding="utf-8"))["terms"]
    assert terms["tls_verified"] is True
    assert terms["tls_waivers"] == {"lenient": REASON}


def test_a_check_of_the_live_site_verifies_as_a_crawl_does(crawled: Crawled) -> None:
    words = ["cities", "check", "--live", "--json", "--cities-dir", str(crawled.folder / "cities")]
    found = json.loads(call(crawled.sites, *words).stdout)["cities"]
    codes: dict[str, Any] = {
        city: {source["list"].split("/")[2]: source["code"] for source in sources}
        for city, sources in found.items()
    }
    hosts = crawled.sites.hosts
    assert set(codes["lenient"].values()) == {None}
    assert {kind: codes["strict"][hosts[kind]] for kind in hosts} == {
        kind: "tls_error" if kind in REFUSED else None for kind in hosts
    }


def test_the_commands_about_cities_show_a_waiver(crawled: Crawled) -> None:
    where = ["--cities-dir", str(crawled.folder / "cities")]
    listed = call(crawled.sites, "cities", "list", *where).stdout
    assert [line.split()[0] for line in listed.splitlines() if "TLS not verified" in line] == [
        "lenient"
    ]
    checked = call(crawled.sites, "cities", "check", *where).stdout
    assert f"lenient: TLS certificates are not verified ({REASON})" in checked
    assert "strict:" not in checked


@pytest.mark.parametrize("waived", [True, False])
def test_a_single_page_is_fetched_under_the_terms_of_the_city_that_names_its_host(
    crawled: Crawled, waived: bool, tmp_path: Path
) -> None:
    name = "lenient" if waived else "strict"
    text = (crawled.folder / f"cities/{name}.yaml").read_text(encoding="utf-8")
    (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    url = f"https://{crawled.sites.hosts['self_signed']}/xw/{href(0)}"
    ended = call(crawled.sites, "page", url, "--cities-dir", str(tmp_path))
    assert (ended.returncode == 0) is waived
    assert ("its certificate is refused: it is self-signed" in ended.stderr) is not waived


@pytest.mark.parametrize("kind", ["sound", "self_signed", "wrong_host"])
def test_a_proxy_changes_nothing_about_the_certificate_of_a_site(
    crawled: Crawled, kind: str
) -> None:
    url = f"https://{crawled.sites.hosts[kind]}/xw/{href(0)}"
    with tunnel() as proxy:
        ended = call(crawled.sites, "page", url, https_proxy=proxy, no_proxy="")
    if kind == "sound":
        assert ended.returncode == 0, ended.stderr
    else:
        assert f"its certificate is refused: {REFUSED[kind]}" in ended.stderr
