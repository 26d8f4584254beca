/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls and constants newer than the C library and headers of Debian 12, as documented in the kernel's
 * userspace API (linux/mount.h, linux/landlock.h). Since: mount API 5.2, openat2 5.6, mount_setattr 5.12, Landlock 5.13.
 */
#ifndef SANDTRACE_SYS_H
#define SANDTRACE_SYS_H

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x1
#define MOUNT_ATTR_NOSUID 0x2
#define MOUNT_ATTR_NODEV 0x4
#define MOUNT_ATTR_NOEXEC 0x8
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x200000
#endif

/* The layout of struct mount_attr; the C library of some systems has none. */
struct st_mount_attr {
	uint64_t attr_set, attr_clr, propagation, userns_fd;
};

static inline int sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

/* NAME "": onto TO itself. A link in the last place is not followed. */
static inline int sys_move_mount(int from, int to, const char *name)
{
	return (int)syscall(SYS_move_mount, from, "", to, name, 0x4 | (*name ? 0 : 0x40) /* MOVE_MOUNT_{F,T}_EMPTY_PATH */);
}

static inline int sys_mount_setattr(int fd, unsigned int flags, struct st_mount_attr *a)
{
	return (int)syscall(SYS_mount_setattr, fd, "", flags, a, sizeof(*a));
}

static inline int sys_fsopen(const char *type)
{
	return (int)syscall(SYS_fsopen, type, 1 /* FSOPEN_CLOEXEC */);
}

static inline int sys_fsconfig_string(int fd, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fd, 1 /* FSCONFIG_SET_STRING */, key, value, 0);
}

static inline int sys_fsconfig_flag(int fd, const char *key)
{
	return (int)syscall(SYS_fsconfig, fd, 0 /* FSCONFIG_SET_FLAG */, key, NULL, 0);
}

/* Creates the file system and returns a detached mount of it. */
static inline int sys_fsmount(int fd, unsigned int attrs)
{
	if (syscall(SYS_fsconfig, fd, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0))
		return -1;
	return (int)syscall(SYS_fsmount, fd, 1 /* FSMOUNT_CLOEXEC */, attrs);
}

static inline int sys_openat2(int dirfd, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = resolve };

	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

#endif
