# SPDX-License-Identifier: Apache-2.0
"""
Policies for the attempts of tests/security/evade_rules.c, by the word before the slash of what each expects. BEFORE makes what is
there when the policy is loaded, LATER what somebody else makes while it is in force.
"""
import os
import shutil

NAMES = "/srv/names"
RULES = "/srv/rules"
GROUP = "/sys/fs/cgroup/rules/inner"


def put(path, text="secret", mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def names_before():
    for name in ("exact", "a/old.pem", "a/plain", "move/in", "home/u/x", "home/w/x", "locks/sub/x", "pem/x"):
        put("%s/%s" % (NAMES, name))
    os.link(NAMES + "/a/old.pem", "/srv/ok/plain")
    os.makedirs(NAMES + "/through", exist_ok=True)
    os.makedirs(NAMES + "/tree", exist_ok=True)
    os.symlink(NAMES + "/a/plain", NAMES + "/link")
    shutil.copy("/payload/evade", NAMES + "/a/other")


def names_later():
    """Nothing of this was there when the policy was loaded."""
    os.unlink(NAMES + "/exact")
    os.rmdir(NAMES + "/tree")
    for name in ("exact", "later", "tree/f", "a/.env", "a/key.pem", "a/%s.pem" % ("x" * 200), "home/u/.ssh/id", "home/u/v/.ssh/id",
                 "locks/x.lock", "locks/sub/x.lock", "through/b/.env", "pem/not-pem", "a/f.pem"):
        put("%s/%s" % (NAMES, name))
    put("/srv/ok/dir/.env")
    shutil.copy("/payload/evade", NAMES + "/a/tool-2")


def rules_before():
    for name in ("killed", "told", "both", "tree/denied", "tree/told", "uid", "binary", "not-binary", "user-ns", "mount-ns", "two", "group"):
        put("%s/%s" % (RULES, name), mode=0o666)
    shutil.copy("/payload/evade", RULES + "/other")
    os.makedirs(GROUP, exist_ok=True)


POLICIES = {
    "names": ("""
[filesystem]
deny = ["/srv/names/exact", "/srv/names/later", "/srv/names/tree", "**/.env", "/srv/names/**/*.pem", "/srv/names/home/*/.ssh",
        "/srv/names/link"]
deny_write = ["/srv/names/locks/*.lock"]
deny_exec = ["/srv/names/**/tool*"]
""", names_before, names_later),
    "actions": ("""
[filesystem]
deny = [{ path = "/srv/rules/killed", action = "kill" }, { path = "/srv/rules/told", action = "audit" },
        { path = "/srv/rules/tree", action = "audit" }, "/srv/rules/tree/denied", { path = "/srv/rules/both", action = "audit" }]
deny_write = ["/srv/rules/both"]
[syscalls]
deny = [{ call = "bpf", action = "kill" }, { call = "mount", action = "audit" }]
""", rules_before, None),
    "when": ("""
[filesystem]
deny = [{ path = "/srv/rules/uid", when = { uid = [1000] } },
        { path = "/srv/rules/binary", when = { binary = ["/srv/rules/other"] } },
        { path = "/srv/rules/not-binary", when = { not_binary = ["/payload/evade"] } },
        { path = "/srv/rules/user-ns", when = { user_namespace = "other" } },
        { path = "/srv/rules/mount-ns", when = { mount_namespace = "other" } },
        { path = "/srv/rules/two", action = "audit", when = { uid = [1000] } },
        { path = "/srv/rules/two", when = { uid = [1001] } },
        { path = "/srv/rules/group", when = { cgroup = ["/rules"] } }]
[network]
allow = ["127.0.0.1:80", { host = "127.0.0.1:81", when = { uid = [1000] } }]
[syscalls]
deny = [{ call = "perf_event_open", when = { uid = [1000] } }]
""", rules_before, None),
    "ops": ("""
[syscalls]
deny = ["ptrace", "mount", "init_module", "kexec_load", "perf_event_open", "io_uring_setup"]
""", None, None),
}
# Attempts that are allowed elsewhere, by policy: with what must be seen of them under it.
AGAIN = {
    "ops": [(name, "kernel", action, "denied") for action, names in (
        ("ptrace", ("ptrace", "traceme", "proc-mem", "process-vm-write")),
        ("mount", ("mount", "remount", "new-super", "changed-super")), ("move_mount", ("move-mount",)),
        ("umount:/mnt/again", ("unmount",)), ("pivot_root", ("pivot-root",)),
        ("load_module", ("module-file", "module-memory")), ("load_kexec", ("kexec-load", "kexec-file")),
        ("perf_event", ("perf-event", "kprobe")), ("io_uring", ("uring-setup", "uring-poll"))) for name in names],
}
