"""The review server lets nobody else in, stores what it says it stored, and ends in order."""

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from authored import article
from builders import store_rows
from review_corpus import write_judged
from review_server import Review

from pipelines.quality import verdicts
from pipelines.tables import articles, files, parquet, schema


def test_without_the_printed_key_nothing_is_shown(review: Review) -> None:
    for path in ("/", "/progress", "/verdicts.csv", "/judge/0", "/?key=wrong", "/begin"):
        answer = review.ask("GET", path, Cookie=None)
        assert answer.status == 403
        assert "shizheng review" in answer.text
    wrong = review.cookie[:-1] + ("y" if review.cookie.endswith("x") else "x")
    assert review.ask("GET", "/", Cookie=wrong).status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "127.0.0.1@evil", ""]
)
def test_a_name_that_was_made_to_point_here_is_refused(review: Review, host: str) -> None:
    assert review.ask("GET", "/", Host=host).status == 421


def test_the_local_names_are_answered(review: Review) -> None:
    for host in ("localhost:9000", "127.0.0.1", "[::1]:8080"):
        assert review.ask("GET", "/", Host=host).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": None}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Content_Type": "application/json"}, 415),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Length": "70000"}, 413),
        ({"Content_Length": None}, 411),
    ],
)
def test_only_our_own_forms_may_write(
    review: Review, headers: dict[str, str | None], status: int
) -> None:
    body = f"token={review.token}&reviewer=eve&kind=uncertain&size=5&seed=3".encode()
    assert review.ask("POST", "/begin", body, **headers).status == status


def test_a_plan_begun_for_several_is_dealt_among_them(review: Review) -> None:
    plan = {"kind": "stratified", "size": 10, "seed": 77, "reviewer": "ada"}
    shared = {"assigned": "ada，ben", "double": 20}
    address = review.post("/begin", **plan, **shared).headers["location"]
    assert "0 / 6" in review.ask("GET", "/?reviewer=ben").text
    assert "20 % judged by two" in review.ask("GET", "/").text
    strange = review.ask("GET", f"{address}&item=2").text
    assert "This item is assigned to others" in strange
    for odd in ({"assigned": "cleo"}, {"assigned": "", "double": 20}, {"assigned": "a,a"}):
        answer = review.post("/begin", **(plan | odd))
        assert answer.status == 400
        assert 'role="alert"' in answer.text


def test_a_form_without_this_starts_token_stores_nothing(review: Review, judged: Path) -> None:
    before = verdicts.read(judged)
    address = review.begin("token-test")
    for token in ("", "0" * 64, review.key):
        body = f"token={token}&reviewer=eve&place=0&code=different".encode()
        assert review.ask("POST", address, body).status == 403
    assert verdicts.read(judged) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT"])
def test_other_methods_are_refused(review: Review, method: str) -> None:
    assert review.ask(method, "/").status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/judge/..%2f..%2fplans",
        "/verdicts.parquet", "/review.html.j2", "/review.css/../../schema.py", "//evil.example/",
        "/judge/" + "a" * 5_000, "/static/review.js",
    ],
)  # fmt: skip
def test_there_is_no_way_out_of_the_pages(review: Review, path: str) -> None:
    answer = review.ask("GET", path)
    assert answer.status == 404
    assert "root:" not in answer.text


def test_the_key_is_exchanged_without_leading_elsewhere(review: Review) -> None:
    answer = review.ask("GET", f"//evil.example/?key={review.key}", Cookie=None)
    assert answer.headers["location"] == "/evil.example/"
    assert review.key not in answer.headers["location"]
    assert "HttpOnly; SameSite=Strict" in answer.headers["set-cookie"]


def test_every_answer_confines_the_page(review: Review) -> None:
    for path in ("/", "/review.js", "/nowhere", "/progress"):
        headers = review.ask("GET", path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "fields",
    [
        {"place": 99, "code": "different"}, {"place": 0, "code": "splendid"},
        {"place": 0, "code": "correct"}, {"place": "-1", "code": "different"},
        {"place": "x", "code": "different"}, {"code": "different"},
        {"place": 0, "position": 1, "code": "different"},
        {"place": 0, "position": 3, "code": "correct"},
        {"place": 0, "position": 99_999, "code": "correct"},
        {"place": 0, "position": "9" * 5_000, "code": "correct"},
        {"place": 0, "code": "different", "note": "长" * 2_001},
        {"place": 0, "code": "different", "note": "a\x00b"},
        {"place": 0, "code": "different", "reviewer": "a\u202eb"},
        {"place": 0, "code": "different", "reviewer": ""},
    ],
)  # fmt: skip
def test_what_is_no_verdict_is_refused_with_a_reason(
    review: Review, judged: Path, fields: dict[str, object]
) -> None:
    address = review.begin("refused")
    before = len(verdicts.read(judged))
    answer = review.post(address, **{"reviewer": "refused"} | fields)
    assert answer.status == 400
    assert "Not stored" in answer.text
    assert len(verdicts.read(judged)) == before


