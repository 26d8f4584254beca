/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The new root: an empty tmpfs into which the policy's paths are mounted, each at its own name, by descriptors that were
 * checked to be the inodes the policy meant. Nothing else of the host is there. Runs as root of the new user
 * namespace, before anything untrusted exists; every path is walked without following links.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

#include "base/util.h"
#include "sandbox.h"
#include "sys.h"

#define RESOLVE_INSIDE (RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
/* The root itself holds only mount points and links. */
#define ROOT_BYTES "1m"
#define ROOT_INODES "16384"
/* Enough for a large node_modules in /tmp, few enough that its inodes cost at most some 250 MB of kernel memory. */
#define ROOM_INODES "262144"

/* Where the new root is attached while it is built: a directory that every system has and no grant lies in. */
#define SCAFFOLD "/dev"

static int tmpfs(struct setup *u, const char *size, const char *inodes, const char *mode, unsigned int attrs)
{
	_cleanup_(close) int fs = sys_fsopen("tmpfs");
	int fd = -1;

	if (fs >= 0 && !sys_fsconfig_string(fs, "size", size) && !sys_fsconfig_string(fs, "nr_inodes", inodes) &&
	    !sys_fsconfig_string(fs, "mode", mode))
		fd = sys_fsmount(fs, attrs);
	if (fd < 0)
		setup__fail(u, LAYER_MOUNT, errno, "make a tmpfs of %s", size);
	return fd;
}

/* Opens NAME in DIR, through no link; if it is not there it is made. LEAF: 'd' a directory, 'f' a file. */
static int enter_name(int dir, const char *name, char leaf)
{
	int fd = sys_openat2(dir, name, O_PATH | O_NOFOLLOW, RESOLVE_INSIDE);

	if (fd < 0 && errno == ENOENT && !(leaf == 'f' ? mknodat(dir, name, S_IFREG | 0644, 0) : mkdirat(dir, name, 0755)))
		fd = sys_openat2(dir, name, O_PATH | O_NOFOLLOW, RESOLVE_INSIDE);
	return fd;
}

/* Opens PATH (absolute) below the new root; what is missing is made. */
static int target(struct setup *u, const char *path, char leaf)
{
	_cleanup_(close) int dir = fcntl(u->root_fd, F_DUPFD_CLOEXEC, 3);
	const char *p = path;

	while (dir >= 0) {
		size_t len = strcspn(p += strspn(p, "/"), "/");
		char name[NAME_MAX + 1];
		int fd;

		if (!len)
			return steal_fd(&dir);
		if (len > NAME_MAX) {
			errno = ENAMETOOLONG;
			break;
		}
		memcpy(name, p, len);
		name[len] = 0;
		p += len;
		fd = enter_name(dir, name, *p ? 'd' : leaf);
		close(dir);
		dir = fd;
	}
	setup__fail(u, LAYER_MOUNT, errno, "make the mount point %s", path);
	return -1;
}

/* The directory that PATH lies in; kept for the next, because most mount points have neighbours. */
static int parent_of(struct setup *u, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	size_t len = (size_t)(slash - path);

	*ret_name = slash + 1;
	if (u->parent_fd >= 0 && !strncmp(u->parent, path, len) && !u->parent[len])
		return u->parent_fd;
	if (u->parent_fd >= 0)
		close(u->parent_fd);
	if (snprintf(u->parent, sizeof(u->parent), "%.*s", (int)len, path) >= (int)sizeof(u->parent))
		setup__fail(u, LAYER_MOUNT, ENAMETOOLONG, "make the mount point %s", path);
	u->parent_fd = target(u, u->parent, 'd');
	return u->parent_fd;
}

/*
 * Attaches the detached mount TREE at PATH of the new root and closes it. Neither making the mount point nor mounting
 * follows a link in the last place, and the directory was reached through none.
 */
