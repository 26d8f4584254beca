/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of other kinds, each under a policy of its own (tests/security/rules.py): what is expected is "POLICY/RESULT". Names:
 * of what is not there when the policy is loaded, and of what takes the place of what was. Actions other than deny, and
 * conditions.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "evade.h"

#define NAMES "/srv/names"

static int open_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int n_later(void) { return open_read(NAMES "/later"); }
static int n_unlink(void) { return result(unlink(NAMES "/later")); }
static int n_remade(void) { return open_read(NAMES "/exact"); }
static int n_remade_tree(void) { return open_read(NAMES "/tree/f"); }
static int n_anywhere(void) { return open_read(NAMES "/a/.env"); }
static int n_anywhere_else(void) { return open_read("/srv/ok/dir/.env"); }
static int n_create(void)
{
	int fd = open("/srv/ok/.env", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? errno : (close(fd), 0);
}
static int n_directory(void) { return result(mkdir("/srv/ok/.env", 0700)); }
static int n_below(void) { return open_read(NAMES "/a/key.pem"); }
static int n_long(void)
{
	char path[300] = NAMES "/a/";

	memset(path + strlen(path), 'x', 200);
	strcat(path, ".pem");
	return open_read(path);
}
static int n_other_end(void) { return open_write(NAMES "/pem/not-pem"); }
static int n_hard_link(void) { return open_read("/srv/ok/plain"); } /* made before, of what matched */
static int n_rename_from(void) { return result(rename(NAMES "/a/key.pem", NAMES "/a/key.txt")); }
static int n_rename_to(void) { return result(rename(NAMES "/a/plain", NAMES "/a/plain.pem")); }
static int n_link_from(void) { return result(link(NAMES "/a/key.pem", "/srv/ok/key")); }
static int n_link_to(void) { return result(link(NAMES "/a/plain", NAMES "/a/linked.pem")); }
static int n_symlink(void) { return result(symlink("/etc/passwd", NAMES "/a/sym.pem")); }
static int n_link_itself(void) { return result(unlink(NAMES "/link")); }
static int n_move_out(void) { return result(rename(NAMES "/a", "/srv/ok/a")); }
static int n_swap_out(void) { return result(syscall(SYS_renameat2, AT_FDCWD, "/srv/ok/dir", AT_FDCWD, NAMES "/a", 2 /* exchange */)); }
static int n_move_within(void) { return result(rename(NAMES "/move", NAMES "/a/moved")); }
static int bind_and_read(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(NAMES "/a", "/mnt/other", NULL, MS_BIND, NULL))
		return CANNOT;
	return open_read("/mnt/other/key.pem");
}
static int n_bind(void) { return in_child(bind_and_read); }
/* The file itself, mounted under another name: it has its own in its file system all the same. */
static int bind_file(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(NAMES "/a/key.pem", "/srv/ok/f", NULL, MS_BIND, NULL))
		return CANNOT;
	return open_read("/srv/ok/f");
}
static int n_bind_file(void) { return in_child(bind_file); }
/* And what has that name only where it is mounted. */
static int bind_over(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("/srv/ok/f", NAMES "/a/key.pem", NULL, MS_BIND, NULL))
		return CANNOT;
	return open_read(NAMES "/a/key.pem");
}
static int n_bind_over(void) { return in_child(bind_over); }
static int chroot_and_read(void)
{
	return chroot(NAMES "/a") || chdir("/") ? CANNOT : open_read("/key.pem");
}
static int n_chroot(void) { return in_child(chroot_and_read); }
static int n_uring(void)
{
	return uring(&(struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .flags = IOSQE_ASYNC, .fd = AT_FDCWD,
					     .addr = ADDR(NAMES "/a/.env"), .open_flags = O_RDONLY });
}
static int n_depth(void) { return open_read(NAMES "/home/u/.ssh/id"); }
static int n_deeper(void) { return open_write(NAMES "/home/u/v/.ssh/id"); }
static int n_move_depth(void) { return result(rename(NAMES "/home/u", NAMES "/home/w/u")); }
static int n_direct(void) { return open_write(NAMES "/locks/x.lock"); }
static int n_not_direct(void) { return open_write(NAMES "/locks/sub/x.lock"); }
static int n_create_direct(void) { return result(mknod(NAMES "/locks/new.lock", S_IFREG | 0600, 0)); }
static int exec_name(const char *path)
{
	char *const argv[] = { "prog", "true", NULL }, *const env[] = { NULL };

	return execve(path, argv, env), errno;
}
static int exec_tool(void) { return exec_name(NAMES "/a/tool-2"); }
static int n_exec(void) { return in_child(exec_tool); }
static int exec_other(void) { return exec_name(NAMES "/a/other"); }
static int n_exec_other(void) { return in_child(exec_other); }

