"""The parts of benchmarks/proof.py: which applications there are, what is kept of their proofs, and the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.proof import main
from benchmarks.proof_parts.apps import App, AppError, find_apps
from benchmarks.proof_parts.outcomes import Outcomes, from_json, to_json
from benchmarks.proof_parts.table import details, table, totals
from rewriter.proof.verdict import Difference, Kind, Measured, Proof, Verdict


def lay_out(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def proof(verdict: Verdict, before: int = 900_000_000, after: int | None = 90_000_000, **more: Any) -> Proof:
    sides = [Measured(size, None, 3, 1.5, 0.5) if size is not None else None for size in (before, after)]
    return Proof(verdict, more.pop("reason", ""), before=sides[0], after=sides[1], **more)


def outcome(name: str, ours: Proof | None, theirs: Proof | None = None) -> dict[str, Any]:
    """An outcome as it is read from the file."""
    proofs = {"ours": to_json(ours) if ours else None, "theirs": to_json(theirs) if theirs else None}
    about = {"name": name, "path": f"/apps/{name}/Dockerfile", "key": "k", "seconds": 1.0, "transforms": []}
    read: dict[str, Any] = json.loads(json.dumps(about | proofs))
    return read


# --- applications


def test_each_dockerfile_in_a_folder_of_its_own_is_an_application(tmp_path: Path) -> None:
    lay_out(tmp_path, b__Dockerfile="FROM b", a__c__Dockerfile="FROM c", a__README_md="", node_modules__x__y="")
    lay_out(tmp_path / "vendor", Dockerfile="FROM vendored")
    assert [app.name for app in find_apps(tmp_path)] == ["a/c", "b"]


def test_the_folder_itself_may_be_one(tmp_path: Path) -> None:
    lay_out(tmp_path / "tea", Dockerfile="FROM a")
    (app,) = find_apps(tmp_path / "tea")
    assert (app.name, app.folder, app.by_hand) == ("tea", tmp_path / "tea", None)


@pytest.mark.parametrize("ending", ["multistage", "multi"])
def test_the_experts_file_belongs_to_the_original_of_its_name(tmp_path: Path, ending: str) -> None:
    lay_out(tmp_path, Dockerfile="FROM a", web_Dockerfile="FROM b", Dockerfile_dev="FROM c")
    for name in ("Dockerfile", "web.Dockerfile"):
        (tmp_path / f"{name}.{ending}").write_text("FROM d", encoding="utf-8")
    named = {app.dockerfile.name: app.by_hand for app in find_apps(tmp_path)}
    assert named == {name: tmp_path / f"{name}.{ending}" for name in ("Dockerfile", "web.Dockerfile")}


def test_settings_are_read(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        Dockerfile="FROM a",
        app_toml='probes = ["/x", "POST /y"]\nsmoke = ["app --version"]\nstart-seconds = 30\n'
        'allowed = ["ENV A"]\n'
        'environment = { A = "1" }\nbuild-args = { B = "2" }\n',
    )
    (app,) = find_apps(tmp_path)
    assert app.how.requests == ("GET /", "GET /x", "POST /y")
    assert (app.how.smoke, app.how.environment) == (["app --version"], {"A": "1"})
    assert (app.build_args, app.start_seconds, app.allowed) == ({"B": "2"}, 30.0, frozenset({"ENV A"}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('probe = ["/"]', "probe is no key of it"),
        ('probes = "/"', "probes is not what belongs there: a list of strings"),
        ("smoke = [1]", "smoke is not what belongs there: a list of strings"),
        ("environment = { A = 1 }", "environment is not what belongs there: a table of strings"),
        ('start-seconds = "1"', "start-seconds is not what belongs there: a number"),
        ('smoke = ["\'"]', "is no command"),
        ("probes =", "Invalid value"),
    ],
)
def test_settings_that_cannot_be_read_are_told(tmp_path: Path, text: str, message: str) -> None:
    lay_out(tmp_path, Dockerfile="FROM a", app_toml=text)
    with pytest.raises(AppError, match=message):
        find_apps(tmp_path)


def test_the_digest_changes_with_any_file_its_mode_and_its_name(tmp_path: Path) -> None:
    lay_out(tmp_path, Dockerfile="FROM a", src__main="x")
    app = App("app", tmp_path / "Dockerfile")
    seen = {app.digest()}
    assert app.digest() in seen
    for change in (
        lambda: (tmp_path / "src" / "main").write_text("y"),
        lambda: (tmp_path / "src" / "main").chmod(0o755),
        lambda: (tmp_path / "src" / "main").rename(tmp_path / "src" / "other"),
        lambda: (tmp_path / "link").symlink_to("src"),
        lambda: (tmp_path / "dangling").symlink_to("nowhere"),
    ):
        change()
        assert app.digest() not in seen
        seen.add(app.digest())


# --- what is kept


def test_a_proof_comes_back_as_it_was() -> None:
    difference = Difference(Kind.HTTP, "GET / is another", "8080/tcp", ("- a", "+ b"))
    whole = proof(Verdict.DIFFERS, differences=(difference,), seen=("a",), not_seen=("b",), engine="docker 1", log="x")
    assert from_json(json.loads(json.dumps(to_json(whole)))) == whole
    broken = Proof(Verdict.BASELINE_BROKEN, "it does not build")
    assert from_json(json.loads(json.dumps(to_json(broken)))) == broken


def test_outcomes_are_found_again_until_the_key_changes(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "outcomes.jsonl"
    first, second = outcome("a", proof(Verdict.PROVEN)), outcome("b", None)
    outcomes = Outcomes(file)
    outcomes.add(first)
    outcomes.add(second)
    outcomes.add(first | {"seconds": 2.0})
    with file.open("a", encoding="utf-8") as cut_off:
        cut_off.write('{"name": "c", "pa')
    again = Outcomes(file)
    assert again.get(first["path"], "k") == first | {"seconds": 2.0}
    assert again.get(second["path"], "k") == second
    assert again.get(first["path"], "other") is None
    assert again.get("/elsewhere", "k") is None


# --- the table

OUTCOMES = [
    outcome("go", proof(Verdict.PROVEN, after=10_000_000)),
    outcome("node", None, proof(Verdict.PROVEN, 1_000_000_000, 250_000_000)),
    outcome("both", proof(Verdict.REPAIRED, after=20_000_000), proof(Verdict.PROVEN, after=30_000_000)),
    outcome("wrong", proof(Verdict.DIFFERS, reason="GET / is another", after=40_000_000)),
    outcome("broken", Proof(Verdict.BASELINE_BROKEN, "the original does not build")),
    outcome("alone", None),
]


def test_the_table_has_verdicts_sizes_and_ratios() -> None:
    rows = [line.split("  ") for line in table(OUTCOMES)]
    cells = {row[0].strip(): [cell.strip() for cell in row[1:] if cell.strip()] for row in rows}
    assert cells["go"] == ["proven", "-", "900.0 MB", "10.0 MB", "-", "90.0×", "-"]
    assert cells["node"] == ["left alone", "proven", "1,000.0 MB", "-", "250.0 MB", "-", "-"]
    assert cells["both"] == ["repaired", "proven", "900.0 MB", "20.0 MB", "30.0 MB", "45.0×", "1.50"]
    assert cells["broken"] == ["baseline-broken", "-", "-", "-", "-", "-", "-"]
    assert cells["alone"] == ["left alone", "-", "-", "-", "-", "-", "-"]


def test_the_totals_count_what_was_built_and_add_up_what_holds() -> None:
    assert totals(OUTCOMES) == [
        "6 applications: 4 originals built",
        "ours: 3 built, 1 proven, 1 repaired, 1 differs, 1 baseline-broken, 2 left alone",
        "  of those that hold: 1,800.0 MB → 30.0 MB, 60.0×",
        "by hand: 2 built, 2 proven, 4 without one",
        "  of those that hold: 1,900.0 MB → 280.0 MB, 6.8×",
        "where both hold (1): ours 20.0 MB, by hand 30.0 MB",
    ]


def test_what_does_not_hold_is_told_with_its_differences() -> None:
    difference = Difference(Kind.HTTP, "GET / is another", "8080/tcp", ("- a", "+ b"))
    wrong = outcome("wrong", proof(Verdict.DIFFERS, reason="GET / is another", differences=(difference,)))
    assert details([OUTCOMES[0], wrong]) == [
        "wrong, ours: differs: GET / is another",
        "  http: GET / is another",
        "    - a",
        "    + b",
    ]


def test_a_folder_without_an_application_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no application" in capsys.readouterr().err