static void attach(struct setup *u, int tree, const char *path, char leaf)
{
	const char *name;
	int dir = parent_of(u, path, &name);

	if ((leaf == 'f' ? mknodat(dir, name, S_IFREG | 0644, 0) : mkdirat(dir, name, 0755)) && errno != EEXIST && errno != EROFS)
		setup__fail(u, LAYER_MOUNT, errno, "make the mount point %s", path);
	if (sys_move_mount(tree, dir, name))
		setup__fail(u, LAYER_MOUNT, errno, "mount %s", path);
	close(tree);
	/* a directory that something was mounted over must be looked up again */
	if (!strncmp(u->parent, path, strlen(path)) && u->parent_fd >= 0) {
		close(u->parent_fd);
		u->parent_fd = -1;
	}
}

/* The nearest grant above G, or NULL. */
static const struct grant *parent_grant(const struct grants *all, const struct grant *g)
{
	const struct grant *parent = NULL;

	for (const struct grant *p = all->v; p < g; p++) {
		size_t len = strlen(p->path);

		if (!strncmp(p->path, g->path, len) && (g->path[len] == '/' || len == 1))
			parent = p; /* sorted: the last is the nearest */
	}
	return parent;
}

/*
 * For Landlock, whatever lies below a place of our own that may be executed in, may be executed; where the policy says
 * otherwise the mount does.
 */
static bool exec_leaks(const struct grant *parent, const struct grant *g)
{
	return parent && parent->kind == GRANT_PRIVATE && parent->access & ACCESS_EXEC && !(g->access & ACCESS_EXEC);
}

static unsigned int host_attrs(const struct grant *parent, const struct grant *g)
{
	unsigned int attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

	if (!(g->access & ACCESS_WRITE))
		attrs |= MOUNT_ATTR_RDONLY;
	if (!g->exec_mount || exec_leaks(parent, g))
		attrs |= MOUNT_ATTR_NOEXEC;
	return attrs;
}

/* A copy of the host's tree at G, restricted, not yet attached anywhere. */
static int host_tree(struct setup *u, const struct grant *g)
{
	struct st_mount_attr a = { .attr_set = host_attrs(parent_grant(&u->sb->grants, g), g) };
	_cleanup_(close) int fd = -1;
	int err = resolve__reopen(g, &fd), tree;

	if (err == -ESTALE)
		setup__fail(u, LAYER_MOUNT, ESTALE, "%s is no longer what it was when the policy was read", g->path);
	else if (err)
		setup__fail(u, LAYER_MOUNT, -err, "open %s", g->path);
	tree = sys_open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (g->dir ? AT_RECURSIVE : 0));
	if (tree < 0)
		setup__fail(u, LAYER_MOUNT, errno, "copy the mount of %s", g->path);
	if (sys_mount_setattr(tree, AT_EMPTY_PATH | (g->dir ? AT_RECURSIVE : 0), &a))
		setup__fail(u, LAYER_MOUNT, errno, "restrict the mount of %s", g->path);
	return tree;
}

/* Is G's mount the same as the one its parent has anyway? */
static bool redundant(const struct grants *all, const struct grant *g)
{
	const struct grant *parent = parent_grant(all, g);

	return parent && parent->kind == GRANT_HOST && host_attrs(parent_grant(all, parent), parent) == host_attrs(parent, g) &&
	       !(all->policy->overlay && g->access & ACCESS_WRITE);
}

/* A directory of the room, as a detached mount. */
static int room_dir(struct setup *u, const char *name, mode_t mode, unsigned int attrs)
{
	struct st_mount_attr a = { .attr_set = attrs };
	int tree;

	if (mkdirat(u->room_fd, name, 0700) && errno != EEXIST)
		setup__fail(u, LAYER_MOUNT, errno, "make %s", name);
	if (fchmodat(u->room_fd, name, mode, 0))
		setup__fail(u, LAYER_MOUNT, errno, "set the mode of %s", name);
	tree = sys_open_tree(u->room_fd, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || sys_mount_setattr(tree, AT_EMPTY_PATH, &a))
		setup__fail(u, LAYER_MOUNT, errno, "make a mount of %s", name);
	return tree;
}

