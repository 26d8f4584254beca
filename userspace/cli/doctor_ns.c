/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sandbox's set-up does, done by a child that ends at once. Each step leaves its error in shared memory; the
 * parent maps the child's ids in between, as `run` does.
 */
#include "doctor_ns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/util.h"
#include "sandbox/sys.h"

#define PATIENCE_MS 2000
/* The scaffold of the new root, and what the child's mounts go by. */
#define AT "/dev"

const char *const ns_other_names[NS_OTHER_KINDS] = { "mnt", "pid", "net", "ipc", "uts", "cgroup" };
static const uint64_t other_flags[NS_OTHER_KINDS] = { CLONE_NEWNS,  CLONE_NEWPID, CLONE_NEWNET,
						      CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP };
#define ALL_AT_ONCE (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)

static bool failed(struct ns_report *r, enum ns_step step, const char *call, bool bad)
{
	r->err[step] = bad ? -errno : 0;
	r->call[step] = call;
	return bad;
}

/* ---- in the child ---------------------------------------------------------------------------------------------- */

static bool make_private(struct ns_report *r)
{
	struct st_mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	int tree;

	if (failed(r, NS_PRIVATE, "mount", mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)))
		return false;
	tree = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (!failed(r, NS_TREE, "open_tree", tree < 0) &&
	    !failed(r, NS_TREE, "mount_setattr", sys_mount_setattr(tree, AT_EMPTY_PATH | AT_RECURSIVE, &ro)))
		close(tree);
	return true;
}

/* A tmpfs at AT. Its descriptor, or -1. */
static int make_tmpfs(struct ns_report *r)
{
	int fs = sys_fsopen("tmpfs"), tree;

	if (failed(r, NS_TMPFS, "fsopen", fs < 0) ||
	    failed(r, NS_TMPFS, "fsconfig", sys_fsconfig_string(fs, "size", "1m")))
		return -1;
	tree = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (failed(r, NS_TMPFS, "fsmount", tree < 0) ||
	    failed(r, NS_ATTACH, "move_mount",
		   syscall(SYS_move_mount, tree, "", AT_FDCWD, AT, 0x4 /* MOVE_MOUNT_F_EMPTY_PATH */)))
		return -1;
	return tree;
}

static void make_devpts(struct ns_report *r)
{
	int fs = sys_fsopen("devpts"), tree;

	if (failed(r, NS_DEVPTS, "fsopen", fs < 0))
		return;
	tree = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (!failed(r, NS_DEVPTS, "fsmount", tree < 0))
		close(tree);
	close(fs);
}

/* Its descriptor, or -1. */
static int make_proc(struct ns_report *r)
{
	int fs = sys_fsopen("proc"), tree;

	if (failed(r, NS_PROC, "fsopen", fs < 0))
		return -1;
	r->hidepid = !sys_fsconfig_string(fs, "hidepid", "ptraceable");
	tree = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	failed(r, NS_PROC, "fsmount", tree < 0);
	return tree;
}

static void make_overlay(struct ns_report *r)
{
	int fs = sys_fsopen("overlay"), tree;

	if (failed(r, NS_OVERLAY, "fsopen", fs < 0))
		return;
	mkdir(AT "/lower", 0700);
	mkdir(AT "/upper", 0700);
	mkdir(AT "/work", 0700);
	if (failed(r, NS_OVERLAY, "fsconfig userxattr",
		   sys_fsconfig_string(fs, "lowerdir", AT "/lower") || sys_fsconfig_string(fs, "upperdir", AT "/upper") ||
			   sys_fsconfig_string(fs, "workdir", AT "/work") || sys_fsconfig_flag(fs, "userxattr")))
		return;
	tree = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	failed(r, NS_OVERLAY, "fsmount", tree < 0);
}

/* And looks whether it is obeyed. */
static void forbid_nested(struct ns_report *r, int proc)
{
	int max = openat(proc, "sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);

	if (failed(r, NS_FORBID, "open /proc/sys/user/max_user_namespaces", max < 0) ||
	    failed(r, NS_FORBID, "write /proc/sys/user/max_user_namespaces", write(max, "0", 1) != 1))
		return;
	if (!unshare(CLONE_NEWUSER)) {
		r->err[NS_FORBID] = -EUCLEAN;
		r->call[NS_FORBID] = "a nested user namespace could be made all the same";
	}
}

static bool loopback_up(void)
{
	_cleanup_(close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	return fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &req);
}

static void __attribute__((noreturn)) child(struct ns_report *r, int sock)
{
	int root, proc;
	char go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (recv(sock, &go, 1, 0) != 1)
		_exit(0);
	if (!geteuid() && setgroups(0, NULL))
		failed(r, NS_MAP, "setgroups", true);
	failed(r, NS_CGROUP, "unshare", unshare(CLONE_NEWCGROUP));
	failed(r, NS_HOSTNAME, "sethostname", sethostname("sandbox", 7));
	failed(r, NS_LOOPBACK, "ioctl SIOCSIFFLAGS", !loopback_up());
	if (!make_private(r))
		_exit(0);
	root = make_tmpfs(r);
	make_devpts(r);
	proc = make_proc(r);
	if (root >= 0)
		make_overlay(r);
	if (proc >= 0)
		forbid_nested(r, proc);
	if (root >= 0)
		failed(r, NS_PIVOT, "pivot_root",
		       fchdir(root) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH));
	_exit(0);
}

