"""The page stands alone, is well formed, reaches every reader, and escapes what it is given."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from sample_plan import CAMRY, empty_plan, sample_plan

from kanrin.report import Brief

VOID = {"meta", "br", "img", "hr", "link", "input", "path", "wbr"}
FETCHES = ("src", "srcset", "data", "poster", "background", "action", "xlink:href")


class Page(HTMLParser):
    """Tree checks on the fly: open and close tags match, ids and links are collected."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.seen.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "a":
            self.links.append(str(found.get("href")))
        for name in FETCHES:
            assert name not in found, f"<{tag}> fetches by {name}"
        assert not [name for name in found if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open:
            self.inside.setdefault(self.open[-1], []).append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.seen)


@pytest.fixture(scope="module")
def html() -> str:
    return Brief(sample_plan()).html()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_well_formed_with_landmarks_and_language(html: str, page: Page) -> None:
    assert html.startswith("<!DOCTYPE html>")
    assert page.open == []
    assert ("html", {"lang": "en"}) in page.seen
    for tag in ("header", "nav", "main", "footer", "h1"):
        assert page.count(tag) == 1
    assert page.count("h2") == 9


def test_nothing_is_fetched(html: str, page: Page) -> None:
    assert page.count("script") == page.count("link") == page.count("img") == page.count("iframe") == 0
    assert "@import" not in html
    assert not re.search(r"url\(\s*['\"]?(?!#)", html)
    assert "xmlns" not in html
    hosts = re.findall(r"https?://[^\s\"'<>)]+", html)
    assert hosts
    assert set(hosts) == {link for link in page.links if link.startswith("http")}


def test_only_web_addresses_become_links(page: Page) -> None:
    assert not [link for link in page.links if not re.match(r"#|https?://", link)]


