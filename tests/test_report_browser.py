"""The HTML report in a browser, as a reader sees it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browsing import chromium
from hypothesis import given, settings
from hypothesis import strategies as st
from reporting import HOSTILE, by_origin, column, comparison, flights, hostile, shown_text

from kldiv.report.html import write_report
from kldiv.tables.outcomes import Special

TEXTS = "return [...document.querySelectorAll(arguments[0])].map(each => each.textContent)"
NAMES = "return [...document.querySelectorAll('.overview tbody th')].map(each => each.textContent)"
LISTED = "return document.querySelectorAll('.column:has(.more) .working tbody th').length"
SORT = """
const buttons = [...document.querySelectorAll('.overview th button')];
const button = buttons.find(each => each.textContent === arguments[0]);
button.click();
return button.parentElement.ariaSort
"""
# The bars of the shares, and whether one is of a side.
BARS = """
const isOf = (side) => (bar) => (bar.getAttribute('fill') ?? bar.style.fill) === `var(--${side})`;
return [...document.querySelectorAll('[data-chart=shares] .mark-rect path')]"""
# Every piece of text that is seen: its colour, and the background it stands on, as red, green and blue.
COLOURS = """
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const background = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const colour = parse(getComputedStyle(each).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return parse(getComputedStyle(document.documentElement).backgroundColor);
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const found = [];
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  const style = getComputedStyle(element);
  const seen = texts.currentNode.data.trim() && element.getClientRects().length && style.fontSize !== '0px';
  if (!seen) continue;
  const svg = element instanceof SVGElement;
  found.push([texts.currentNode.data, parse(svg ? style.fill : style.color), background(element)]);
}
return found
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def report(folder):
    write_report(flights(), folder / "flights.html")
    return folder / "flights.html"


@pytest.fixture(scope="module")
def hostile_report(folder):
    write_report(hostile(), folder / "hostile.html")
    return folder / "hostile.html"


@pytest.fixture(scope="module")
def long_report(folder):
    values = [f"value {index}" for index in range(10_000)]
    many = [column(f"c{index}", values[: 10_000 if index == 0 else 9], seed=index) for index in range(500)]
    write_report(comparison(many), folder / "long.html")
    return folder / "long.html"


def test_every_chart_is_drawn_without_a_word_or_a_request(browser, report):
    browser.show(report)
    browser.draw_all()
    bars = browser.run("return document.querySelectorAll('.chart svg .mark-rect path').length")
    outcomes = [each.divergence.outcomes for each in flights().columns]
    # A bar for P and for Q, and one for the term.
    assert bars == sum(3 * min(len(each), 36) for each in outcomes)
    assert browser.messages() == []
    assert browser.requests() == [report.as_uri()]


def test_bars_are_as_long_as_the_shares_they_show(browser, folder):
    path = folder / "carrier.html"
    write_report(comparison([flights()["carrier"]]), path)
    browser.show(path)
    browser.draw_all()
    widths = [
        browser.run(f"{BARS}.filter(isOf('{side}')).map(each => each.getBBox().width)") for side in "pq"
    ]
    outcomes = flights()["carrier"].divergence.outcomes
    for side, drawn in zip(("p", "q"), widths, strict=True):
        shares = [getattr(each, side) for each in outcomes]
        assert len(drawn) == len(shares)
        scale = sum(drawn) / sum(shares)
        # Half a pixel of what the browser rounds.
        assert [each * scale for each in shares] == pytest.approx(drawn, abs=0.5)


def test_terms_point_to_their_side_in_its_colour(browser, folder):
    path = folder / "terms.html"
    write_report(comparison([flights()["carrier"]]), path)
    browser.show(path)
    browser.draw_first()
    bars = browser.run(
        "return [...document.querySelectorAll('[data-chart=terms] .mark-rect path')].map(each => "
        "[each.getAttribute('fill') ?? each.style.fill, each.getBoundingClientRect().width])"
    )
    outcomes = flights()["carrier"].divergence.outcomes
    assert [fill for fill, _ in bars] == ["var(--p)" if each.p >= each.q else "var(--q)" for each in outcomes]
    terms, widths = [abs(each.contribution) for each in outcomes], [width for _, width in bars]
    # Half a pixel of what the browser rounds.
    assert widths == pytest.approx([each * sum(widths) / sum(terms) for each in terms], abs=0.5)


