# SPDX-License-Identifier: Apache-2.0
"""Attempts that need nothing but a sandbox with a project: the numbers are those of the battery."""
from registry import attempt, not_here

MOUNT, FILES = "mount", "mount landlock"
EXEC = "exec seccomp landlock mount"
HIDDEN = "ENOENT EACCES"
READONLY = "EROFS EACCES EPERM"

# ---- 1-8: terminal and descriptors

attempt("1-tiocsti", group="tty", layer="seccomp", errnos="EPERM", bare="ru")
attempt("2-tiocsti-high", group="tty", layer="seccomp", errnos="EPERM", bare="ru")
attempt("2-tiocsti-any-fd", layer="seccomp", errnos="EPERM", bare="ru")
attempt("3-tioclinux", layer="seccomp", errnos="EPERM", bare="ru")
attempt("3-tioclinux-high", layer="seccomp", errnos="EPERM", bare="ru")
attempt("3-tioclinux", group="tty", layer="seccomp", errnos="EPERM", bare="ru")
attempt("4-dev-tty", group="tty", errnos="ENXIO ENOENT EACCES", layer="", bare="ru")
attempt("4-tiocsctty", group="tty", errnos="EPERM EIO", layer="", bare="")
# with a terminal of its own: that is all it has, and the caller's is not reached through it
for what in ("1-tiocsti", "2-tiocsti-high", "3-tioclinux"):
    attempt(what, group="own-tty", layer="seccomp", errnos="EPERM")
attempt("4-host-pty", group="own-tty", errnos="ENOENT EACCES EIO", layer="", bare="r")
attempt("4-own-tty", want="allowed", group="own-tty", bare="ru")
for opts in ("plain", "tty", "own-tty", "exec", "listed"):
    attempt("5-leaked-fd", group=opts, errnos="EBADF", layer="", bare="ru")
    attempt("5-fd-list", group=opts, errnos="EBADF", layer="", bare="ru")
attempt("8-scm-rights", errnos="EPERM", layer="seccomp")

# ---- 11-13: reading what is hidden

for f in (".ssh/id_rsa", ".npmrc", ".aws/credentials", ".config/gh/hosts.yml", ".netrc", ".git-credentials",
          ".docker/config.json", ".gnupg/secring.gpg", ".bashrc"):
    attempt("11-read:{home}/" + f, errnos=HIDDEN, layer=FILES)
attempt("11-read:/etc/shadow", errnos=HIDDEN, layer=FILES, bare="r")
attempt("11-read:/etc/gshadow", errnos=HIDDEN, layer=FILES, bare="r")
attempt("11-read:/etc/sudoers", errnos=HIDDEN, layer="", bare="")
attempt("11-read:/root/.bashrc", errnos=HIDDEN, layer=FILES, bare="r")
attempt("11-read:{secret}", errnos=HIDDEN, layer=FILES)
attempt("11-read:{tmp_secret}", errnos=HIDDEN, layer=FILES)
attempt("11-read:{shm}", errnos=HIDDEN, layer=FILES)
attempt("11-read:/boot/config", errnos=HIDDEN, layer="", bare="")
attempt("11-list:{secret_dir}", errnos=HIDDEN, layer=FILES)
attempt("11-list:{base}/home", errnos=HIDDEN, layer="", bare="")
attempt("11-stat:{secret}", errnos=HIDDEN, layer=FILES)
attempt("11-stat:/root", errnos=HIDDEN, layer="", bare="", only="user")
attempt("11-stat:/sys/kernel", errnos=HIDDEN, layer=FILES)
attempt("11-stat:/run", errnos=HIDDEN, layer=FILES)
attempt("11-stat:/sys/fs/cgroup", errnos=HIDDEN, layer=FILES)
for p in ("/proc/1/root", "/proc/self/root", "/proc/self/root/..", "/proc/self/cwd/../../../..", "/proc/thread-self/root",
          "/proc/self/task/1/root", "/proc/1/cwd/../../../..", "/proc/self/fd/9/../.."):
    attempt("12-proc:" + p, errnos="ENOENT EACCES EPERM ENOTDIR", layer="",
            bare="ru" if "self/root" in p or "self/cwd" in p else "")
