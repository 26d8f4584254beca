/* SPDX-License-Identifier: Apache-2.0 */
#include "workspace.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"

/* One descriptor a level, and far deeper than any project: what is deeper is refused, not skipped. */
#define MAX_DEPTH 256
/* Directories, links and others count against no quota of the user's, so they have one of ours. */
#define MAX_ENTRIES 10000000

const struct workspace_quota workspace_default_quota = {
	.files = 2000,
	.file_bytes = 2ULL << 20,
	.total_bytes = 50ULL << 20,
	.command_bytes = 4096,
};

static int excess(struct workspace_report *r, int err, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static int excess(struct workspace_report *r, int err, const char *code, const char *fmt, ...)
{
	va_list ap;

	r->code = code;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	return err;
}

static int count_file(struct workspace_report *r, const struct workspace_quota *q, const char *name, uint64_t size)
{
	char p[160];

	r->files++;
	r->total_bytes = r->total_bytes > UINT64_MAX - size ? UINT64_MAX : r->total_bytes + size;
	r->largest = MAX(r->largest, size);
	if (q->files && r->files > q->files)
		return excess(r, -EDQUOT, "file_count", "more than %llu files", (unsigned long long)q->files);
	if (q->file_bytes && size > q->file_bytes)
		return excess(r, -EDQUOT, "file_size", "%s has %llu bytes, a file may have %llu",
			      printable(name, strlen(name), p, sizeof(p)), (unsigned long long)size,
			      (unsigned long long)q->file_bytes);
	if (q->total_bytes && r->total_bytes > q->total_bytes)
		return excess(r, -EDQUOT, "total_bytes", "more than %llu bytes in all, reached at %s",
			      (unsigned long long)q->total_bytes, printable(name, strlen(name), p, sizeof(p)));
	return 0;
}

/*
 * One name. 1: a directory, *RET_FD is open. Nothing but directories is ever opened, so that a FIFO cannot make us wait
 * nor a device do anything; other file systems mounted below are counted too, as they would be staged.
 */
static int look(int dir, const char *name, const struct workspace_quota *q, struct workspace_report *r, int *ret_fd)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return errno == ENOENT ? 0 : -errno; /* gone since it was listed */
	if (r->files + r->dirs + r->links + r->others >= MAX_ENTRIES)
		return excess(r, -EDQUOT, "entry_count", "more than %d entries", MAX_ENTRIES);
	if (S_ISREG(st.st_mode))
		return count_file(r, q, name, (uint64_t)st.st_size);
	if (S_ISLNK(st.st_mode)) {
		r->links++;
		return 0;
	}
	if (!S_ISDIR(st.st_mode)) {
		r->others++;
		return 0;
	}
	r->dirs++;
	*ret_fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*ret_fd < 0) {
		char p[160];
		int err = -errno;

		return excess(r, err, "unreadable", "the directory %s: %s", printable(name, strlen(name), p, sizeof(p)),
			      strerror(-err));
	}
	return 1;
}

int workspace__check_tree(const char *dir, const struct workspace_quota *q, struct workspace_report *ret)
{
	DIR *stack[MAX_DEPTH];
	size_t depth = 0;
	int err = 0, fd;

	memset(ret, 0, sizeof(*ret));
	/* Links on the way to DIR are the user's own words, DIR itself must be what was named. */
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	stack[depth] = fdopendir(fd);
	if (!stack[depth]) {
		err = -errno;
		close(fd);
		return err;
	}
	depth = 1;
	while (depth && !err) {
		struct dirent *e = (errno = 0, readdir(stack[depth - 1]));
		int r;

		if (!e) {
			err = -errno;
			closedir(stack[--depth]);
			continue;
		}
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		r = look(dirfd(stack[depth - 1]), e->d_name, q, ret, &fd);
		if (r < 0) {
			err = r;
		} else if (r && depth == MAX_DEPTH) {
			close(fd);
			err = excess(ret, -EDQUOT, "depth", "directories are nested deeper than %d", MAX_DEPTH);
		} else if (r) {
			stack[depth] = fdopendir(fd);
			if (stack[depth]) {
				depth++;
			} else {
				err = -errno;
				close(fd);
			}
		}
	}
	while (depth)
		closedir(stack[--depth]);
	return err;
}

/*
 * A component ".." anywhere is refused, even where it would stay inside; "a..b" is a name. A backslash is refused too:
 * where a path is handed on to other systems it separates.
 */
int workspace__check_path(const char *path, size_t len, struct workspace_report *ret)
{
	char p[160];

	memset(ret, 0, sizeof(*ret));
	if (!len)
		return excess(ret, -EINVAL, "path", "the path is empty");
	printable(path, len, p, sizeof(p));
	if (memchr(path, 0, len))
		return excess(ret, -EINVAL, "path", "the path %s has a NUL byte in it", p);
	if (path[0] == '/')
		return excess(ret, -EINVAL, "path", "the path %s is absolute: it must be relative to the workspace", p);
	if (len >= 4096)
		return excess(ret, -EINVAL, "path", "the path has %zu bytes, 4095 are possible", len);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f || path[i] == '\\')
			return excess(ret, -EINVAL, "path", "the path %s has a control character or a backslash in it", p);
	for (size_t i = 0, start = 0; i <= len; i++) {
		if (i < len && path[i] != '/')
			continue;
		if (i - start == 2 && !memcmp(path + start, "..", 2))
			return excess(ret, -EINVAL, "path", "the path %s leads upwards (\"..\")", p);
		if (i - start > 255)
			return excess(ret, -EINVAL, "path", "a name in the path has %zu bytes, 255 are possible", i - start);
		start = i + 1;
	}
	return 0;
}

/* The words with one space between them: what a shell would be given. */
int workspace__check_command(char *const argv[], const struct workspace_quota *q, struct workspace_report *ret)
{
	uint64_t n = 0;

	memset(ret, 0, sizeof(*ret));
	if (!argv || !argv[0] || !argv[0][0])
		return excess(ret, -EINVAL, "command_empty", "there is no command");
	for (size_t i = 0; argv[i]; i++)
		n += strlen(argv[i]) + (i > 0);
	if (q->command_bytes && n > q->command_bytes)
		return excess(ret, -EDQUOT, "command_length", "the command has %llu bytes, %llu are allowed", (unsigned long long)n,
			      (unsigned long long)q->command_bytes);
	return 0;
}
