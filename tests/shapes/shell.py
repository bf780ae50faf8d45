"""Shapes of the shell text in RUN: lists, loops, quotes, redirects, and what else a script is made of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from rewriter.shell import Opaque
from tests.shapes.grammar import constructs
from tests.shapes.tables import Table, search, sentences, table

if TYPE_CHECKING:
    from tests.shapes.view import View

# Kinds of the grammar's nodes and tokens.
_KINDS = {
    "&&": ("and chain", "Commands joined by `&&`."),
    "||": ("or chain", "Commands joined by `||`."),
    ";": ("semicolons", "Commands joined by `;`."),
    "|": ("pipe", "A pipe."),
    "&": ("background", "A command in the background."),
    "subshell": ("subshell", "Commands in parentheses."),
    "compound_statement": ("braces", "Commands in braces."),
    "function_definition": ("function", "A function."),
    "if_statement": ("if", "An if."),
    "else_clause": ("else", "An if with else."),
    "elif_clause": ("elif", "An if with elif."),
    "for_statement": ("for", "A for loop."),
    "while": ("while", "A while loop."),
    "until": ("until", "An until loop."),
    "case_statement": ("case", "A case."),
    "test_command": ("test", "A test in brackets."),
    "[[": ("double brackets", "A test in double brackets, which is bash."),
    "((": ("double parentheses", "Arithmetic as a command, which is bash."),
    "negated_command": ("negation", "A command behind `!`."),
    "$(": ("command substitution", "`$(…)`."),
    "`": ("backticks", "A command in backticks."),
    "arithmetic_expansion": ("arithmetic", "`$((…))`."),
    "${": ("variable in braces", "`${NAME}`."),
    "simple_expansion": ("variable", "`$NAME`."),
    ":-": ("default", "`${NAME:-word}`."),
    ":+": ("alternative", "`${NAME:+word}`."),
    ":?": ("required", "`${NAME:?word}`."),
    "%": ("suffix cut", "`${NAME%pattern}`."),
    "%%": ("longest suffix cut", "`${NAME%%pattern}`."),
    "##": ("longest prefix cut", "`${NAME##pattern}`."),
    "//": ("replacement", "`${NAME//pattern/word}`, which is bash."),
    "special_variable_name": ("special variable", "`$?`, `$@`, `$0` and the like."),
    "variable_assignment": ("assignment", "A variable is set."),
    "declaration_command": ("export", "export, local or readonly."),
    "unset_command": ("unset", "unset."),
    "string": ("double quotes", "A string in double quotes."),
    "raw_string": ("single quotes", "A string in single quotes."),
    "ansi_c_string": ("ansi string", "`$'…'`, which is bash."),
    "array": ("array", "An array, which is bash."),
    "brace_expression": ("brace range", "`{1..9}`, which is bash."),
    "extglob_pattern": ("pattern of case", "A pattern in a case or a test."),
    "comment": ("comment", "A `#` behind a command or in a script."),
    "heredoc_redirect": ("heredoc", "A heredoc."),
    "herestring_redirect": ("here string", "`<<<`, which is bash."),
    ">": ("redirect out", "Output into a file."),
    ">>": ("redirect append", "Output at the end of a file."),
    "<": ("redirect in", "Input from a file."),
    ">&": ("redirect descriptor", "`2>&1` and the like."),
    "&>": ("redirect both", "`&>`, which is bash."),
    "process_substitution": ("process substitution", "`<(…)`, which is bash."),
}

TABLE: Table = table(
    r"""
    run: set -e -- set -e.
        call set ~ ^set\s+-\w*e
    run: set -x -- set -x.
        call set ~ ^set\s+-\w*x
    run: set -u -- set -u.
        call set ~ ^set\s+-\w*u
    run: set pipefail -- set -o pipefail.
        call set has pipefail
    run: true at the end -- A failure that is swallowed by `|| true`.
        shell ~ \|\|\s*(?:true|:)(?:\s|;|$)
    run: or exit -- A failure that ends the build by `|| exit`.
        shell ~ \|\|\s*(?:exit|\{|\()
    run: export -- export.
        call export ~ \s\w
    run: cd -- cd.
        call cd ~ ^cd\s+\S
    run: cd home -- cd without a folder, or to `~`.
        call cd ~ ^cd(?:\s+~\S*)?$
    run: cd back -- cd back or upwards.
        call cd ~ ^cd\s+(?:-$|\.\.)
    run: cd only -- A RUN of nothing but cd, which does nothing.
        shell ~ ^\s*cd\s+\S+\s*$
    run: pushd -- pushd, which is bash.
        call pushd ~ \s
    run: source -- source, which is bash.
        call source ~ \s
    run: dot -- A script that is read by `.`.
        call . ~ \s
    run: eval -- eval.
        call eval ~ \s
    run: sh -c -- A shell inside the shell.
        call sh ~ \s-\w*c\s
    run: login shell -- A login shell inside the shell.
        call sh ~ \s(?:-\w*l|--login)
    run: env -- env.
        commands ~ ^(?:\S*/)?env(?:\s|$)
    run: assignment before a command -- A variable that is set for one command.
        commands ~ ^\w+=\S*\s+\S
    run: sudo -- sudo.
        commands ~ ^sudo\s
    run: su -- su.
        call su ~ \s
    run: gosu -- gosu, runuser or the like.
        call gosu ~ \s
    run: yes -- yes, piped into a question.
        call yes ~ .
    run: xargs -- xargs.
        call xargs ~ .
    run: find -- find.
        call find ~ .
    run: find exec -- find that does something with what it finds.
        call find ~ \s-(?:exec|delete|print0)
    run: sed -- sed.
        call sed ~ .
    run: sed in place -- sed -i.
        call sed ~ \s(?:-\w*i|--in-place)
    run: awk -- awk.
        call awk ~ .
    run: perl -- A perl of one line.
        call perl ~ \s-\w*[ep]
    run: glob -- A pattern that the shell expands.
        commands ~ \s[^'\"\s]*\*
    run: brace list -- `{a,b}`, which is bash.
        commands ~ \s[^'\"\s{]*(?<!\$)\{[^{}\s'\"]+,[^{}\s'\"]*\}
    run: tilde -- `~`.
        commands ~ \s~/?
    run: escaped quote -- A quote behind a backslash.
        shell ~ \\[\"']
    run: escaped dollar -- A dollar behind a backslash.
        shell ~ \\\$
    run: escaped newline -- `\n` in a string.
        shell ~ \\n
    run: quotes in quotes -- Quotes inside others.
        shell ~ '[^'\n]*\"[^'\n]*'|\"[^\"\n]*'[^\"\n]*\"
    run: echo -e -- echo -e, which not every shell has.
        call echo ~ ^echo\s+-\w*e
    run: printf -- printf.
        call printf ~ .
    run: tee -- tee.
        call tee ~ .
    run: dev null -- Something goes to /dev/null or comes from there.
        shell has /dev/null
    run: to standard output -- A log that is linked to the standard output.
        shell has /dev/stdout | /dev/stderr | /proc/self/fd
    run: bare variable as command -- A variable that names the command.
        commands ~ ^\$
    run: script of the context -- A script that was copied before.
        commands ~ ^(?:(?:ba|z)?sh\s+)?\.{0,2}/?[\w./${}-]+\.sh\b
    run: relative program -- A program of the working directory.
        commands ~ ^\./
    run: only true -- A RUN that only shows something or does nothing.
        shell ~ ^\s*(?:true|:|echo(?:\s[^>|&;]*)?|ls(?:\s[^>|&;]*)?|pwd|whoami|env|id)\s*$
    run: chain ends in nothing -- An operator with nothing behind it.
        shell ~ (?:&&|\|\||\|)\s*$
    run: two operators in a row -- Two operators with nothing between.
        shell ~ &&\s*(?:&&|;|\|\|)|;\s*&&
    run: colon as comment -- `: words`, a comment by a command.
        call : ~ \s\S
    run: comment in backticks -- A comment by backticks.
        shell ~ `\s*#
    run: hash in the middle -- A `#` with words behind it on a joined line.
        shell ~ #(?<=\s#)\s?\w[^\n]*$
    run: starts with a bracket -- A shell text that starts with a parenthesis, a brace, a bang or a quote.
        shell ~ ^\s*[({!"']
    run: semicolon at the end -- A shell text that ends in `;`.
        shell ~ (?<!\\);\s*$
    run: escaped blank -- A backslash before a blank.
        shell ~ \\[ \t]
    run: two backslashes -- Two backslashes in a row.
        shell ~ \\\\
    run: windows path -- A path of Windows in a Unix shell.
        shell ~ :\\(?<=\b[A-Za-z]:\\)[\\\w]
    run: typographic dash -- A dash that a word processor turned into another.
        shell has – | —
    run: template marker -- A marker of a template.
        text ~ \{\{[^}\n]*\}\}|\{%|<%|@@\w+@@|%%\w+%%
    run: keyword behind RUN -- `RUN RUN`, or a RUN that was taken in.
        shell ~ ^(?:RUN|run)\s
    run: cmd -- Commands of cmd.
        foreign ~ (?i)(?:^|&&\s*)(?:setx|mkdir|del|rmdir|copy|move|if|set|curl|tar|dir|echo|start|reg|net)\s
    run: powershell -- Commands of PowerShell.
        foreign ~ (?i)powershell|\$env:|[A-Z]\w+-[A-Z]\w+|\$\w+\s*=|\[\w+\.
    run: powershell -Command -- PowerShell that cmd starts.
        foreign ~ (?i)^powershell\S*\s
    run: choco -- Chocolatey.
        foreign ~ (?i)\bchoco\b
    run: msi -- An installer of Windows.
        foreign ~ (?i)\.msi|msiexec
    run: registry of windows -- Windows' registry, or setx.
        foreign ~ (?i)HKLM|reg\s+add|setx
    run: semicolons of powershell -- Several commands joined by `;` in PowerShell.
        foreign ~ ;\s*\S
    """,
)

FOUND = {
    **{f"run: {name}": sentence for name, sentence in _KINDS.values()},
    "run: not understood": "A shell text that our reader refuses.",
    "run: no shell of Unix": "A RUN that is handed to cmd, PowerShell or another language.",
    "run: unbalanced quote": "A quote that nothing closes, or that another kind of quote hides.",
    "run: one command": "A RUN of one command.",
    "run: several lines in a string": "A string that goes over several lines.",
    "run: string over a continuation": "A string that is continued on another line.",
    "run: echo into a file": "A file that echo or printf writes.",
    "run: non-breaking line": "A shell text of 2,000 characters or more on one line.",
    "run: curl into a shell": "A script from the net that a shell runs at once.",
    "run: curl into tar": "An archive from the net that tar unpacks at once.",
    "run: 20 commands": "A RUN of 20 commands or more.",
    "run: 20 instructions": "20 RUN instructions or more.",
    "run: same text twice": "Two RUN with the very same text.",
    "run: nothing after the last copy": "The last COPY or ADD stands behind every RUN.",
}

DESCRIPTIONS = FOUND | sentences(TABLE)


def found(view: View) -> Iterator[str]:
    """The shapes of the shell texts of a Dockerfile."""
    yield from search(TABLE, view)
    if view.foreign_texts:
        yield "run: no shell of Unix"
    if len(view.named.get("RUN", ())) >= 20:
        yield "run: 20 instructions"
    if not view.shell_texts:
        return
    for kind in constructs(view.shell_texts, tuple(_KINDS)):
        yield f"run: {_KINDS[kind][0]}"
    for before, after in pairwise(view.commands):
        if after.operator == "|" and before.name in ("curl", "wget") and after.words:
            name = next((word.raw for word in after.words if word.raw != "sudo"), "").rpartition("/")[2]
            if name in ("sh", "bash", "zsh", "tar"):
                yield "run: curl into tar" if name == "tar" else "run: curl into a shell"
    if any(len(text) >= 2000 and "\n" not in text for text in view.shell_texts):
        yield "run: non-breaking line"
    if any(c.redirects and c.name in ("echo", "printf") for c in view.commands):
        yield "run: echo into a file"
    if any(text.count('"') % 2 or text.count("'") % 2 for text in view.shell_texts):
        yield "run: unbalanced quote"
    if len(view.shell_texts) != len(set(view.shell_texts)):
        yield "run: same text twice"
    for script in view.scripts:
        if isinstance(script, Opaque):
            yield "run: not understood"
            continue
        if len(script.commands) == 1:
            yield "run: one command"
        if len(script.commands) >= 20:
            yield "run: 20 commands"
    for logical, script in zip(view.shell_logicals, view.scripts, strict=True):
        if isinstance(script, Opaque) or ("\n" not in script.text and len(logical.pieces) == 1):
            continue
        strings = [w for c in script.commands for w in (*c.words, *c.assignments) if "'" in w.raw or '"' in w.raw]
        if any("\n" in word.raw for word in strings):
            yield "run: several lines in a string"
        if any(not logical.whole(word.start, word.end) for word in strings):
            yield "run: string over a continuation"
    names = [instruction.name for instruction in view.model.stages[-1].instructions]
    last_run = max((i for i, name in enumerate(names) if name == "RUN"), default=-1)
    if last_run >= 0 and any(name in ("COPY", "ADD") for name in names[last_run:]):
        yield "run: nothing after the last copy"