def test_charts_are_drawn_only_when_they_are_about_to_be_seen(browser, long_report):
    browser.show(long_report)
    browser.run("document.querySelector('#column-1').open = false")
    assert browser.run("return document.querySelectorAll('.chart[data-state]').length") <= 2
    browser.run("location.hash = 'column-250'")
    browser.wait("return document.querySelector('#column-250 .chart[data-state=drawn]')")
    assert browser.run("return document.querySelectorAll('.chart[data-state]').length") <= 6


def test_the_overview_sorts_by_a_click(browser, report):
    browser.show(report)
    columns = flights().columns
    assert browser.run(NAMES) == [each.name for each in columns]
    assert browser.run(SORT, "column") == "ascending"
    assert browser.run(NAMES) == sorted(each.name for each in columns)
    assert browser.run(SORT, "column") == "descending"
    assert browser.run(NAMES) == sorted((each.name for each in columns), reverse=True)
    assert browser.run(SORT, "as counted") == "descending"
    values = {each.name: each.divergence.value for each in columns}
    sorted_values = [values[each] for each in browser.run(NAMES)]
    assert sorted_values == sorted(values.values(), reverse=True)
    assert browser.run("return document.querySelectorAll('[aria-sort]').length") == 1


def test_the_page_can_be_used_by_keys_alone(browser, report):
    from selenium.webdriver import Keys

    browser.show(report)
    focused = "return document.activeElement.textContent"
    browser.press(Keys.TAB)
    assert browser.run(focused) == "Skip to the overview of columns"
    browser.press(Keys.ENTER)
    browser.press(Keys.TAB)
    assert browser.run(focused) == "column"
    browser.press(Keys.SPACE)
    assert browser.run(NAMES) == sorted(each.name for each in flights().columns)
    browser.press(Keys.ENTER)
    assert browser.run(NAMES) == sorted((each.name for each in flights().columns), reverse=True)
    outline = "const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.outlineWidth"
    assert browser.run(outline) == "solid2px"
    browser.run("document.querySelector('.overview tbody a').focus()")
    name = browser.run(focused)
    browser.press(Keys.ENTER)
    browser.wait("return document.activeElement.tagName === 'SUMMARY'")
    assert browser.run("return document.activeElement.querySelector('h3').textContent") == name
    assert browser.run("return document.activeElement.parentElement.open")
    browser.press(Keys.ENTER)
    assert not browser.run("return document.activeElement.parentElement.open")


def test_a_link_opens_a_column_in_its_group(browser, folder):
    path = folder / "groups.html"
    write_report(by_origin(), path)
    browser.show(path)
    assert not browser.run("return document.querySelector('#group-2').open")
    browser.run("location.hash = document.querySelector('#group-2 tbody a').hash")
    browser.wait("return document.querySelector('#group-2 .column[open] .chart[data-state=drawn]')")
    assert browser.run("return document.querySelector('#group-2').open")
    assert browser.run("return document.querySelectorAll('#group-2 .column[open]').length") == 1
    browser.draw_all()
    assert browser.messages() == []


def test_hostile_texts_show_as_themselves(browser, hostile_report):
    browser.show(hostile_report)
    browser.draw_all()
    names = [shown_text(each.name) for each in hostile().columns]
    assert browser.run(NAMES) == names
    assert browser.run(TEXTS, ".column h3") == names
    assert browser.run(TEXTS, "#column-1 .working tbody th") == [
        *map(shown_text, HOSTILE),
        *map(str, Special),
    ]
    drawn = browser.run(TEXTS, "#column-1 [data-chart=shares] .role-axis-label text")
    drawn = [each for each in drawn if not each.endswith("%")]
    assert len(drawn) == len(HOSTILE) + len(Special)
    assert [each for each in drawn if each.startswith("<script>")]
    assert browser.run("return document.title").startswith("D(P‖Q)")
    assert browser.messages() == []
    assert browser.requests() == [hostile_report.as_uri()]


@settings(max_examples=3)
@given(st.lists(st.text(st.characters(codec=None)), min_size=200, max_size=300, unique=True))
def test_any_text_shows_as_itself(browser, folder, texts):
    path = folder / "any.html"
    names = texts[:30]
    write_report(comparison([column(each, texts, seed=1) for each in names]), path)
    browser.show(path)
    assert sorted(browser.run(NAMES)) == sorted(map(shown_text, names))
    browser.run("for (const each of document.querySelectorAll('#column-1 details')) each.open = true")
    browser.wait("return document.querySelectorAll('#column-1 .working').length === 2")
    cells = browser.run(TEXTS, "#column-1 .working tbody th")
    assert sorted(cells) == sorted(shown_text(each) for each in texts)
    assert browser.requests() == [path.as_uri()]


