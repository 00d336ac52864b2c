"""The pages in a real browser, where there is one: work, widths, dark mode, hostile text."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pandas as pd
import pytest
from browser import reload
from easiness_cli.__main__ import main

import easiness_core as ec

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright client")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
if not CHROMIUM:
    pytest.skip("no Chromium on this machine: pages are not tested", allow_module_level=True)

N = 240
NAMES = ["cat", "dog", "horse"]
NASTY = [
    "</script><img src=x onerror=alert(1)>",
    "\"' onmouseover=alert(2) \\ <!--",
    "\u202eevil rtl \u05d0\u05d1\u05d2 \U0001f600" + "w" * 3000,
]


def table_of(classes, *, ids=None, texts=None, seed=0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 3, N)
    labels = np.where(rng.random(N) < 0.3, (true + 1) % 3, true)
    probs = ec.softmax(rng.normal(size=(N, 3)) + 3 * np.eye(3)[true])
    frame = {"id": ids or [f"{k:04}" for k in range(N)], "label": [classes[k] for k in labels]}
    frame |= {"caption": texts or [f"photo {k}" for k in range(N)]}
    frame |= {"camera": np.where(np.arange(N) % 5 == 0, classes[0], "day")}
    return pd.DataFrame(frame | {name: probs[:, k] for k, name in enumerate(classes)})


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A folder with a page of each kind: of plain names, and of hostile ones."""
    folder = tmp_path_factory.mktemp("pages")
    nasty_ids = [f"{k} {NASTY[k % 3]}" for k in range(N)]
    tables = {
        "plain": table_of(NAMES),
        "nasty": table_of(NASTY, ids=nasty_ids, texts=[NASTY[k % 3] for k in range(N)]),
    }
    for kind, table in tables.items():
        table.to_parquet(folder / f"{kind}.parquet")
        source, classes = str(folder / f"{kind}.parquet"), table.columns[-3:]
        (folder / "p.txt").write_text("\n".join(classes), "utf-8")
        reading = ["--probs", ",".join(classes)] if kind == "plain" else []
        if kind == "nasty":  # commas in names: list column and names by file
            table = table.assign(p=list(table[classes].to_numpy()))[["id", "label", "caption",
                                                                      "camera", "p"]]  # fmt: skip
            table.to_parquet(source)
            reading = ["--probs", "p", "--classes", f"@{folder / 'p.txt'}"]
        title = ["--title", NASTY[0] if kind == "nasty" else "Title"]
        common = [source, *reading, "-q", "--text", "caption", *title]
        assert main(["label-errors", *common, "-o", str(folder / f"review_{kind}.html")]) == 0
        assert main(["report", *common, "--group-by", "camera", "-o",
                     str(folder / f"report_{kind}.html")]) == 0  # fmt: skip
        scores = []
        for seed in (0, 1):
            changed = table.copy()
            order = np.random.default_rng(seed).permutation(N)
            if kind == "plain" and seed:
                changed[NAMES] = table_of(NAMES, seed=5)[NAMES].to_numpy()
            changed.iloc[order].to_parquet(folder / "part.parquet")
            scores.append(str(folder / f"{kind}_{seed}.parquet"))
            assert main(["score", str(folder / "part.parquet"), *reading, "-q", "-o", scores[-1],
                         "--keep", "camera"]) == 0  # fmt: skip
        assert main(["compare", *scores, "-q", "--group-by", "camera", *title, "-o",
                     str(folder / f"compare_{kind}.html")]) == 0  # fmt: skip
    tables["plain"][["id", "label"]].to_csv(folder / "labels.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def browser():
    with (
        playwright.sync_playwright() as client,
        client.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as found,
    ):
        yield found


@pytest.fixture
def opened(browser, pages):
    """Open a page; at the end, nothing may have been logged, thrown or asked."""
    contexts, told = [], []

    def open_page(name: str, width: int = 1200, scheme: str = "light", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("dialog", lambda dialog: (told.append("dialog"), dialog.dismiss()))
        page.on("request", lambda request: request.url[:5] in ("file:", "data:", "blob:")
                or told.append(request.url))  # fmt: skip
        page.goto((pages / f"{name}.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert told == []


def ids_of(page) -> list[str]:
    return page.locator(".card .name").all_text_contents()


def test_a_review_from_end_to_end(opened, pages, tmp_path):
    page = opened("review_plain")
    table = pd.read_parquet(pages / "plain.parquet").set_index("id")
    found = ec.find_label_errors(table[NAMES].to_numpy(), table["label"].to_numpy(), classes=NAMES)
    ranked = table.index[found.order].tolist()
    assert page.locator("#static").count() == 0
    assert ids_of(page) == ranked[:50]
    counter = page.locator("#counter")
    assert counter.text_content() == f"0 of {N} decided (0 keep, 0 change, 0 unsure). Shown: {N}."

    for key in ("2", "1", "3", "j", "2"):
        page.keyboard.press(key)
    said = f"4 of {N} decided (1 keep, 2 change, 1 unsure). Shown: {N}."
    assert counter.text_content() == said
    assert page.locator(".card.current .name").text_content() == ranked[5]
    for key in ("k", "k", "1", "k", "1"):  # the last takes the decision before back
        page.keyboard.press(key)
    assert page.locator(".card.current .name").text_content() == ranked[3]
    assert counter.text_content() == said
    reload(page)
    assert counter.text_content() == said
    pressed = page.locator(".card button[aria-pressed=true]").all_text_contents()
    assert pressed == ["2 Change", "1 Keep", "3 Unsure", "2 Change"]
    assert page.locator(".card button[aria-pressed=false]").count() == 3 * 50 - 4
    assert page.locator(".card.is-change .name").all_text_contents() == [ranked[0], ranked[4]]

    third = NAMES.index(table.loc[ranked[6], "label"])
    other = ({0, 1, 2} - {third, int(found.suggested[found.order[6]])}).pop()
    page.locator(".card").nth(6).click()
    page.locator(".card.current select").select_option(str(other))
    with page.expect_download() as download:
        page.click("#export")
    download.value.save_as(tmp_path / "decisions.csv")
    with open(tmp_path / "decisions.csv", newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["decision"] for row in rows] == ["change", "keep", "unsure", "change", "change"]
    assert [row["id"] for row in rows] == [ranked[k] for k in (0, 1, 2, 4, 6)]

    out = tmp_path / "new.csv"
    assert main(["label-errors", "--apply", str(tmp_path / "decisions.csv"),
                 str(pages / "labels.csv"), "-o", str(out), "-q"]) == 0  # fmt: skip
    expected = table["label"].copy()
    for k in (0, 4):
        expected[ranked[k]] = NAMES[found.suggested[found.order[k]]]
    expected[ranked[6]] = NAMES[other]
    new = pd.read_csv(out, dtype=str)
    assert new["id"].tolist() == table.index.tolist()
    assert new["label"].tolist() == expected.tolist()


def test_hostile_ids_and_names_come_back_as_they_are(opened, pages, tmp_path):
    page = opened("review_nasty")
    for _ in range(9):
        page.keyboard.press("2")
    with page.expect_download() as download:
        page.click("#export")
    download.value.save_as(tmp_path / "d.csv")
    source, out = pages / "nasty.parquet", tmp_path / "new.parquet"
    assert main(["label-errors", "--apply", str(tmp_path / "d.csv"), str(source), "-o", str(out),
                 "-q"]) == 0  # fmt: skip
    table, new = pd.read_parquet(source), pd.read_parquet(out)
    probs = np.stack(table["p"].to_numpy())
    found = ec.find_label_errors(probs, table["label"].to_numpy(), classes=NASTY)
    expected = table["label"].to_numpy().copy()
    for row in found.order[:9]:
        expected[row] = NASTY[found.suggested[row]]
    assert new["id"].tolist() == table["id"].tolist()
    assert new["label"].tolist() == expected.tolist()
    assert (new["label"] != table["label"]).sum() == 9


def test_filters_search_and_order(opened, pages):
    page = opened("review_plain")
    table = pd.read_parquet(pages / "plain.parquet")
    page.select_option("#given", label=f"dog ({(table['label'] == 'dog').sum()})")
    shown = ids_of(page)
    assert shown
    labels = table.set_index("id")["label"]
    assert set(labels[shown]) == {"dog"}
    page.select_option("#suggested", "2")
    pair = ids_of(page)
    assert 0 < len(pair) < len(shown)
    assert set(page.locator(".card .class:nth-child(2) bdi").all_text_contents()) == {"horse"}
    page.select_option("#given", "")
    page.select_option("#suggested", "")
    page.select_option("#flag", "yes")
    assert page.locator(".card").count() == page.locator(".card .tag").count() > 0
    page.select_option("#flag", "")
    page.select_option("#sort", "id up")
    assert ids_of(page) == [f"{k:04}" for k in range(50)]
    page.click("#next")
    assert ids_of(page) == [f"{k:04}" for k in range(50, 100)]
    page.click("#previous")
    page.keyboard.press("/")
    page.keyboard.type("photo 17")
    assert ids_of(page) == ["0017", *(f"{k:04}" for k in range(170, 180))]
    page.keyboard.press("Escape")
    page.keyboard.press("3")
    page.select_option("#done", "unsure")
    assert ids_of(page) == ["0017"]
    page.fill("#search", "nothing of the kind")
    assert page.locator("#empty").is_visible()


def test_a_change_without_another_suggestion_asks_for_the_class(opened):
    page = opened("review_plain")
    page.select_option("#sort", "suspicion down")
    page.select_option("#flag", "no")
    page.locator(".card", has_text="No other class is suggested").first.click()
    page.keyboard.press("2")
    assert page.locator("#counter").text_content().startswith("0 of")
    assert page.evaluate("document.activeElement.tagName") == "SELECT"


@pytest.mark.parametrize("kind", ["review", "report", "compare"])
def test_hostile_text_is_inert(opened, kind):
    page = opened(f"{kind}_nasty")
    assert page.title() == NASTY[0]
    assert page.locator("body").text_content().count(NASTY[0]) > 1
    tags = page.evaluate("[...document.querySelectorAll('*')].map((node) => node.tagName)")
    assert tags.count("SCRIPT") == (2 if kind == "review" else 1)
    assert page.locator("img").evaluate_all(
        "(nodes) => nodes.every((node) => node.src.startsWith('data:image/svg'))"
    )
    assert page.evaluate(
        "[...document.querySelectorAll('*')].every((node) => "
        "[...node.attributes].every((each) => !each.name.startsWith('on')))"
    )
    for button in page.locator("button:enabled").all()[:12]:
        button.click()


@pytest.mark.parametrize("kind", ["plain", "nasty"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200, 1920])
def test_no_page_is_wider_than_its_window(opened, width, scheme, kind):
    for name in ("review", "report", "compare"):
        page = opened(f"{name}_{kind}", width, scheme)
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(over) == 0, name
        channels = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert channels == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 25, 31)")
        page.emulate_media(media="print")
        assert not page.locator(".pager, nav, .filter").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["review", "report", "compare"])
def test_axe_finds_nothing(opened, name, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core")
    for width in (390, 1200):
        found = axe.Axe().run(opened(f"{name}_plain", width, scheme)).response
        assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []


def test_tables_are_sorted_and_searched(opened):
    page = opened("report_plain")
    cells = page.locator("#hardest-samples tbody tr:visible")
    head = page.locator("#hardest-samples th", has_text="Loss")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    column = page.locator("#hardest-samples thead th").all_text_contents().index("Loss") + 1
    values = page.locator(f"#hardest-samples tbody td:nth-child({column})").evaluate_all(
        "(nodes) => nodes.map((node) => Number(node.dataset.v))"
    )
    assert len(values) == 50
    assert values == sorted(values, reverse=True)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    page.locator("#hardest-samples th button", has_text="Sample").click()
    ids = page.locator("#hardest-samples tbody th").all_text_contents()
    assert ids == sorted(ids)
    page.get_by_label("Search in Hardest samples").fill(ids[7])
    assert cells.count() == 1
    assert page.locator(".count").first.text_content() == "1 of 50 rows"


def test_everything_is_readable_without_scripts(opened):
    page = opened("review_plain", java_script_enabled=False)
    assert page.locator("#app").is_hidden()
    assert page.locator("#samples-to-review tbody tr:visible").count() == N
    page = opened("report_plain", java_script_enabled=False)
    assert page.locator("#hardest-samples tbody tr:visible").count() == 50


def test_ten_thousand_rows_show_fifty_at_a_time(opened, pages):
    table = pd.concat([table_of(NAMES)] * 42, ignore_index=True).iloc[:10_000]
    table.assign(id=np.arange(10_000)).to_parquet(pages / "many.parquet")
    assert main(["label-errors", str(pages / "many.parquet"), "-o", str(pages / "many.html"), "-q",
                 "--top", "10000", "--probs", ",".join(NAMES)]) == 0  # fmt: skip
    page = opened("many")
    assert page.locator(".card").count() == 50
    page.select_option("#sort", "id up")
    page.fill("#search", "99")
    expected = [str(k) for k in range(10_000) if "99" in str(k)]
    assert ids_of(page) == expected[:50]
    assert page.locator("#counter").text_content().endswith(f"Shown: {len(expected)}.")
