# SPDX-License-Identifier: Apache-2.0
"""A doctored trace must fail the comparison that is there for it."""
import copy


def first(records, action=None, name=None, n=0, **fields):
    """Index of the Nth record of that kind."""
    for i, r in enumerate(records):
        if action and r.get("action") != action or name and r.get("syscall") != name:
            continue
        if any(r.get(k) != v for k, v in fields.items()):
            continue
        if not n:
            return i
        n -= 1
    raise ValueError("self-test: no record %s %s" % (action or name, fields))


def drop(action=None, name=None, **fields):
    return lambda rs: rs.pop(first(rs, action, name, **fields))


def change(key, value, action=None, name=None, **fields):
    def doctor(rs):
        r = rs[first(rs, action, name, **fields)]
        for k in key.split(".")[:-1]:
            r = r[int(k)] if isinstance(r, list) else r[k]
        k = key.split(".")[-1]
        r[int(k) if isinstance(r, list) else k] = value
    return doctor


def swap(action=None, name=None, **fields):
    def doctor(rs):
        i = first(rs, action, name, **fields)
        j = next(j for j in range(i + 1, len(rs)) if rs[j].get("tid") == rs[i]["tid"])
        rs[i], rs[j] = rs[j], rs[i]
    return doctor


def double(name):
    def doctor(rs):
        i = first(rs, None, name)
        rs.insert(i, copy.deepcopy(rs[i]))
    return doctor


def table(rs):
    rs[-1]["top_calls"][3]["calls"] += 1


def file_list(rs):
    rs[-1]["files_accessed"].append("/invented")


# a doctored trace of births-vforkexec or signals-restarted; the comparison that must find it
DOCTORS = [
    ("births-vforkexec", "a call is missing", drop(name="readlink"), "calls:"),
    ("births-vforkexec", "a call is there twice", double("brk"), "calls:"),
    ("births-vforkexec", "an errno is another", change("errno", "EACCES", name="execve", errno="ENOENT"), "calls:"),
    ("births-vforkexec", "a result is another", change("return_value", 7, name="wait4"), "calls:"),
    ("births-vforkexec", "two calls are swapped", swap(name="arch_prctl"), "calls:"),
    ("births-vforkexec", "a register is another", change("args.raw.1", 99, name="mprotect"), "arguments:"),
    ("births-vforkexec", "a path is another", change("args.decoded.path", "/bin/fals", name="execve", n=2), "decoded:"),
    ("births-vforkexec", "an argument list is cut", change("args.decoded.argv", [], name="execve", n=2), "decoded:"),
    ("births-vforkexec", "a mark is missing", change("no_return", None, name="exit_group"), "marks:"),
    ("births-vforkexec", "an ABI is another", change("abi", "i386", name="brk"), "marks:"),
    ("births-vforkexec", "a child is missing", drop("spawned"), ""),
    ("births-vforkexec", "an exec is missing", drop("exec", n=1), "processes:"),
    ("births-vforkexec", "an end is missing", drop("exited"), "processes:"),
    ("births-vforkexec", "an exit code is another", change("exit_code", 3, "exited"), "processes:"),
    ("births-vforkexec", "a parent is another", change("ppid", 1, "exited"), "processes:"),
    ("births-vforkexec", "an exe is another", change("exe", "/usr/bin/false", "exec", n=1), "processes:"),
    ("births-vforkexec", "a directory is another", change("cwd", "/", "exec", n=1), "processes:"),
    ("births-vforkexec", "a user is another", change("euid", 5, "exec", n=1), "processes:"),
    ("births-vforkexec", "image flags are others", change("image_flags", ["script"], "exec", n=1), "processes:"),
    ("births-vforkexec", "an exec_id is another", change("exec_id", 2, "exec", n=1), "images:"),
    ("births-vforkexec", "a cgroup is another", change("cgroup_id", 1, "exited"), "processes:"),
    ("births-vforkexec", "a name inside is another", change("ns_pid", 5, "spawned"), "processes:"),
    ("births-vforkexec", "a call is on the other side of an exec", swap("exec", n=1), "order:"),
    ("births-vforkexec", "a count of the summary is another", table, "summary:"),
    ("births-vforkexec", "a file of the summary is invented", file_list, "summary:"),
    ("signals-restarted", "a signal is missing", drop("signaled"), "processes:"),
    ("signals-restarted", "a signal's sender is another", change("sender_pid", 1, "signaled"), "processes:"),
    ("signals-restarted", "a signal is another", change("signal", 12, "signaled"), "signals:"),
    ("signals-restarted", "a restart is missing", drop(name="read", errno="ERESTARTSYS"), "calls:"),
]


def doctored(records, doctor):
    out = copy.deepcopy(records)
    out[0]["backend"] = "ptrace"
    doctor(out)
    return out