attempt("12-proc-host-cwd", errnos=HIDDEN, layer="")
for p in ("{base}/project/../outside/secret", "//{base}/outside//secret", "/./{base}/./outside/./secret",
          "{base}/project/dir-a/../../outside/secret", "/../../..{base}/outside/secret",
          "/proc/self/cwd/../outside/secret", "{base}/outside/../outside/secret"):
    attempt("13-read:" + p, errnos="ENOENT EACCES", layer="")
for n in (1000, 4000, 4095, 4096, 5000):
    attempt("13-long-path:%d" % n, errnos="ENOENT EACCES ENAMETOOLONG", layer="", bare="ru" if n < 4096 else "")
attempt("13-dots", errnos=HIDDEN, layer="")
attempt("13-read:{base}/outside/secret%0aevil", errnos=HIDDEN, layer="", bare="")
attempt("13-read:{base}/outside/%ff%fe%80secret", errnos=HIDDEN, layer="", bare="")

# ---- 14-20: links, handles, other ways

attempt("14-link-read", errnos=HIDDEN, layer="")
attempt("14-link-write", errnos="ENOENT EACCES EROFS", layer="")
attempt("14-link-dir", errnos=HIDDEN, layer="")
attempt("14-link-made", errnos=HIDDEN, layer="")
attempt("16-hardlink:{secret}", errnos="ENOENT EACCES EXDEV EPERM", layer=FILES)
attempt("16-hardlink:{readonly}", errnos="EXDEV EPERM EACCES", layer=FILES)
attempt("16-hardlink:/usr/bin/env", errnos="EXDEV EPERM EACCES", layer=FILES, bare="")
attempt("16-hardlink-fd:{readonly}", errnos="EXDEV EPERM EACCES ENOENT", layer="", bare="ru")
attempt("17-refer", want="allowed", bare="ru")
attempt("18-handle", errnos="EPERM ENOSYS", layer="seccomp", bare="r")
for resolve in ("0", "1", "2", "4", "8", "16"):
    # 16 is RESOLVE_IN_ROOT, 8 BENEATH: absolute paths mean something else there
    attempt("19-openat2:" + resolve, errnos="ENOENT EACCES EXDEV ELOOP ENOSYS EPERM", layer="",
            bare="ru" if resolve in "024" else "")
attempt("19-o-path", errnos=HIDDEN, layer=FILES)
# the last five spoil what the others need: without a sandbox they would succeed
for what in ("open-write", "open-trunc", "link", "symlink", "mkdir", "create", "tmpfile", "setxattr", "utimensat", "chmod", "chown",
             "punch", "mmap-shared", "reopen", "exchange", "truncate", "rename-in", "rename", "unlink", "rename-out"):
    quiet = what in ("mmap-shared", "reopen")
    attempt("20-" + what, errnos=READONLY + " EXDEV", layer="" if quiet else "mount landlock seccomp capabilities",
            bare="" if what in ("mmap-shared", "unlink", "rename-out") else "ru")
attempt("20-stdin-reopen", group="stdin-file", errnos=HIDDEN + " EROFS", layer="", bare="ru")

# ---- 22: where it would be run later

for p in ("/etc/cron.d/battery", "/etc/profile.d/battery.sh", "/etc/ld.so.preload", "/etc/passwd", "/etc/sudoers.d/x",
          "/usr/local/bin/battery", "/usr/bin/battery", "/var/spool/cron/crontabs/root", "/lib/systemd/system/b.service"):
    # not every system has them all: then nothing is hidden
    attempt("22-write:" + p, errnos="EROFS EACCES ENOENT EPERM", bare="r",
            layer="" if "sudoers" in p or "crontabs" in p else FILES)

# ---- 28-30: devices, /proc, /sys

for dev in ("c-1-3", "b-254-0", "c-1-1"):
    for where in ("/tmp", "{project}"):
        attempt("28-mknod:%s-%s" % (dev, where), errnos="EPERM", layer="seccomp", bare="r")