def test_a_plan_that_draws_nothing_says_so_on_the_page(review: Review) -> None:
    for fields in ({"kind": "search", "text": "没有的词"}, {"size": "0"}, {"kind": "all"},
                   {"city": "atlantis"}, {"seed": "x"}):  # fmt: skip
        plan = {"reviewer": "anna", "kind": "stratified", "size": 20, "seed": 1} | fields
        answer = review.post("/begin", **plan)
        assert answer.status == 400
        assert 'class="trouble" role="alert"' in answer.text


def test_the_probability_is_hidden_while_judging(review: Review) -> None:
    address = review.begin("blind")
    page = review.ask("GET", f"{address}?reviewer=blind&item=1").text
    assert "probability" not in page.lower()
    assert "number_mismatch" not in page
    for band in range(10):
        assert f"{band}0 " not in page.split('class="join"')[1][:80]


def test_it_works_without_scripts_too(review: Review, judged: Path) -> None:
    address = review.begin("plain")
    answer = review.post(address, reviewer="plain", place=0, code="abridged", note=" 缺末段 ")
    assert answer.status == 303
    assert answer.headers["location"].endswith("reviewer=plain&item=2")
    mine = [one for one in verdicts.read(judged) if one.reviewer == "plain"]
    assert [(one.verdict, one.note, one.plan) for one in mine] == [
        ("abridged", "缺末段", "stratified seed=1 size=20")
    ]
    assert mine[0].weight is not None
    assert mine[0].stratum


def test_sigkill_loses_no_verdict_that_was_answered(tmp_path: Path) -> None:
    output = write_judged(tmp_path)
    with Review(output) as running:
        running.enter()
        address = running.begin("anna")
        for place in range(7):
            assert (
                running.post(address, reviewer="anna", place=place, code="different").status < 400
            )
        assert running.stop(signal.SIGKILL) == -signal.SIGKILL
    assert len(verdicts.read(output)) == 7
    with Review(output) as again:
        again.enter()
        page = again.ask("GET", f"{address}?reviewer=anna").text
        assert 'data-place="7"' in page
        assert again.post(address, reviewer="anna", do="undo", place=7).status == 303
        assert again.stop() == 0
    assert len(verdicts.counting(verdicts.read(output))) == 6
    assert list((output / "reviews").glob("*.parquet"))


def test_a_verdict_on_texts_stored_anew_since_they_were_shown_is_refused(tmp_path: Path) -> None:
    output = write_judged(tmp_path)
    with Review(output) as running:
        running.enter()
        address = running.begin("anna", kind="search", text="anlan-zh03")
        page = running.ask("GET", f"{address}?reviewer=anna&item=1").text
        shown = page.split('name="shown" value="')[1].split('"')[0]
        rows = parquet.read_table(files.table_path(output, "sentences", "anlan"), schema.SENTENCES)
        listed = [row | {"en": row["en"].replace("Phase", "Stage")} for row in rows.to_pylist()]
        store_rows(output, "sentences", "anlan", listed)
        fields = {"reviewer": "anna", "place": 0, "code": "abridged"}
        answer = running.post(address, **fields, shown=shown)
        assert answer.status == 409
        assert "stored anew since the page was made" in answer.text
        assert verdicts.read(output) == []
        page = running.ask("GET", f"{address}?reviewer=anna&item=1").text
        assert "Stage 4" in page.replace('<mark class="name">', "").replace("</mark>", "")
        shown = page.split('name="shown" value="')[1].split('"')[0]
        assert running.post(address, **fields, shown=shown).status == 303


def test_a_verdict_on_earlier_texts_is_shown_as_such(tmp_path: Path) -> None:
    output = write_judged(tmp_path)
    with Review(output) as running:
        running.enter()
        address = running.begin("anna", kind="search", text="anlan-zh03")
        running.post(address, reviewer="anna", place=0, code="abridged")
        title, text = "海湾大桥第4期工程开工", "投资七亿元。"
        one = article("anlan-zh03", "zh", title, text, 3, city="anlan")
        articles.write_articles(output, "anlan", [one], run_id="r2", now=datetime.now(UTC))
        page = running.ask("GET", f"{address}?reviewer=anna&item=1").text
        assert "Your verdict on an earlier text, which counts no more:" in page
        assert "Your verdict so far" not in page
        assert "On earlier texts" in running.ask("GET", "/progress?reviewer=anna").text
