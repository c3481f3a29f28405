"""Scrapy settings, each with its reason.

`-s NAME=VALUE` overrides any of them for one crawl. The politeness settings can also be set from
the environment (`SHIZHENG_DELAY`, ...), because a scheduler or a container is configured there.
"""

import os
import sys
from importlib.metadata import PackageNotFoundError, version

from crawler import unpacking
from crawler.errors import ExitCode

try:
    _VERSION = version("shizheng")
except PackageNotFoundError:  # run from a source tree that was never installed
    _VERSION = "unreleased"


def _number(name: str, default: float) -> float:
    """Return an environment variable as a number of 0 or more.

    Exits with code 2 on anything else.
    """
    value = os.environ.get(name) or str(default)
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not 0 <= number < 1e6:
        sys.stderr.write(f"shizheng: {name} must be a number such as {default:g}, not {value!r}\n")
        sys.exit(ExitCode.USAGE)
    return number


_CONTACT = os.environ.get("SHIZHENG_CONTACT", "").strip()


def has_contact() -> bool:
    """Return True if the user agent has an address of the operator."""
    return bool(_CONTACT)


BOT_NAME = "shizheng"
SPIDER_LOADER_CLASS = "crawler.loader.CityLoader"  # every city file is a spider
SPIDER_MODULES = ["crawler.spiders"]

# Where things are. The output folder is the corpus. A run id names the files of one crawl; empty
# means: from the time.
SHIZHENG_OUTPUT = os.environ.get("SHIZHENG_OUTPUT") or "output"
SHIZHENG_RUN_ID = ""
SHIZHENG_ALONE = False  # the crawl has its process to itself, as `python -m crawler.crawl` has

# --- Who we are ------------------------------------------------------------------------------
# An honest name and a way to reach the operator, so that a webmaster can ask before blocking.
USER_AGENT = f"shizheng/{_VERSION}" + (f" (+{_CONTACT})" if _CONTACT else "")
# robots.txt groups are matched by product name, without version.
ROBOTSTXT_USER_AGENT = "shizheng"

# --- Politeness ------------------------------------------------------------------------------
ROBOTSTXT_OBEY = True  # the site's word; Scrapy's default would ignore it
# One request at a time to a host and two seconds between them: municipal sites are small servers
# and their news is in no hurry.
DOWNLOAD_DELAY = _number("SHIZHENG_DELAY", 2.0)
CONCURRENT_REQUESTS_PER_DOMAIN = int(_number("SHIZHENG_CONCURRENCY", 1))
DOWNLOAD_DELAY_JITTER = 0.5  # 0.5 to 1.5 of the delay: no drumbeat on the server
# All hosts of a city together; a city has few. Set by hand.
CONCURRENT_REQUESTS = 8
# Slow down when the server does. The delay above is its floor.
AUTOTHROTTLE_ENABLED = os.environ.get("SHIZHENG_AUTOTHROTTLE", "1") != "0"
AUTOTHROTTLE_START_DELAY = DOWNLOAD_DELAY
AUTOTHROTTLE_MAX_DELAY = 60.0
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0

# A host's own words go further: its robots.txt may ask for a Crawl-delay, an overloaded one for a
# rest. What it asks beyond these bounds (seconds) is cut, and the host left alone, respectively.
SHIZHENG_MAX_DELAY = 60
SHIZHENG_MAX_WAIT = 300

# --- Security --------------------------------------------------------------------------------
# Nobody between the crawler and a site may change what is stored. A city file can waive it for its
# own crawl, with the reason (`tls:`); see crawler/fetch/certificates.py.
DOWNLOAD_VERIFY_CERTIFICATES = True

