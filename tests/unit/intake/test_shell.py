"""A command line is read as a shell would read it, or it is in doubt."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decisions.engine.metatools import STANDARD
from decisions.intake.shell.commands import MOST_COMMANDS, simple_commands
from decisions.intake.shell.doubts import Doubt
from decisions.intake.shell.programs import read_script, read_words
from decisions.intake.shell.steps import Command, Found, Redirection
from decisions.intake.shell.words import DEEPEST_NESTING, LONGEST_SCRIPT


def read(script: str) -> Found:
    return read_script(script, runners=STANDARD.runners)


def told(found: Found) -> list[str]:
    """Each step as a line: `~` before what only runs others, `?` for arguments that aren't known."""
    lines = []
    for step in found.steps:
        if isinstance(step, Redirection):
            lines.append(f"{step.kind} {step.path or '?'}")
        else:
            words = ["?"] if step.arguments is None else [*map(shlex.quote, step.arguments)]
            lines.append(" ".join([("~" if step.only_runs else "") + step.program, *words]))
    return lines


@pytest.mark.parametrize(
    ("script", "steps"),
    [
        ("rm -rf /tmp/x", ["rm -rf /tmp/x"]),
        ("r\"m\" -r'f' \\/tmp/\\\nx", ["rm -rf /tmp/x"]),
        ("/bin/rm a; /usr/bin/../bin/RM b; Rm c", ["rm a", "rm b", "rm c"]),
        ("/opt/rm a; ./rm b; bin/rm c; ../rm d", ["/opt/rm a", "./rm b", "./bin/rm c", "../rm d"]),
        ("a && b || c; d & e | f |& g\nh", ["a", "b", "c", "d", "e", "f", "g", "h"]),
        ("(a; (b)) && { c; } && ! d", ["a", "b", "c", "d"]),
        ("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]),
        ("while a; do b; done; until c; do d; done", ["a", "b", "c", "d"]),
        ('for f in $(a) *.py; do rm "$f"; done', ["rm ?", "a"]),
        ('echo "$(rm x `id`)" $(ls | wc)', ["echo ?", "rm ?", "id", "ls", "wc"]),
        ("diff <(a) >(b)", ["diff ?", "a", "b"]),
        ("echo $HOME ${HOME} $1 $? $$ \"$@\" ~ *.c a{b,c} $((1 + 2)) $'a'", ["echo ?"]),
        ("echo '$HOME' \"a b\" {} [ ] a#b $ # rm", ["echo '$HOME' 'a b' '{}' '[' ']' 'a#b' '$'"]),
        ("[ -f x ]", ["[ -f x ']'"]),
        ("cat <<'E' > f\nrm $(x)\nE\nls", ["cat", "write f", "ls"]),
        ("cat <<-E\n\trm\n\tE\nls", ["cat", "ls"]),
        ("cat <<E <<F\na\nE\nb\nF\nls", ["cat", "ls"]),
        ("cat <<< word", ["cat"]),
        ("a >b 2>>c <d &>e >|f <>g 2>&1 >&2 >&- 3<&0 >&h", [
            "a", "write b", "append c", "read d", "write e", "write f", "write g", "write h"]),
        ("> f", ["write f"]),
        ("a > $x > /dev/null 2>/dev/stderr", ["a", "write ?"]),
        ("bash -c 'a; b' x", ["~bash -c 'a; b' x", "a", "b"]),
        ("sh -ec a; bash -eo pipefail -lc b", ["~sh -ec a", "a", "~bash -eo pipefail -lc b", "b"]),
        ("bash x.sh a; sh ./y.sh", ["~bash x.sh a", "./x.sh a", "~sh ./y.sh", "./y.sh"]),
        ("env LANG=C timeout -k 5 10 nice -n5 nohup a b", [
            "~env LANG=C timeout -k 5 10 nice -n5 nohup a b", "~timeout -k 5 10 nice -n5 nohup a b",
            "~nice -n5 nohup a b", "~nohup a b", "a b"]),
        ("sudo -n -uroot -- rm x", ["sudo -n -uroot -- rm x", "rm x"]),
        ("env; sudo -l; command -v git; xargs", ["env", "sudo -l", "command -v git", "xargs"]),
        ("ls | xargs -0 -n 1 rm -f", ["ls", "~xargs -0 -n 1 rm -f", "rm ?"]),
        ("find . -name x -exec rm {} \\; -ok mv {} y +", [
            "find . -name x -exec rm '{}' ';' -ok mv '{}' y +", "rm ?", "mv ?"]),
        ("busybox rm x; noglob rm y; repeat 2 rm z", [
            "~busybox rm x", "rm x", "~noglob rm y", "rm y", "~repeat 2 rm z", "rm z"]),
        ("set -euo pipefail; LC_ALL=C sort", ["set -euo pipefail", "sort"]),
        ("time -p make", ["~time -p make", "make"]),
        ("python3 x.py; python3 -m pip list", ["python3 x.py", "python3 -m pip list"]),
        ("printf '%s' x", ["printf %s x"]),
        ("echo a\\ b; echo \"a\\$b\"", ["echo 'a b'", "echo 'a$b'"]),
    ],
)  # fmt: skip
@pytest.mark.case("API-10")
def test_every_command_is_found(script: str, steps: list[str]) -> None:
    found = read(script)
    assert told(found) == steps
    assert found.doubts == frozenset()


@pytest.mark.parametrize(
    ("script", "doubt", "steps"),
    [
        ("ls 'x", Doubt.UNCLOSED, ["ls ''"]),
        ('ls "x', Doubt.UNCLOSED, ["ls ?"]),
        ("(ls", Doubt.UNCLOSED, ["ls"]),
        ("echo $(ls", Doubt.UNCLOSED, ["echo ?", "ls"]),
        ("echo `ls", Doubt.UNCLOSED, ["echo ?"]),
        ("cat <<E\nx", Doubt.UNCLOSED, ["cat"]),
        ("cat <<E", Doubt.UNCLOSED, ["cat"]),
        ("echo `cat <<E`", Doubt.UNCLOSED, ["echo ?", "cat"]),
        ("ls\u200b; rm x", Doubt.UNSEEN, []),
        ("ls\r\nrm x", Doubt.UNSEEN, []),
        ("ls\x00", Doubt.UNSEEN, []),
        ("echo ${x:-$(rm y)}", Doubt.EXPANSION, ["echo ?"]),
        ("echo $'\\''; rm x; ''", Doubt.EXPANSION, ["echo ?"]),
        ("echo $((a[$(rm y)]))", Doubt.EXPANSION, ["echo ?"]),
        ("echo `a \\`b\\``", Doubt.EXPANSION, ["echo ?"]),
        ("cat <<E\n$(rm x)\nE\nls", Doubt.EXPANSION, ["cat", "ls"]),
        ("$X -rf /", Doubt.COMPUTED, []),
        ('"$X"; rm x', Doubt.COMPUTED, ["rm x"]),
        ("r$X y", Doubt.COMPUTED, []),
        ("./* y", Doubt.COMPUTED, []),
        ("'' y", Doubt.COMPUTED, []),
        ("bash -c \"$X\"", Doubt.COMPUTED, ["~bash ?"]),
        ("bash -c", Doubt.COMPUTED, ["~bash -c"]),
        ("sh $X", Doubt.COMPUTED, ["~sh ?"]),
        ("case x in x) rm y;; esac", Doubt.CONSTRUCT, ["case x in x", "rm y", "esac"]),
        ("[[ -f x ]] && rm y", Doubt.CONSTRUCT, None),
        ("f() { rm x; }", Doubt.CONSTRUCT, ["f", "rm x"]),
        ("a=(b c)", Doubt.CONSTRUCT, None),
        ("((x = 1))", Doubt.CONSTRUCT, None),
        ("ls )", Doubt.CONSTRUCT, ["ls"]),
        ("(ls) rm", Doubt.CONSTRUCT, ["ls", "rm"]),
        ("ls >", Doubt.CONSTRUCT, ["ls"]),
        ("ls > > x", Doubt.CONSTRUCT, ["ls", "write x"]),
        ("ls &> x rm y", Doubt.CONSTRUCT, ["ls rm y", "write x"]),
        ("ls > (x)", Doubt.CONSTRUCT, None),
        ("cat << | x", Doubt.CONSTRUCT, ["cat"]),
        ("cat <<$X\nls", Doubt.CONSTRUCT, ["cat"]),
        ("PATH=/tmp ls", Doubt.VARIABLE, ["ls"]),
        ("x=1", Doubt.VARIABLE, []),
        ("x[0]+=1 ls", Doubt.VARIABLE, ["ls"]),
        ("env LD_PRELOAD=x ls", Doubt.VARIABLE, ["~env LD_PRELOAD=x ls", "ls"]),
        ("env A=b", Doubt.VARIABLE, ["env A=b"]),
        ("for PATH in /tmp; do ls; done", Doubt.VARIABLE, ["ls"]),
        ("for https_proxy in x; do curl y; done", Doubt.VARIABLE, ["curl y"]),
        ("for", Doubt.VARIABLE, []),
        ("printf -v PATH /tmp", Doubt.VARIABLE, ["printf -v PATH /tmp"]),
        ("printf $X", Doubt.VARIABLE, ["printf ?"]),
        ("eval rm x", Doubt.CHANGES_SHELL, ["eval rm x"]),
        (". ./x; source y", Doubt.CHANGES_SHELL, [". ./x", "source y"]),
        ("set -- a", Doubt.CHANGES_SHELL, ["set -- a"]),
        ("export A=b", Doubt.CHANGES_SHELL, ["export A=b"]),
        ("sudo -i", Doubt.OPTION, ["sudo -i"]),
        ("env -S 'rm x'", Doubt.OPTION, ["env -S 'rm x'"]),
        ("timeout $X rm", Doubt.OPTION, ["timeout ?"]),
        ("bash --rcfile x -c ls", Doubt.OPTION, ["~bash --rcfile x -c ls"]),
        ("find $X", Doubt.OPTION, ["find ?"]),
        ("curl x | sh", Doubt.RUNS_INPUT, ["curl x", "~sh"]),
        ("curl x | sudo bash -", Doubt.RUNS_INPUT, ["curl x", "sudo bash -", "~bash -"]),
        ("echo eA== | base64 -d | python3", Doubt.RUNS_INPUT, ["echo eA==", "base64 -d", "python3"]),
        ("node - < x", Doubt.RUNS_INPUT, ["node -", "read x"]),
    ],
)  # fmt: skip
@pytest.mark.case("API-10")
def test_what_is_not_certain_is_in_doubt_and_the_rest_is_read(
    script: str, doubt: Doubt, steps: list[str] | None
) -> None:
    found = read(script)
    assert doubt in found.doubts
    assert steps is None or told(found) == steps


def test_no_line_is_too_long_or_too_deep_to_be_answered() -> None:
    assert read("#" * LONGEST_SCRIPT).doubts == frozenset()
    assert read("#" * (LONGEST_SCRIPT + 1)).doubts == {Doubt.TOO_LONG}
    assert len(read("a;" * MOST_COMMANDS).steps) == MOST_COMMANDS
    assert read("a;" * (MOST_COMMANDS + 1)).doubts == {Doubt.TOO_LONG}
    assert Doubt.TOO_LONG in read("$(" * (DEEPEST_NESTING + 1) + ")" * (DEEPEST_NESTING + 1)).doubts
    assert read("nohup " * (DEEPEST_NESTING + 2) + "a").doubts == {Doubt.TOO_LONG}
    nested = "ls"
    for _ in range(DEEPEST_NESTING + 2):
        nested = f"sh -c {shlex.quote(nested)}"
    assert read(nested).doubts == {Doubt.TOO_LONG}
    assert read_words(["a", "b" * LONGEST_SCRIPT], runners={}).doubts == {Doubt.TOO_LONG}


def test_words_that_no_shell_reads_mean_what_they_are() -> None:
    found = read_words(["echo", "$HOME", "a;b", "*"], runners=STANDARD.runners)
    assert found == Found((Command("echo", ("$HOME", "a;b", "*")),), frozenset())
    assert told(read_words(["bash", "-lc", "ls; rm x"], runners=STANDARD.runners))[1:] == ["ls", "rm x"]


@given(st.text(alphabet="ab '\"\\$`(){}[]<>|&;#*~=\n!-x/.\u200b", max_size=24))
@settings(max_examples=300)
def test_any_text_is_read_or_in_doubt(script: str) -> None:
    found = read(script)
    assert all(isinstance(step, Command | Redirection) for step in found.steps)


@given(st.lists(st.text(alphabet="ab'\"\\ $;|*~\u00e9=", min_size=1, max_size=6), min_size=1, max_size=4))
def test_a_command_that_was_read_is_read_again_as_the_same(arguments: list[str]) -> None:
    found = read(shlex.join(["prog", *arguments]))
    assert found == Found((Command("prog", tuple(arguments)),), frozenset())


SCRIPTS = st.text(alphabet="abc '\"\\$();&|<>\n#{}", max_size=16)
NOTING = """#!/bin/sh
echo {name} >> "$NOTES"
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs that a random script may name; each notes that it ran."""
    folder = tmp_path_factory.mktemp("bin")
    for name in (*"abc", *(one + two for one in "abc" for two in "abc")):
        program = folder / name
        program.write_text(NOTING.format(name=name))
        program.chmod(0o700)
    return folder


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["sh", "bash"])
@given(script=SCRIPTS)
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_real_shell_runs_was_found(script: str, name: str, programs: Path, tmp_path: Path) -> None:
    notes, shell = programs.parent / "notes", shutil.which(name)
    assert shell is not None
    notes.write_text("")
    environment = {"PATH": str(programs), "NOTES": str(notes), "HOME": "/nowhere"}
    subprocess.run([shell, "-c", script], env=environment, cwd=tmp_path, capture_output=True, timeout=10, check=False)
    found = read(script)
    named = {step.program for step in found.steps if isinstance(step, Command)}
    assert found.doubts or set(notes.read_text().split()) <= named, (script, told(found))


def test_simple_commands_keep_the_order_in_which_they_stand() -> None:
    found, doubts = simple_commands("a $(b) | c")
    assert [each.words[0].text for each in found] == ["a", "c", "b"]
    assert not doubts
