"""The packages that an install command names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewriter.manifests import from_install_words


def named(ecosystem: str, words: str) -> dict[str, str]:
    return {one.name: one.version for one in from_install_words(ecosystem, words.split())}


@pytest.mark.parametrize(
    ("ecosystem", "words", "expected"),
    [
        ("pypi", "torch==1.2 psycopg2>=2 --no-cache-dir -U", {"torch": "1.2", "psycopg2": ""}),
        ("pypi", "-r requirements.txt -i https://x/simple --extra-index-url=https://y Flask[async]", {"flask": ""}),
        (
            "pypi",
            "uvicorn[standard]",
            {"uvicorn": "", "httptools": "", "uvloop": "", "watchfiles": "", "websockets": "", "pyyaml": ""},
        ),
        ("pypi", ".", {".": ""}),
        (
            "npm",
            "-g sharp@0.32.6 @angular/cli@17 typescript",
            {"sharp": "0.32.6", "@angular/cli": "", "typescript": ""},
        ),
        ("npm", "--prefix /app pm2@latest", {"pm2": ""}),
        ("npm", "x@npm:real@1.2.3", {"real": "1.2.3"}),
        ("rubygems", "rails:7.1.2 bundler", {"rails": "7.1.2", "bundler": ""}),
        ("rubygems", "bundler -v 2.4.22 --no-document", {"bundler": "2.4.22"}),
        ("cargo", "diesel_cli --version =2.1.0 --features postgres", {"diesel_cli": "2.1.0"}),
        ("cargo", "cargo-chef@0.1.62 --locked", {"cargo-chef": "0.1.62"}),
        ("go", "github.com/A/b@v1.2.3 -tags x", {"github.com/A/b": "1.2.3"}),
        ("packagist", "laravel/installer:^5 a/b:1.0", {"laravel/installer": "", "a/b": "1.0"}),
        ("php-extension", "-j 4 pdo_mysql GD redis-5.3.7", {"ext-pdo_mysql": "", "ext-gd": "", "ext-redis": "5.3.7"}),
        ("nuget", "Serilog --version 3.1.0", {"serilog": "3.1.0"}),
        ("brew", "anything", {}),
    ],
)
def test_words(ecosystem: str, words: str, expected: dict[str, str]) -> None:
    assert named(ecosystem, words) == expected


@pytest.mark.parametrize(
    ("ecosystem", "word", "origin"),
    [
        ("pypi", "git+https://github.com/a/b.git", "git"),
        ("pypi", "https://x/a-1.0.tar.gz", "url"),
        ("pypi", "./local", "path"),
        ("npm", "user/repo", "git"),
        ("npm", "git+ssh://git@github.com/a/b.git", "git"),
        ("npm", "./local", "path"),
        ("npm", "https://x/a.tgz", "url"),
        ("npm", "@scope/name", ""),
    ],
)
def test_origins(ecosystem: str, word: str, origin: str) -> None:
    (one,) = from_install_words(ecosystem, [word])
    assert one.origin == origin


@given(
    st.sampled_from(["pypi", "npm", "rubygems", "cargo", "go", "packagist", "php-extension", "nuget"]),
    st.lists(st.text(max_size=30), max_size=10),
)
def test_any_words(ecosystem: str, words: list[str]) -> None:
    for one in from_install_words(ecosystem, words):
        assert one.where == "RUN"