for dev in ("kvm", "fuse", "mem", "port", "vda", "kmsg", "userfaultfd", "net/tun", "loop0", "loop-control", "console", "tty0",
            "vsock", "vhost-net", "cpu/0/msr", "hpet", "btrfs-control", "autofs"):
    attempt("29-device:/dev/" + dev, errnos=HIDDEN, layer="", bare="")
for dev in ("null", "zero", "full", "random", "urandom", "ptmx"):
    attempt("29-works:/dev/" + dev, want="allowed", bare="" if dev == "ptmx" else "ru")
attempt("35-own-shm", want="allowed", bare="ru")
for p in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/kernel/hostname", "/proc/sys/vm/overcommit_memory",
          "/proc/sys/net/ipv4/ip_forward", "/proc/sys/user/max_user_namespaces", "/proc/irq/default_smp_affinity",
          "/sys/kernel/uevent_helper", "/sys/kernel/mm/ksm/run", "/sys/fs/cgroup/memory/release_agent",
          "/sys/fs/cgroup/unified/cgroup.procs", "/sys/power/state", "/proc/mtrr"):
    attempt("30-open-write:" + p, errnos="ENOENT EACCES EROFS EPERM", layer="",
            bare="r" if p.startswith("/proc/sys/") and "max_user" not in p or "mm/ksm" in p or "unified" in p else "")
for p in ("/proc/kcore", "/proc/kmsg", "/proc/kallsyms-x", "/proc/timer_list", "/proc/slabinfo", "/proc/keys",
          "/proc/sched_debug", "/proc/vmallocinfo", "/proc/1/environ"):
    attempt("30-read:" + p, errnos="ENOENT EACCES EPERM EIO", layer="", bare="r" if p == "/proc/slabinfo" else "")
attempt("30-oom-score", errnos="EACCES EROFS EPERM", layer="", bare="")
attempt("30-cgroup-leave", layer="", bare="r")
attempt("31-core", layer="", bare="ru")

# ---- 32, 33, 37: mounts and namespaces

for call in ("chroot", "pivot_root", "mount", "remount", "umount2", "fsopen", "fsmount", "fsconfig", "fspick", "move_mount",
             "open_tree", "open_tree-clone", "mount_setattr"):
    attempt("32-" + call, errnos="EPERM ENOSYS", layer="seccomp", bare="ru" if call == "open_tree" else "r")
for fs in ("tmpfs", "overlay", "fuse", "9p", "bpf", "proc", "sysfs"):
    attempt("33-nested:" + fs, errnos="EPERM ENOSYS", layer="seccomp", bare="ru" if fs == "tmpfs" else "")
NS = {"time": "80", "mnt": "20000", "cgroup": "2000000", "uts": "4000000", "ipc": "8000000", "user": "10000000",
      "pid": "20000000", "net": "40000000"}
for ns, flag in NS.items():
    for flags in (flag, "%x" % (int(flag, 16) | 0x10000000)):
        attempt("37-unshare:" + flags, errnos="EPERM ENOSYS", layer="seccomp",
                bare="ru" if int(flags, 16) & 0x10000000 else "r")
        if ns != "time":
            attempt("37-clone:" + flags, errnos="EPERM ENOSYS", layer="seccomp",
                    bare="ru" if int(flags, 16) & 0x10000000 else "r")
    attempt("37-clone3:" + flag, errnos="ENOSYS EPERM", layer="seccomp", bare="ru" if ns == "user" else "r")
    attempt("37-setns:self/ns/" + ns, errnos="EPERM ENOSYS EACCES ENOENT", layer="seccomp", bare="ru" if ns == "user" else "")
for p in ("1/ns/net", "1/ns/mnt", "1/ns/user"):
    attempt("37-setns:" + p, errnos="EPERM ENOSYS EACCES ENOENT", layer="", bare="")
attempt("37-setns-pidfd", errnos="EPERM ENOSYS EACCES ESRCH", layer="seccomp", bare="r")
attempt("37-cgroup-view", layer="", bare="")

