"""Two programs that go on, compared while they run: ports, answers, health, the end on the stop signal, complaints."""

from __future__ import annotations

from collections.abc import Sequence

from rewriter.proof.compare_http import ServiceComparison
from rewriter.proof.complaints import distinct, lines_of, new_complaints, shown
from rewriter.proof.engine import ContainerState
from rewriter.proof.findings import EVIDENCE_LINES, STREAMS, Findings, because, both_lines, prints, sample_of
from rewriter.proof.noise import compare_texts
from rewriter.proof.observation import Observation, Port
from rewriter.proof.probe import is_passing
from rewriter.proof.tokens import Sample
from rewriter.proof.verdict import Kind

_ORDERLY = (0, 129, 130, 131, 143)
"""Exit codes of a program that ended as it was asked to: by itself, or by one of the usual stop signals."""


def compare_running(before: Sequence[Observation], after: Observation, found: Findings) -> None:
    """Compare runs that all went on until they were stopped."""
    _Running(before, after, found).compare()


class _Running:
    def __init__(self, before: Sequence[Observation], after: Observation, found: Findings) -> None:
        self.before, self.after, self.found = before, after, found

    def compare(self) -> None:
        new = self.after
        if not new.last.running and any(each.last.running for each in self.before):
            code = f"the program ends with exit code {new.last.exit_code} after its ports were asked"
            self.found.differ(Kind.START, f"{code}{because(new.output)}", evidence=distinct(lines_of(new.output)))
        looked = [each for each in self.before if each.ports is not None]
        if new.ports is not None and looked:
            self._compare_ports(looked)
            self._compare_services(looked)
        self._compare_health()
        self._compare_stop()
        self._compare_logs()

    def _compare_ports(self, before: Sequence[Observation]) -> None:
        rounds = [{port.key: port for port in each.ports or ()} for each in before]
        now: dict[tuple[str, str], set[str]] = {}
        for port in self.after.ports or ():
            now.setdefault(port.key, set()).add(port.scope)
        always = [port for key, port in rounds[0].items() if all(key in each for each in rounds)]
        sometimes = {key for each in rounds for key in each} - {port.key for port in always}
        for port in always:
            if port.key not in now:
                what = f"nothing listens on {port.said}, where the original does"
                why = new_complaints([each.output for each in self.before], self.after.output, fatal=False)
                says = f": it says `{why[0]}`" if why else ""
                self.found.differ(Kind.PORTS, what + says, f"{port.name}/{port.protocol}", why)
            elif self._same_scope(port, now[port.key], before):
                self.found.seen.append(f"it listens on {port.said}")
        for port in self.after.ports or ():
            known = any(port.key in each for each in rounds)
            moving = sometimes and port.protocol == "tcp" and is_passing("udp", port.name)
            if not known and not moving and port.protocol != "unix" and not is_passing(port.protocol, port.name):
                what = f"the program listens on {port.said}, where the original does not"
                self.found.differ(Kind.PORTS, what, f"{port.name}/{port.protocol}")
        self.found.listens = any((always, sometimes, now))
        if not self.found.listens:
            self.found.not_seen.append(
                "what the program does: it neither ends nor listens, only its output could be compared"
            )

    def _same_scope(self, port: Port, now: set[str], before: Sequence[Observation]) -> bool:
        rounds = [{each.scope for each in run.ports or () if each.key == port.key} for run in before]
        if now in rounds or ("all" in now and all("all" in each for each in rounds)):
            return True
        was = " and ".join(_addresses(scope) for scope in sorted(rounds[0]))
        is_now = " and ".join(_addresses(scope) for scope in sorted(now))
        what = f"{port.said} listens on {is_now} instead of {was}"
        self.found.differ(Kind.PORTS, what, f"{port.name}/{port.protocol}")
        return False

    def _compare_services(self, before: Sequence[Observation]) -> None:
        for service in self.after.services:
            olds = [each for run in before for each in run.services if each.port == service.port]
            if len(olds) < len(before):
                if olds:
                    self.found.not_seen.append(
                        f"what port {service.port} answers: not every run of the original answers there"
                    )
                continue
            result = ServiceComparison(olds, service)
            complaints = new_complaints([each.output for each in self.before], self.after.output, fatal=False)
            for difference in result.differences:
                evidence = (*difference.evidence, *complaints)[:EVIDENCE_LINES]
                self.found.differ(difference.kind, difference.what, difference.subject, evidence)
            self.found.seen += result.seen
            self.found.not_seen += result.not_seen

    def _compare_health(self) -> None:
        olds, new = [each.health for each in self.before], self.after.health
        if all(old is not None for old in olds) and new is None:
            self.found.differ(Kind.HEALTH, "the new image has no HEALTHCHECK, and the original has one", "HEALTHCHECK")
        if new is None or not any(olds):
            return
        if any(old is not None and old.exit_code == 0 for old in olds):
            if new.exit_code == 0:
                self.found.seen.append("the HEALTHCHECK passes")
                return
            code = f"with exit code {new.exit_code}" if new.exit_code is not None else "by taking too long"
            what = f"the HEALTHCHECK fails {code}, which passes in the original{because(new)}"
            self.found.differ(Kind.HEALTH, what, "HEALTHCHECK", distinct(lines_of(new)))
        elif new.exit_code != 0:
            self.found.not_seen.append("whether the HEALTHCHECK passes: it fails in both images")

    def _compare_stop(self) -> None:
        olds, new = [each.stop for each in self.before if each.stop is not None], self.after.stop
        if any(old.killed for old in olds):
            ends = " (the new one ends by itself)" if new is not None and not new.killed else ""
            self.found.not_seen.append(
                f"the end on the stop signal: the original ignores it and has to be killed{ends}"
            )
            return
        if not olds or new is None:
            return
        was = f"{olds[0].seconds:.1f} s with exit code {olds[0].state.exit_code}"
        if new.killed:
            what = f"the program does not end on the stop signal and is killed after {new.seconds:.0f} s"
            self.found.differ(Kind.STOP, f"{what}; the original ends in {was}", "stop signal")
        elif not any(_same_end(old.state, new.state) for old in olds):
            code = f"ends with exit code {new.state.exit_code} on the stop signal"
            self.found.differ(Kind.STOP, f"the program {code} instead of {olds[0].state.exit_code}", "stop signal")
        else:
            self.found.seen.append(f"it ends on the stop signal with exit code {new.state.exit_code}")

    def _compare_logs(self) -> None:
        """Errors that only the new image prints; and for a program that shows nothing else, all its first lines."""
        outputs = [each.output for each in self.before]
        fatal = new_complaints(outputs, self.after.output, fatal=True)
        soft = new_complaints(outputs, self.after.output, fatal=False)
        silent = not any(each.ports for each in (*self.before, self.after))
        if (fatal or (silent and soft)) and not self.found.differences:
            line = (fatal or soft)[0]
            self.found.differ(Kind.OUTPUT, f"the program prints `{line}`, which the original does not", "log", soft)
        elif soft and not self.found.differences:
            self.found.not_seen.append(
                f"whether it matters that only the new image prints `{soft[0]}`: all else is the same"
            )
        elif all(map(lines_of, outputs)) and not lines_of(self.after.output):
            # A log that goes to a file, and no longer to where an engine collects it.
            line = shown(lines_of(outputs[0])[0])
            self.found.differ(Kind.OUTPUT, f"the program prints nothing; the original prints `{line}`", "log")
        elif silent:
            self._compare_first_lines()

    def _compare_first_lines(self) -> None:
        """Of a program that neither ends nor listens: as many lines as the shortest run printed."""
        for name, words in STREAMS.items():
            texts = [sample_of(each.output, name, each.at).text.splitlines() for each in (*self.before, self.after)]
            amount = min(len(lines) for lines in texts)
            samples = [
                Sample("\n".join(lines[:amount]), each.at)
                for lines, each in zip(texts, (*self.before, self.after), strict=True)
            ]
            found = compare_texts(samples[:-1], samples[-1])
            if not found.equal:
                self.found.differ(Kind.OUTPUT, f"the program {prints(words, found)}", words, both_lines(found))


def _addresses(scope: str) -> str:
    return {"all": "all addresses", "loopback": "the loopback address only"}.get(scope, f"the address {scope}")


def _same_end(old: ContainerState, new: ContainerState) -> bool:
    return old.exit_code == new.exit_code or (old.exit_code in _ORDERLY and new.exit_code in _ORDERLY)
