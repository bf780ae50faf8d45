"""The reader believes nothing: each kind of odd line is refused with its file, its line and its reason."""

import copy
import pickle
from pathlib import Path

import pytest

from rewriter.facts import Facts, FactsError, Refusal, Size
from rewriter.facts.reader import parse

GOOD = """\
# a comment
image      thing
source     somewhere
as-of      2026-08-21
collected  2026-11-23
suites     buster bullseye
others     slim onbuild
eol-source elsewhere
dated-slim 20230201
builds     2023 0109 0202
config     *  env  PATH=/bin
kind       language
ratio      2.5
successor  other because it is gone
refuse-alpine for a reason
refuse-slim   for another
family     *      debian
carries    full   curl scm
packages   slim   ca-certificates
programs   *      thing
user       !slim  thing 1000 -
trap       <=1.0  it is odd
unread     onbuild,>=1  nobody looked

version 1.1 2022-01-01..
  patches     0@2022-01-01 1@2022-02-01 3@2022-03-01
  suite       buster@2022-01-01 bullseye@2022-02-15
  floats      3.15@2022-01-01 3.16@2022-02-01
  eol         2024-01-01 stated
  bullseye    2022-02-15..            1-3
  alpine3.16  2022-02-01..2022-02-20  1
  alpine3.15  2022-01-01..2022-02-01  0-1
  alpine      2022-01-01..            0,3
  slim        2022-01-01..2022-01-02  -

version buster 2023-01-01..
  slim        2023-01-01..
  dated       20230109-20230202

version latest 2022-01-01..
  release     1.1@2022-01-01
  alpine3.16  2022-02-01..

version edge 2022-01-01..
  snapshots   20220101 20220202

version 2 2022-01-01..
  patches     4.0@2022-01-01 4.1@2022-02-01 10.0@2022-03-01..2022-04-01
  stands      slim,onbuild-slim buster@2022-01-01 -@2022-02-01
  bare        4.0,10.0
  slim        2022-01-01..            4.0-4.1
  onbuild-slim 2022-01-01..           10.0

version 8 2022-01-01..
  patches     u1-b01@2022-01-01 u2-b02@2022-02-01 u2.5@2022-03-01
  minors      none
  slim        2022-01-01..            u1-b01..u2-b02

also 2.10-slim 2022-03-01..2022-03-02
never 2.4-slim 8u1-b01

size 1.1-alpine3.16  10.5  2.25  measured 2022-02-01 a source with blanks
"""


def test_a_good_file_says_what_it_says() -> None:
    table = parse(GOOD, "thing.txt")
    assert (table.image, table.source, table.as_of, table.collected) == (
        "thing",
        "somewhere",
        "2026-08-21",
        "2026-11-23",
    )
    row = table.sizes["1.1-alpine3.16"]
    assert (row.megabytes, row.compressed, row.quality, row.date, row.source) == (
        10.5,
        2.25,
        "measured",
        "2022-02-01",
        "a source with blanks",
    )


@pytest.mark.parametrize(
    "tag",
    [
        *("1.1", "1.1.0", "1.1.1", "1.1.3", "1.1-bullseye", "1.1.1-bullseye", "1.1.3-bullseye", "1.1-slim"),
        *("1.1-alpine", "1.1.0-alpine", "1.1.3-alpine", "1.1.1-alpine3.16", "1.1.0-alpine3.15", "1.1-alpine3.15"),
        *("buster", "buster-slim", "buster-20230109", "buster-20230202", "buster-20230202-slim"),
        *("latest", "alpine3.16", "edge", "20220101", "20220202"),
        *(
            "2",
            "2.4",
            "2.4.0",
            "2.4.0-slim",
            "2.4.1-slim",
            "2.10",
            "2.10.0",
            "2.10.0-onbuild-slim",
            "2.10-onbuild-slim",
        ),
        *("2.10-slim", "8", "8u2-b02", "8u1-b01-slim", "8u2.5"),
    ],
)
def test_tags_of_the_good_file(tag: str) -> None:
    assert parse(GOOD, "thing.txt").find(tag) is not None


@pytest.mark.parametrize(
    "tag",
    [
        *("", "-", "1", "1.1.2", "1.1.00", "1.1-", "1.1-buster", "1.1.0-bullseye", "1.1.1-alpine", "1.1.0-alpine3.16"),
        *("1.1.0-slim", "latest-alpine3.16", "alpine3.15", "latest-", "buster-20230109-slim", "buster-20230203"),
        *("buster-20230202-backports", "buster-20230202-", "1.1-20230109", "edge-20220101", "20220102", "slim"),
        *(
            "2.4.1",
            "2.4-slim",
            "2.10.0-slim",
            "2.4.0-onbuild-slim",
            "2.1",
            "8u1-b01",
            "8u2",
            "8.u1-b01",
            "8u2.5-slim",
            "1" * 500,
        ),
    ],
)
def test_tags_that_the_good_file_does_not_have(tag: str) -> None:
    assert parse(GOOD, "thing.txt").find(tag) is None