# ---- 38-44: ids, capabilities, other processes

attempt("38-setuid", errnos="EPERM EINVAL", layer="seccomp user_ns capabilities", bare="r", only="root")
attempt("38-setuid", errnos="EPERM EINVAL", layer="", bare="", only="user")
attempt("38-setgid", errnos="EPERM EINVAL", layer="seccomp user_ns capabilities", bare="r")
attempt("38-setfsuid", layer="", bare="r")
attempt("38-dac", errnos="EACCES", layer="capabilities", bare="r", only="root")
attempt("38-dac", errnos="EACCES", layer="", bare="", only="user")
attempt("38-set-id:{base}/set-id-dir/attempt", group="exec", layer="", bare="ru")
attempt("39-cap-sets", layer="", bare="ru")
attempt("39-capset", errnos="EPERM", layer="", bare="r")
attempt("39-ambient", errnos="EPERM", layer="", bare="")
attempt("39-securebits", errnos="EPERM", layer="", bare="r")
attempt("39-no-new-privs", layer="", bare="ru")
attempt("40-uid-map", errnos="EPERM EROFS EACCES", layer="", bare="")
attempt("40-setgroups", errnos="EPERM", layer="", bare="r")
GONE = "ESRCH EPERM ENOSYS EINVAL"
attempt("41-kill:host_pid", errnos=GONE, layer="")
attempt("41-kill:supervisor", errnos=GONE, layer="", bare="r")
for what in ("pidfd", "sigqueue", "tgkill", "setpriority", "setaffinity", "process-madvise"):
    attempt("41-" + what, errnos=GONE, layer="")
attempt("41-prlimit", errnos=GONE, layer="", bare="ru")
attempt("41-kcmp", errnos=GONE, layer="seccomp", bare="ru")
attempt("41-vm-readv", errnos=GONE, layer="seccomp", bare="ru")
attempt("41-ptrace", errnos="EPERM ENOSYS", layer="seccomp", bare="ru")
attempt("41-ptrace-child", errnos="EPERM ENOSYS", layer="seccomp", bare="ru")
attempt("41-kill-group", errnos=GONE, layer="", bare="")
attempt("41-setpriority-user", layer="", bare="ru")
attempt("41-proc", errnos=HIDDEN, layer="")
attempt("42-kill-1", layer="", bare="r")
attempt("42-ptrace-1", errnos="EPERM ENOSYS", layer="seccomp", bare="")
for f in ("environ", "mem", "maps", "fd/0", "fd/3", "auxv", "exe", "stack", "io", "pagemap", "root/etc/passwd", "cwd"):
    attempt("43-pid1:" + f, errnos="EACCES EPERM ENOENT", layer="", bare="")
attempt("43-pid1-vm", errnos="EPERM ENOSYS", layer="seccomp", bare="")
attempt("43-pidfd-getfd", errnos="EPERM ENOSYS EBADF", layer="", bare="")
for f in ("mem", "environ", "maps", "fd"):
    attempt("43-supervisor:" + f, errnos="ENOENT EACCES", layer="", bare="r")
attempt("44-self-exe", errnos="ETXTBSY EROFS EACCES EPERM", layer="", bare="")
attempt("44-launcher", errnos="ENOENT EROFS EACCES", layer="", bare="r")
attempt("44-pid1-exe", errnos="EACCES EPERM ENOENT", layer="", bare="")

# ---- 36: executing

for p in ("/usr/bin/true", "/bin/sh", "/usr/bin/env", "{base}/bin/sandtrace", "/bin/busybox"):
    attempt("36-exec:" + p, errnos="EACCES EPERM ENOENT", layer=EXEC, bare="ru" if "busybox" not in p else "")
attempt("36-self-again", errnos="EACCES EPERM", layer=EXEC)
attempt("36-proc-self-exe", errnos="EACCES EPERM", layer=EXEC)
for d in ("/tmp", "{project}", "/dev/shm"):
    attempt("36-copy:" + d, errnos="EACCES EPERM", layer=EXEC)
    attempt("36-script:" + d, errnos="EACCES EPERM", layer=EXEC)
    attempt("36-mmap:" + d, errnos="EPERM EACCES", layer="")
    attempt("36-mprotect:" + d, errnos="EPERM EACCES", layer="")
