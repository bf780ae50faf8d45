"""Users and groups in busybox's words: useradd, groupadd, usermod, and Debian's own adduser and addgroup.

Sources: shadow 4.13 and adduser 3.134 (Debian 12), busybox 1.35 adduser.c, addgroup.c and deluser.c, and
/etc/passwd and /etc/group of alpine-baselayout, older releases included, 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewriter.userland.account_options import ADDGROUP, ADDUSER, GROUPADD, USERADD, Parsed, checked_name, parse_options
from rewriter.userland.carried import Refusal
from rewriter.userland.words import AND

if TYPE_CHECKING:
    from rewriter.userland.run_words import RunWords
    from rewriter.userland.words import Words

_USERS = (
    "root 0 bin 1 daemon 2 adm 3 lp 4 sync 5 shutdown 6 halt 7 mail 8 news 9 uucp 10 operator 11 man 13 postmaster 14 "
    "cron 16 ftp 21 sshd 22 at 25 squid 31 xfs 33 games 35 cyrus 85 vpopmail 89 ntp 123 smmsp 209 guest 405 "
    "nobody 65534"
).split()
_GROUPS = (
    "root 0 bin 1 daemon 2 sys 3 adm 4 tty 5 disk 6 lp 7 mem 8 kmem 9 wheel 10 floppy 11 mail 12 news 13 uucp 14 "
    "man 15 cron 16 console 17 audio 18 cdrom 19 dialout 20 ftp 21 sshd 22 input 23 at 25 tape 26 video 27 netdev 28 "
    "readproc 30 squid 31 xfs 33 kvm 34 games 35 shadow 42 cdrw 80 www-data 82 usb 85 vpopmail 89 users 100 ntp 123 "
    "nofiles 200 smmsp 209 locate 245 abuild 300 utmp 406 ping 999 nogroup 65533 nobody 65534"
).split()
ALPINE_USERS = dict(zip(_USERS[::2], _USERS[1::2], strict=True))
"""By name: the number, as a text."""
ALPINE_GROUPS = dict(zip(_GROUPS[::2], _GROUPS[1::2], strict=True))
_USER_IDS = {number: name for name, number in ALPINE_USERS.items()}
_GROUP_IDS = {number: name for name, number in ALPINE_GROUPS.items()}
COMMANDS = frozenset("useradd groupadd adduser addgroup usermod groupmod userdel groupdel deluser delgroup".split())
_NOLOGIN = {"/usr/sbin/nologin": "/sbin/nologin", "/sbin/nologin": "/sbin/nologin", "/bin/false": "/bin/false"}
_SHELLS = {"/bin/sh": "", "/bin/bash": "bash", "/bin/zsh": "zsh", "/usr/bin/bash": "bash", "/bin/ash": ""}


def account(run: RunWords, words: Words) -> bool:
    """Translates one command in place; never takes it out. Raises Refusal."""
    name = words.name
    if name == "useradd" or (name == "adduser" and run.target.family == "rhel"):
        _useradd(run, words)
    elif name == "groupadd" or (name == "addgroup" and run.target.family != "rhel"):
        _group(run, words)
    elif name == "adduser":
        _adduser(run, words)
    elif name == "usermod":
        _usermod(run, words)
    elif name == "groupmod":
        _keep(run, words)
    else:
        _delete(run, words)
    return False


def _group(run: RunWords, words: Words) -> None:
    parsed = parse_options(words, GROUPADD if words.name == "groupadd" else ADDGROUP)
    if words.name == "addgroup" and len(parsed.operands) == 2 and not parsed.found:
        _known_user(run, parsed.operands[0][1])
        _known_group(run, parsed.operands[1][1])
        return
    place, group = _operand(words, parsed)
    gid = parsed.value("gid")
    _free_group(run, group, gid)
    head = ["addgroup"]
    if parsed.has("system"):
        head.append("-S")
    if not gid and parsed.has("system"):
        run.assume(f"the group {group} gets another number on Alpine", words.command)
    _rewrite(words, parsed, head, {"gid": "-g"}, place)
    run.groups[group] = gid
    run.group_words[group] = words.all[place].raw


def _useradd(run: RunWords, words: Words) -> None:
    parsed = parse_options(words, USERADD)
    place, user = _operand(words, parsed)
    uid, system = parsed.value("uid"), parsed.has("system")
    _free_user(run, user, uid)
    head = ["adduser", *(["-S"] if system else []), "-D"]
    creates = parsed.has("create-home") or (run.target.family == "rhel" and not system)
    if not creates or parsed.has("no-create-home"):
        head.append("-H")
    prefix: list[str] = []
    if parsed.has("no-user-group") and not parsed.value("group"):
        raise Refusal(f"`{words.name} -N` puts {user} into the group of all users")
    if parsed.value("group"):
        _replace_group(run, words, parsed)
    else:
        prefix = _own_group(run, words, place, system, parsed, head)
    if system and not parsed.value("shell"):
        head += ["-s", "/bin/sh"]
    _finish(run, words, parsed, place, user, prefix + head)


def _adduser(run: RunWords, words: Words) -> None:
    parsed = parse_options(words, ADDUSER)
    if len(parsed.operands) == 2 and not parsed.found:
        _known_user(run, parsed.operands[0][1])
        _known_group(run, parsed.operands[1][1])
        return
    place, user = _operand(words, parsed)
    uid, system = parsed.value("uid"), parsed.has("system")
    _free_user(run, user, uid)
    if not system and not parsed.has("disabled"):
        raise Refusal("`adduser` without --disabled-password asks for a password")
    head = ["adduser", *(["-S"] if system else []), "-D", *(["-H"] if parsed.has("no-create-home") else [])]
    prefix: list[str] = []
    if parsed.value("group"):
        _replace_group(run, words, parsed)
    elif not system:
        prefix = _own_group(run, words, place, False, parsed, head)
    elif parsed.has("own-group"):
        prefix = _own_group(run, words, place, True, parsed, head)
    else:
        run.assume(f"{user} is in the group nogroup, which is 65533 on Alpine and 65534 on Debian", words.command)
    _finish(run, words, parsed, place, user, prefix + head)


def _own_group(run: RunWords, words: Words, place: int, system: bool, parsed: Parsed, head: list[str]) -> list[str]:
    """The group of the user's own name: busybox makes it for normal users, of the same number as the user."""
    user, raw, uid = words.known(place), words.all[place].raw, parsed.value("uid")
    if user in run.groups or user in run.target.groups:
        raise Refusal(f"the group {user} is there already, and `{words.name}` would make it again")
    _free_group(run, user, uid)
    run.groups[user] = uid
    run.group_words[user] = raw
    if not system:
        return []
    head += ["-G", raw]
    return ["addgroup", *(["-g", parsed.found["uid"].raw] if uid else []), "-S", raw, AND]