/* A file of the room with TEXT, read-only, as a detached mount. */
static int room_file(struct setup *u, const char *name, const char *text, mode_t mode)
{
	struct st_mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
	_cleanup_(close) int fd = openat(u->room_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	size_t len = strlen(text);
	int tree;

	if (fd < 0 || (len && write(fd, text, len) != (ssize_t)len) || fchmod(fd, mode))
		setup__fail(u, LAYER_MOUNT, errno, "write %s", name);
	tree = sys_open_tree(u->room_fd, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || sys_mount_setattr(tree, AT_EMPTY_PATH, &a))
		setup__fail(u, LAYER_MOUNT, errno, "make a mount of %s", name);
	return tree;
}

static const char *const devices[] = { "null", "zero", "full", "random", "urandom", "tty" };

/* Opened before the scaffold hides the host's /dev. */
static void open_devices(struct setup *u, int fds[])
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		char path[32];
		struct stat st;

		snprintf(path, sizeof(path), "/dev/%s", devices[i]);
		fds[i] = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
		if (fds[i] < 0 || fstat(fds[i], &st) || !S_ISCHR(st.st_mode))
			setup__fail(u, LAYER_MOUNT, fds[i] < 0 ? errno : ENXIO, "open %s", path);
	}
}

static void own_dev(struct setup *u, int fds[])
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "fd" }, { "/proc/self/fd/0", "stdin" }, { "/proc/self/fd/1", "stdout" },
		{ "/proc/self/fd/2", "stderr" }, { "pts/ptmx", "ptmx" },
	};
	/* a device opens for writing on a read-only mount too; its mode and times are the host's, and change on none */
	struct st_mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
	_cleanup_(close) int pts = sys_fsopen("devpts");
	_cleanup_(close) int dir = -1;
	int tree;

	tree = room_dir(u, "dev", 0755, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	landlock__allow_devices(u, tree);
	attach(u, tree, "/dev", 'd');
	dir = target(u, "/dev", 'd');
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		char path[32];

		snprintf(path, sizeof(path), "/dev/%s", devices[i]);
		if (sys_mount_setattr(fds[i], AT_EMPTY_PATH, &ro))
			setup__fail(u, LAYER_MOUNT, errno, "restrict the mount of %s", path);
		attach(u, fds[i], path, 'f');
	}
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i][0], dir, links[i][1]) && errno != EEXIST)
			setup__fail(u, LAYER_MOUNT, errno, "link /dev/%s", links[i][1]);
	sys_fsconfig_string(pts, "newinstance", NULL);
	if (pts < 0 || sys_fsconfig_string(pts, "ptmxmode", "0666") || sys_fsconfig_string(pts, "mode", "0600") ||
	    (tree = sys_fsmount(pts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)) < 0)
		setup__fail(u, LAYER_MOUNT, errno, "make a devpts");
	else
		attach(u, tree, "/dev/pts", 'd');
	tree = room_dir(u, "shm", 01777, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	landlock__allow(u, tree, ACCESS_READ | ACCESS_WRITE, true, "/dev/shm");
	attach(u, tree, "/dev/shm", 'd');
	/* the directory itself: nothing is added or taken away */
	close(dir);
	dir = target(u, "/dev", 'd');
	if (sys_mount_setattr(dir, AT_EMPTY_PATH, &ro))
		setup__fail(u, LAYER_MOUNT, errno, "make /dev read-only");
}

/*
 * Parts of /proc that tell about the host or about keys, rather than about the command: some of these files trust user
 * id 0 whatever its capabilities.
 */
static const char *const masked_proc[] = { "kcore", "keys", "key-users", "kmsg", "sysrq-trigger", "timer_list", "sched_debug",
					   "kpagecount", "kpageflags", "kpagecgroup", "kallsyms", "modules", "interrupts",
					   "vmallocinfo", "slabinfo", "config.gz", "cmdline", "iomem", "ioports", "mtrr" };
static const char *const masked_proc_dirs[] = { "acpi", "scsi", "asound", "bus", "fs", "irq", "driver", "pressure", "dynamic_debug" };