for way in ("memfd", "memfd-exec", "memfd-proc", "memfd-chmod"):
    attempt("36-" + way, errnos="EACCES EPERM", layer="seccomp exec landlock", bare="" if way == "memfd-chmod" else "ru")
attempt("36-execveat:/usr/bin/true", errnos="EACCES EPERM ENOENT", layer="seccomp exec")
attempt("36-execveat:{self}", errnos="EACCES EPERM", layer="seccomp exec")
attempt("36-ldso:/usr/bin/true", errnos="EACCES EPERM ENOENT", layer=EXEC)
attempt("36-vfork:/usr/bin/true", errnos="EACCES EPERM ENOENT", layer=EXEC)
attempt("36-swap-path:/usr/bin/true", layer="", bare="ru")
attempt("51-exec-threads:/usr/bin/true", layer="", bare="ru")
attempt("50-own-listener:{self}", layer="", bare="ru")
attempt("50-own-trace:{self}", layer="", errnos="ENOSYS EACCES EPERM", bare="")

# with a list: what stands there and nothing else
attempt("36-exec:/usr/bin/true", want="allowed", group="listed", bare="ru")
for spec in ("36-exec:/usr/bin/false", "36-exec:/bin/sh", "36-exec:{project}/mine", "36-copy:/tmp", "36-copy:{project}", "36-script:{project}",
             "36-script:/tmp", "36-vfork:/usr/bin/false"):
    attempt(spec, errnos="EACCES EPERM", layer="exec landlock mount", group="listed", bare="" if "mine" in spec else "ru")
for spec in ("36-memfd", "36-memfd-proc", "36-execveat:/usr/bin/false", "36-execveat:/usr/bin/true"):
    attempt(spec, errnos="EACCES EPERM", layer="seccomp exec landlock", group="listed")
for d in ("/tmp", "{project}", "/dev/shm"):
    attempt("36-mmap:" + d, errnos="EPERM EACCES", layer="", group="listed")
    attempt("36-mprotect:" + d, errnos="EPERM EACCES", layer="", group="listed")
attempt("51-exec-threads:/usr/bin/false", layer="", group="listed")
# with everything but what is denied
attempt("36-exec:/usr/bin/false", want="allowed", group="denied", bare="ru")
for spec in ("36-exec:/usr/bin/true", "36-execveat:/usr/bin/true", "36-vfork:/usr/bin/true", "36-copy:/tmp",
             "36-copy:{project}", "36-script:/tmp", "36-script:{project}"):
    attempt(spec, errnos="EACCES EPERM", layer="mount seccomp", group="denied")
for d in ("/tmp", "{project}"):
    attempt("36-mmap:" + d, errnos="EPERM EACCES", layer="", group="denied")
    attempt("36-mprotect:" + d, errnos="EPERM EACCES", layer="", group="denied")
not_here(36, "a list in allow_exec: the dynamic loader is among what may be executed, and can start any program that is visible on a "
         "mount with execution; `policy explain` says so. Without a list or --allow-exec it cannot: tested")

# ---- 45-51: the surface of calls

attempt("45-int80", errnos="SIGSYS ENOSYS EPERM", layer="seccomp", bare="ru")
attempt("36-exec:{base}/bin/m32", group="plain", errnos="EACCES EPERM ENOENT", layer=EXEC, bare="ru")
for n in ("0", "39", "59", "425", "520"):
    attempt("46-x32:" + n, errnos="ENOSYS SIGSYS EPERM", layer="", bare="")
for n in ("-1", "1000000", "0x3fffffff", "999", "0x7fffffff"):
    attempt("46-range:" + n, errnos="ENOSYS EPERM SIGSYS", layer="", bare="")
for call in ("setup", "enter", "register"):
    attempt("47-io_uring_" + call, errnos="EPERM ENOSYS", layer="seccomp", bare="ru")

