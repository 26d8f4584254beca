# SPDX-License-Identifier: Apache-2.0
"""The host's side of the battery: what there is to steal, to change and to reach, and whether it was."""
import ctypes
import hashlib
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import threading
import time

SECRET = "SECRET-do-not-read\n"
LIBC = ctypes.CDLL(None, use_errno=True)
HOME_FILES = (".ssh/id_rsa", ".ssh/authorized_keys", ".npmrc", ".aws/credentials", ".config/gh/hosts.yml", ".netrc",
              ".git-credentials", ".docker/config.json", ".bashrc", ".gnupg/secring.gpg")
TRAPS = (".git/hooks/pre-commit", ".git/config", ".envrc", ".vscode/tasks.json", ".npmrc",
         ".github/workflows/x.yml")


def put(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def snapshot(*tops):
    """{path: everything that a change would change}"""
    seen = {}
    for top in tops:
        for base, dirs, files in os.walk(top):
            for name in [""] + dirs + files:
                path = os.path.join(base, name) if name else base
                st = os.lstat(path)
                what = [st.st_mode, st.st_uid, st.st_gid, st.st_nlink]
                if stat.S_ISREG(st.st_mode):
                    with open(path, "rb") as f:
                        what += [st.st_size, st.st_mtime_ns, hashlib.sha256(f.read()).hexdigest()]
                    what += sorted(os.listxattr(path))
                elif stat.S_ISLNK(st.st_mode):
                    what.append(os.readlink(path))
                seen[path] = what
    return seen


class Listener:
    """Counts whoever comes; hands a descriptor of FD to each, if there is one."""

    def __init__(self, family, kind, address, fd=None):
        self.s = socket.socket(family, kind)
        if family == socket.AF_INET6:
            self.s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.s.bind(address)
        if kind == socket.SOCK_STREAM:
            self.s.listen(64)
        self.count, self.kind, self.fd = 0, kind, fd
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                if self.kind != socket.SOCK_STREAM:
                    self.s.recv(64)
                    self.count += 1
                    continue
                c, _ = self.s.accept()
                self.count += 1
                if self.fd is not None:
                    socket.send_fds(c, [b"x"], [self.fd])
                c.close()
            except OSError:
                return

    def close(self):
        try:
            self.s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.s.close()

    @property
    def port(self):
        return self.s.getsockname()[1]


class Side:
    """One user's directory tree with its traps. UID: who runs sandtrace."""

    def __init__(self, uid, sandtrace, progs):
        self.uid = uid
        self.base = tempfile.mkdtemp(prefix="battery.", dir="/srv")
        os.chmod(self.base, 0o755)
        self.in_project = None
        self.before, self.counts = {}, {}
        self.files(sandtrace, progs)
        self.services()
        self.ipc()
        self.before = self.state()
        self.counts = self.contacts()

    def path(self, *names):
        return os.path.join(self.base, *names)

    # ---- files

    def files(self, sandtrace, progs):
        p = self.path
        os.makedirs(p("bin"))
        for src, name in ((sandtrace, "sandtrace"), (os.path.join(progs, "attempt"), "attempt"),
                          (os.path.join(progs, "m32"), "m32")):
            shutil.copy(src, p("bin", name))
            os.chmod(p("bin", name), 0o755)
        self.sandtrace, self.attempt = p("bin", "sandtrace"), p("bin", "attempt")
        os.makedirs(p("trace"), 0o700)
        for f in HOME_FILES:
            put(p("home", f), SECRET, 0o600)
        put(p("outside/secret"), SECRET, 0o600)
        put(p("outside/writable"), "original\n", 0o666)
        self.new_readonly()
        self.new_project()
        for d in ("home", "outside", "trace"):
            self.own(p(d))
        put(p("set-id-dir/attempt"), "")
        shutil.copy(self.attempt, p("set-id-dir/attempt"))
        # set-id for somebody else than the caller, whoever that is
        os.chown(p("set-id-dir/attempt"), 0 if self.uid else 12345, 0 if self.uid else 12345)
        os.chmod(p("set-id-dir/attempt"), 0o6755)
        self.tmp_secret = "/tmp/battery-secret.%d.%d" % (os.getpid(), self.uid)
        put(self.tmp_secret, SECRET, 0o600)
        os.chown(self.tmp_secret, self.uid, self.uid)
        self.shm_file = "/dev/shm/battery-host.%d.%d" % (os.getpid(), self.uid)
        put(self.shm_file, SECRET, 0o600)
        os.chown(self.shm_file, self.uid, self.uid)
        self.handle = self.make_handle(p("outside/secret"))

    def new_project(self, name="project"):
        """A project as its owner left it: with links that lead out and files that are run later."""
        p = lambda *n: self.path(name, *n)
        shutil.rmtree(p(), ignore_errors=True)
        put(p("mine"), "mine\n")
        put(p("dir-a/file"), "a\n")
        put(p("dir-b/other"), "b\n")
        put(p("package.json"), "{}\n")
        for t in TRAPS:
            put(p(t), "original\n")
        os.symlink(self.path("outside/secret"), p("link-to-secret"))
        os.symlink(self.path("outside/writable"), p("link-to-writable"))
        os.symlink(self.path("outside"), p("link-to-dir"))
        self.own(p())
        put(p("theirs"), SECRET, 0o600)
        os.chown(p("theirs"), 0 if self.uid else 12345, 0 if self.uid else 12345)
        return p()

    def new_readonly(self):
        shutil.rmtree(self.path("readonly"), ignore_errors=True)
        put(self.path("readonly/first"), "first file\n" * 500)
        put(self.path("readonly/second"), "second file\n")
        self.own(self.path("readonly"))

    def fresh(self):
        """Everything as it was before an attempt."""
        self.new_readonly()
        self.new_project()
        if self.in_project:
            self.in_project.close()
        self.listen_in_project()
        self.counts["socket in the project"] = 0
        self.before = {p: v for p, v in self.before.items() if not p.startswith(self.path("readonly"))}
        self.before.update(snapshot(self.path("readonly")))

    def tidy(self):
        """What attempts leave in places that are everybody's, when nothing holds them."""
        for d in ("/tmp", "/dev/shm"):
            for name in ("copy-of-attempt", "script", "code", "big", "fill", "evil", "battery"):
                if os.path.lexists(os.path.join(d, name)):
                    os.unlink(os.path.join(d, name))

    def own(self, top):
        for base, dirs, files in os.walk(top):
            for name in [""] + dirs + files:
                os.lchown(os.path.join(base, name) if name else base, self.uid, self.uid)

    def make_handle(self, path):
        buf = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
        mount = ctypes.c_int()
        if LIBC.name_to_handle_at(-100, path.encode(), buf, ctypes.byref(mount), 0):
            return None
        size, kind = struct.unpack_from("Ii", buf.raw)
        return "%d:%s" % (kind, buf.raw[8:8 + size].hex())

    # ---- processes, sockets, ipc

    def services(self):
        self.fd = os.open(self.path("outside/secret"), os.O_RDONLY)
        self.tcp = Listener(socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0))
        self.tcp6 = Listener(socket.AF_INET6, socket.SOCK_STREAM, ("::", self.tcp.port))
        self.udp = Listener(socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 0))
        self.abstract = "battery-stream-%d-%d" % (os.getpid(), self.uid)
        self.abs_stream = Listener(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + self.abstract)
        self.abs_dgram = Listener(socket.AF_UNIX, socket.SOCK_DGRAM, "\0" + self.abstract + "-d")
        self.sockets = {}
        for where in (self.path("outside/agent.sock"), "/run/battery-%d-%d.sock" % (os.getpid(), self.uid),
                      "/tmp/battery-%d-%d.sock" % (os.getpid(), self.uid)):
            self.sockets[where] = Listener(socket.AF_UNIX, socket.SOCK_STREAM, where)
            os.chmod(where, 0o777)
        self.listen_in_project()
        self.process = subprocess.Popen(["sleep", "3600"], cwd=self.path("outside"), user=self.uid, group=self.uid,
                                        extra_groups=[], stdin=subprocess.DEVNULL)

    def listen_in_project(self):
        path = self.path("project", "s")
        if os.path.exists(path):
            os.unlink(path)
        self.in_project = Listener(socket.AF_UNIX, socket.SOCK_STREAM, path, self.fd)
        os.chmod(path, 0o777)

    def ipc(self):
        self.key = 0x5a000000 + os.getpid() * 2 + (self.uid != 0)
        mode = 0o1666
        self.shm = LIBC.shmget(self.key, 4096, mode)
        self.sem = LIBC.semget(self.key, 1, mode)
        self.msg = LIBC.msgget(self.key, mode)
        self.mq = "/battery-%d-%d" % (os.getpid(), self.uid)
        old = os.umask(0)
        # O_CREAT | O_RDWR, default attributes
        self.mqd = LIBC.mq_open(self.mq.encode(), 0o102, 0o666, None)
        os.umask(old)

    def params(self, **more):
        p = dict(self=self.attempt, launcher=self.sandtrace, project=self.path("project"), secret=self.path("outside/secret"),
                 secret_dir=self.path("outside"), readonly=self.path("readonly/first"),
                 readonly_dir=self.path("readonly"), home=self.path("home"), host_pid=self.process.pid,
                 supervisor=os.getpid(), abstract=self.abstract, abstract_dgram=self.abstract + "-d",
                 project_socket=self.path("project/s"), other_users=self.path("project/theirs"),
                 host_port=self.tcp.port, host_udp_port=self.udp.port, out_host="192.0.2.77", out_port=443,
                 ipc_key=self.key, mq=self.mq, shm=self.shm_file, device="eth0", tmp_secret=self.tmp_secret,
                 fill_limit=64 << 20, inode_limit=1500000, depth=3000, wide=20000, base=self.base,
                 marker="battery-%d" % os.getpid())
        if self.handle:
            p["handle"] = self.handle
        p.update(more)
        return p

    # ---- what an attempt may have changed

    def state(self):
        return snapshot(self.path("home"), self.path("outside"), self.path("readonly"), self.path("bin"))

    def contacts(self):
        """How often anything of the host was reached."""
        c = {"tcp": self.tcp.count, "tcp6": self.tcp6.count, "udp": self.udp.count, "abstract": self.abs_stream.count,
             "abstract datagram": self.abs_dgram.count, "socket in the project": self.in_project.count}
        c.update((k, v.count) for k, v in self.sockets.items())
        return c

    def changed(self):
        """What is not as it was, as text; and takes the present state as the new one."""
        out = []
        now, counts = self.state(), self.contacts()
        for path in sorted(set(now) | set(self.before)):
            if now.get(path) != self.before.get(path):
                out.append("%s: %s -> %s" % (path, self.before.get(path), now.get(path)))
        for k, n in counts.items():
            if n != self.counts.get(k, 0):
                out.append("%s was reached %d times" % (k, n - self.counts.get(k, 0)))
        if self.process.poll() is not None:
            out.append("the host's process ended with %s" % self.process.returncode)
        elif os.getpriority(os.PRIO_PROCESS, self.process.pid) != os.getpriority(os.PRIO_PROCESS, 0):
            out.append("the host's process has another priority")
        self.before, self.counts = now, counts
        return out

    def close(self):
        self.process.kill()
        self.process.wait()
        for s in (self.tcp, self.tcp6, self.udp, self.abs_stream, self.abs_dgram, self.in_project, *self.sockets.values()):
            s.close()
        for path in (*self.sockets, self.tmp_secret, self.shm_file):
            if os.path.lexists(path):
                os.unlink(path)
        LIBC.shmctl(self.shm, 0, None)
        LIBC.semctl(self.sem, 0, 0)
        LIBC.msgctl(self.msg, 0, None)
        LIBC.mq_unlink(self.mq.encode())
        os.close(self.fd)
        # depth bombs are deeper than a recursion may be
        for _ in range(5):
            subprocess.run(["rm", "-rf", self.base], check=False, stderr=subprocess.DEVNULL)
            if not os.path.exists(self.base):
                break
            time.sleep(0.5)  # interrupted: a run that is still going on writes into it


def end_process(p):
    if p.poll() is None:
        p.send_signal(signal.SIGKILL)
        p.wait()