/*
 * One mask is made and mounted over the first of these that there is; the others get copies of that mount, restrictions and
 * all: many names, so one call for each. Relative to the new /proc, in which the kernel alone puts names and none of these
 * is a link. (Detached copies took three calls, and one that found no name cost more than all others: closing a mount that
 * is attached nowhere waits for an RCU grace period.)
 */
static void cover(struct setup *u, int proc, const char *const names[], size_t n, int mask)
{
	const char *source = NULL;

	if (fchdir(proc))
		setup__fail(u, LAYER_MOUNT, errno, "go to the new /proc");
	for (size_t i = 0; i < n; i++) {
		if (source ? !mount(source, names[i], NULL, MS_BIND, NULL) : !sys_move_mount(mask, proc, names[i]))
			source = source ? source : names[i];
		else if (errno != ENOENT && errno != ENOTDIR)
			setup__fail(u, LAYER_MOUNT, errno, "mask /proc/%s", names[i]);
	}
	close(mask);
}

static void mask_proc(struct setup *u, int proc)
{
	cover(u, proc, masked_proc, ARRAY_SIZE(masked_proc), room_file(u, "mask-f", "", 0));
	cover(u, proc, masked_proc_dirs, ARRAY_SIZE(masked_proc_dirs), room_dir(u, "mask-d", 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC));
}

static void own_proc(struct setup *u)
{
	struct st_mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };
	_cleanup_(close) int fs = sys_fsopen("proc");
	_cleanup_(close) int at = -1, max = -1;
	int tree = -1;

	/* since 5.8: processes that one may not look at, like our init, are not there at all */
	if (fs >= 0)
		sys_fsconfig_string(fs, "hidepid", "ptraceable");
	if (fs >= 0)
		tree = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (tree < 0) {
		setup__missing(u, LAYER_MOUNT, errno, "mount an own /proc (in a container whose /proc is masked the kernel "
			    "refuses that)");
		return;
	}
	at = fcntl(tree, F_DUPFD_CLOEXEC, 3);
	landlock__allow(u, tree, ACCESS_READ, true, "/proc");
	/* no user namespaces below this one, and with them no other namespaces: the filter says so too */
	if (u->sb->user_ns) {
		max = openat(tree, "sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);
		if (max < 0 || write(max, "0", 1) != 1)
			setup__fail(u, LAYER_USER_NS, errno, "forbid nested user namespaces");
		cleanup_close(&max); /* a writer would keep the mount from becoming read-only */
		max = -1;
	}
	attach(u, tree, "/proc", 'd');
	mask_proc(u, at);
	/* read-only: /proc/sys trusts user id 0, and nobody needs to write /proc/self/mem */
	close(at);
	at = target(u, "/proc", 'd');
	if (sys_mount_setattr(at, AT_EMPTY_PATH, &ro))
		setup__fail(u, LAYER_MOUNT, errno, "make /proc read-only");
}

/*
 * The overlay's top directory is the one in the room, which is ours: what its mode lets us do must be what the host's lets
 * us do, whoever owns that.
 */
static mode_t upper_mode(const struct stat *st)
{
	mode_t mode = st->st_mode & 01777, class = group_member(st->st_gid) ? mode >> 3 & 7 : mode & 7;

	return st->st_uid == geteuid() ? mode : (mode & ~(mode_t)0700) | class << 6;
}

/*
 * Writes below G go to the room; the host's tree stays as it is. The overlay wants paths: those of this process's own
 * descriptors. Both directories are kept open for whoever reads the changes afterwards.
 */