/*
 * Both names of a file are denied, one short and one long, and somebody else renames it all the time: what is read of a name
 * must not be half of one and half of the other.
 */
#define FLIP_SHORT NAMES "/a/f.pem"
#define FLIP_LONG NAMES "/a/" FIFTY FIFTY FIFTY ".pem"
#define FIFTY "ffffffffffffffffffffffffffffffffffffffffffffffffff"
#define FLIP_TURNS 12000
void flip_names(void)
{
	while (flips->on) {
		rename(FLIP_SHORT, FLIP_LONG);
		rename(FLIP_LONG, FLIP_SHORT);
		flips->turns++;
	}
}
static int n_flip(void)
{
	int got = 0, refused = 0;

	flips->on = 1;
	if (write(flips_go, "f", 1) != 1)
		return CANNOT;
	for (int i = 0; i < FLIP_TURNS; i++) {
		int err = open_read(i & 1 ? FLIP_LONG : FLIP_SHORT);

		got += !err;
		refused += err == EPERM;
	}
	flips->on = 0;
	snprintf(detail, sizeof(detail), "got=%d,refused=%d,renamed=%d", got, refused, flips->turns);
	return got ? 0 : EPERM;
}

/* ---- actions, conditions ------------------------------------------------------------------------------------- */

#define RULES "/srv/rules"

/* EPERM: it was killed before it could say anything. */
static int killed_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(fn() & 0xff);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return CANNOT;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? EPERM : 0;
}
static int read_killed(void) { return open_read(RULES "/killed"); }
static int a_killed(void) { return killed_child(read_killed); }
static int unlink_killed(void) { return result(unlink(RULES "/killed")); }
static int a_killed_unlink(void) { return killed_child(unlink_killed); }
static int bpf_child(void) { return result(syscall(SYS_bpf, 0, NULL, 0)); }
static int a_killed_call(void) { return killed_child(bpf_child); }
/* A worker of io_uring acts in the name of the process. */
static int uring_killed(void)
{
	return uring(&(struct io_uring_sqe){ .opcode = IORING_OP_OPENAT, .flags = IOSQE_ASYNC, .fd = AT_FDCWD,
					     .addr = ADDR(RULES "/killed"), .open_flags = O_RDONLY });
}
static int a_killed_uring(void) { return killed_child(uring_killed); }
static int a_told(void) { return open_read(RULES "/told"); }
static int a_told_call(void)
{
	int ret = result(mount("none", "/mnt/other", "tmpfs", 0, NULL));

	if (!ret)
		umount("/mnt/other");
	return ret;
}
/* What is only told does not let through what is denied: above it, below it, or about the same file. */
static int a_denied_below(void) { return open_read(RULES "/tree/denied"); }
static int a_denied_of_both(void) { return open_write(RULES "/both"); }
static int a_told_of_both(void) { return open_read(RULES "/both"); }
static int a_told_to_denied(void) { return result(rename(RULES "/tree/told", RULES "/tree/denied")); }