ALWAYS = ("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff",
          "acct", "pivot_root")
for call in ALWAYS:
    attempt("48-call:" + call, errnos="EPERM", layer="seccomp",
            bare="r" if call in ("reboot", "swapon", "swapoff", "acct") else "")
REFUSED = {"quotactl": "", "quotactl_fd": "ru", "lookup_dcookie": "", "syslog": "", "settimeofday": "", "clock_settime": "",
           "clock_adjtime": "ru", "adjtimex": "ru", "iopl": "", "ioperm": "", "nfsservctl": "",
           "name_to_handle_at": "ru", "open_by_handle_at": "r", "fanotify_init": "r", "perf_event_open": "ru", "bpf": "r",
           "userfaultfd": "", "ptrace": "ru", "process_vm_writev": "ru", "add_key": "ru", "request_key": "ru", "keyctl": "",
           "memfd_secret": "ru", "setdomainname": "r", "sethostname": "r", "modify_ldt": "", "uselib": "", "_sysctl": "",
           "create_module": "", "get_kernel_syms": "", "query_module": "", "migrate_pages": "ru", "move_pages": "ru",
           "fsopen": "r", "lsm_set_self_attr": ""}
for call, bare in REFUSED.items():
    attempt("48-call:" + call, errnos="EPERM ENOSYS", layer="", bare=bare)
for call in ("statmount", "listmount", "open_tree_attr"):
    attempt("48-call:" + call, errnos="EPERM ENOSYS", layer="", bare="")
for call in ("mbind", "set_mempolicy", "vmsplice", "io_setup", "ustat", "sysfs"):
    attempt("48-call:" + call, errnos="EPERM ENOSYS", layer="seccomp", bare="ru", only="strict")
attempt("48-vhangup", errnos="EPERM", layer="seccomp", bare="")
attempt("48-personality", errnos="EPERM", layer="seccomp")
attempt("48-userfaultfd-user", errnos="EPERM ENOSYS", layer="seccomp")
attempt("48-perf-self", errnos="EPERM ENOSYS EACCES", layer="seccomp", bare="r")
attempt("48-memfd_secret-real", errnos="EPERM ENOSYS", layer="seccomp", bare="")
attempt("48-name_to_handle_at-real", errnos="EPERM ENOSYS", layer="seccomp")
attempt("49-add-key", errnos="EPERM ENOSYS", layer="seccomp")
attempt("49-find-key", errnos="EPERM ENOSYS", layer="seccomp", bare="ru")
attempt("50-own-filter", errnos="EPERM ENOSYS", layer="seccomp")
attempt("50-fake-exit", layer="", bare="")
attempt("51-threads", layer="")
attempt("51-seccomp-mode", layer="")
attempt("54-double-fetch", layer="")

# ---- 35, 57-67: the network, and what is shared

for what in ("sysv-shm", "sysv-sem", "sysv-msg"):
    attempt("35-" + what, errnos="ENOENT ENOSYS EPERM", layer="")
attempt("35-mq", errnos="ENOENT ENOSYS EPERM EACCES", layer="")
attempt("35-dev-shm", errnos=HIDDEN, layer=FILES)
NONET = "ENETUNREACH EPERM EACCES EPROTONOSUPPORT EHOSTUNREACH ESOCKTNOSUPPORT EAFNOSUPPORT EADDRNOTAVAIL EINVAL"
for kind, bare in {"tcp": "ru", "udp": "ru", "mptcp": "ru", "sctp": "", "sctp-seq": "", "udplite": "", "icmp": "", "raw": "",
                   "raw-tcp": "", "dccp": ""}.items():
    attempt("57-out:" + kind, errnos=NONET, layer="network landlock seccomp" if kind not in ("sctp", "dccp") else "", bare=bare)
attempt("57-fastopen", errnos=NONET, layer="", bare="")
for host in ("127.0.0.1", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "127.0.0.2"):
    attempt("58-connect:" + host, errnos="ECONNREFUSED EACCES EPERM ENETUNREACH EADDRNOTAVAIL", layer="network landlock seccomp",
            bare="" if host == "::" else "ru")
