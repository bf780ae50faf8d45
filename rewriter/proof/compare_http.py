"""What two servers answered to the same requests, compared: status, the headers that matter, and the body."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rewriter.proof.complaints import shown
from rewriter.proof.noise import compare_texts, lines_of_body
from rewriter.proof.observation import Answer, Service
from rewriter.proof.tokens import Sample
from rewriter.proof.verdict import Difference, Kind

HEADERS = (
    *("content-type", "location", "content-encoding", "content-disposition", "content-language", "cache-control"),
    *("www-authenticate", "allow", "vary", "content-security-policy", "x-frame-options", "strict-transport-security"),
)
"""Compared by value, beside ``access-control-*``; of ``set-cookie`` only the names of the cookies."""
_EVIDENCE_LINES = 4
_MIDWAY = "varies from run to run in the original, and was not compared"


class ServiceComparison:
    """One TCP port that all runs of the original listened on."""

    def __init__(self, originals: Sequence[Service], new: Service) -> None:
        self.originals, self.new = originals, new
        self.differences: list[Difference] = []
        self.seen: list[str] = []
        self.not_seen: list[str] = []
        self._compare()

    @property
    def _where(self) -> str:
        return f"on port {self.new.port}"

    def _differ(self, what: str, subject: str, *evidence: str) -> None:
        self.differences.append(Difference(Kind.HTTP, what, subject, tuple(line for line in evidence if line)))

    def _compare(self) -> None:
        tls = {service.tls for service in self.originals}
        spoken = self.new.tls and not any(first.kind == "no-tls" for _, first, _ in self.new.answers)
        if tls == {True} and not spoken:
            self._differ(f"port {self.new.port} speaks no TLS, and the original does", f"{self.new.port}/tcp")
            return
        if tls == {False} and spoken:
            self._differ(f"port {self.new.port} speaks TLS, and the original does not", f"{self.new.port}/tcp")
            return
        for request, *_ in self.originals[0].answers:
            rounds = [_answers(service, request) for service in self.originals]
            new = _answers(self.new, request)
            known = [answers for answers in rounds if answers]
            if known and new:
                self._compare_request(request, known, new)

    def _compare_request(self, request: str, originals: Sequence[Sequence[Answer]], new: Sequence[Answer]) -> None:
        """The first answer with the original's first answers, and the second with their second: servers count."""
        found = len(self.differences)
        for turn in (0, 1):
            if not self._compare_turn(request, [answers[turn] for answers in originals], new[turn], turn):
                return
        if all(answer.kind == "http" for answer in new):
            everything = [answer for answers in originals for answer in answers]
            self._compare_headers(request, everything, new[0])
            self._compare_body(request, everything, new)
        if len(self.differences) == found:
            self.seen.append(f"port {self.new.port} answers {request} {_said(new[0])}")

    def _compare_turn(self, request: str, originals: Sequence[Answer], new: Answer, turn: int) -> bool:
        """Kind and status, or the line of what is not HTTP; True when they are those of the original."""
        alike = [old for old in originals if _kind(old) == _kind(new)]
        lines = [Sample(answer.text if answer.text.isprintable() else "", answer.at) for answer in (*alike, new)]
        if alike and (new.kind != "bytes" or compare_texts(lines[:-1], lines[-1]).equal):
            return True
        again = " when asked again" if turn else ""
        what = f"{request} {self._where}{again} is answered {_said(new)} instead of {_said(originals[0])}"
        self._differ(what, f"{self.new.port}/tcp {request}", *_first_lines(new))
        return False

    def _compare_headers(self, request: str, originals: Sequence[Answer], new: Answer) -> None:
        names = [name for name, _ in (pair for answer in (*originals, new) for pair in answer.headers)]
        cross = sorted({name for name in names if name.startswith("access-control-")})
        for name in (*HEADERS, *cross, "set-cookie"):
            olds = [Sample(_value(old, name), old.at) for old in originals]
            found = compare_texts(olds, Sample(_value(new, name), new.at))
            if found.equal:
                continue
            was, now = (f"`{shown(text)}`" if text else "none" for text in (olds[0].text, _value(new, name)))
            what = f"{request} {self._where} has the header {name} {now} instead of {was}"
            self._differ(what, f"{self.new.port}/tcp {request} {name}")

    def _compare_body(self, request: str, originals: Sequence[Answer], new: Sequence[Answer]) -> None:
        if all(any(answer.sha256 == old.sha256 for old in originals) for answer in new):
            return
        answer = next(each for each in new if all(each.sha256 != old.sha256 for old in originals))
        subject = f"{self.new.port}/tcp {request}"
        texts = [_text(each) for each in (*originals, answer)]
        varies = len({old.sha256 for old in originals}) > 1
        if any(text is None for text in texts):
            if varies:
                self.not_seen.append(f"the body of {request} {self._where} {_MIDWAY}")
            else:
                lengths = f"{answer.length} bytes instead of {originals[0].length}"
                self._differ(f"{request} {self._where} has another body: {lengths}", subject)
            return
        samples = [Sample(text or "", each.at) for text, each in zip(texts, (*originals, answer), strict=True)]
        found = compare_texts(samples[:-1], samples[-1])
        if not found.equal:
            now, was = (f"`{text}`" if text else "nothing" for text in (found.new, found.old))
            place = f"line {found.line}" if found.line else "one line"
            what = f"{request} {self._where} has another body: {place} is {now} instead of {was}"
            self._differ(what, subject, f"- {found.old}", f"+ {found.new}")
        elif found.varying * 2 > found.lines:
            amount = f"{found.varying} of {found.lines} lines of the body of {request} {self._where}"
            self.not_seen.append(f"{amount} vary from run to run in the original; only the rest was compared")
        elif any(each.length > len(each.body) for each in (*originals, answer)):
            start = min(len(each.body) for each in (*originals, answer))
            if varies:
                body = f"the body of {request} {self._where}"
                self.not_seen.append(f"{body} was compared in its first {start} bytes only: it varies in the original")
            else:
                lengths = f"{answer.length} bytes instead of {originals[0].length}"
                what = f"{request} {self._where} has another body behind its first {start} bytes: {lengths}"
                self._differ(what, subject)


