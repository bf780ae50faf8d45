"""The bot with a build engine: what is proven is proposed as measured; what is not stays a draft or is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rewriter.bot.campaign import Rewrite
from tests.bot.fake.github import github
from tests.bot.fake.server import FakeForge

from .bots import TOKEN, Bot, token_variable
from .engine import Engine
from .fleet import GO, TEXT

pytestmark = pytest.mark.e2e


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine) -> Iterator[FakeForge]:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{engine.socket}")
    monkeypatch.setenv("DOCKER_CONFIG", str(engine.home / "client"))
    with FakeForge(tmp_path / "forge", github, "/api/v3") as found:
        monkeypatch.setenv(token_variable(found), TOKEN)
        yield found


def test_a_draft_until_it_is_proven(forge: FakeForge, tmp_path: Path) -> None:
    bot = Bot(forge, tmp_path / "state")
    bot.set(draft="until-proven")
    good = forge.state.add("acme/good", GO)
    # Here it does not build, there it may.
    broken = forge.state.add("acme/broken", {**GO, "Dockerfile": TEXT.replace("RUN go", "RUN false && go")})
    bot.run()
    assert [each.pulls[0].draft for each in (good, broken)] == [True, True]
    assert "about" in good.pulls[0].title
    tip = good.tip(good.pulls[0].branch)

    bot.campaign = replace(bot.campaign, rewrite=Rewrite(verify=True, network="host"))
    assert bot.run() == {("acme/good", "Dockerfile"): "updated", ("acme/broken", "Dockerfile"): "nothing"}
    assert bot.why("acme/good") == "it is proven now"
    (pull,) = good.pulls
    assert (pull.draft, broken.pulls[0].draft) == (False, True)
    assert good.tip(pull.branch) == tip
    assert "about" not in pull.title, "what was measured is no estimate"
    assert "measured" in pull.body

    written = len(forge.writes())
    pull.draft = True  # somebody has a reason
    assert set(bot.run().values()) == {"nothing"}
    assert len(forge.writes()) == written


def test_what_is_not_proven_is_not_proposed(forge: FakeForge, tmp_path: Path) -> None:
    bot = Bot(forge, tmp_path / "state")
    bot.campaign = replace(bot.campaign, rewrite=Rewrite(verify=True, network="host"))
    broken = forge.state.add("acme/broken", {**GO, "Dockerfile": TEXT.replace("RUN go", "RUN false && go")})
    assert bot.run() == {("acme/broken", "Dockerfile"): "left alone"}
    assert bot.why("acme/broken").startswith("not proven: ")
    assert broken.branches() == ["main"]
