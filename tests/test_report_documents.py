"""Reports that are documents: what they say, and that no text of a repository can say anything in them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter import DictContext, rewrite
from rewriter.diff import make_patch
from rewriter.discovery import all_transforms
from rewriter.documents import Document, GitHub, Json, Markdown, Page, Sarif
from rewriter.edit import Edit, splice
from rewriter.io.patch import quote_git_path
from rewriter.proof.verdict import Difference, Kind, Measured, Proof, Verdict
from rewriter.report.as_sarif import artifact, driver, message, replacements, results
from rewriter.report.page import Html, bars, escaped, link, page, prose, table
from rewriter.result import Forecast, LocatedFinding, Result, Step, Withheld
from rewriter.session import Outcome
from rewriter.transform import Certainty, Change, Declined, Evidence

GO = 'FROM golang:1.18\nWORKDIR /app\nCOPY . .\nRUN go build -o /app/tides .\nCMD ["/app/tides"]\n'
CONTEXT = DictContext(
    {"go.mod": "module example.com/tides\n\ngo 1.18\n", "main.go": "package main\n\nfunc main() {}\n"}
)
RESULT = rewrite(GO, context=CONTEXT)
RULES = [transform.name for transform in all_transforms()] + ["pragma"]
MEASURED = Measured(721_000_000, 280_000_000, 12, 31.2, 1.1)
HOSTILE = st.text(
    st.sampled_from("<>\"'&`;:%,{}[]()#@!-=/\\ \t\r\nabZ1\u202e\u200b\u2028\u2029\u0085\x0b\x0c\x1b\x00\udcff"),
    min_size=1,
    max_size=40,
) | st.sampled_from(
    [
        "</title><script>alert(1)</script>",
        '" onload="alert(1)',
        "::error::no",
        "\n::set-env name=A::b",
        "%0A::stop-commands::x",
        "]]><!--",
        "[a](https://example.com)",
    ]
)


def outcome(path: str, result: Result | None = RESULT, **others: Any) -> Outcome:
    """One file, as a session hands it on."""
    patch = make_patch(result.before, result.after, quote_git_path(path)) if result and result.changed else None
    return Outcome(None, path, result=result, patch=patch, **others)


def hostile(text: str) -> Iterator[Outcome]:
    """Files that hold a text wherever they can."""
    transform = all_transforms()[0]
    before, after = f"FROM a\n# {text}\n", f"FROM b\n# {text}\nLABEL a={text!r}\n"
    change = Change((Edit(5, 6, "b"),), text, (Evidence(text, text, Certainty.ASSUMED),), 0)
    step = Step(transform, before, after, (change,), (Declined(0, text),), (Withheld(transform.name, change, text),))
    result = Result(before, after, (step,), (LocatedFinding(1, text), LocatedFinding(2, text, transform.name)))
    proof = Proof(
        Verdict.DIFFERS,
        text,
        (Difference(Kind.START, text, text, (text,)),),
        MEASURED,
        None,
        (text,),
        (text,),
        text,
        text,
    )
    yield outcome(text, result)
    yield outcome(text, replace(result, unsound=(text,)), proof=proof, notes=(text,))
    yield outcome(text, Result(before, before, ignored=text))
    yield outcome(text, None, error=text)
    yield outcome(text, None, skipped=text)


def whole(document: Document, *outcomes: Outcome) -> str:
    """A document over some files; its head is asked for last, as a file does."""
    parts = [part for each in outcomes for part in document.one(each)]
    return "".join([*document.start(), *parts, *document.end()])


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.said = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def structure(read: Tags) -> list[tuple[str, dict[str, str | None]]]:
    """All tags but those whose number follows from a text: code in backticks, and lines of a diff."""
    return [(tag, attributes) for tag, attributes in read.tags if tag not in ("code", "span")]


class TestPage:
    @given(HOSTILE)
    def test_nobodys_text_becomes_markup(self, text: str) -> None:
        made = whole(Page(), *hostile(text))
        read, plain = Tags(made), Tags(whole(Page(), *hostile("plain")))
        assert read.open == []
        assert structure(read) == structure(plain)
        assert all(character.isprintable() or character in "\n\t" for character in made)
        made.encode()

    def test_what_it_says(self) -> None:
        proof = Proof(
            Verdict.PROVEN, before=MEASURED, after=replace(MEASURED, uncompressed=11_500_000), engine="docker 1"
        )
        said = Tags(
            whole(
                Page(),
                outcome("a/Dockerfile"),
                outcome("b/Dockerfile", proof=proof),
                outcome("c", None, error="line 1: no"),
            )
        ).said
        for part in (
            "3 Dockerfiles read, 2 with changes.",
            "721 MB → 12 MB, 2 % of it: 1 image, measured by building.",
            "965 MB → 7 MB, 1 % of it: 1 image, a forecast of the base images alone",
            "Swap the base image to its alpine tag",
            "-FROM golang:1.18\n",
            "+FROM golang:1.18-alpine3.17 AS builder\n",
            "Left out: line 1: no",
            "Left alone, and why",
            "uncompressed721.0 MB11.5 MB1.6 %",
        ):
            assert part in said

    def test_it_loads_and_runs_nothing(self) -> None:
        made = whole(Page(), outcome("a"))
        policy = next(tags["content"] for tag, tags in Tags(made).tags if tags.get("http-equiv"))
        assert policy is not None
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert not re.search(r"https?:|url\(|@import", made.replace("https://json.schemastore.org", ""))
        assert 'style="' not in made

    def test_bars_are_on_one_scale(self) -> None:
        read = Tags("".join(bars([("a", 1000.0, 10.0), ("b", 500, 0.0)])))
        widths = [float(attributes["width"] or 0) for tag, attributes in read.tags if tag == "rect"]
        assert widths == [1000.0, 10.0, 500.0, 2.0]
        assert list(bars([])) == []

    def test_cells_are_text_unless_they_are_markup(self) -> None:
        made = "".join(table(["<a>", "n"], [["<b>", "1,200 MB"], [link('https://a.b/?x&"y', "<c>"), "-"]]))
        assert "<th>&lt;a&gt;</th>" in made
        assert '<td>&lt;b&gt;</td><td class="number">1,200 MB</td>' in made
        assert '<a href="https://a.b/?x&amp;&quot;y" rel="noopener noreferrer">&lt;c&gt;</a>' in made
        assert link("javascript:alert(1)", "x") == "x"
        assert escaped(Html("<b>")) == "<b>"

    def test_a_page_of_parts(self) -> None:
        made = "".join(page("a <b>", ["<p>one</p>", f"<p>{prose('uses `<x>` & more')}</p>"]))
        assert "<title>a &lt;b&gt;</title>" in made
        assert "<p>one</p>\n<p>uses <code>&lt;x&gt;</code> &amp; more</p>\n</main>" in made


class TestSarif:
    def log(self, *outcomes: Outcome) -> Any:
        return json.loads(whole(Sarif(), *outcomes))["runs"][0]

    def test_findings_and_changes_are_results(self) -> None:
        run = self.log(outcome("a b/Dockerfile"), outcome("c", None, error="line 1: no"))
        assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == RULES
        told = [(each["ruleId"], each["level"]) for each in run["results"]]
        assert sorted(told) == [("alpine_base", "note"), ("split_stages", "note"), ("split_stages", "warning")]
        assert all(RULES[each["ruleIndex"]] == each["ruleId"] for each in run["results"])
        place = run["results"][0]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "a%20b/Dockerfile", "uriBaseId": "%SRCROOT%"}
        (invocation,) = run["invocations"]
        assert not invocation["executionSuccessful"]
        assert [each["message"]["text"] for each in invocation["toolExecutionNotifications"]] == ["line 1: no"]

    def test_it_is_in_order_of_lines_and_the_same_twice(self) -> None:
        files = [outcome("a"), outcome("b", Result(GO, GO, findings=(LocatedFinding(3, "x"), LocatedFinding(1, "y"))))]
        assert whole(Sarif(), *files) == whole(Sarif(), *files)
        places = [each["locations"][0]["physicalLocation"] for each in self.log(*files)["results"]]
        keys = [(each["artifactLocation"]["uri"], each["region"]["startLine"]) for each in places]
        assert all(before <= after for before, after in pairwise(keys))

    def test_the_fix_of_a_change_makes_it(self) -> None:
        changes = [each for each in results("Dockerfile", RESULT, RULES) if "fixes" in each]
        first, last = (each["fixes"][0]["artifactChanges"][0]["replacements"] for each in changes)
        assert applied(GO, first) == RESULT.steps[0].after or "golang:1.18-alpine" in applied(GO, first)
        assert applied(GO, last) == RESULT.after

    @given(st.text(st.sampled_from("ab\n\r\u2028é😀"), max_size=30), st.data())
    def test_regions_are_where_the_edits_are(self, text: str, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        edits = (Edit(start, end, "x\ny"),)
        assert applied(text, replacements(text, edits)) == splice(text, edits)

    def test_what_is_no_utf8_has_no_fix(self) -> None:
        assert replacements("a\udcff", (Edit(0, 1, "b"),)) == []
        assert replacements("\ufeffab", (Edit(1, 2, "c"),))[0]["deletedRegion"]["startColumn"] == 1

    @pytest.mark.parametrize(
        ("path", "uri"),
        [
            ("a:b/ü %#?.Dockerfile", "a%3Ab/%C3%BC%20%25%23%3F.Dockerfile"),
            ("x\udcff\n", "x%FF%0A"),
            ("/tmp/a b", "file:///tmp/a%20b"),
        ],
    )
    def test_addresses(self, path: str, uri: str) -> None:
        assert artifact(path)["uri"] == uri

    def test_a_message_holds_no_link_and_no_placeholder(self) -> None:
        assert message("see [a](https://b) {0}\x1b")["text"] == "see [a]\u2060(https://b) {{0}}\\x1b"

    def test_every_rule_has_its_page(self) -> None:
        for rule in driver("1", all_transforms())["rules"]:
            assert rule["help"]["text"].startswith(rule["shortDescription"]["text"])

    @given(HOSTILE)
    def test_nobodys_text_breaks_it(self, text: str) -> None:
        made = whole(Sarif(), *hostile(text))
        made.encode("ascii")
        for each in json.loads(made)["runs"][0]["results"]:
            assert "](" not in each["message"]["text"]
            assert each["message"]["text"].replace("\u2060", "").isprintable()


def applied(text: str, made: list[dict[str, Any]]) -> str:
    """A text with the replacements of a fix, read as the standard says: lines and columns in characters."""
    lines = [0, *(place + 1 for place, character in enumerate(text) if character == "\n")]
    out, position = "", 0
    for each in made:
        region = each["deletedRegion"]
        start = lines[region["startLine"] - 1] + region["startColumn"] - 1
        out += text[position:start] + each["insertedContent"]["text"]
        position = lines[region["endLine"] - 1] + region["endColumn"] - 1
    return out + text[position:]


COMMAND = re.compile(r"::(notice|warning|error) ([^\r\n]*?)::([^\r\n]*)")


def read_back(line: str) -> tuple[str, dict[str, str], str]:
    """A command as the runner of GitHub reads it: https://github.com/actions/runner, ActionCommand.cs."""
    found = COMMAND.fullmatch(line)
    assert found is not None, line
    values = {}
    for each in found[2].split(","):
        name, _, value = each.partition("=")
        values[name] = unescaped(value, {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"})
    return found[1], values, unescaped(found[3], {"%0D": "\r", "%0A": "\n", "%25": "%"})


def unescaped(text: str, words: dict[str, str]) -> str:
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    return text


class TestGitHub:
    def test_what_it_says(self) -> None:
        lines = whole(GitHub(), outcome("a, b/Dockerfile"), outcome("c", None, error="line 1: no")).splitlines()
        told = [read_back(line) for line in lines]
        assert [kind for kind, _, _ in told] == ["warning", "notice", "notice", "error"]
        _, values, text = told[1]
        assert values == {"file": "a, b/Dockerfile", "line": "1", "endLine": "1", "title": "alpine_base (safe)"}
        assert text.startswith("golang:1.18 becomes golang:1.18-alpine3.17")
        assert told[-1] == ("error", {"file": "c", "title": "dfrewrite: not read"}, "line 1: no")

    @given(HOSTILE)
    def test_nobodys_text_starts_a_command_or_adds_a_value(self, text: str) -> None:
        lines = whole(GitHub(), *hostile(text)).split("\n")
        assert lines.pop() == ""
        for line in lines:
            assert line.replace("\t", "").isprintable()
            _, values, _ = read_back(line)
            assert set(values) <= {"file", "line", "endLine", "title"}
        # A finding with and one without a transform, and a change, each of two files; a verdict, a fault, an error.
        assert len(lines) == 9

    def test_values_come_back(self, tmp_path: Path) -> None:
        text = "50%, a: b%0A\n::error::x"
        (line,) = whole(GitHub(), outcome(text, None, error=text)).splitlines()
        _, values, said = read_back(line)
        assert (values["file"], said) == (text, text)


@pytest.mark.parametrize("document", [Json, Markdown, Sarif, GitHub, Page])
def test_no_reason_tells_the_password_of_an_address(document: Callable[[], Document]) -> None:
    text = "fetches https://user:pa55@example.com/x"
    step = Step(all_transforms()[0], GO, GO, declined=(Declined(0, text),))
    made = whole(document(), outcome("a", Result(GO, GO, (step,), (LocatedFinding(1, text),))))
    assert "example.com" in made
    assert "pa55" not in made


@given(HOSTILE)
def test_json_is_json(text: str) -> None:
    made = whole(Json(), *hostile(text))
    files = json.loads(made)["files"]
    assert len(files) == 5
    assert made == json.dumps(json.loads(made), indent=2) + "\n"


def test_a_forecast_of_one_side_is_no_size() -> None:
    half = replace(RESULT, forecast=Forecast(None, RESULT.forecast.after if RESULT.forecast else None))
    said = Tags(whole(Page(), outcome("a", half))).said
    assert "an unknown size → 7 MB" in said
    assert "Sizes before and after" not in said