def _answers(service: Service, request: str) -> Sequence[Answer]:
    return next((answers for asked, *answers in service.answers if asked == request), ())


def _kind(answer: Answer) -> tuple[str, int, bool]:
    """What must be the same before anything else can be compared."""
    return answer.kind, answer.status, answer.complete


def _said(answer: Answer) -> str:
    if answer.kind == "http":
        return f"with {answer.status}" + ("" if answer.complete else " and a body that does not end")
    if answer.kind == "bytes":
        return f"with the line `{shown(answer.text)}`"
    return {
        "closed": "by closing the connection",
        "silent": "with silence",
        "refused": "by refusing the connection",
        "no-tls": "without TLS",
    }.get(answer.kind, answer.kind)


def _first_lines(answer: Answer) -> Iterator[str]:
    text = answer.body[:2000].decode("utf-8", "replace")
    yield from (shown(line.strip()) for line in text.splitlines()[:_EVIDENCE_LINES] if line.strip())


def _value(answer: Answer, name: str) -> str:
    """A header's values on lines of their own; of cookies, their names."""
    values = answer.values(name)
    return "\n".join(value.partition("=")[0] for value in values) if name == "set-cookie" else "\n".join(values)


def _text(answer: Answer) -> str | None:
    """A body as text with its parts on lines; None for what is no text."""
    if "\0" in (text := answer.body.decode("utf-8", "replace")) or answer.values("content-encoding"):
        return None
    if "\ufffd" in text[:-3]:
        return None
    return lines_of_body(" ".join(answer.values("content-type")), text)