@pytest.mark.parametrize("width", [320, 375, 768, 1024, 1440])
@pytest.mark.parametrize("name", ["report", "hostile_report"])
def test_nothing_is_wider_than_the_window(browser, request, name, width):
    browser.show(request.getfixturevalue(name), width=width)
    browser.run("for (const each of document.querySelectorAll('details')) each.open = true")
    browser.draw_first()
    assert browser.run("return document.documentElement.scrollWidth") <= width


def contrast(colour, background):
    """Of two colours (WCAG 2.2, relative luminance and contrast ratio)."""
    lighter, darker = sorted((luminance(colour[:3]), luminance(background[:3])), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in colour)]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read_in_light_and_dark(browser, hostile_report, dark):
    browser.show(hostile_report, dark=dark)
    browser.draw_first()
    found = browser.run(COLOURS)
    assert len(found) > 200
    # 4.5 is WCAG's level AA for text.
    assert [each for each in found if contrast(each[1], each[2]) < 4.5] == []
    page = browser.run("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (luminance(page) < 0.1) == dark
    for side in "pq":
        fill = browser.run(
            f"{BARS}.filter(isOf('{side}')).map(each => getComputedStyle(each).fill)[0]"
            ".match(/\\d+/g).map(Number)"
        )
        # 3 is its level for what is drawn.
        assert contrast(fill, page) >= 3


def test_tables_need_no_scripts(browser, long_report, report):
    browser.show(report, scripts=False)
    assert browser.run(NAMES) == [each.name for each in flights().columns]
    assert browser.run("return document.querySelectorAll('.overview button').length") == 0
    browser.show(long_report, scripts=False)
    assert browser.run(LISTED) == 10_000


def test_a_long_table_shows_whole_when_asked_to(browser, long_report):
    browser.show(long_report)
    browser.run("document.querySelector('.column:has(.more)').open = true")
    assert browser.run(LISTED) < 50
    browser.run("document.querySelector('.more summary').click()")
    browser.wait(f"{LISTED} === 10000")


def test_all_columns_open_and_close_together(browser, report):
    browser.show(report)
    opened = "return document.querySelectorAll('.column[open]').length"
    assert browser.run(opened) == 1
    browser.run("document.querySelector('.toggle').click()")
    assert browser.run(opened) == len(flights().columns)
    browser.wait("return document.querySelector('.toggle').textContent === 'Close all'")
    browser.run("document.querySelector('.toggle').click()")
    assert browser.run(opened) == 0


def test_paper_gets_dark_on_light_and_no_controls(browser, report):
    browser.show(report, dark=True)
    browser.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]},
    )
    text, background = browser.run(
        "const style = getComputedStyle(document.body);"
        "return [style.color, style.backgroundColor].map(each => each.match(/\\d+/g).map(Number))"
    )
    assert luminance(background) > 0.9
    assert contrast(text, background) > 7
    assert browser.run("return getComputedStyle(document.querySelector('.toggle')).display") == "none"
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen", "features": []})


@pytest.fixture
def server():
    """An address that counts who comes."""
    came = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            came.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}", came
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_what_is_slipped_into_the_file_neither_runs_nor_fetches(browser, report, server):
    address, came = server
    tampered = report.with_name("tampered.html")
    slipped = (
        f"<script>document.title = 'run'</script><img src='{address}/a' onerror=\"document.title = 'run'\">"
        f"<script src='{address}/b'></script><link rel=stylesheet href='{address}/c'>"
        f"<iframe src='{address}/d'></iframe><p id=styled style='color: rgb(1, 2, 3)'>text</p>"
    )
    text = report.read_text(encoding="utf-8")
    tampered.write_text(text.replace("<main>", f"<main>{slipped}"), encoding="utf-8")
    browser.show(tampered)
    browser.draw_first()
    assert browser.run("return document.title") != "run"
    assert browser.run("return getComputedStyle(document.querySelector('#styled')).color") != "rgb(1, 2, 3)"
    assert came == []
    assert len([each for each in browser.messages() if "Content Security Policy" in each]) >= 5