/* ---- in the parent --------------------------------------------------------------------------------------------- */

static pid_t clone_with(uint64_t flags, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = flags | (ret_pidfd ? CLONE_PIDFD : 0),
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static int clone_alone(uint64_t flags)
{
	pid_t pid = clone_with(flags, NULL);

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	return 0;
}

/* All together are refused: which of them is it? */
static void try_each(struct ns_report *r, int err)
{
	r->err[NS_USER] = clone_alone(CLONE_NEWUSER);
	if (r->err[NS_USER])
		return;
	r->err[NS_OTHERS] = err;
	for (int i = 0; i < NS_OTHER_KINDS; i++)
		r->other_err[i] = clone_alone(CLONE_NEWUSER | other_flags[i]);
}

static int write_map(pid_t pid, const char *file, const char *fmt, unsigned int id)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	snprintf(text, sizeof(text), fmt, id, id);
	return write_file_str(path, text);
}

/* As sandbox__map_ids. */
static void map_ids(struct ns_report *r, pid_t pid)
{
	int err = 0;

	r->call[NS_MAP] = "setgroups";
	if (geteuid())
		err = write_map(pid, "setgroups", "deny", 0);
	if (!err) {
		r->call[NS_MAP] = "uid_map";
		err = write_map(pid, "uid_map", "%u %u 1", geteuid());
	}
	if (!err) {
		r->call[NS_MAP] = "gid_map";
		err = write_map(pid, "gid_map", "%u %u 1", getegid());
	}
	r->err[NS_MAP] = err;
}

static void build(struct ns_report *r, struct ns_report *shared)
{
	int pair[2], pidfd = -1;
	struct pollfd p;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		failed(r, NS_FORK, "socketpair", true);
		return;
	}
	pid = clone_with(ALL_AT_ONCE, &pidfd);
	if (!pid) {
		close(pair[0]);
		child(shared, pair[1]);
	}
	close(pair[1]);
	if (pid < 0) {
		try_each(r, -errno);
	} else {
		map_ids(shared, pid);
		shared->err[NS_USER] = shared->err[NS_OTHERS] = 0;
		if (!shared->err[NS_MAP])
			send(pair[0], "m", 1, MSG_NOSIGNAL);
		shutdown(pair[0], SHUT_WR);
		p = (struct pollfd){ .fd = pidfd, .events = POLLIN };
		if (poll(&p, 1, PATIENCE_MS) == 0)
			shared->slow = true;
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		waitpid(pid, NULL, 0);
		close(pidfd);
		shared->err[NS_FORK] = 0;
		*r = *shared;
	}
	close(pair[0]);
}

void ns__try(struct ns_report *r)
{
	struct ns_report *shared;
	pid_t pid;

	memset(r, 0, sizeof(*r));
	for (int i = 0; i < NS_STEPS; i++)
		r->err[i] = NS_UNTRIED;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (failed(r, NS_FORK, "mmap", shared == MAP_FAILED))
		return;
	*shared = *r;
	pid = fork();
	if (!pid)
		_exit(0);
	if (!failed(r, NS_FORK, "fork", pid < 0)) {
		waitpid(pid, NULL, 0);
		build(r, shared);
	}
	munmap(shared, sizeof(*shared));
}

enum ns_step ns__failed(const struct ns_report *r)
{
	for (enum ns_step s = 0; s < NS_STEPS; s++)
		if (s != NS_OVERLAY && r->err[s] && r->err[s] != NS_UNTRIED)
			return s;
	return NS_STEPS;
}

bool ns__explain(struct ns_cause *ret)
{
	struct ns_report r;
	enum ns_step step;

	ns__try(&r);
	step = ns__failed(&r);
	if (step == NS_STEPS)
		return false;
	ns__why(&r, step, ret);
	return true;
}
