# SPDX-License-Identifier: Apache-2.0
"""
The programs of the oracle. Each is a shell command (run by dash unless SHELL says otherwise) in a fresh directory that
PREPARE has filled. Fields: racy: names left out because how often they happen, or with what result, is decided by
timing; names: names compared without their result; whole: threads are not matched, the calls of all of them are
compared as one multiset (which worker takes which job is a race).
"""

PIPE = ("read", "write")
# bash waits in one way for a child that runs and in another for one that is gone already
BASH_WAIT = ("wait4", "rt_sigaction", "rt_sigprocmask")
FILES = "seq 1 20000 >big; seq 20000 -1 1 >down; mkdir -p tree/a/b tree/c; for i in 1 2 3 4 5 6; do " \
        "echo needle $i >tree/a/f$i; echo hay $i >tree/a/b/g$i; done; ln -s a/f1 tree/link; "
C_FILES = "printf '#include <stdio.h>\\nint main(void)\\n{\\n\\tputs(\"hello\");\\n\\treturn 0;\\n}\\n' >hello.c; " \
          "printf 'all: one two\\none: hello.c\\n\\tcp hello.c one\\ntwo: one\\n\\tcat one one >two\\n' >Makefile; "
GIT = "git init -q repo; cd repo; git config user.name n; git config user.email e@example.org; " \
      "echo one >f; git add f; git commit -q -m one; cd ..; "


class Program:
    def __init__(self, name, command, prepare="", racy=(), names=(), whole=False, needs=()):
        self.name, self.command, self.prepare = name, command, prepare
        self.racy, self.names, self.whole, self.needs = set(racy), set(names), whole, needs


P = Program
NODE_RACY = ("madvise", "mprotect", "munmap", "mmap", "read", "write", "eventfd2", "brk", "getpid", "gettid",
             "clock_gettime", "epoll_pwait", "epoll_wait", "epoll_ctl", "prctl", "sched_getaffinity", "io_uring_setup",
             "io_uring_enter")

PROGRAMS = [
    P("true", "exec /bin/true"),
    P("ls", "exec ls -lR .", FILES),
    P("cp", "exec cp -a tree copy", FILES),
    P("mv", "exec mv tree moved", FILES),
    P("rm", "exec rm -rf tree", FILES),
    P("sort", "exec sort -S 1M --parallel=1 -o sorted down", FILES),
    P("cat", "exec cat big down", FILES),
    P("wc", "exec wc big down", FILES),
    P("dd", "exec dd if=big of=out bs=1000 count=50 conv=fsync status=none", FILES),
    P("split", "exec split -l 3000 big part.", FILES),
    P("sha256sum", "exec sha256sum big down", FILES),
    P("head", "exec head -n 100 big", FILES),
    P("tail", "exec tail -n 100 big", FILES),
    P("tee", "exec tee a b c <big", FILES),
    P("stat", "exec stat . big absent", FILES),
    P("install", "exec install -m 600 big target", FILES),
    P("find", "exec find tree -type f -name 'f*' -size -10k", FILES),
    P("find-exec", "exec find tree -name 'f*' -exec cat {} +", FILES),
    P("xargs", "exec xargs -n 4 echo <list", "seq 1 40 >list; "),
    P("dash-loop", "i=0; while [ $i -lt 50 ]; do i=$((i + 1)); echo $i >>log; done; (exit 3)"),
    P("dash-commands", "for i in 1 2 3 4 5; do /bin/echo $i; done; /absent/x; true"),
    P("bash-loop", "exec bash --norc -c 'for i in {1..50}; do x=$((i * 2)); echo $x >>log; done; [[ -e log ]]'"),
    P("bash-subshells", "exec bash --norc -c 'for i in 1 2 3 4 5 6; do ( cd /; exit $i ); done; true'",
      racy=BASH_WAIT),
    P("bash-pipeline", "exec bash --norc -c 'cat big | grep 7 | sort -S 1M --parallel=1 | uniq -c | tail -n 3'", FILES,
      racy=PIPE + BASH_WAIT),
    P("bash-substitution", "exec bash --norc -c 'a=$(cat tree/a/f1); b=$(ls tree); echo \"$a $b\"'", FILES,
      racy=PIPE + BASH_WAIT),
    P("git-init-commit", "git init -q r && cd r && git config user.name n && git config user.email e@example.org && "
      "echo x >f && git add f && git commit -q -m one", racy=PIPE),
    P("git-log-status", "cd repo && git log --oneline && git status --short && git diff --stat", GIT, racy=PIPE),
    P("python-imports", "exec /usr/bin/python3 -c 'import json, os, re, hashlib, subprocess, threading; "
      "print(len(os.listdir(\"/\")))'"),
    P("python-threads", "exec /usr/bin/python3 -c 'import threading, os\n"
      "def f(): [os.stat(\"/\") for _ in range(50)]\n"
      "for i in range(4):\n t = threading.Thread(target=f); t.start(); t.join()'",
      # which arena a thread gets, and whether the last one leaves by itself or is ended by exit_group
      racy=("mmap", "munmap", "mprotect", "madvise", "rt_sigprocmask", "exit")),
    P("python-subprocess", "exec /usr/bin/python3 -c 'import subprocess\n"
      "for i in range(5): subprocess.run([\"/bin/echo\", str(i)])'"),
    P("perl", "exec perl -e 'open(F, \"<\", \"big\"); while (<F>) { $s += $_ } print \"$s\\n\"; system(\"/bin/true\")'",
      FILES),
    P("node", "exec node -e 'const fs = require(\"fs\"); console.log(fs.readdirSync(\"/\").length)'", racy=NODE_RACY,
      whole=True, needs=("node",)),
    P("gcc-compile", "exec gcc -O1 -c hello.c", C_FILES),
    P("gcc-link", "exec gcc hello.o -o hello", C_FILES + "gcc -c hello.c; "),
    P("make", "exec make -s", C_FILES),
    P("tar-create", "exec tar cf out.tar tree big", FILES),
    P("tar-gzip", "exec tar czf out.tgz tree big", FILES, racy=PIPE),
    P("tar-extract", "exec tar xf in.tar", FILES + "tar cf in.tar tree big; rm -r tree; "),
    P("gzip", "exec gzip -k big", FILES),
    P("gunzip", "exec gzip -d packed.gz", FILES + "gzip -c big >packed.gz; "),
    P("sed", "exec sed -i s/7/seven/ big", FILES),
    P("awk", "exec awk '{ s += $1 } END { print s }' big", FILES),
    P("grep-r", "exec grep -r needle tree", FILES),
    P("diff", "exec diff -q big down", FILES),
    P("cmp-failure", "exec cmp absent-1 absent-2"),
    P("epoll", "exec $ORACLE_PROGS/epoll"),
    P("thread-pool", "exec $ORACLE_PROGS/pool", names=("openat", "close", "read")),
    P("vfork-storm", "exec $ORACLE_PROGS/vforks"),
    P("posix-spawn", "exec $ORACLE_PROGS/pspawn"),
    P("pipes", "exec $ORACLE_PROGS/pipes"),
]