static int uid_is(uid_t uid, const char *path)
{
	return setresuid(uid, uid, uid) ? CANNOT : open_write(path);
}
static int w_as_1000(void) { return uid_is(1000, RULES "/uid"); }
static int w_uid(void) { return in_child(w_as_1000); }
static int w_effective(void)
{
	return setresuid((uid_t)-1, 1000, (uid_t)-1) ? CANNOT : open_write(RULES "/uid");
}
static int w_euid(void) { return in_child(w_effective); }
static int w_other_uid(void) { return open_write(RULES "/uid"); }
static int w_two_1000(void) { return uid_is(1000, RULES "/two"); }
static int w_two_told(void) { return in_child(w_two_1000); }
static int w_two_1001(void) { return uid_is(1001, RULES "/two"); }
static int w_two_denied(void) { return in_child(w_two_1001); }
static int w_two_nobody(void) { return open_write(RULES "/two"); }
static int exec_as(const char *program, const char *how, const char *path)
{
	char *const argv[] = { "prog", (char *)how, (char *)path, NULL }, *const env[] = { NULL };

	return execve(program, argv, env), errno;
}
static int w_exec_binary(void) { return exec_as(RULES "/other", "open", RULES "/binary"); }
static int w_binary(void) { return in_child(w_exec_binary); }
static int w_own_binary(void) { return open_write(RULES "/binary"); }
static int w_exec_not(void) { return exec_as(RULES "/other", "open", RULES "/not-binary"); }
static int w_not_binary(void) { return in_child(w_exec_not); }
static int w_exec_self(void) { return exec_as("/payload/evade", "open", RULES "/not-binary"); }
static int w_the_binary(void) { return in_child(w_exec_self); }
static int w_exec_forge(void) { return exec_as(RULES "/other", "forge", RULES "/not-binary"); }
static int w_forged(void) { return in_child(w_exec_forge); }
static int w_in_user_ns(void) { return unshare(CLONE_NEWUSER) ? CANNOT : open_write(RULES "/user-ns"); }
static int w_user_ns(void) { return in_child(w_in_user_ns); }
static int w_own_user_ns(void) { return open_write(RULES "/user-ns"); }
static int w_in_mount_ns(void) { return unshare(CLONE_NEWNS) ? CANNOT : open_write(RULES "/mount-ns"); }
static int w_mount_ns(void) { return in_child(w_in_mount_ns); }
static int w_own_mount_ns(void) { return open_write(RULES "/mount-ns"); }
static int w_move_in(void)
{
	char pid[16];
	int fd = open("/sys/fs/cgroup/rules/inner/cgroup.procs", O_WRONLY | O_CLOEXEC), n = snprintf(pid, sizeof(pid), "%d", getpid());

	if (fd < 0 || write(fd, pid, (size_t)n) != n)
		return CANNOT;
	close(fd);
	return open_write(RULES "/group");
}
static int w_group(void) { return in_child(w_move_in); }
static int w_no_group(void) { return open_write(RULES "/group"); }
static int connect_81(void)
{
	struct sockaddr_in a = v4("127.0.0.1", 81);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ret = s < 0 ? CANNOT : result(connect(s, (void *)&a, sizeof(a)));

	close(s);
	return ret;
}
static int w_net_1000(void) { return setresuid(1000, 1000, 1000) ? CANNOT : connect_81(); }
static int w_net(void) { return in_child(w_net_1000); }
static int w_net_other(void) { return connect_81(); }

/*
 * /proc/self/exe can be changed by who has CAP_SYS_RESOURCE, when nothing of the old file is mapped: each mapping is replaced by
 * a copy at the same place, the running one too.
 */
int forge_and_open(const char *path)
{
	static char maps[8192];
	int fd = open("/proc/self/maps", O_RDONLY), n = 0, got, to = open("/payload/evade", O_RDONLY);
	char self[256] = "";

	while (n < (int)sizeof(maps) - 1 && (got = (int)read(fd, maps + n, sizeof(maps) - 1 - (size_t)n)) > 0)
		n += got;
	maps[n] = 0;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 || to < 0)
		return CANNOT;
	for (char *line = maps, *end; (end = strchr(line, '\n')); line = end + 1) {
		unsigned long from, until, size;
		char *copy;

		*end = 0;
		if (!strstr(line, self) || sscanf(line, "%lx-%lx", &from, &until) != 2)
			continue;
		size = until - from;
		copy = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (copy == MAP_FAILED)
			return CANNOT;
		memcpy(copy, (char *)from, size);
		if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)from) == MAP_FAILED)
			return CANNOT;
	}
	if (prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, to, 0, 0))
		return CANNOT;
	memset(self, 0, sizeof(self));
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 || strcmp(self, "/payload/evade"))
		return CANNOT;
	return open_write(path);
}

