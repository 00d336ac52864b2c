"""The review page in a real browser: what it remembers, where it exports to, and its keys."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pandas as pd
import pytest
from browser import SETTLED_MS, reload
from easiness_cli.__main__ import main

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright client")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
if not CHROMIUM:
    pytest.skip("no Chromium on this machine: pages are not tested", allow_module_level=True)

N = 24
THROWS = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied'); }});"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); };"


def table_of(rows=slice(None), *, seed: int = 0, ids=None) -> pd.DataFrame:
    probs = np.random.default_rng(seed).dirichlet(np.ones(3), N)
    frame = pd.DataFrame(probs, columns=["cat", "dog", "emu"])
    frame.insert(0, "label", np.array(["cat", "dog", "emu"])[np.arange(N) % 3])
    if ids is not None:
        frame.insert(0, "id", ids)
    return frame.iloc[rows]


def review(source: str, page: str, *argv: str) -> None:
    assert main(["label-errors", source, "-o", page, "-q", "--overwrite", "--probs",
                 "cat,dog,emu", *argv]) == 0  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with (
        playwright.sync_playwright() as client,
        client.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as found,
    ):
        yield found


@pytest.fixture
def context(browser):
    with browser.new_context(viewport={"width": 1200, "height": 900}) as found:
        yield found


def opened(context, path, script: str = ""):
    for page in context.pages:
        page.wait_for_timeout(SETTLED_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    if script:
        page.add_init_script(script)
    page.goto(path.as_uri())
    return page


def exported(page, path) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.click("#export")
    download.value.save_as(path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("script", [THROWS, FULL])
def test_without_storage_all_decisions_are_kept_until_the_page_closes(context, tmp_path, script):
    table_of().to_parquet("in.parquet")
    review("in.parquet", "r.html")
    page = opened(context, tmp_path / "r.html", script)
    for key in "2123":
        page.keyboard.press(key)
    assert page.locator("#storage").is_visible()
    assert page.locator("#counter").text_content().startswith("4 of 24 decided (1 keep, 2 change")
    rows = exported(page, tmp_path / "d.csv")
    assert [row["decision"] for row in rows] == ["change", "keep", "change", "unsure"]


def test_decisions_are_told_and_discarded(context, tmp_path):
    table_of().to_parquet("in.parquet")
    review("in.parquet", "r.html")
    page = opened(context, tmp_path / "r.html")
    assert page.locator("#remembered").is_hidden()
    assert page.locator("#discard").is_disabled()
    page.keyboard.press("1")
    page.keyboard.press("2")
    reload(page)
    said = page.locator("#remembered")
    assert said.text_content() == "2 decisions remembered from an earlier visit in this browser."
    page.click("#discard")
    assert page.locator("#counter").text_content().startswith("0 of")
    said.get_by_role("button").click()
    assert page.locator("#counter").text_content().startswith("2 of")
    page.click("#discard")
    reload(page)
    assert page.locator("#counter").text_content().startswith("0 of")
    assert said.is_hidden()


def test_decisions_stay_with_their_samples_whatever_is_listed(context, tmp_path):
    """Of two folders, one may not be listed at all."""
    for k, name in enumerate(("a/x", "b/x", "b/y")):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        table_of(slice(8 * k, 8 * k + 8)).to_parquet(tmp_path / "in" / f"{name}.parquet")
    review("in/*/*.parquet", "r.html")
    page = opened(context, tmp_path / "r.html")
    for key in "2111":
        page.keyboard.press(key)
    every = exported(page, tmp_path / "d.csv")
    assert {row["file"].count("/") for row in every} == {1}
    for source, argv in (
        ("in/*/*.parquet", ["--top", "1"]), ("in/*/*.parquet", ["--top", "2"]),
        ("./in/*/*.parquet", ["--flagged"]), ("in/*/*.parquet", ["--method", "easiness"]),
    ):  # fmt: skip
        review(source, "r.html", *argv)
        reload(page)
        rows = exported(page, tmp_path / "d.csv")
        assert rows
        assert all(row in every for row in rows)
        assert len(rows) == min(len(every), int(argv[1]) if argv[0] == "--top" else 4)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (table_of(), table_of(), True),
        (table_of(), table_of(seed=1), False),
        (table_of(ids=np.arange(N)), table_of(seed=1, ids=np.arange(N)), False),
        (table_of(ids=[f"s{k}" for k in range(N)]),
         table_of(seed=1, ids=[f"s{k}" for k in range(N)]), True),
    ],
)  # fmt: skip
def test_decisions_are_not_those_of_other_data(context, tmp_path, one, two, same):
    one.to_parquet("in.parquet")
    review("in.parquet", "r.html")
    page = opened(context, tmp_path / "r.html")
    page.keyboard.press("1")
    two.to_parquet("in.parquet")
    review("in.parquet", "r.html")
    reload(page)
    assert page.locator("#counter").text_content().startswith("1 of" if same else "0 of")


def test_formulas_in_the_export_are_inert_and_applied(context, tmp_path):
    names = ["=cmd()", "+é", "@c"]
    table = table_of(ids=[f"=HYPERLINK({k})" for k in range(N)])
    table["label"] = table["label"].map(dict(zip(["cat", "dog", "emu"], names, strict=True)))
    table.columns = ["id", "label", *names]
    table.to_parquet("in.parquet")
    assert main(["label-errors", "in.parquet", "-o", "r.html", "-q", "--probs",
                 ",".join(names)]) == 0  # fmt: skip
    page = opened(context, tmp_path / "r.html")
    for _ in range(6):
        page.keyboard.press("2")
    rows = exported(page, tmp_path / "d.csv")
    assert all(row[name].startswith("'") for row in rows for name in ("id", "label", "new_label"))
    assert main(["label-errors", "--apply", "d.csv", "in.parquet", "-o", "new.parquet",
                 "-q"]) == 0  # fmt: skip
    new = pd.read_parquet("new.parquet")
    assert new["id"].tolist() == table["id"].tolist()
    assert set(new["label"]) <= set(names)
    assert (new["label"] != table["label"]).sum() == 6


def test_keys_can_be_turned_off_and_arrows_scroll(context, tmp_path):
    table_of().to_parquet("in.parquet")
    review("in.parquet", "r.html")
    page = opened(context, tmp_path / "r.html")
    at = page.locator(".card.current .name")
    first = at.text_content()
    page.keyboard.press("ArrowDown")
    assert at.text_content() == first
    page.uncheck("#shortcuts")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("1")
    page.keyboard.press("j")
    assert page.locator("#counter").text_content().startswith("0 of")
    assert at.text_content() == first


def test_a_printed_review_shows_each_decision_within_the_page(context, tmp_path):
    table_of(ids=[f"sample {k}" for k in range(N)]).to_parquet("in.parquet")
    review("in.parquet", "r.html", "--text", "id")
    page = opened(context, tmp_path / "r.html")
    page.keyboard.press("2")
    to = page.locator(".card .class:nth-child(2) bdi").first.text_content()
    page.set_viewport_size({"width": 690, "height": 900})
    page.emulate_media(media="print")
    said = page.locator(".card .printed")
    assert [said.nth(k).text_content() for k in range(2)] == [f"change to {to}", "undecided"]
    assert said.first.is_visible()
    assert not page.locator(".card button:visible").count()
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(over) == 0
    page.emulate_media(media="screen")
    assert said.first.is_hidden()


def test_filters_are_folded_on_a_phone(context, tmp_path):
    table_of().to_parquet("in.parquet")
    review("in.parquet", "r.html")
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto((tmp_path / "r.html").as_uri())
    assert page.locator("#given").is_hidden()
    page.keyboard.press("/")
    page.keyboard.type("row 7")
    assert page.locator(".card").count() == 1


def test_what_is_not_defined_is_sorted_last(context, tmp_path):
    table = table_of()
    table[table["label"] != "emu"].to_parquet("in.parquet")
    assert main(["report", "in.parquet", "-o", "r.html", "-q", "--probs", "cat,dog,emu"]) == 0
    page = opened(context, tmp_path / "r.html")
    head = page.locator("#classes th", has_text="Accuracy").first
    for _ in range(2):
        head.locator("button").click()
        assert page.locator("#classes tbody th").all_text_contents()[-1].strip() == "emu"
