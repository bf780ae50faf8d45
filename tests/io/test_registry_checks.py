"""What is new in a rewritten text, and what is asked about it; registries themselves are in the end-to-end tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rewriter.checks import NewPackage, apk_names, new_packages, new_references
from rewriter.facts import CATALOGUE
from rewriter.io.config import Config
from rewriter.io.registry_check import Asked, Checker
from rewriter.io.registry_facts import Outside
from rewriter.result import Result
from rewriter.session import Exit, Request, Session
from rewriter.situation import Options, Situation

GO = Path(__file__).parent.parent.parent / "examples" / "go-service"


def situation(text: str, **build_args: str) -> Situation:
    return Situation(text, options=Options(build_args=build_args))


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("FROM a\n", "FROM a\n", ()),
        ("FROM a:1\n", "FROM a:1-alpine AS b\nFROM c\nCOPY --from=b /x /x\n", ("a:1-alpine", "c")),
        ("FROM a\n", "FROM a AS x\nFROM x\nFROM scratch\nCOPY --from=0 / /\n", ()),
        ("FROM a\n", "FROM a\nCOPY --from=nginx:1 /x /x\nCOPY --from=scratch /x /x\n", ("nginx:1",)),
        (
            "FROM a\n",
            "FROM a\nRUN --mount=type=bind,from=tool:2,target=/t --mount=type=cache,target=/c x\n",
            ("tool:2",),
        ),
        ("FROM a\nCOPY --from=b:1 / /\n", "FROM b:1\n", ()),
        ("ARG V=1\nFROM a:$V\n", "ARG V=1\nFROM a:${V}-alpine\n", ("a:1-alpine",)),
        ("FROM a\n", "FROM --platform=linux/amd64 b AS c\nFROM a\nCOPY --from=C /x /x\n", ("b",)),
    ],
)
def test_new_references(before: str, after: str, names: tuple[str, ...]) -> None:
    news = new_references(situation(before), situation(after))
    assert (news.names, news.unknown) == (names, ())


def test_references_that_only_the_build_knows() -> None:
    before, after = "ARG V\nFROM a:$V\n", "ARG V\nFROM a:$V-alpine\nCOPY --from=x:$Y / /\n"
    news = new_references(situation(before), situation(after))
    assert news.names == ()
    assert news.unknown == (
        "a:$V-alpine names an image that only the build knows",
        "x:$Y names an image that only the build knows",
    )
    assert new_references(situation(before), situation(before)).unknown == ()
    assert new_references(situation(before, V="1"), situation(after, V="1")).names == ("a:1-alpine",)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("add a b", ["a", "b"]),
        ("--no-cache add a", ["a"]),
        ("add --no-cache -t .build a --virtual .more b -X https://x.example/ c", ["a", "b", "c"]),
        ("add -Ut .build a", ["a"]),
        ("add --virtual=.build --repository=https://x a", ["a"]),
        ("-p /root --root /r --wait 5 add a", ["a"]),
        ("add a=1.2 b~1 c>2 d<3 e@edge f=~4", ["a", "b", "c", "d", "e", "f"]),
        ("add !a .build ./x.apk /tmp/y.apk", []),
        ("add -- a -b", ["a", "-b"]),
        ("add so:libpq.so.5 cmd:bash", ["so:libpq.so.5", "cmd:bash"]),
        ("del a", []),
        ("update", []),
        ("", []),
        ("add", []),
        ("add -t", []),
    ],
)
def test_names_behind_apk(words: str, names: list[str]) -> None:
    assert list(apk_names(list(words.split()))) == names


def test_words_that_only_the_shell_knows_are_passed_over() -> None:
    assert list(apk_names(["add", None, "a", None])) == ["a"]
    assert list(apk_names([None, "a"])) == []


@pytest.mark.parametrize(
    ("run", "names"),
    [
        ("RUN apk add a && apk --no-cache add b; if x; then apk add c; fi", "abc"),
        ('RUN ["apk", "add", "a"]', "a"),
        ("RUN sudo apk add a && doas apk add b", "ab"),
        ("RUN sh -c 'apk add a && sh -ec \"apk add b\"'", "ab"),
        ("RUN sh script.sh; sh -x; sh -c; bash --login", ""),
        ("RUN sh -c 'if'", ""),
        ("RUN P=a && apk add $P $Q", "a"),
        ("RUN <<E\napk add \\\n  a \\\n  b # c\nE", "ab"),
        ("RUN echo apk add a", ""),
        ("RUN X=1", ""),
        ("CMD apk add a", ""),
    ],
)
def test_new_packages(run: str, names: str) -> None:
    news = new_packages(situation("FROM alpine:3.20\n"), situation(f"FROM alpine:3.20\n{run}\n"))
    assert news.packages == tuple(NewPackage(name, "3.20") for name in names)
    assert news.unknown == ()


def test_what_was_installed_before_on_the_same_release_is_not_new() -> None:
    before = "FROM alpine:3.20\nRUN apk add a\n"
    assert new_packages(situation(before), situation("FROM alpine:3.20\nRUN apk add b a\n")).packages == (
        NewPackage("b", "3.20"),
    )
    assert new_packages(situation(before), situation("FROM alpine:3.21\nRUN apk add a\n")).packages == (
        NewPackage("a", "3.21"),
    )


def test_a_run_that_cannot_be_read() -> None:
    before, after = "FROM alpine:3.20\n", "FROM alpine:3.20\nRUN apk add 'a\n"
    news = new_packages(situation(before), situation(after))
    assert len(news.unknown) == 1
    assert news.unknown[0].startswith("line 2: the RUN cannot be read, ")
    assert new_packages(situation(after), situation("# moved\n" + after)).unknown == ()


@pytest.mark.parametrize(
    ("image", "release"),
    [
        ("alpine:3.18", "3.18"),
        ("alpine:3.18.4", "3.18"),
        ("golang:1.18-alpine3.17", "3.17"),
        ("golang:1.18-alpine", "3.17"),
        ("golang:1.18", None),
        ("unknown/image", None),
        ("unknown/image:1-alpine3.19", "3.19"),
        ("unknown/image:1-alpine", None),
        ("golang:99.9-alpine", None),
        ("scratch", None),
        ("$X", None),
    ],
)
def test_the_release_that_a_stage_stands_on(image: str, release: str | None) -> None:
    text = f"ARG X\nFROM {image} AS one\nFROM one\nRUN apk add a\n"
    assert [p.release for p in new_packages(situation("FROM x\n"), situation(text)).packages] == [release]


def test_the_release_of_latest_is_that_of_the_list() -> None:
    found = new_packages(situation("FROM x\n"), situation("FROM alpine\nRUN apk add a\n")).packages[0].release
    assert found is not None
    assert found.startswith("3.")


def index(path: Path, *names: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"P:{name}\n\n" for name in names))
    return str(path)


def objection(asked: Asked, after: str, before: str = "FROM alpine:3.20\n") -> str:
    told: list[str] = []
    found = Checker(asked, told.append).objection(Result(before, after), Options(), CATALOGUE)
    assert told == []
    return found


def test_packages_are_looked_up(tmp_path: Path) -> None:
    one, two = index(tmp_path / "one", "bash"), index(tmp_path / "two", "curl")
    after = "FROM alpine:3.20\nRUN apk add bash curl\n"
    assert objection(Asked(packages=(one, two)), after) == ""
    assert objection(Asked(packages=(one,)), after) == f"the apk package curl is not in {one}"
    assert objection(Asked(packages=(one,)), after, after) == ""


def test_the_release_is_filled_in(tmp_path: Path) -> None:
    index(tmp_path / "v3.20" / "APKINDEX", "bash")
    index(tmp_path / "v3.17" / "APKINDEX", "ash")
    source = str(tmp_path / "v{release}")
    asked = Asked(packages=(source,))
    assert objection(asked, "FROM alpine:3.20\nRUN apk add bash\n") == ""
    reason = objection(asked, "FROM golang:1.18-alpine\nRUN apk add bash\n")
    assert reason == f"the apk package bash is not in {tmp_path}/v3.17"
    reason = objection(asked, "FROM golang:1.18\nRUN apk add bash\n")
    assert reason == f"the apk package bash is not checked: {source} needs the Alpine release, which is not known here"


def test_a_source_that_fails_is_no_answer(tmp_path: Path) -> None:
    good, after = index(tmp_path / "good", "bash"), "FROM alpine:3.20\nRUN apk add bash\n"
    missing = str(tmp_path / "missing")
    assert objection(Asked(packages=(missing, good)), after) == ""
    assert objection(Asked(packages=(missing,)), after) == (
        f"the apk package bash is not checked: {missing}: no such file or directory"
    )
    assert "no address of a package index" in objection(Asked(packages=("https://u:geheim@x.example/",)), after)


def test_what_cannot_be_read_is_an_objection(tmp_path: Path) -> None:
    asked = Asked(packages=(index(tmp_path / "one", "bash"),))
    assert "cannot be read" in objection(asked, "FROM alpine:3.20\nRUN apk add 'bash\n")
    assert "only the build knows" in objection(Asked(tags=True), "ARG X\nFROM a:$X\n")
    assert objection(Asked(tags=True), "FROM Bad:1\n") == "Bad:1 is no name of an image"
    assert "a mirror is an address" in objection(Asked(tags=True, mirrors=("ftp://x",)), "FROM new\n")


def test_a_checker_is_shared_and_made_only_when_wished(tmp_path: Path) -> None:
    def checker(request: Request, config: Config | None = None) -> Checker | None:
        return Outside(request, lambda _: None).checker(config or Config())

    assert checker(Request()) is None
    assert checker(Request(check_tags=False), Config(check_tags=True)) is None
    assert checker(Request(), Config(check_tags=True)) is not None
    assert checker(Request(), Config(check_packages=("x",))) is not None
    outside = Outside(Request(check_tags=True), lambda _: None)
    assert outside.checker(Config()) is outside.checker(Config(level="safe"))
    assert outside.checker(Config()) is not outside.checker(Config(registry_mirrors=("https://m.example",)))


def test_a_rewrite_is_withdrawn_with_the_word(tmp_path: Path) -> None:
    shutil.copytree(GO, tmp_path / "app")
    path = tmp_path / "app" / "Dockerfile"
    before = path.read_bytes()
    told: list[str] = []
    good = Session(Request(check_packages=(index(tmp_path / "index", "git", "curl", "make", "ca-certificates"),)))
    assert good.rewrite_file(path).code == Exit.DONE
    path.write_text(path.read_text() + "USER nobody\n")
    session = Session(Request(check_tags=True, mirror=("nonsense mirror",)), tell=told.append)
    outcome = session.rewrite_file(path)
    assert outcome.code == Exit.UNPROVEN
    assert outcome.result is not None
    assert not outcome.result.changed
    assert outcome.patch is None
    withheld = [item for step in outcome.result.steps for item in step.withheld]
    assert withheld
    assert all("a mirror is an address" in item.reason for item in withheld)
    assert len(told) == 1
    assert told[0].startswith(f"{path}: not to be written: ")
    assert path.read_bytes() == before + b"USER nobody\n"