ODD = [
    ("image      thing\n", "", "missing image"),
    ("source     somewhere\n", "", "missing source"),
    ("as-of      2026-08-21\n", "", "missing as-of"),
    ("collected  2026-11-23\n", "", "missing collected"),
    ("source     somewhere", "source", "'source' says nothing"),
    ("source     somewhere", "source a\nsource b", "duplicate source"),
    ("suites     buster", "suits      buster", "unknown keyword 'suits'"),
    ("image      thing", "image      other", "the file of image 'other' has another name"),
    ("2026-11-23", "2026-13-23", "malformed date '2026-13-23'"),
    ("2026-11-23", "23.11.2026", "malformed date '23.11.2026'"),
    ("2023 0109", "2023 0149", "malformed date '2023-01-49'"),
    ("0109 0202", "0109 0109", "duplicate build 20230109"),
    ("*  env  PATH=/bin", "*  env  PATH", "an env value is"),
    ("*  env  PATH=/bin", "*  environment  PATH=/bin", "a config line is"),
    ("*  env  PATH=/bin", "*  env", "a config line is"),
    ("*  env  PATH=/bin", "all  env  PATH=/bin", "unknown condition 'all'"),
    ("*  env  PATH=/bin", ">=x  env  PATH=/bin", "unknown condition '>=x'"),
    ("version 1.1 2022-01-01..", "version 1.1", "a version line is"),
    ("version 1.1 2022-01-01..", "version 1.1 2022-01-01", "malformed span"),
    ("version 1.1 2022-01-01..", "version 1.1 2022-01-01..2021-01-01", "it ends before it begins"),
    ("version buster", "version 1.1", "duplicate version 1.1"),
    ("0@2022-01-01 1@", "zero@2022-01-01 1@", "malformed number 'zero'"),
    ("1@2022-02-01 3@", "1@2022-02-01 1@", "duplicate patch 1"),
    ("1@2022-02-01 3@", "4@2022-02-01 3@", "patch 3 is out of order"),
    ("3@2022-03-01", "3", "malformed date ''"),
    ("suite       buster@", "suite       sarge@", "unknown suite sarge"),
    ("bullseye@2022-02-15", "bullseye@2021-02-15", "out of order"),
    ("floats      3.15", "floats      315", "malformed number '315'"),
    ("2024-01-01 stated", "2024-01-01", "an eol line is"),
    ("2024-01-01 stated", "2024-01-01 guessed", "an eol line is"),
    ("eol-source elsewhere\n", "", "missing source: eol without eol-source"),
    ("2024-01-01 stated", "2024-01-01 stated\n  eol 2024-01-01 stated", "duplicate eol"),
    ("2022-02-15..            1-3", "2022-02-15..            1-2", "unknown patch in '1-2'"),
    ("2022-02-15..            1-3", "2022-02-15..            3-1", "malformed range '3-1'"),
    ("2022-02-15..            1-3", "2022-02-15..            1 3", "a variant line is"),
    ("2022-02-15..            1-3", "2022-02-15..", "a variant line is"),
    ("  alpine3.15 ", "  alpine3.16 ", "duplicate alpine3.16"),
    ("  alpine3.15 ", "  alpine315 ", "unknown keyword 'alpine315'"),
    ("  alpine3.15 ", "  bookworm ", "unknown keyword 'bookworm'"),
    ("20230109-20230202", "20230109-20230203", "unknown build '20230203'"),
    ("release     1.1", "release     1.2", "latest stood for the unknown version 1.2"),
    ("20220101 20220202", "20220101 20221302", "malformed date '2022-13-02'"),
    ("  10.5 ", "  10,5 ", "malformed number '10,5'"),
    ("  10.5 ", "  -10.5 ", "malformed number '-10.5'"),
    ("  10.5 ", "  0 ", "malformed number '0'"),
    ("measured 2022", "weighed 2022", "unknown quality 'weighed'"),
    (" a source with blanks", "", "missing source or date"),
    ("measured 2022-02-01 a", "measured a source", "malformed date 'a'"),
    ("size 1.1-alpine3.16", "size 1.1-alpine3.17", "size of an unknown tag: 1.1-alpine3.17"),
    (
        "\nsize 1.1",
        "\nsize 1.1 1 - measured 2022-02-01 x\nsize 1.1 1 - measured 2022-02-01 x\nsize 1.1",
        "duplicate size",
    ),
    ("\nsize 1.1", "\nsuites late\nsize 1.1", "belongs above the versions"),
    ("version 1.1 2022-01-01..\n", "", "'patches' belongs under a version"),
    ("  slim        2022-01-01..2022-01-02  -\n", "  slim\n", "'slim' says nothing"),
    ("  slim        2022-01-01..2022-01-02  -\n", "   \n", "a line of blanks"),
    (
        "  slim        2022-01-01..2022-01-02  -\n",
        "  slim        2022-01-01..2022-01-02  -\n  patches 4@2022-01-01\n",
        "patches stand",
    ),
    ("kind       language", "kind       colour", "malformed kind"),
    ("ratio      2.5", "ratio      -2", "malformed number '-2'"),
    ("successor  other because it is gone", "successor  other", "malformed successor"),
    ("refuse-slim ", "refuse-all ", "unknown keyword 'refuse-all'"),
    ("kind       language", "kind       language\nkind language", "duplicate kind"),
    ("others     slim onbuild", "others     slim slim", "duplicate word slim"),
    ("others     slim onbuild", "others     slim onbuild buster", "duplicate word buster"),
    ("*      debian", "*      gentoo", "unknown family 'gentoo'"),
    ("full   curl scm", "full   curl svn", "unknown carries 'svn'"),
    ("full   curl scm", "half   curl scm", "unknown condition 'half'"),
    ("!slim  thing 1000 -", "!slim  thing one -", "a user line is"),
    ("!slim  thing 1000 -", "!slim  thing 1000 - -", "a user line is"),
    ("trap       <=1.0  it is odd", "trap       <=1.0", "malformed trap"),
    ("trap       <=1.0", "trap       <=one", "unknown condition '<=one'"),
    ("onbuild,>=1 ", "onbuild,>=1,! ", "unknown condition '!'"),
    ("4.0@2022-01-01 4.1@", "4.0@2022-01-01 4,1@", "malformed number '4,1'"),
    ("10.0@2022-03-01..2022-04-01", "10.0@2022-03-01..2022-02-01", "it ends before it begins"),
    ("10.0@2022-03-01..2022-04-01", "10.0@..2022-02-01", "malformed"),
    ("slim,onbuild-slim buster@", "slim,onbuild-slam buster@", "unknown keyword 'onbuild-slam'"),
    ("  stands      slim,onbuild-slim buster@2022-01-01 -@2022-02-01", "  stands      slim", "a stands line is"),
    ("buster@2022-01-01 -@2022-02-01", "lenny@2022-01-01", "unknown suite lenny"),
    ("  bare        4.0,10.0", "  bare        4.0,11.0", "unknown patch in '11.0'"),
    ("  bare        4.0,10.0", "  bare        4.0 10.0", "a bare line is"),
    ("  bare        4.0,10.0", "  bare        4.0\n  bare 4.0", "duplicate bare"),
    ("4.0-4.1", "4.1-4.0", "malformed range '4.1-4.0'"),
    ("minors      none", "minors      all", "a minors line is"),
    ("u1-b01..u2-b02", "u1-b01-u2-b02", "unknown patch in 'u1-b01-u2-b02'"),
    ("  onbuild-slim 2022", "  onbuild-slam 2022", "unknown keyword 'onbuild-slam'"),
    ("also 2.10-slim 2022-03-01..2022-03-02", "also 2.10-slim", "an also line is"),
    ("also 2.10-slim", "also 2.10-slim 2022-03-01..\nalso 2.10-slim", "an also line is"),
    ("never 2.4-slim 8u1-b01", "never 2.4-slim 2.4-slim", "duplicate never 2.4-slim"),
    ("version 8 2022", "version 2.4 2022-01-01..\n\nversion 8 2022", "2.4 stands under two versions"),
]


