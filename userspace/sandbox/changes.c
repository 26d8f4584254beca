/* SPDX-License-Identifier: Apache-2.0 */
#include "changes.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "changes_internal.h"

const struct changes_limits changes_default_limits = {
	.entries = 1000000,
	.depth = 256,
	.hash_file = 256ULL << 20,
	.hash_total = 4ULL << 30,
	.time_ns = 20 * NSEC_PER_SEC,
};

const char *changes__kind_name(enum change_kind k)
{
	static const char *const name[] = {
		[CHANGE_CREATED] = "created", [CHANGE_MODIFIED] = "modified", [CHANGE_METADATA] = "metadata",
		[CHANGE_DELETED] = "deleted", [CHANGE_REPLACED] = "replaced",
	};

	return (unsigned int)k < ARRAY_SIZE(name) ? name[k] : "unknown";
}

void changes__done(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].path);
		free(c->v[i].link);
	}
	free(c->v);
	memset(c, 0, sizeof(*c));
}

int beneath__open(int dir, const char *name, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC | O_NOFOLLOW | (flags & O_PATH ? 0 : O_NONBLOCK | O_NOCTTY)),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};

	for (int tries = 0; tries < 64; tries++) {
		int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));

		if (fd >= 0)
			return fd;
		/* EAGAIN: something was renamed elsewhere while a path was walked. */
		if (errno != EINTR && errno != EAGAIN)
			break;
	}
	return -errno;
}

/* A path that is longer than the kernel takes is walked in pieces. */
int beneath__dir(int root, const char *path, size_t len)
{
	_cleanup_(close) int fd = beneath__open(root, ".", O_PATH | O_DIRECTORY);
	char piece[PATH_MAX];

	while (fd >= 0 && len) {
		size_t n = len, slash = 0;
		int next;

		if (n >= sizeof(piece)) {
			n = sizeof(piece) - 1;
			while (n && path[n] != '/')
				n--;
			if (!n)
				return -ENAMETOOLONG;
			slash = 1;
		}
		memcpy(piece, path, n);
		piece[n] = 0;
		next = beneath__open(fd, piece, O_PATH | O_DIRECTORY);
		close(fd);
		fd = next;
		path += n + slash;
		len -= n + slash;
	}
	return steal_fd(&fd);
}

/* fchmod() takes no O_PATH descriptor; its name in /proc leads to that very inode, whatever has been renamed. */
int beneath__chmod(int fd, mode_t mode)
{
	char proc[64];

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	return chmod(proc, mode & 07777) ? -errno : 0;
}

int beneath__open_own(int dir, const char *name, int flags, mode_t mode_bits, mode_t *ret_mode)
{
	_cleanup_(close) int path_fd = -1;
	struct stat st;
	int fd = beneath__open(dir, name, flags), err;

	*ret_mode = 0;
	if (fd != -EACCES)
		return fd;
	path_fd = beneath__open(dir, name, O_PATH);
	if (path_fd < 0 || fstat(path_fd, &st) || st.st_uid != geteuid() || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return -EACCES;
	err = beneath__chmod(path_fd, st.st_mode | mode_bits);
	if (err)
		return err;
	fd = beneath__open(dir, name, flags);
	if (fd < 0)
		beneath__chmod(path_fd, st.st_mode);
	else
		*ret_mode = st.st_mode;
	return fd;
}

uint64_t stat_ctime_ns(const struct stat *st)
{
	return (uint64_t)st->st_ctim.tv_sec * NSEC_PER_SEC + (uint64_t)st->st_ctim.tv_nsec;
}
