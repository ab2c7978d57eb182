"""Programs that run another one, or run what an option names, and are not opened here: the call is in doubt then.

Whatever else a program does is its own business. A policy that adds a program to its table has it opened instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from decisions.intake.shell.commands import RUN_WITHIN
from decisions.intake.shell.doubts import Doubt
from decisions.intake.shell.tokens import Word

_FINE = frozenset[Doubt]()
_RUNS_OTHERS = frozenset({Doubt.RUNS_OTHERS})

# They run the program that their arguments name, now or later, here or as somebody else.
_WRAPPERS = frozenset({
    "watch", "parallel", "script", "su", "runuser", "sg", "pkexec", "gosu", "su-exec", "setpriv", "capsh", "chroot",
    "fakechroot", "fakeroot", "unshare", "nsenter", "bwrap", "firejail", "flock", "taskset", "chrt", "setarch",
    "linux32", "linux64", "i386", "x86_64", "numactl", "prlimit", "choom", "cgexec", "softlimit", "chpst", "envdir",
    "setuidgid", "s6-setuidgid", "strace", "ltrace", "valgrind", "perf", "gdb", "lldb", "catchsegv", "unbuffer",
    "rlwrap", "entr", "ifne", "chronic", "pee", "mispipe", "vipe", "tsp", "batch", "at", "crontab", "systemd-run",
    "systemd-inhibit", "start-stop-daemon", "daemonize", "run-parts", "tini", "dumb-init", "screen", "tmux", "dtach",
    "abduco", "xterm", "dbus-run-session", "dbus-launch", "ssh-agent", "xvfb-run", "faketime", "eatmydata", "torsocks",
    "torify", "proxychains", "proxychains4", "tsocks", "socat", "ed", "ex", "vi", "vim", "nvim", "view", "emacs",
    "busybox.static", "sudoedit", "zcompile", "newgrp", "ccache",
})  # fmt: skip
# The loaders of programs, by how their names begin.
_LOADERS = ("ld-linux", "ld-musl", "ld.so")


@dataclass(frozen=True, slots=True)
class _Carrier:
    """Options after which, or in which, a program is told what to run.

    `letters` are short ones, alone or among others; one of `valued` before ends the letters of a word. `options` are
    long ones, also abbreviated. `starts` are beginnings of words, `words` whole ones. `is_bare`: the first word has
    letters without a dash.
    """

    letters: str = ""
    valued: str = ""
    options: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    is_bare: bool = False

    def tells(self, text: str, *, is_first: bool) -> bool:
        """Whether this word may say what to run."""
        if text in self.words or (self.starts and text.startswith(self.starts)):
            return True
        if text.startswith("--"):
            name = text.partition("=")[0]
            return len(name) > 2 and any(option.startswith(name) for option in self.options)
        if text.startswith("-") or (is_first and self.is_bare):
            return any(letter in self.letters for letter in self._letters_of(text))
        return False

    def _letters_of(self, text: str) -> str:
        letters = text.removeprefix("-")
        end = next((at for at, letter in enumerate(letters) if letter in self.valued), len(letters))
        return letters[:end] if text.startswith("-") else letters


_TAR = _Carrier(
    letters="IF",
    valued="fCbTXKNVgLH",
    options=(
        "--checkpoint-action", "--to-command", "--use-compress-program", "--rsh-command", "--info-script",
        "--new-volume-script", "--rmt-command",
    ),
    is_bare=True,
)  # fmt: skip
_NETCAT = _Carrier(letters="ec", valued="ipswqXmGd", options=("--exec", "--sh-exec", "--lua-exec", "--command"))
_COMPILER = _Carrier(starts=("-wrapper", "-fplugin", "-specs", "--specs", "-B", "-Xclang", "@"))
_MAKE = _Carrier(
    letters="E",
    valued="CfIjlOoW",
    options=("--eval",),
    starts=("-f-", "SHELL=", ".SHELLFLAGS=", "MAKEFLAGS=", "GNUMAKEFLAGS="),
    words=frozenset({"-", "/dev/stdin"}),
)
_CARRIERS: Mapping[str, _Carrier] = {
    **dict.fromkeys(("tar", "gtar", "bsdtar"), _TAR),
    **dict.fromkeys(("nc", "ncat", "netcat"), _NETCAT),
    **dict.fromkeys(("cc", "gcc", "g++", "c++", "clang", "clang++"), _COMPILER),
    **dict.fromkeys(("rg", "rga"), _Carrier(options=("--pre", "--hostname-bin"))),
    **dict.fromkeys(("fd", "fdfind"), _Carrier(letters="xX", valued="edtSoEjg", options=("--exec", "--exec-batch"))),
    **dict.fromkeys(("sort", "gsort"), _Carrier(options=("--compress-program",))),
    **dict.fromkeys(("make", "gmake"), _MAKE),
    **dict.fromkeys(("scp", "sftp"), _Carrier(letters="SoFDb", valued="cilPBR")),
    **dict.fromkeys(("less", "more", "most"), _Carrier(starts=("+",), letters="kK")),
    "ssh": _Carrier(letters="oF", valued="BbcDEeIiJLlmOpQRSWw"),
    "rsync": _Carrier(letters="e", valued="fBTM", options=("--rsh", "--rsync-path")),
    "man": _Carrier(letters="PH", options=("--pager", "--html")),
    "zip": _Carrier(letters="T", valued="bntixs", options=("--unzip-command",)),
    "split": _Carrier(options=("--filter",)),
    "install": _Carrier(options=("--strip-program",)),
    "wget": _Carrier(letters="e", valued="OPoaitTQlUwARDIXB", options=("--execute", "--use-askpass", "--config")),
    "ctags": _Carrier(letters="G", options=("--options",), starts=("--_",)),
}


def carried_doubts(program: str, words: Sequence[Word]) -> frozenset[Doubt]:
    """What is in doubt about a program of this name, in lower case, because of what it may run."""
    if program in _WRAPPERS or program.startswith(_LOADERS):
        return _RUNS_OTHERS
    if program == "git":
        return _git(words)
    carrier = _CARRIERS.get(program)
    return _FINE if carrier is None else _carried(words, carrier=carrier)


def _carried(words: Sequence[Word], *, carrier: _Carrier) -> frozenset[Doubt]:
    for number, word in enumerate(words):
        if word.text == "--":
            return _FINE
        # What is not known may be an option, as the names of files are that somebody has put there.
        if word.text is None:
            return frozenset({Doubt.OPTION})
        if carrier.tells(word.text, is_first=number == 0):
            return _RUNS_OTHERS
    return _FINE


# Before the command; others set what it runs.
_GIT_FLAGS = frozenset(
    {"--no-pager", "-P", "--bare", "--version", "--help", "--literal-pathspecs", "--no-optional-locks"}
)
_GIT_VALUED = frozenset({"-C"})
# They run what they are told, what a configuration says, or change the configuration.
_GIT_RUNS = frozenset({
    "bisect", "submodule", "filter-branch", "difftool", "mergetool", "for-each-repo", "gui", "citool", "instaweb",
    "web--browse", "send-email", "daemon", "shell", "hook", "credential", "p4", "svn", "remote-ext", "remote-fd",
    "fast-import", "maintenance", "help",
})  # fmt: skip
_GIT_READS = frozenset({"--get", "--get-all", "--get-regexp", "--list", "-l", "get", "list"})
_GIT_OPTIONS = _Carrier(
    options=(
        "--upload-pack", "--receive-pack", "--exec", "--open-files-in-pager", "--ext-diff", "--extcmd", "--template",
        "--config",
    ),
    starts=("ext::", "fd::", "-O"),
)  # fmt: skip
_GIT_LETTERS: Mapping[str, _Carrier] = {
    "rebase": _Carrier(letters="x", valued="sXC"),
    "clone": _Carrier(letters="uc", valued="bjo"),
}
# An argument of these that is not known may be an option that runs something.
_GIT_LISTENS = frozenset({"clone", "fetch", "pull", "push", "ls-remote", "archive", "rebase", "grep", "init", "remote"})


def _git(words: Sequence[Word]) -> frozenset[Doubt]:
    at = 0
    while at < len(words) and (words[at].text or "").startswith("-"):
        text = words[at].text
        if text not in _GIT_FLAGS | _GIT_VALUED:
            return _RUNS_OTHERS
        at += 2 if text in _GIT_VALUED else 1
    if at >= len(words):
        return _FINE
    command, rest = words[at].text, words[at + 1 :]
    if command is None or command in _GIT_RUNS:
        return _RUNS_OTHERS
    if command == "config":
        return _FINE if any(word.text in _GIT_READS for word in rest[:2]) else _RUNS_OTHERS
    if command not in _GIT_LISTENS:
        rest = [word for word in rest if word.text is not None]
    own = _GIT_LETTERS.get(command, _GIT_OPTIONS)
    return _carried(rest, carrier=_GIT_OPTIONS) | _carried(rest, carrier=own)


# Builtins that take a text for an expression, in which some shells run commands; and options that name a variable.
_EXPRESSIONS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("test", "["), frozenset({"-v", "-R"})),
    "wait": frozenset({"-p"}),
    "jobs": frozenset({"-x"}),
    **dict.fromkeys(("printf", "exit", "return", "break", "continue", "shift", "kill", "ulimit"), frozenset[str]()),
}


def expression_doubts(builtin: str, words: Sequence[Word]) -> frozenset[Doubt]:
    """What is in doubt about a builtin of a shell because of what it takes for an expression."""
    names = _EXPRESSIONS.get(builtin)
    if names is None:
        return _FINE
    texts = [word.text for word in words if word.text is not None]
    is_run = any(text in names or RUN_WITHIN.search(text) for text in texts)
    return frozenset({Doubt.EXPANSION}) if is_run else _FINE