def _finish(run: RunWords, words: Words, parsed: Parsed, place: int, user: str, head: list[str]) -> None:
    """Writes the command, with the further groups behind it."""
    uid, system = parsed.value("uid"), parsed.has("system")
    if (found := parsed.found.get("uid")) is not None and found.value is None:
        run.assume(f"the number {uid} of {user} is only known at run time", words.command)
    if not uid and (system or run.target.family == "ubuntu"):  # Ubuntu 24.04 has a user of its own, number 1000
        verb = "gets" if system else "may get"
        run.assume(f"the user {user} {verb} another number on Alpine", words.command)
    shell = parsed.value("shell")
    if shell:
        if shell not in _NOLOGIN and shell not in _SHELLS:
            raise Refusal(f"the shell `{shell}` is not known on Alpine")
        if package := _SHELLS.get(shell):
            run.want(package, f"names {shell}", words.command)
        words.put(parsed.found["shell"].place, _NOLOGIN.get(shell, "/bin/bash" if package == "bash" else shell))
    more = [group for group in parsed.value("groups").split(",") if group]
    for group in more:
        _known_group(run, group)
    name = words.all[place].raw
    behind = [part for group in more for part in (AND, "addgroup", name, run.group_words.get(group, group))]
    letters = {"uid": "-u", "group": "-G", "home": "-h", "shell": "-s", "comment": "-g"}
    if not parsed.value("comment"):
        letters.pop("comment")
    run.users[user] = uid
    _rewrite(words, parsed, head, letters, place, behind)


def _rewrite(
    words: Words, parsed: Parsed, head: list[str], letters: dict[str, str], place: int, behind: list[str] | None = None
) -> None:
    """Puts busybox's options in the places of the old ones; the name of the account comes last."""
    if AND in head or behind:
        words.room_for_two(words.name)
    name = words.all[place].raw
    words.put(words.first, *head)
    for places in parsed.flags:
        words.put(places)
    for key, found in parsed.found.items():
        letter = letters.get(key)
        value = words.slots[found.place]
        raw = value[0] if value and value != [words.all[found.place].raw] else found.raw
        if letter is None:
            words.put(found.place)
            words.put(found.option)
        elif found.option == found.place:
            words.put(found.place, letter, raw)
        else:
            words.put(found.option, letter)
            words.put(found.place, raw)
    last = max(index for index in range(len(words.all)) if words.slots[index])
    if last != place:
        words.put(place)
        words.put(last, *words.slots[last], name, *(behind or []))
    else:
        words.put(place, name, *(behind or []))