# --- Limits ----------------------------------------------------------------------------------
DOWNLOAD_TIMEOUT = 60  # seconds; these servers can be slow, but not three minutes (the default)
DOWNLOAD_MAXSIZE = unpacking.MAX_BODY  # bytes as sent; unpacked ones are bounded, too
DOWNLOAD_WARNSIZE = 8 << 20  # a quarter of it: set by hand
RETRY_TIMES = 2  # three tries in all; a page that still fails is reported and tried next run
# 412, 521 and the like are a site's refusal: they are reported as blocked, never retried.
RETRY_HTTP_CODES = [500, 502, 503, 504, 522, 524, 408, 429]
REDIRECT_MAX_TIMES = 5  # more is a loop; every hop must be a host the city names
# Pages that lead elsewhere by script or meta refresh are followed by a layer of the crawl's own,
# which knows them from challenges; see crawler/extract/forwarding.py.
METAREFRESH_ENABLED = False
# Only public addresses, whatever the name service answers; see crawler/fetch/addresses.py.
SHIZHENG_PRIVATE_ADDRESSES = os.environ.get("SHIZHENG_PRIVATE_ADDRESSES", "") == "1"
DNS_RESOLVER = "crawler.fetch.addresses.GuardedResolver"
SHIZHENG_REVISITS = 500  # stored articles fetched again in one crawl, for corrections: by hand
SHIZHENG_NOW = ""  # the moment to take for now (ISO 8601); empty: the clock. For tests.
SHIZHENG_LIST_PAGES = 100  # pages read of one listing; more are reported
SHIZHENG_FLUSH = 200  # pages between two writes of the tables; a crash loses none, see visits.py

# --- What is off, and why ----------------------------------------------------------------------
TELNETCONSOLE_ENABLED = False  # a Python prompt on a port
REMOTE_CONTROL_ENABLED = False  # on by default since Scrapy 2.18; runs Python for its token
COOKIES_ENABLED = False  # nothing here needs a session; a crawl must not depend on one
HTTPCACHE_ENABLED = False  # the archive is the memory; a cache would hide corrections
REFERER_ENABLED = False  # how a page was found is no business of the site
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    # No Accept-Language: some sites would choose the edition by it instead of by URL.
    # No br or zstd: the archive keeps bodies as sent, and every WARC reader knows gzip.
    "Accept-Encoding": "gzip, deflate",
}

# --- How it runs -----------------------------------------------------------------------------
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"  # for `async def start`
# Statuses are judged by the spider, which records a 404 or a refusal; Scrapy would drop them.
HTTPERROR_ALLOW_ALL = True
# A page gives one item. Scrapy would start a hundred tasks to handle those of each page.
CONCURRENT_ITEMS = 1
DOWNLOAD_HANDLERS = {
    "http": "crawler.fetch.heads.BoundedHandler",
    "https": "crawler.fetch.heads.BoundedHandler",
}
DOWNLOADER_MIDDLEWARES = {
    # Strict hosts replace Scrapy's own check, which lets every subdomain pass.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "crawler.fetch.guards.HostGuard": 50,
    # Scrapy's, with a name for a redirect that leads to no address.
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "crawler.fetch.guards.Redirects": 600,
    "crawler.fetch.guards.RobotsGuard": 110,  # just after Scrapy's own, which fetches robots.txt
    "crawler.fetch.pace.Pace": 560,  # nearer than the retries: a retry waits as the host asks
    # Bodies are unpacked as those of an archive are, so that a crawl equals its re-extraction.
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "crawler.fetch.guards.Unpacker": 590,
    "crawler.fetch.guards.Forwards": 580,  # reads bodies: they are unpacked by then
    "crawler.fetch.addresses.AddressGuard": 600,
    "crawler.fetch.guards.OnlyPages": 980,
    # Nearest to the network: sees robots.txt, redirects and errors, as they came.
    "crawler.fetch.guards.Archiver": 990,
}
SPIDER_MIDDLEWARES = {
    # It drops a request without a word, so that whoever counts its answers waits for ever. Long
    # addresses are left out where lists are read.
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    # Both look at requests made of a page, and a page gives none: articles come from lists.
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
}
ITEM_PIPELINES = {
    # By name only: the crawler knows nothing of the pipelines.
    "pipelines.articles.scrapy_items.Validate": 100,
    "pipelines.articles.scrapy_items.Language": 200,
    "pipelines.articles.scrapy_items.Store": 300,
}
LOG_LEVEL = "INFO"
STATS_DUMP = False  # the run folder keeps the counts