@pytest.mark.parametrize(("before", "after", "reason"), ODD, ids=[f"{n}-{row[2][:30]}" for n, row in enumerate(ODD)])
def test_odd_lines_are_refused(before: str, after: str, reason: str) -> None:
    assert before in GOOD
    with pytest.raises(FactsError) as caught:
        parse(GOOD.replace(before, after, 1), "thing.txt")
    assert reason in caught.value.reason
    assert caught.value.file == "thing.txt"
    assert caught.value.line >= 1


def test_the_error_names_file_line_and_reason() -> None:
    with pytest.raises(FactsError) as caught:
        parse(GOOD.replace("suites ", "suits  "), "thing.txt")
    assert str(caught.value) == "thing.txt:6: unknown keyword 'suits'"
    assert (caught.value.file, caught.value.line) == ("thing.txt", 6)


def test_a_file_without_versions_is_refused() -> None:
    with pytest.raises(FactsError, match="no version"):
        parse(GOOD.partition("version")[0], "thing.txt")


def test_files_are_read_once_and_only_when_asked_for(tmp_path: Path) -> None:
    (tmp_path / "thing.txt").write_text(GOOD)
    (tmp_path / "broken.txt").write_text("nonsense\n")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe")
    facts = Facts(str(tmp_path))
    thing = facts.image("thing")
    assert thing is not None
    assert repr(thing) == "ImageFacts('thing')"
    (tmp_path / "thing.txt").unlink()
    assert facts.image("library/thing") is thing
    with pytest.raises(FactsError, match=r"broken\.txt:1"):
        facts.image("broken")
    with pytest.raises(FactsError, match="not UTF-8"):
        facts.image("bytes")
    for name in ("absent", "", "../thing", "someone/thing", "THING", "thing.txt"):
        assert facts.image(name) is None


