"""The pages in a real browser, where there is one: work, widths, dark mode, hostile text."""

import csv
import shutil

import numpy as np
import pandas as pd
import pytest
from easiness_cli.__main__ import main

import easiness_core as ec

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright client")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
if not CHROMIUM:
    pytest.skip("no Chromium on this machine: pages are not tested", allow_module_level=True)

N = 360  # of which the page lists 300 without scripts
SETTLED_MS = 1000  # Chromium hands what a page stores to another process, which may be busy.
NAMES = ["cat", "dog", "horse"]
NASTY = [
    "</script><img src=x onerror=alert(1)>",
    "=cmd()\"' onmouseover=alert(2) \\ <!--",
    "\u202eevil rtl \u05d0\u05d1\u05d2 \U0001f600" + "w" * 3000,
]
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def table_of(classes, *, seed=0):
    """Samples whose ids, captions and classes are as hostile as these names."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 3, N)
    labels = np.where(rng.random(N) < 0.3, (true + 1) % 3, true)
    probs = ec.softmax(rng.normal(size=(N, 3)) + 3 * np.eye(3)[true])
    plain = classes is NAMES
    return pd.DataFrame({
        "id": [f"{k:04}" if plain else f"={k} {NASTY[k % 3]}" for k in range(N)],
        "label": [classes[k] for k in labels],
        "caption": [f"photo {k}" if plain else NASTY[k % 3] for k in range(N)],
        "camera": np.where(np.arange(N) % 5 == 0, classes[0], "day"),
        "p": list(probs),
    })  # fmt: skip


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A folder with a page of each kind: of plain names, and of hostile ones."""
    folder = tmp_path_factory.mktemp("pages")

    def run(command, source, name, *argv):
        path = str(folder / f"{source}.parquet")
        out = str(folder / name)
        kind = source.partition("_")[0]
        reading = ["--probs", "p", "--classes", f"@{folder / kind}.txt"]
        assert main([command, path, *reading, "-q", "-o", out, *argv]) == 0
        return out

    for kind, classes in (("plain", NAMES), ("nasty", NASTY)):
        (folder / f"{kind}.txt").write_text("\n".join(classes), "utf-8")
        table_of(classes).to_parquet(folder / f"{kind}.parquet")
        table_of(classes, seed=5).to_parquet(folder / f"{kind}_new.parquet")
        title = ["--title", classes[0]]
        group = ["--group-by", "camera"]
        run("label-errors", kind, f"review_{kind}.html", "--text", "caption", *title)
        run("report", kind, f"report_{kind}.html", "--text", "caption", *title, *group)
        scores = [run("score", source, f"{source}_scores.parquet", "--keep", "camera")
                  for source in (kind, f"{kind}_new")]  # fmt: skip
        assert main(["compare", *scores, "-q", *group, *title, "-o",
                     str(folder / f"compare_{kind}.html")]) == 0  # fmt: skip
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

    def open_page(name, *, script="", **options):
        context = browser.new_context(viewport={"width": 1200, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("dialog", lambda dialog: (told.append("dialog"), dialog.dismiss()))
        page.on("request", lambda request: request.url[:5] in ("file:", "data:", "blob:")
                or told.append(request.url))  # fmt: skip
        if script:
            page.add_init_script(script)
        page.goto((pages / f"{name}.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert told == []


def reload(page):
    """Load a page again, once the browser has what the page stored."""
    page.wait_for_timeout(SETTLED_MS)
    page.reload()


def ids_of(page):
    return page.locator(".card .name").all_text_contents()


def press(page, keys):
    for key in keys:
        page.keyboard.press(key)


def count_of(page):
    return page.locator("#counter").text_content()


def exported(page, path):
    with page.expect_download() as download:
        page.click("#export")
    download.value.save_as(path)
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def applied(pages, kind, tmp_path):
    argv = ["label-errors", "--apply", str(tmp_path / "d.csv"), str(pages / f"{kind}.parquet")]
    assert main([*argv, "-o", str(tmp_path / "new.parquet"), "-q"]) == 0
    return pd.read_parquet(tmp_path / "new.parquet")


def found_in(pages, kind, classes):
    table = pd.read_parquet(pages / f"{kind}.parquet")
    probs = np.stack(table["p"].to_numpy())
    return table, ec.find_label_errors(probs, table["label"].to_numpy(), classes=classes)


def test_a_review_from_end_to_end(opened, pages, tmp_path):
    page = opened("review_plain")
    table, found = found_in(pages, "plain", NAMES)
    ranked = table["id"][found.order].tolist()
    assert page.locator("#static").count() == 0
    assert ids_of(page) == ranked[:50]
    assert count_of(page) == f"0 of {N} decided (0 keep, 0 change, 0 unsure). Shown: {N}."
    assert page.locator("#remembered").is_hidden()
    assert page.locator("#discard").is_disabled()
    press(page, "213j2")
    said = f"4 of {N} decided (1 keep, 2 change, 1 unsure). Shown: {N}."
    assert count_of(page) == said
    assert page.locator(".card.current .name").text_content() == ranked[5]
    press(page, "kk1k1")  # the last takes the decision before back
    assert page.locator(".card.current .name").text_content() == ranked[3]
    assert count_of(page) == said
    reload(page)
    assert count_of(page) == said
    told = page.locator("#remembered")
    assert told.text_content() == "4 decisions remembered from an earlier visit in this browser."
    pressed = page.locator(".card button[aria-pressed=true]").all_text_contents()
    assert pressed == ["2 Change", "1 Keep", "3 Unsure", "2 Change"]
    assert page.locator(".card.is-change .name").all_text_contents() == [ranked[0], ranked[4]]

    third = NAMES.index(table["label"][found.order[6]])
    other = ({0, 1, 2} - {third, int(found.suggested[found.order[6]])}).pop()
    page.locator(".card").nth(6).click()
    page.locator(".card.current select").select_option(str(other))
    rows = exported(page, tmp_path / "d.csv")
    assert [row["decision"] for row in rows] == ["change", "keep", "unsure", "change", "change"]
    assert [row["id"] for row in rows] == [ranked[k] for k in (0, 1, 2, 4, 6)]
    expected = table["label"].copy()
    for k in (0, 4):
        expected[found.order[k]] = NAMES[found.suggested[found.order[k]]]
    expected[found.order[6]] = NAMES[other]
    new = applied(pages, "plain", tmp_path)
    assert new["id"].tolist() == table["id"].tolist()
    assert new["label"].tolist() == expected.tolist()

    page.click("#discard")
    assert count_of(page).startswith("0 of")
    told.get_by_role("button").click()
    assert count_of(page).startswith("5 of")
    page.click("#discard")
    reload(page)
    assert count_of(page).startswith("0 of")
    assert told.is_hidden()


DENIED = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied'); }});"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); };"


@pytest.mark.parametrize("script", [DENIED, FULL], ids=["denied", "full"])
def test_without_storage_all_decisions_are_kept_until_the_page_closes(opened, tmp_path, script):
    page = opened("review_plain", script=script)
    press(page, "2123")
    assert page.locator("#storage").is_visible()
    rows = exported(page, tmp_path / "d.csv")
    assert [row["decision"] for row in rows] == ["change", "keep", "change", "unsure"]


def test_decisions_stay_with_their_samples_whatever_is_listed(opened, pages, tmp_path):
    """Of two folders, one may not be listed at all."""
    table = table_of(NAMES).drop(columns="id")
    for k, name in enumerate(("a/x", "b/x", "b/y")):
        (pages / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        table.iloc[8 * k : 8 * k + 8].to_parquet(pages / "in" / f"{name}.parquet")

    def review(*argv):
        argv = ("label-errors", f"{pages}/in/*/*.parquet", "-o", f"{pages}/many.html", *argv)
        options = ["--probs", "p", "--classes", ",".join(NAMES), "-q", "--overwrite"]
        assert main([*argv, *options]) == 0

    review()
    page = opened("many")
    press(page, "2111")
    every = exported(page, tmp_path / "d.csv")
    assert {row["file"].count("/") for row in every} == {1}
    for argv, n_listed in ((["--top", "1"], 1), (["--method", "easiness"], 4)):
        review(*argv)
        reload(page)
        rows = exported(page, tmp_path / "d.csv")
        assert len(rows) == n_listed
        assert all(row in every for row in rows)


def test_filters_search_order_and_keys(opened, pages):
    page = opened("review_plain")
    table, found = found_in(pages, "plain", NAMES)
    page.select_option("#given", label=f"dog ({(table['label'] == 'dog').sum()})")
    shown = ids_of(page)
    assert shown
    assert set(table.set_index("id")["label"][shown]) == {"dog"}
    page.select_option("#suggested", "0")
    n_pairs = ((table["label"] == "dog") & (found.suggested == 0)).sum()
    assert count_of(page).endswith(f"Shown: {n_pairs}.")
    assert set(page.locator(".card .class:nth-child(2) bdi").all_text_contents()) == {"cat"}
    page.select_option("#given", "")
    page.select_option("#suggested", "")
    page.select_option("#flag", "yes")
    assert page.locator(".card").count() == page.locator(".card .tag").count() > 0
    page.select_option("#flag", "no")
    page.select_option("#sort", "suspicion down")
    page.locator(".card", has_text="No other class is suggested").first.click()
    press(page, "2")  # asks for the class
    assert count_of(page).startswith("0 of")
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    press(page, ["Escape"])
    page.select_option("#flag", "")
    page.select_option("#sort", "id up")
    assert ids_of(page) == [f"{k:04}" for k in range(50)]
    page.click("#next")
    assert ids_of(page) == [f"{k:04}" for k in range(50, 100)]
    page.click("#previous")
    press(page, ["ArrowDown"])  # scrolls
    page.uncheck("#shortcuts")
    page.locator("h1").click()
    press(page, "1j")
    assert count_of(page).startswith("0 of")
    assert page.locator(".card.current .name").text_content() == "0000"
    page.check("#shortcuts")
    page.locator("h1").click()
    page.set_viewport_size({"width": 390, "height": 800})
    page.reload()
    assert page.locator("#given").is_hidden()  # folded on a phone
    press(page, "/")
    page.keyboard.type("photo 17")
    assert set(ids_of(page)) == {"0017", *(f"{k:04}" for k in range(170, 180))}
    first = ids_of(page)[0]
    press(page, ["Escape", "3"])
    page.select_option("#done", "unsure")
    assert ids_of(page) == [first]
    page.fill("#search", "nothing of the kind")
    assert page.locator("#empty").is_visible()


@pytest.mark.parametrize("kind", ["review", "report", "compare"])
def test_hostile_text_is_inert_and_comes_back_as_it_is(opened, pages, tmp_path, kind):
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
    if kind != "review":
        for button in page.locator("button:enabled").all()[:12]:
            button.click()
        return
    press(page, "2" * 9)
    rows = exported(page, tmp_path / "d.csv")
    assert all(row["id"].startswith("'=") for row in rows)  # inert in a spreadsheet
    table, found = found_in(pages, "nasty", NASTY)
    expected = table["label"].to_numpy().copy()
    for row in found.order[:9]:
        expected[row] = NASTY[found.suggested[row]]
    new = applied(pages, "nasty", tmp_path)
    assert new["id"].tolist() == table["id"].tolist()
    assert new["label"].tolist() == expected.tolist()
    assert (new["label"] != table["label"]).sum() == 9


@pytest.mark.parametrize("kind", ["plain", "nasty"])
@pytest.mark.parametrize("name", ["review", "report", "compare"])
def test_pages_fit_every_window_in_light_dark_and_print(opened, name, kind):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core")
    page = opened(f"{name}_{kind}")
    for width in (390, 1200, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme, color in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 25, 31)")):
            page.emulate_media(media="screen", color_scheme=scheme)
            assert page.evaluate(OVER) == 0
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == color
            if kind == "plain" and width != 1920 and (width, scheme) != (390, "dark"):
                found = axe.Axe().run(page).response["violations"]
                assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
        page.emulate_media(media="print")
        assert not page.locator(".pager, nav, .filter").first.is_visible()


def test_a_printed_review_shows_each_decision_within_the_page(opened):
    page = opened("review_plain")
    press(page, "2")
    to = page.locator(".card .class:nth-child(2) bdi").first.text_content()
    said = page.locator(".card .printed")
    assert said.first.is_hidden()
    page.set_viewport_size({"width": 690, "height": 900})
    page.emulate_media(media="print")
    assert [said.nth(k).text_content() for k in range(2)] == [f"change to {to}", "undecided"]
    assert said.first.is_visible()
    assert not page.locator(".card button:visible").count()
    assert page.evaluate(OVER) == 0


def test_tables_are_sorted_and_searched(opened, pages):
    table = table_of(NAMES)
    table[table["label"] != "horse"].to_parquet(pages / "few.parquet")
    argv = ["--probs", "p", "--classes", ",".join(NAMES), "-o", str(pages / "few.html"), "-q"]
    assert main(["report", str(pages / "few.parquet"), *argv]) == 0
    page = opened("few")
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
    assert page.locator("#hardest-samples tbody tr:visible").count() == 1
    assert page.locator(".count").first.text_content() == "1 of 50 rows"
    head = page.locator("#classes th", has_text="Accuracy").first
    for _ in range(2):  # what is not defined is last either way
        head.locator("button").click()
        assert page.locator("#classes tbody th").all_text_contents()[-1].strip() == "horse"


def test_everything_is_readable_without_scripts(opened):
    page = opened("review_plain", java_script_enabled=False)
    assert page.locator("#app").is_hidden()
    assert page.locator("#samples-to-review tbody tr:visible").count() == 300
    page = opened("report_plain", java_script_enabled=False)
    assert page.locator("#hardest-samples tbody tr:visible").count() == 50
