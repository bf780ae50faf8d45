"""A GitHub App at the fake forge: it knows the App's public key, and gives tokens that end after an hour."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field

import jwt
from jwt.types import Options

from .server import Answer, Asked
from .state import FakeState


@dataclass
class FakeApp:
    """Who is installed where; asked before the dialect."""

    id: str
    public_key: str
    installations: dict[int, str]
    """Owners by the installation's number."""
    rights: dict[str, str] = field(default_factory=lambda: {"contents": "write", "pull_requests": "write"})
    given: dict[int, str] = field(default_factory=dict)
    """The last token of each installation."""
    lives: float = 3600.0
    """Seconds of a token."""

    def answer(self, state: FakeState, asked: Asked) -> Answer | None:
        """An answer for the App itself; None: it is none of its business."""
        if not re.match(r"/app(/|$)", asked.path):
            return None
        try:
            shown = asked.headers.get("authorization", "").removeprefix("Bearer ")
            # Not by our clock: a test may have put its own forward.
            loose: Options = {"verify_exp": False, "verify_iat": False}
            claims = jwt.decode(shown, self.public_key, algorithms=["RS256"], issuer=self.id, options=loose)
        except jwt.PyJWTError:
            return Answer(401, {"message": "A JSON web token could not be decoded"})
        if claims["exp"] - claims["iat"] > 660:
            return Answer(401, {"message": "'Expiration time' claim ('exp') is too far in the future"})
        if asked.path == "/app":
            return Answer(200, {"id": 7, "slug": "rewriter", "name": "Rewriter"})
        if asked.path == "/app/installations":
            found = [
                {"id": number, "account": {"login": owner, "id": number, "type": "Organization"}}
                for number, owner in self.installations.items()
            ]
            return Answer(200, found)
        match = re.fullmatch(r"/app/installations/(\d+)/access_tokens", asked.path)
        if match is None or int(match[1]) not in self.installations:
            return Answer(404, {"message": "Not Found"})
        number = int(match[1])
        for secret in [secret for secret, login in state.tokens.items() if login == f"rewriter[bot]@{number}"]:
            del state.tokens[secret]
        self.given[number] = f"ghs_{number}_{len(state.tokens)}_{len(self.given)}"
        state.tokens[self.given[number]] = f"rewriter[bot]@{number}"
        ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=self.lives)
        data = {"token": self.given[number], "expires_at": f"{ends:%Y-%m-%dT%H:%M:%SZ}", "permissions": self.rights}
        return Answer(201, data)
