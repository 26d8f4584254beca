/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/sha256.h"
#include "base/util.h"
#include "changes_internal.h"
#include "sink/json.h"

static void strings(struct json *j, const char *key, const char *const *list)
{
	json__key(j, key);
	json__array_begin(j);
	for (; list && *list; list++)
		json__str(j, *list);
	json__array_end(j);
}

static void names(struct json *j, const char *key, char *const *a, size_t n_a, char *const *b, size_t n_b)
{
	json__key(j, key);
	json__array_begin(j);
	for (size_t i = 0; i < n_a; i++)
		json__str(j, a[i]);
	for (size_t i = 0; i < n_b; i++)
		json__str(j, b[i]);
	json__array_end(j);
}

/* Size and hash of a regular file; *RET_SIZE is what was hashed. 0 or -errno. */
static int hash_file(int dir_fd, const char *name, uint64_t *ret_size, unsigned char *ret_hash)
{
	_cleanup_(close) int fd = beneath__open(dir_fd, name, O_RDONLY);
	_cleanup_(free) char *buf = NULL;
	struct sha256 *md;
	struct stat st;
	int err = 0;
	ssize_t n;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	buf = malloc(COPY_CHUNK);
	md = sha256__new();
	if (!buf || !md || !sha256__begin(md))
		err = -ENOMEM;
	*ret_size = 0;
	while (!err && (n = read(fd, buf, COPY_CHUNK))) {
		if (n < 0) {
			err = errno == EINTR ? 0 : -errno;
			continue;
		}
		*ret_size += (uint64_t)n;
		sha256__update(md, buf, (size_t)n);
	}
	if (!err && !sha256__end(md, ret_hash))
		err = -EIO;
	sha256__free(md);
	return err;
}

static void artifact(struct json *j, int dir_fd, const char *name)
{
	unsigned char hash[SHA256_BYTES];
	uint64_t size = 0;
	int err = hash_file(dir_fd, name, &size, hash);

	json__object_begin(j);
	json__member_str(j, "path", name);
	if (err) {
		json__member_str(j, "error", strerror(-err));
		log_warn("manifest: artifact %s: %s", name, strerror(-err));
	} else {
		json__member_u64(j, "size", size);
		json__key(j, "sha256");
		json__hex(j, hash, 32);
	}
	json__object_end(j);
}

static void boundary(struct json *j, const struct manifest *m)
{
	json__key(j, "trust_boundary");
	json__object_begin(j);
	json__member_str(j, "provider", m->provider);
	strings(j, "layers", m->layers);
	strings(j, "degraded", m->degraded);
	json__key(j, "policy");
	json__object_begin(j);
	json__member_str(j, "name", m->policy_name);
	json__member_str(j, "sha256", m->policy_sha256);
	json__object_end(j);
	json__object_end(j);
}

static void workspace(struct json *j, const struct workspace_report *w)
{
	json__key(j, "workspace");
	if (!w) {
		json__null(j);
		return;
	}
	json__object_begin(j);
	json__member_u64(j, "file_count", w->files);
	json__member_u64(j, "total_bytes", w->total_bytes);
	json__member_u64(j, "directories", w->dirs);
	json__member_u64(j, "links", w->links);
	json__member_u64(j, "others", w->others);
	json__object_end(j);
}

static void environment(struct json *j, const struct sandbox_env *e)
{
	json__key(j, "env");
	if (!e) {
		json__null(j);
		return;
	}
	json__object_begin(j);
	names(j, "injected", e->passed, e->n_passed, e->set, e->n_set);
	names(j, "stripped", e->stripped, e->n_stripped, NULL, 0);
	json__member_u64(j, "dropped", e->n_dropped);
	json__object_end(j);
}

static void encode(struct json *j, int dir_fd, const struct manifest *m)
{
	json__object_begin(j);
	json__member_u64(j, "schema_version", 1);
	json__member_str(j, "run_id", m->run_id);
	if (m->started_ns) {
		json__key(j, "started_at");
		json__time(j, m->started_ns);
	}
	if (m->ended_ns) {
		json__key(j, "ended_at");
		json__time(j, m->ended_ns);
	}
	if (m->exit_kind) {
		json__member_str(j, "exit_kind", m->exit_kind);
		json__key(j, "exit_code");
		json__i64(j, m->exit_code);
	}
	boundary(j, m);
	workspace(j, m->workspace);
	environment(j, m->env);
	json__key(j, "artifacts");
	json__array_begin(j);
	for (const char *const *a = m->artifacts; a && *a; a++)
		artifact(j, dir_fd, *a);
	json__array_end(j);
	json__object_end(j);
	json__newline(j);
}

int manifest__write(int dir_fd, const char *name, const struct manifest *m)
{
	_cleanup_(close) int fd = -1;
	struct json j;
	char temp[64];
	int err;

	json__init(&j);
	encode(&j, dir_fd, m);
	err = j.err;
	/* A run that was killed at this very point leaves its file: the next with its number takes another name. */
	for (int i = 0; !err && fd < 0 && i < 16; i++) {
		snprintf(temp, sizeof(temp), ".sandtrace-manifest-%d-%d", (int)getpid(), i);
		fd = openat(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && (errno != EEXIST || i == 15))
			err = -errno;
	}
	if (!err)
		err = write_full(fd, j.buf, j.len);
	/* An umask only takes away: what was asked for is made sure of. */
	if (!err && (fchmod(fd, 0600) || renameat(dir_fd, temp, dir_fd, name)))
		err = -errno;
	if (err && fd >= 0)
		unlinkat(dir_fd, temp, 0);
	json__done(&j);
	return err ? log_errno(err, "write the manifest %s", name) : 0;
}