def _replace_group(run: RunWords, words: Words, parsed: Parsed) -> None:
    """The primary group has to be known, and is written by its name: busybox takes no number."""
    found = parsed.found["group"]
    value, raw = parsed.value("group"), found.raw
    for name, gid in run.groups.items():
        if gid and gid in (value, raw):
            words.put(found.place, run.group_words.get(name, name))
            return
    if value == "0":
        words.put(found.place, "root")
        return
    if value.isdigit() or found.value is None:
        raise Refusal(f"the group {value} is only a number here, and no group was made with it")
    _known_group(run, value)


def _usermod(run: RunWords, words: Words) -> None:
    values = words.values[words.first + 1 :]
    operands = [value for value in values if value is not None and not value.startswith("-")]
    options = [value for value in values if value is not None and value.startswith("-")]
    if None not in values and len(operands) == 2 and set(options) in ({"-aG"}, {"-a", "-G"}, {"--append", "--groups"}):
        groups, user = operands
        _known_user(run, user)
        name = next(w.raw for w, value in zip(words.all, words.values, strict=True) if value == user)
        parts: list[str] = []
        for group in groups.split(","):
            _known_group(run, group)
            parts += [*([AND] if parts else []), "addgroup", name, run.group_words.get(group, group)]
        if AND in parts:
            words.room_for_two("usermod -aG")
        for place in range(words.first + 1, len(words.all)):
            words.put(place)
        words.put(words.first, *parts)
        return
    _keep(run, words)


def _keep(run: RunWords, words: Words) -> None:
    """Busybox has nothing for it: the line stays, and the package that has the program is wanted."""
    name = words.name
    last = words.known(len(words.all) - 1)
    known = {*run.users, *run.target.users, *run.groups, *run.target.groups}
    if last not in known:
        raise Refusal(f"`{name}` changes {last}, which is not known to be on Alpine")
    if any(
        value is not None and value.startswith(("-o", "-p", "--non-unique", "--password")) for value in words.values
    ):
        raise Refusal(f"`{name}` with such options cannot be carried over")
    run.want("shadow", f"calls {name}", words.command)


def _delete(run: RunWords, words: Words) -> None:
    options = [value for _, value in words.arguments if value.startswith("-")]
    operands = [value for _, value in words.arguments if not value.startswith("-")]
    user = words.name in ("userdel", "deluser")
    known = {*run.users, *run.target.users} if user else {*run.groups, *run.target.groups}
    if len(operands) != 1 or operands[0] not in known:
        raise Refusal(f"`{words.name}` deletes {' '.join(operands) or 'nothing'}, which is not known to be on Alpine")
    removes_home = set(options) <= {"-r", "--remove", "--remove-home", "-f", "--quiet"}
    if not removes_home:
        raise Refusal(f"`{words.name} {options[0]}` cannot be carried over")
    head = ["deluser" if user else "delgroup"]
    if user and set(options) & {"-r", "--remove", "--remove-home"}:
        head.append("--remove-home")
    for place, value in words.arguments:
        if value.startswith("-"):
            words.put(place)
    words.put(words.first, *head)


def _operand(words: Words, parsed: Parsed) -> tuple[int, str]:
    if len(parsed.operands) != 1:
        raise Refusal(f"`{words.name}` names no account, or several")
    return parsed.operands[0][0], checked_name(parsed.operands[0][1])


def _free_user(run: RunWords, user: str, uid: str) -> None:
    if user in ALPINE_USERS or user in run.target.users:
        raise Refusal(f"the user {user} is on Alpine already")
    if uid in _USER_IDS:
        raise Refusal(f"the number {uid} belongs to the user {_USER_IDS[uid]} on Alpine")
    if user in run.users:
        raise Refusal(f"the user {user} is made twice")


def _free_group(run: RunWords, group: str, gid: str) -> None:
    if group in ALPINE_GROUPS or group in run.target.groups:
        raise Refusal(f"the group {group} is on Alpine already")
    if gid in _GROUP_IDS:
        raise Refusal(f"the number {gid} belongs to the group {_GROUP_IDS[gid]} on Alpine")


def _known_user(run: RunWords, user: str) -> None:
    if user not in run.users and user not in run.target.users and user != "root":
        raise Refusal(f"the user {user} is not known to be on Alpine")


# Groups that mean the same on both, by name.
_SHARED = frozenset(
    "root bin daemon sys adm tty disk lp kmem mail news audio cdrom dialout video games users nogroup".split()
)


def _known_group(run: RunWords, group: str) -> None:
    if group not in run.groups and group not in run.target.groups and group not in _SHARED:
        raise Refusal(f"the group {group} is not known to be on Alpine")
