/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock: the second layer over everything the mounts decide, and the only one that tells reading from executing. Each
 * grant becomes one rule, on the very inode that is mounted. What a kernel's version (ABI) lacks is left out here and named in the
 * layers' description; nothing that is asked for depends on it alone. Source of numbers and versions: the kernel's
 * Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "network_rule.h"
#include "sandbox.h"
#include "sys.h"

#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_DIR (1ULL << 4)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_CHAR (1ULL << 6)
#define FS_MAKE_DIR (1ULL << 7)
#define FS_MAKE_REG (1ULL << 8)
#define FS_MAKE_SOCK (1ULL << 9)
#define FS_MAKE_FIFO (1ULL << 10)
#define FS_MAKE_BLOCK (1ULL << 11)
#define FS_MAKE_SYM (1ULL << 12)
#define FS_REFER (1ULL << 13)	  /* ABI 2 */
#define FS_TRUNCATE (1ULL << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define NET_BIND_TCP (1ULL << 0)    /* ABI 4 */
#define NET_CONNECT_TCP (1ULL << 1) /* ABI 4 */
#define SCOPE_ABSTRACT_UNIX (1ULL << 0) /* ABI 6 */
#define SCOPE_SIGNAL (1ULL << 1)	/* ABI 6 */

#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2

/* What can be granted on a file that is not a directory. */
#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
/* Making device nodes is granted to nobody. */
#define FS_WRITING                                                                                                      \
	(FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR | FS_MAKE_REG | FS_MAKE_SOCK | FS_MAKE_FIFO |         \
	 FS_MAKE_SYM | FS_REFER | FS_TRUNCATE)
#define MAX_PORT_RULES 1024

struct ruleset_attr {
	uint64_t handled_fs, handled_net, scoped;
};
struct path_beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));
struct net_port {
	uint64_t allowed, port;
};

int landlock__abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);

	return abi < 0 ? 0 : (int)abi;
}

static uint64_t handled_fs(int abi)
{
	uint64_t all = (FS_MAKE_SYM << 1) - 1;

	if (abi >= 2)
		all |= FS_REFER;
	if (abi >= 3)
		all |= FS_TRUNCATE;
	if (abi >= 5)
		all |= FS_IOCTL_DEV;
	return all;
}

static void allow(struct setup *u, uint64_t rights, int fd, const char *what)
{
	struct path_beneath rule = { .allowed = rights, .fd = fd };

	if (rights && syscall(SYS_landlock_add_rule, u->ruleset, RULE_PATH_BENEATH, &rule, 0))
		setup__fail(u, LAYER_LANDLOCK, errno, "add a rule for %s", what);
}

static uint64_t rights_of(uint8_t access)
{
	uint64_t rights = 0;

	if (access & ACCESS_READ)
		rights |= FS_READ_FILE | FS_READ_DIR;
	if (access & ACCESS_WRITE)
		rights |= FS_WRITING;
	if (access & ACCESS_EXEC)
		rights |= FS_EXECUTE;
	return rights;
}

/*
 * Standard streams that are files of the host: `>/dev/stderr` opens them again by /proc/self/fd, which is allowed for
 * what the descriptor itself allows. Pipes and sockets are never restricted by Landlock.
 */
static void allow_streams(struct setup *u)
{
	uint64_t handled = handled_fs(u->sb->landlock_abi);
	for (int fd = 0; fd < 3; fd++) {
		int mode = fcntl(fd, F_GETFL);
		uint64_t rights = 0;
		struct stat st;

		if (mode < 0 || fstat(fd, &st) || !(S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)))
			continue;
		if ((mode & O_ACCMODE) != O_WRONLY)
			rights |= FS_READ_FILE;
		if ((mode & O_ACCMODE) != O_RDONLY)
			rights |= FS_WRITE_FILE | FS_TRUNCATE;
		if (S_ISCHR(st.st_mode))
			rights |= FS_IOCTL_DEV;
		allow(u, rights & handled, fd, "a standard stream");
	}
}

/*
 * With --net: the ports that are listed, whatever the address; cgroup-BPF looks at the address too. A listed loopback port
 * may be bound as well, and port 0 is for whoever does not care.
 */
static void allow_ports(struct setup *u)
{
	static const struct in6_addr loopback4 = { .s6_addr = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } };
	static const struct in6_addr loopback6 = { .s6_addr = { [15] = 1 } };
	const struct net_plan *n = &u->sb->net;
	struct net_port any = { .allowed = NET_BIND_TCP, .port = 0 };

	if (syscall(SYS_landlock_add_rule, u->ruleset, RULE_NET_PORT, &any, 0))
		setup__fail(u, LAYER_LANDLOCK, errno, "add a rule for TCP port 0");
	for (size_t i = 0; i < n->n; i++) {
		bool own = net_entry__covers(&n->v[i], &loopback4) || net_entry__covers(&n->v[i], &loopback6);

		for (uint32_t port = n->v[i].port_first; port <= n->v[i].port_last; port++) {
			struct net_port rule = { .allowed = NET_CONNECT_TCP | (own ? NET_BIND_TCP : 0), .port = port };

			if (syscall(SYS_landlock_add_rule, u->ruleset, RULE_NET_PORT, &rule, 0))
				setup__fail(u, LAYER_LANDLOCK, errno, "add a rule for TCP port %u", port);
		}
	}
}

static uint32_t count_ports(const struct net_plan *n)
{
	uint64_t ports = 0;

	for (size_t i = 0; i < n->n; i++)
		ports += n->v[i].port_last - n->v[i].port_first + 1U;
	return (uint32_t)MIN(ports, UINT32_MAX);
}

bool landlock__filters_ports(const struct sandbox *sb)
{
	return sb->landlock_abi >= 4 && !sb->net.all && !sb->net.isolated && count_ports(&sb->net) <= MAX_PORT_RULES;
}

void landlock__begin(struct setup *u)
{
	int abi = u->sb->landlock_abi;
	struct ruleset_attr attr = { .handled_fs = handled_fs(abi) };

	if (!abi) {
		setup__fail(u, LAYER_LANDLOCK, ENOSYS, "this kernel has no Landlock, or it is not enabled (lsm=)");
		return;
	}
	if (landlock__filters_ports(u->sb))
		attr.handled_net = NET_CONNECT_TCP | NET_BIND_TCP;
	if (abi >= 6)
		attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	u->ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, abi >= 6 ? 24 : abi >= 4 ? 16 : 8, 0);
	if (u->ruleset < 0)
		setup__fail(u, LAYER_LANDLOCK, errno, "create the ruleset");
}

void landlock__allow(struct setup *u, int fd, uint8_t access, bool dir, const char *path)
{
	uint64_t rights = rights_of(access) & handled_fs(u->sb->landlock_abi);

	if (u->ruleset >= 0)
		allow(u, dir ? rights : rights & FS_OF_FILES, fd, path);
}

void landlock__allow_devices(struct setup *u, int fd)
{
	uint64_t rights = FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV;

	if (u->ruleset >= 0)
		allow(u, rights & handled_fs(u->sb->landlock_abi), fd, "/dev");
}

void landlock__allow_listing(struct setup *u, int fd)
{
	if (u->ruleset >= 0)
		allow(u, FS_READ_DIR, fd, "/");
}

void landlock__restrict(struct setup *u)
{
	if (u->ruleset < 0)
		return;
	allow_streams(u);
	if (landlock__filters_ports(u->sb))
		allow_ports(u);
	if (syscall(SYS_landlock_restrict_self, u->ruleset, 0))
		setup__fail(u, LAYER_LANDLOCK, errno, "restrict the command");
}