static const struct attempt rules_attempts[] = {
	{ "name-made-later", n_later, "file", "open_read", "names/denied" },
	{ "name-removed", n_unlink, "file", "unlink", "names/denied" },
	{ "name-made-anew", n_remade, "file", "open_read", "names/denied" },
	{ "name-of-a-new-directory", n_remade_tree, "file", "open_read", "names/denied" },
	{ "name-anywhere", n_anywhere, "file", "open_read", "names/denied" },
	{ "name-anywhere-else", n_anywhere_else, "file", "open_read", "names/denied" },
	{ "name-created", n_create, "file", "create", "names/denied" },
	{ "name-of-made-directory", n_directory, "file", "mkdir", "names/denied" },
	{ "name-end", n_below, "file", "open_read", "names/denied" },
	{ "name-end-of-long", n_long, "file", "open_read", "names/denied" },
	{ "name-other-end", n_other_end, "file", "open_write", "names/allowed" },
	{ "name-hard-link-before", n_hard_link, "file", "open_read", "names/denied" },
	{ "name-renamed-from", n_rename_from, "file", "rename", "names/denied" },
	{ "name-renamed-to", n_rename_to, "file", "rename", "names/denied" },
	{ "name-linked-from", n_link_from, "file", "link", "names/denied" },
	{ "name-linked-to", n_link_to, "file", "link", "names/denied" },
	{ "name-symlink", n_symlink, "file", "symlink", "names/denied" },
	{ "name-of-a-link", n_link_itself, "file", "unlink", "names/denied" },
	{ "name-directory-moved-out", n_move_out, "file", "rename", "names/denied" },
	{ "name-directory-exchanged", n_swap_out, "file", "rename", "names/denied" },
	{ "name-bind-mount", n_bind, "file", "open_read", "names/denied" },
	{ "name-bind-file", n_bind_file, "file", "open_read", "names/denied" },
	{ "name-bind-over", n_bind_over, "file", "open_read", "names/denied" },
	{ "name-chroot", n_chroot, "file", "open_read", "names/denied" },
	{ "name-uring", n_uring, "file", "open_read", "names/denied" },
	{ "name-as-deep", n_depth, "file", "open_read", "names/denied" },
	{ "name-deeper", n_deeper, "file", "open_write", "names/allowed" },
	{ "name-directory-moved-deeper", n_move_depth, "file", "rename", "names/denied" },
	{ "name-in-directory", n_direct, "file", "open_write", "names/denied" },
	{ "name-below-directory", n_not_direct, "file", "open_write", "names/allowed" },
	{ "name-made-in-directory", n_create_direct, "file", "create", "names/denied" },
	{ "name-executed", n_exec, "file", "execute", "names/denied" },
	{ "name-not-executed", n_exec_other, "process", "exec", "names/allowed" },
	{ "name-flipped", n_flip, "file", "open_read", "names/race" },
	{ "name-directory-moved-within", n_move_within, "file", "rename", "names/allowed" },
	{ "action-kill", a_killed, "file", "open_read", "actions/killed" },
	{ "action-kill-unlink", a_killed_unlink, "file", "unlink", "actions/killed" },
	{ "action-kill-call", a_killed_call, "kernel", "bpf", "actions/killed" },
	{ "action-kill-uring", a_killed_uring, "file", "open_read", "actions/killed" },
	{ "action-audit", a_told, "file", "open_read", "actions/would_deny" },
	{ "action-audit-call", a_told_call, "kernel", "mount", "actions/would_deny" },
	{ "action-denied-below-audited", a_denied_below, "file", "open_read", "actions/denied" },
	{ "action-denied-of-both", a_denied_of_both, "file", "open_write", "actions/denied" },
	{ "action-audited-of-both", a_told_of_both, "file", "open_read", "actions/would_deny" },
	{ "action-audited-onto-denied", a_told_to_denied, "file", "rename", "actions/denied" },
	{ "when-uid", w_uid, "file", "open_write", "when/denied" },
	{ "when-effective-uid", w_euid, "file", "open_write", "when/denied" },
	{ "when-other-uid", w_other_uid, "file", "open_write", "when/allowed" },
	{ "when-two-audited", w_two_told, "file", "open_write", "when/would_deny" },
	{ "when-two-denied", w_two_denied, "file", "open_write", "when/denied" },
	{ "when-two-neither", w_two_nobody, "file", "open_write", "when/allowed" },
	{ "when-binary", w_binary, "file", "open_write", "when/denied" },
	{ "when-other-binary", w_own_binary, "file", "open_write", "when/allowed" },
	{ "when-not-binary", w_not_binary, "file", "open_write", "when/denied" },
	{ "when-the-binary", w_the_binary, "file", "open_write", "when/allowed" },
	{ "when-binary-forged", w_forged, "file", "open_write", "when/denied" },
	{ "when-user-namespace", w_user_ns, "file", "open_write", "when/denied" },
	{ "when-own-user-namespace", w_own_user_ns, "file", "open_write", "when/allowed" },
	{ "when-mount-namespace", w_mount_ns, "file", "open_write", "when/denied" },
	{ "when-own-mount-namespace", w_own_mount_ns, "file", "open_write", "when/allowed" },
	{ "when-cgroup", w_group, "file", "open_write", "when/denied" },
	{ "when-no-cgroup", w_no_group, "file", "open_write", "when/allowed" },
	{ "when-network", w_net, "network", "connect", "when/allowed" },
	{ "when-network-other", w_net_other, "network", "connect", "when/denied" },
};
DOMAIN(rules, rules_attempts);
