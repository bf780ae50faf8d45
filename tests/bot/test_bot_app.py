"""A GitHub App as the identity, against a forge on loopback that knows its public key."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from rewriter.bot.campaign import Campaign, CampaignError, Source
from rewriter.bot.connect import Connected, Connector, spread
from rewriter.bot.github_app import APP_ID, app_key
from rewriter.bot.ledger import Ledger
from rewriter.bot.pace import Limits
from rewriter.bot.sources import repositories
from rewriter.bot.tokens import PRIVATE_KEY
from tests.bot.fake.app import FakeApp
from tests.bot.fake.github import github
from tests.bot.fake.server import FakeForge

FILES: dict[str, str | None] = {"Dockerfile": "FROM scratch\n"}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _pem(key: rsa.RSAPrivateKey) -> str:
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()


class Clock:
    """Real until it is put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += seconds


@pytest.fixture
def app(key: rsa.RSAPrivateKey) -> FakeApp:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()
    return FakeApp("4711", public, {1: "Acme", 2: "shore"})


@pytest.fixture
def forge(tmp_path: Path, app: FakeApp, key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeForge]:
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(APP_ID, app.id)
    monkeypatch.setenv(PRIVATE_KEY, _pem(key))
    with FakeForge(tmp_path / "forge", github, "/api/v3") as found:
        found.trouble = lambda asked: app.answer(found.state, asked)
        yield found


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    found = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield found
    found.close()


def _connected(forge: FakeForge, ledger: Ledger, clock: Clock) -> tuple[Campaign, tuple[Connected, ...]]:
    campaign = spread(Campaign(sources=(Source(url=forge.url, owners=("acme", "shore")),)), os.environ)
    connector = Connector(ledger, clock, Limits(), os.environ)
    return campaign, tuple(connector.connect(source) for source in campaign.sources)


def test_each_owner_has_its_own_installation(forge: FakeForge, ledger: Ledger) -> None:
    forge.state.add("acme/tides", FILES, pushers={"rewriter[bot]@1"})
    forge.state.add("acme/not-chosen", FILES)
    forge.state.add("shore/waves", FILES, pushers={"rewriter[bot]@2"})
    campaign, connected = _connected(forge, ledger, Clock())
    found = list(repositories(campaign, tuple(each.forge for each in connected)))
    assert [(place, each.name, each.may_push) for place, each in found] == [
        (0, "acme/tides", True),
        (1, "shore/waves", True),
    ]
    assert len({each.identity for each in connected}) == 2
    assert connected[0].forge.login() == "rewriter[bot]"


def test_without_the_right_to_write_nothing_may_be_pushed(forge: FakeForge, ledger: Ledger, app: FakeApp) -> None:
    app.rights = {"contents": "read", "pull_requests": "write"}
    forge.state.add("acme/tides", FILES, pushers={"rewriter[bot]@1"})
    campaign, connected = _connected(forge, ledger, Clock())
    assert [each.may_push for _, each in repositories(campaign, tuple(each.forge for each in connected))] == [False]


def test_a_token_is_renewed_five_minutes_before_its_end(forge: FakeForge, ledger: Ledger, app: FakeApp) -> None:
    repository = forge.state.add("acme/tides", FILES, pushers={"rewriter[bot]@1"})
    clock = Clock()
    _, (connected, _) = _connected(forge, ledger, clock)
    found = connected.forge.repository("acme/tides")
    assert found is not None
    first = connected.remote(found).password
    assert first == app.given[1]
    clock.ahead += app.lives - 310
    assert connected.remote(found).password == first
    clock.ahead += 20
    second = connected.remote(found).password
    assert second == app.given[1] != first
    assert connected.forge.tip(found, "main") == repository.tip("main")


def test_an_owner_without_the_app_is_named(forge: FakeForge, ledger: Ledger) -> None:
    campaign = spread(Campaign(sources=(Source(url=forge.url, repositories=("else/tides",)),)), os.environ)
    with pytest.raises(CampaignError, match=r"^the GitHub App is not installed at else$"):
        Connector(ledger, Clock(), Limits(), os.environ).connect(campaign.sources[0])


@pytest.mark.parametrize("key", ["no key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"])
def test_what_is_no_key_is_said_without_showing_it(key: str) -> None:
    with pytest.raises(CampaignError, match=f"^{PRIVATE_KEY} holds no private key of RSA, and names no file with one$"):
        app_key(Clock(), {APP_ID: "1", PRIVATE_KEY: key})


def test_a_key_may_be_in_a_file(tmp_path: Path, key: rsa.RSAPrivateKey) -> None:
    path = tmp_path / "key.pem"
    path.write_text(_pem(key))
    found = app_key(Clock(), {APP_ID: "1", PRIVATE_KEY: str(path)})
    assert found is not None
    assert repr(found) == "AppKey('1')"
    assert app_key(Clock(), {}) is None
    with pytest.raises(CampaignError, match="needs both"):
        app_key(Clock(), {APP_ID: "1"})