def test_ids_are_unique_and_every_inner_link_has_its_target(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    targets = {link[1:] for link in page.links if link.startswith("#")}
    assert targets <= set(page.ids)
    assert any(target.startswith("fig-") for target in targets)
    assert any(target.startswith("src-") for target in targets)


def test_traceable_figures_carry_a_mark(html: str) -> None:
    assert f'href="#fig-decision.{CAMRY}.price_jpy"' in html
    assert f'<tr id="fig-decision.{CAMRY}.price_jpy"' in html
    assert '<tr id="fig-fx.usd_jpy"' in html


def test_every_picture_has_caption_text_alternative_and_table(html: str, page: Page) -> None:
    figures = re.findall(r"<figure.*?</figure>", html, flags=re.DOTALL)
    assert len(figures) == 9  # ranges, turn, risk, two waterfalls, buyers, bridge, balance, calendar
    for figure in figures:
        assert re.search(r"<figcaption>[^<]{20,}", figure)
        assert re.search(r'<svg [^>]*role="img" aria-label="[^"]{20,}"', figure)
        assert re.search(r"<details.*<summary>.*<table", figure, flags=re.DOTALL)
    prefixes = [re.search(r'<figure id="([^"]+)"', f).group(1) for f in figures]  # type: ignore[union-attr]
    for prefix, figure in zip(prefixes, figures, strict=True):
        inner = re.findall(r'\bid="([^"]+)"', figure.split("<svg", 1)[1].split("</svg>")[0])
        assert all(one.startswith(f"{prefix}-") for one in inner)


def test_tables_have_captions_and_scopes(html: str) -> None:
    tables = re.findall(r"<table.*?</table>", html, flags=re.DOTALL)
    assert len(tables) > 15
    for table in tables:
        assert re.search(r"<caption>[^<]+", table)
        heads = table.count("<th ")
        assert heads == table.count('scope="col"') + table.count('scope="row"') > 0


def test_data_is_escaped_everywhere() -> None:
    plan = sample_plan()
    bad = "<script>alert('x')</script>"
    plan["decision"][0]["name"] = bad
    plan["answer"] = plan["question"]["sentence"] = plan["question"]["command"] = bad
    plan["calendar"][0]["claim"] = bad
    plan["waterfalls"][CAMRY][0]["label"] = bad
    plan["assumptions"][0]["key"] = f'x"><b>{bad}'
    text = Brief(plan).html()
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert Page(text).open == []
    plan["question"]["command"] = "kanrin plan"  # an indented block of code is shown as it stands
    assert "<script" not in Brief(plan).markdown()


def test_order_of_sections_follows_the_storyboard(html: str) -> None:
    titles = re.findall(r"<h2[^>]*>([^<]+)</h2>", html)
    assert titles == [
        "The decision",
        "What would turn it",
        "What is at risk",
        "What each car costs",
        "What the market does",
        "What it does to the trade balance",
        "The rules, and who said what",
        "How far to believe it",
        "Register",
    ]


def test_pending_law_is_told_apart(html: str) -> None:
    in_force, pending = html.split('id="rules"')[1].split("Announced or considered: not in force")
    assert "ev_surcharge" not in in_force
    assert "considered, not in force" in pending


def test_the_answer_and_the_reproducing_command_are_there(html: str) -> None:
    plan = sample_plan()
    assert plan["answer"] in html.replace("\u00a0", " ").replace("\u2060", "")
    assert plan["question"]["command"] in html
    assert plan["notice"] in html
    assert plan["citation"] in html


def test_bring_nothing_over_reads_well() -> None:
    text = Brief(empty_plan()).html()
    page = Page(text)
    assert page.open == []
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert "No car is brought over" in text
    assert text.count("<h2") == 9
    assert "<figure" not in text.split('id="rules"')[0]


def test_page_survives_a_plan_of_required_names_only() -> None:
    plan = sample_plan()
    for name in (
        "figures",
        "belief",
        "estimate",
        "pending",
        "review",
        "calendar",
        "rules",
        "bridge",
        "citation",
        "kanrin",
    ):
        del plan[name]
    for item in plan["decision"]:
        for name in (
            "name",
            "certification",
            "rivals_met",
            "xi",
            "route_text",
            "pathways_not_taken",
            "comparables",
        ):
            item.pop(name, None)
    page = Page(Brief(plan).html())
    assert page.open == []
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_same_plan_same_bytes() -> None:
    one, two = Brief(sample_plan()), Brief(sample_plan())
    assert one.html() == two.html()
    assert one.markdown() == two.markdown()
    assert one.json() == two.json()
    assert one.csv() == two.csv()


def test_register_lists_what_is_linked_with_its_parents_and_no_more(page: Page) -> None:
    assert f"fig-decision.{CAMRY}.units" in page.ids
    assert "fig-jp.consumption_tax.rate" in page.ids  # a parent of the price
    assert "fig-never.linked" not in page.ids


def test_what_the_plan_does_not_use_is_folded_away(html: str) -> None:
    rules = html.split('id="rules"')[1]
    used, idle = rules.split("Other law in force, not used by this plan (1)")
    assert "Consumption tax" in used
    assert "Environmental performance levy" in idle.split("Announced or considered")[0]
    assert "Other assumptions of the case, not used by this plan (1)" in html


def test_pending_law_that_touches_the_plan_is_told_with_what_would_turn_it() -> None:
    plan = sample_plan()
    plan["pending"].append(
        {**plan["pending"][0], "key": "jp.consumption_tax.rate", "status": "in_force", "text": "12 %"}
    )
    text = Brief(plan).html()
    turn = text.split('id="turn"')[1].split('id="cost"')[0].replace("\u00a0", " ")
    assert "Enacted, not yet in force: 12 %" in turn
    assert "2 more are listed with the rules." in turn


def test_pathways_stand_in_the_caption_when_all_are_one_and_in_the_rows_when_not() -> None:
    plan = sample_plan()
    assert "Certified by: Certification of U.S.-made passenger cars (Article 58-3)." in Brief(plan).html()
    plan["decision"][0]["pathway_name"] = "preferential handling procedure (PHP)"
    table = Brief(plan).html().split("</table>")[0]
    assert "PHP: preferential handling procedure." in table
    assert ">PHP<" in table and ">Article 58-3<" in table.replace("\u00a0", " ")
    assert "Article 58-3: Certification of U.S.-made passenger cars." in table.replace("\u00a0", " ")


def test_a_number_keeps_its_unit_on_its_line(html: str) -> None:
    body = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", "", html, flags=re.DOTALL)
    assert "\u00a0%" in body
    assert not re.search(r"\d (%|million|billion|years|days)", body)
    assert not re.search(r"[\s(]-\d", body)


def test_on_paper_smaller_words_are_smaller_than_the_figures_above_them(html: str) -> None:
    paper = html[html.index("@media print") :]
    sizes = {
        name: float(re.search(rf"{name} {{[^}}]*?font-size: ([\d.]+)pt", paper).group(1))  # type: ignore[union-attr]
        for name in ("table.decision", r"\.decision \.under, \.lines \.under", r"\.register, \.lines")
    }
    under = sizes.pop(r"\.decision \.under, \.lines \.under")
    assert all(under < size for size in sizes.values())


def test_risk_is_told_in_words_a_picture_and_tables(html: str) -> None:
    risk = html.split('id="risk"')[1].split('id="costs"')[0]
    assert "in the worst tenth of cases the loss averages" in risk
    assert "8 outcomes of equal chance" in risk and "2 lose, 6 earn" in risk
    risk = risk.replace("\u00a0", " ")
    assert "174 ± 4" in risk and "nowhere" in risk and "10 % lower" in risk
    assert "All at once" in risk and "knowing any one is worth nothing" in risk