static int overlay_tree(struct setup *u, const struct grant *g)
{
	_cleanup_(close) int fs = sys_fsopen("overlay");
	struct stat st;
	char lower[32], upper[64], work[64], name[32];
	int lower_fd, upper_fd, work_fd, tree = -1, err = resolve__reopen(g, &lower_fd);

	if (err)
		setup__fail(u, LAYER_MOUNT, -err, "open %s", g->path);
	if (u->n_overlays == SANDBOX_MAX_OVERLAYS)
		setup__fail(u, LAYER_MOUNT, E2BIG, "overlay %s: more than %d", g->path, SANDBOX_MAX_OVERLAYS);
	snprintf(name, sizeof(name), "up%u", u->n_overlays);
	mkdirat(u->room_fd, name, 0755);
	upper_fd = openat(u->room_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fstat(lower_fd, &st) || fchmod(upper_fd, upper_mode(&st)))
		setup__fail(u, LAYER_MOUNT, errno, "take over the mode of %s", g->path);
	snprintf(name, sizeof(name), "work%u", u->n_overlays);
	mkdirat(u->room_fd, name, 0700);
	work_fd = openat(u->room_fd, name, O_PATH | O_CLOEXEC);
	snprintf(lower, sizeof(lower), "/proc/self/fd/%d", lower_fd);
	snprintf(upper, sizeof(upper), "/proc/self/fd/%d", upper_fd);
	snprintf(work, sizeof(work), "/proc/self/fd/%d", work_fd);
	if (fs >= 0 && upper_fd >= 0 && work_fd >= 0 && !sys_fsconfig_string(fs, "lowerdir", lower) &&
	    !sys_fsconfig_string(fs, "upperdir", upper) && !sys_fsconfig_string(fs, "workdir", work) &&
	    !sys_fsconfig_flag(fs, "userxattr"))
		tree = sys_fsmount(fs, host_attrs(parent_grant(&u->sb->grants, g), g));
	if (tree < 0)
		setup__fail(u, LAYER_MOUNT, errno, "mount an overlay over %s", g->path);
	/* without them it cannot note that a directory replaces one of the host: such a change fails with EIO */
	if (fsetxattr(upper_fd, "user.sandtrace", "", 0, 0) && errno == EOPNOTSUPP)
		u->report->overlay_partial = true;
	else
		fremovexattr(upper_fd, "user.sandtrace");
	close(work_fd);
	u->overlay_fds[2 * u->n_overlays] = upper_fd;
	u->overlay_fds[2 * u->n_overlays++ + 1] = openat(lower_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (u->overlay_fds[2 * u->n_overlays - 1] < 0)
		setup__fail(u, LAYER_MOUNT, errno, "read %s, to tell later what changed in it", g->path);
	close(lower_fd);
	return tree;
}

bool sandbox__wants_overlay(const struct sandbox *s, const struct grant *g)
{
	return s->policy->overlay && g->kind == GRANT_HOST && g->dir && g->access & ACCESS_WRITE;
}

static void note_pinned(struct setup *u, const char *path)
{
	char **v = reallocarray(u->pinned, u->n_pinned + 1, sizeof(*v));

	if (v)
		u->pinned = v;
	if (!v || !(v[u->n_pinned] = strdup(path)))
		setup__fail(u, LAYER_MOUNT, ENOMEM, "protect %s", path);
	u->n_pinned++;
}

/*
 * G is a mask, read-only, or not to be executed from, in a tree that may be written. A mount point cannot be renamed, but the
 * directories that lead to it could, and others put in their place: each is mounted onto itself, once, with all that is
 * mounted below.
 */
static void pin_parents(struct setup *u, const struct grant *g)
{
	const struct grant *parent = parent_grant(&u->sb->grants, g), *above;

	if (!parent || parent->kind != GRANT_HOST || !(parent->access & ACCESS_WRITE))
		return;
	/* a grant within a writable tree is no end of it: what is above leads here too */
	while ((above = parent_grant(&u->sb->grants, parent)) && above->kind == GRANT_HOST && above->access & ACCESS_WRITE)
		parent = above;
	for (const char *slash = strchr(g->path + strlen(parent->path) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		char path[4096];
		bool done = false;
		int fd, tree;

		snprintf(path, sizeof(path), "%.*s", (int)(slash - g->path), g->path);
		for (unsigned int i = 0; i < u->n_pinned; i++)
			done |= !strcmp(u->pinned[i], path);
		if (done)
			continue;
		note_pinned(u, path);
		fd = target(u, path, 'd');
		tree = sys_open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
		if (tree < 0)
			setup__fail(u, LAYER_MOUNT, errno, "protect %s", path);
		close(fd);
		attach(u, tree, path, 'd');
	}
}

static void host_place(struct setup *u, const struct grant *g)
{
	int tree;

	if (!(g->access & ACCESS_WRITE) || !g->exec_mount)
		pin_parents(u, g);
	if (redundant(&u->sb->grants, g)) {
		/* the mount of its parent shows it; only Landlock must know of it, for what may be executed */
		int err = resolve__reopen(g, &tree);

		if (err)
			setup__fail(u, LAYER_MOUNT, -err, "open %s", g->path);
		landlock__allow(u, tree, g->access, g->dir, g->path);
		close(tree);
		return;
	}
	tree = sandbox__wants_overlay(u->sb, g) ? overlay_tree(u, g) : host_tree(u, g);
	landlock__allow(u, tree, g->access, g->dir, g->path);
	attach(u, tree, g->path, g->dir ? 'd' : 'f');
}

/* A place of our own with the access that the grant gives. */
static void own_mount(struct setup *u, int tree, const struct grant *g)
{
	landlock__allow(u, tree, g->access, g->dir, g->path);
	attach(u, tree, g->path, g->dir ? 'd' : 'f');
}

/* Masks and private places, made when their turn comes. */
static void own_place(struct setup *u, const struct grant *g)
{
	const struct sandbox *sb = u->sb;
	unsigned int attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

	if (!g->exec_mount)
		attrs |= MOUNT_ATTR_NOEXEC;
	if (g->kind == GRANT_MASK)
		pin_parents(u, g);
	if (g->kind == GRANT_MASK && g->dir)
		attach(u, room_dir(u, "mask-d", 0, attrs | MOUNT_ATTR_RDONLY), g->path, 'd');
	else if (g->kind == GRANT_MASK)
		attach(u, room_file(u, "mask-f", "", 0), g->path, 'f');
	else if (!strcmp(g->path, "/etc/passwd"))
		own_mount(u, room_file(u, "passwd", sb->passwd, 0644), g);
	else if (!strcmp(g->path, "/etc/group"))
		own_mount(u, room_file(u, "group", sb->group, 0644), g);
	else if (!strcmp(g->path, "/etc/hosts"))
		own_mount(u, room_file(u, "hosts", sb->hosts, 0644), g);
	else if (!strcmp(g->path, "/etc/hostname"))
		own_mount(u, room_file(u, "hostname", sb->hostname, 0644), g);
	else if (!strcmp(g->path, "/tmp"))
		own_mount(u, room_dir(u, "tmp", 01777, attrs), g);
	else if (!strcmp(g->path, "/var/tmp"))
		own_mount(u, room_dir(u, "vartmp", 01777, attrs), g);
	else if (sb->grants.home && !strcmp(g->path, sb->grants.home))
		own_mount(u, room_dir(u, "home", 0700, attrs), g);
	/* /proc and everything below /dev: own_proc, own_dev */
}

static bool own_tree(const char *path)
{
	return grants__covers("/proc", path) || grants__covers("/dev", path);
}

/* By looking: whatever the order of mounts, what is denied is covered by something of ours. */
static void check_masks(struct setup *u)
{
	struct stat room, st;

	if (fstat(u->room_fd, &room))
		setup__fail(u, LAYER_MOUNT, errno, "look at the private tmpfs");
	for (size_t i = 0; i < u->sb->grants.n; i++) {
		const struct grant *g = &u->sb->grants.v[i];
		int fd;

		if (g->kind != GRANT_MASK)
			continue;
		fd = target(u, g->path, g->dir ? 'd' : 'f');
		if (fstat(fd, &st) || st.st_dev != room.st_dev)
			setup__fail(u, LAYER_MOUNT, EUCLEAN, "self-check: %s is denied and not covered", g->path);
		close(fd);
	}
}

static void links(struct setup *u)
{
	for (size_t i = 0; i < u->sb->grants.n_links; i++) {
		const struct grant_link *l = &u->sb->grants.links[i];
		const char *name;
		int dir;

		if (!strrchr(l->path, '/'))
			continue;
		dir = parent_of(u, l->path, &name);
		/* EEXIST: it is in a tree that was mounted; EROFS: it would be */
		if (symlinkat(l->target, dir, name) && errno != EEXIST && errno != EROFS)
			setup__fail(u, LAYER_MOUNT, errno, "make the link %s", l->path);
	}
}

/* Places of our own that a deny_write names. Not before: mount points and links are made in them. */
static void close_private(struct setup *u)
{
	struct st_mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };

	for (size_t i = 0; i < u->sb->grants.n; i++) {
		const struct grant *g = &u->sb->grants.v[i];
		int fd;

		if (g->kind != GRANT_PRIVATE || !g->dir || g->access & ACCESS_WRITE || own_tree(g->path))
			continue;
		fd = target(u, g->path, 'd');
		if (sys_mount_setattr(fd, AT_EMPTY_PATH, &ro))
			setup__fail(u, LAYER_MOUNT, errno, "make %s read-only", g->path);
		close(fd);
	}
}

/* Goes in and lets go of the host: what is not mounted above is out of reach, whatever is known of it. */
static void enter(struct setup *u)
{
	struct st_mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
	struct statfs sfs;

	/* names in directories: whatever is visible may be listed, the mount points on the way included */
	landlock__allow_listing(u, u->root_fd);
	if (fchdir(u->root_fd) || syscall(SYS_pivot_root, ".", "."))
		setup__fail(u, LAYER_MOUNT, errno, "change to the new root");
	if (umount2(".", MNT_DETACH) || chdir("/"))
		setup__fail(u, LAYER_MOUNT, errno, "detach the host's root");
	if (!fstatfs(u->root_fd, &sfs) && sfs.f_type == 0x01021994 /* TMPFS_MAGIC */ &&
	    sys_mount_setattr(u->root_fd, AT_EMPTY_PATH, &ro))
		setup__fail(u, LAYER_MOUNT, errno, "make the new root read-only");
}

void rootfs__build(struct setup *u)
{
	const struct grants *g = &u->sb->grants;
	unsigned int attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	_cleanup_(close) int scaffold = -1;
	int dev_fds[ARRAY_SIZE(devices)], room_at;
	size_t first = 0;
	char size[32];

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		setup__fail(u, LAYER_MOUNT, errno, "make all mounts private");
	open_devices(u, dev_fds);
	if (g->n && !strcmp(g->v[0].path, "/")) {
		u->root_fd = host_tree(u, &g->v[0]);
		landlock__allow(u, u->root_fd, g->v[0].access, true, "/");
		first = 1;
	} else {
		u->root_fd = tmpfs(u, ROOT_BYTES, ROOT_INODES, "0755", attrs);
	}
	if (u->sb->policy->tmpfs_size.value == POLICY_UNLIMITED)
		snprintf(size, sizeof(size), "50%%"); /* of the memory: the kernel's own default. 0 would be no limit at all */
	else
		snprintf(size, sizeof(size), "%llu", (unsigned long long)u->sb->policy->tmpfs_size.value);
	u->room_fd = tmpfs(u, size, ROOM_INODES, "0700", attrs);
	scaffold = open(SCAFFOLD, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (scaffold < 0 || sys_move_mount(u->root_fd, scaffold, ""))
		setup__fail(u, LAYER_MOUNT, errno, "attach the new root at %s", SCAFFOLD);
	/* the room must be attached for its parts to be mounted elsewhere; /proc covers it in the end */
	room_at = target(u, "/proc", 'd');
	if (sys_move_mount(u->room_fd, room_at, ""))
		setup__fail(u, LAYER_MOUNT, errno, "attach the private tmpfs");
	close(room_at);
	for (size_t i = first; i < g->n; i++) {
		if (g->v[i].kind != GRANT_HOST)
			own_place(u, &g->v[i]);
		else
			host_place(u, &g->v[i]);
	}
	check_masks(u);
	links(u);
	close_private(u);
	own_dev(u, dev_fds);
	own_proc(u);
	enter(u);
}
