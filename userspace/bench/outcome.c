/* SPDX-License-Identifier: Apache-2.0 */
#include "outcome.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"

/* A summary lists files, addresses and findings, each list bounded: some MiB at most. */
#define TAIL_FIRST (64U << 10)
#define TAIL_MOST (32U << 20)

/* The last line of a file, NUL-terminated and malloc'ed; NULL: none, or it is longer than a summary can be. */
static char *last_line(int fd)
{
	struct stat st;

	if (fstat(fd, &st) || st.st_size < 2)
		return NULL;
	for (size_t want = TAIL_FIRST; want <= TAIL_MOST; want *= 8) {
		size_t n = (size_t)MIN((off_t)want, st.st_size);
		_cleanup_(free) char *buf = malloc(n + 1);
		char *line;

		if (!buf || pread(fd, buf, n, st.st_size - (off_t)n) != (ssize_t)n || buf[n - 1] != '\n')
			return NULL;
		buf[n - 1] = 0;
		line = memrchr(buf, '\n', n - 1);
		if (!line && (off_t)n < st.st_size)
			continue;
		return strdup(line ? line + 1 : buf);
	}
	return NULL;
}

static double number(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) ||
	    !(json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double)))
		return NAN;
	return json_object_get_double(v);
}

static int from_summary(struct json_object *o, struct outcome *ret)
{
	double status = number(o, "exit_code"), signal = number(o, "signal");
	struct json_object *type, *killed;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, "event_type", &type) ||
	    !json_object_is_type(type, json_type_string) || strcmp(json_object_get_string(type), "summary"))
		return -ENODATA;
	ret->calls = number(o, "total_syscalls");
	ret->lost = number(o, "lost");
	ret->cpu_ns = number(o, "utime") + number(o, "stime");
	ret->killed = json_object_object_get_ex(o, "killed_by", &killed) && killed;
	ret->status = !isnan(status) && status >= 0 ? (int)status : !isnan(signal) ? 128 + (int)signal : -1;
	return 0;
}

int outcome__sandtrace(const char *path, struct outcome *ret)
{
	_cleanup_(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_(free) char *line = NULL;
	struct json_object *o;
	int err;

	*ret = (struct outcome){ .calls = NAN, .lost = NAN, .cpu_ns = NAN, .status = -1 };
	if (fd < 0)
		return -errno;
	line = last_line(fd);
	o = line ? json_tokener_parse(line) : NULL;
	if (!o)
		return -ENODATA;
	err = from_summary(o, ret);
	json_object_put(o);
	return err;
}

/* "PID  +++ exited", "PID  --- SIGCHLD" are no calls; "PID  <... read resumed>" is the rest of one that was counted. */
static bool begins_call(const char *line)
{
	line += strspn(line, "0123456789 ");
	return strncmp(line, "+++ ", 4) && strncmp(line, "--- ", 4) && strncmp(line, "<... ", 5) && *line && *line != '\n';
}

int outcome__strace(const char *path, struct outcome *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_(fclose) FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
	_cleanup_(free) char *line = NULL;
	uint64_t calls = 0;
	size_t cap = 0;

	/* stopped at each call, nothing can be lost */
	*ret = (struct outcome){ .calls = NAN, .lost = 0, .cpu_ns = NAN, .status = -1 };
	if (!f)
		return fd < 0 ? -errno : (close(fd), -ENOMEM);
	while (getline(&line, &cap, f) > 0)
		calls += begins_call(line);
	ret->calls = (double)calls;
	return ferror(f) ? -EIO : 0;
}

double outcome__number(const char *path, const char *name)
{
	char text[1024];
	struct json_object *o;
	double v = NAN;

	if (read_file_str(path, text, sizeof(text)) <= 0)
		return NAN;
	o = json_tokener_parse(text);
	if (o && json_object_is_type(o, json_type_object))
		v = number(o, name);
	json_object_put(o);
	return v;
}

/* Without "sandtrace: " and "sandtrace: hint: ", which the table does not need. */
static const char *bare(const char *line, bool *ret_hint)
{
	static const char own[] = "sandtrace: ", hint[] = "hint: ";

	if (!strncmp(line, own, sizeof(own) - 1))
		line += sizeof(own) - 1;
	*ret_hint = !strncmp(line, hint, sizeof(hint) - 1);
	return line + (*ret_hint ? sizeof(hint) - 1 : 0);
}

bool outcome__messages(const char *path, char *ret, size_t size)
{
	char text[4096], *save = NULL;
	size_t at = 0, lines = 0;
	bool hint;

	if (read_file_str(path, text, sizeof(text)) <= 0)
		return false;
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' && *c != '\n')
			*c = '?';
	for (char *line = strtok_r(text, "\n", &save); line && lines < 2; line = strtok_r(NULL, "\n", &save), lines++) {
		const char *s = bare(line, &hint);

		at += (size_t)snprintf(ret + at, size - at, "%s%s", !lines ? "" : hint ? ": " : "; ", s);
		at = MIN(at, size - 1);
	}
	return at > 0;
}