def test_what_a_patch_lived_and_stood_for(tmp_path: Path) -> None:
    (tmp_path / "thing.txt").write_text(GOOD)
    thing = Facts(str(tmp_path)).image("thing")
    assert thing is not None
    assert thing.life("1.1.1") == ("2022-02-01", "2022-03-01")
    assert thing.life("1.1.1-alpine3.16") == ("2022-02-01", "2022-02-20")
    assert thing.life("1.1.3") == ("2022-03-01", "")
    assert thing.life("nothing") == ("", "")
    assert thing.life("buster-20230109") == ("2023-01-09", "2023-01-09")
    assert thing.listed("buster-20230202")
    assert not thing.listed("buster-20230109")
    assert thing.listed("20220202")
    variants = thing.variants("1.1.1")
    assert variants is not None
    assert variants.bare_suites_over_time == (("buster", "2022-02-01"), ("bullseye", "2022-02-15"))
    assert (variants.bare_suite, variants.alpine, variants.floating, variants.maintained) == (
        "bullseye",
        ("3.15", "3.16"),
        False,
        False,
    )


def test_records_are_read_only_values() -> None:
    size = Size(1.5, None, "measured", "2022-01-01", "somewhere")
    with pytest.raises(AttributeError, match="read-only"):
        size.megabytes = 2.0
    with pytest.raises(AttributeError, match="read-only"):
        del size.megabytes
    assert size == copy.deepcopy(size) == pickle.loads(pickle.dumps(size))
    assert hash(size) == hash(copy.copy(size))
    assert size != Size(2.5, None, "measured", "2022-01-01", "somewhere")
    assert size != Refusal("no")
    assert size != 1.5
    assert repr(Refusal("no")) == "Refusal(reason='no')"


def test_what_the_good_file_says_beside_tags(tmp_path: Path) -> None:
    (tmp_path / "thing.txt").write_text(GOOD)
    thing = Facts(str(tmp_path)).image("thing")
    assert thing is not None
    assert (thing.kind, thing.refuse_alpine, thing.refuse_slim) == ("language", "for a reason", "for another")
    assert thing.successor == ("other", "because it is gone")
    assert thing.family("1.1") == "debian"
    assert thing.family("1.1-alpine") == "alpine"
    assert thing.carries("2") == frozenset({"curl", "scm"})
    assert thing.carries("2-slim") == frozenset()
    assert thing.packages("2-slim") == ("ca-certificates",)
    assert [(user.name, user.uid, user.gid) for user in thing.users("1.1")] == [("thing", 1000, None)]
    assert thing.users("2-slim") == ()
    assert thing.trap("1.1") == ""
    assert thing.config_known_of("1.1")
    assert not thing.config_known_of("2-onbuild-slim")


def test_what_the_starts_of_patches_stand_for(tmp_path: Path) -> None:
    (tmp_path / "thing.txt").write_text(GOOD)
    thing = Facts(str(tmp_path)).image("thing")
    assert thing is not None
    assert thing.full_version("2.4") == "2.4.1"
    assert thing.full_version("8") == "8u2.5"
    assert thing.life("2.4.0") == ("2022-01-01", "2022-02-01")
    assert thing.life("2.4") == ("2022-01-01", "2022-03-01")
    assert thing.life("2.10.0") == ("2022-03-01", "2022-04-01")
    assert thing.life("2.10-slim") == ("2022-03-01", "2022-03-02")
    assert thing.suites_over_time("2-slim") == (("buster", "2022-01-01"), ("-", "2022-02-01"))
    assert thing.suite("2-slim") is None
    assert thing.suite("2.4.0-slim") == "buster"
    assert thing.suite("2.4.1-slim") is None