attempt("58-connect-mptcp:127.0.0.1", errnos="EPERM EPROTONOSUPPORT ECONNREFUSED EACCES", layer="seccomp")
attempt("58-udp:127.0.0.1", errnos="ECONNREFUSED EPERM EACCES ENETUNREACH", layer="")
attempt("58-own-loopback", want="allowed", bare="ru", only="default")
attempt("58-own-loopback", errnos="EPERM", layer="seccomp", only="strict")
# sockets of the Unix domain: refused as such, and where they are allowed, those of the host are not there
for spec, errnos, layer in (
        ("59-abstract", "ECONNREFUSED EPERM EACCES", "network landlock"),
        ("59-abstract-dgram", "ECONNREFUSED EPERM EACCES", "network landlock"),
        ("59-unix:{base}/outside/agent.sock", "ENOENT EACCES", FILES),
        ("59-unix:{run_socket}", "ENOENT EACCES", FILES),
        ("59-unix:{tmp_socket}", "ENOENT EACCES", FILES)):
    attempt(spec, errnos="EPERM EBADF", layer="seccomp")
    attempt(spec, errnos=errnos, layer=layer, group="unix")
for p in ("/run/docker.sock", "/var/run/docker.sock", "/run/systemd/private", "/run/dbus/system_bus_socket",
          "/tmp/.X11-unix/X0", "/run/containerd/containerd.sock"):
    attempt("59-unix:" + p, errnos="ENOENT EACCES", layer="", bare="", group="unix")
FAMILIES = {"vsock": 40, "packet": 17, "alg": 38, "bluetooth": 31, "can": 29, "rds": 21, "tipc": 30, "xdp": 44, "smc": 43,
            "x25": 9, "ax25": 3, "rxrpc": 33, "kcm": 41, "qipcrtr": 42, "nfc": 39, "pppox": 24, "llc": 26, "ib": 27}
for name, family in FAMILIES.items():
    attempt("59-family:%d" % family, errnos="EPERM EAFNOSUPPORT", layer="seccomp",
            bare="r" if name in ("packet",) else "")
attempt("59-vsock", errnos="EPERM EAFNOSUPPORT", layer="seccomp", bare="")
attempt("59-netlink", errnos="EPERM EACCES", layer="", bare="r")
for o in ("mark", "transparent", "rcvbufforce"):
    attempt("63-sockopt:" + o, errnos="EPERM EACCES", layer="", bare="r")
attempt("63-sockopt:bindtodevice", errnos="ENODEV EPERM", layer="", bare="ru")
attempt("63-tun", errnos="ENOENT EACCES EPERM", layer="", bare="")
attempt("63-nested-net", errnos="EPERM ENOSYS", layer="seccomp", bare="ru")
attempt("63-interfaces", layer="")
attempt("67-sendmmsg", errnos=NONET, layer="network seccomp")
attempt("67-unspec", errnos=NONET, layer="network seccomp")

# ---- 72: priorities and limits

attempt("72-rlimit:4", errnos="EPERM", layer="", bare="")
attempt("72-rlimit:7", errnos="EPERM", layer="", bare="")
attempt("72-rlimit:6", errnos="EPERM", layer="", bare="")
attempt("72-nice", errnos="EPERM EACCES", layer="", bare="r")
attempt("72-fifo", errnos="EPERM", layer="", bare="r")
attempt("72-deadline", errnos="EPERM", layer="", bare="r")
attempt("72-ioprio", errnos="EPERM", layer="", bare="r")

not_here(8, "with --allow-unix: a socket of the host in a granted directory can be connected to; no layer of this kernel has a "
         "right for it (Landlock from ABI 9, BPF LSM). Without --allow-unix and with --overlay it is refused: tested")
not_here(65, "a cap on the bytes sent to one destination is no part of `run`")
not_here(31, "a pipe handler in core_pattern is a setting of the whole machine; without one no core is written: tested")
not_here(60, "TLS names, Host headers and plain HTTP: rules are addresses and ports, which is what is tested")
