/* SPDX-License-Identifier: Apache-2.0 */
#include "artifacts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/util.h"
#include "sandbox/manifest.h"

#define TRACE_NAME "trace.jsonl"
#define MANIFEST_NAME "manifest.json"

int artifacts__open(struct artifacts *a, const char *dir)
{
	a->dir_fd = -1;
	if (!dir)
		return 0;
	if (mkdir(dir, 0700) && errno != EEXIST)
		return log_errno(-errno, "make the artifacts directory %s", dir);
	a->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (a->dir_fd < 0) {
		int err = log_errno(-errno, "open the artifacts directory %s", dir);

		if (err == -ELOOP || err == -ENOTDIR)
			log_hint("it must be a directory, not a link to one");
		return err;
	}
	if (snprintf(a->trace, sizeof(a->trace), "%s/%s", dir, TRACE_NAME) >= (int)sizeof(a->trace))
		return log_err(-ENAMETOOLONG, "the artifacts directory's name is too long");
	return 0;
}

void artifacts__close(struct artifacts *a)
{
	if (a->dir_fd >= 0)
		close(a->dir_fd);
	a->dir_fd = -1;
}

static int bad_quota(const char *spec, const char *why)
{
	log_err(-EINVAL, "run: --quota '%.200s': %s", spec, why);
	log_hint("write --quota default, or some of files=2000,file=2M,total=50M,command=4096");
	return -EINVAL;
}

int artifacts__parse_quota(const char *spec, struct workspace_quota *ret)
{
	char copy[256], *save = NULL;

	if (!strcmp(spec, "default")) {
		*ret = workspace_default_quota;
		return 0;
	}
	memset(ret, 0, sizeof(*ret));
	if (snprintf(copy, sizeof(copy), "%s", spec) >= (int)sizeof(copy) || !*copy)
		return bad_quota(spec, "empty, or too long");
	for (char *item = strtok_r(copy, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		const struct {
			const char *name;
			uint64_t *value;
		} known[] = { { "files", &ret->files }, { "file", &ret->file_bytes }, { "total", &ret->total_bytes },
			      { "command", &ret->command_bytes } };
		char *value = strchr(item, '=');
		size_t i = 0;

		if (!value)
			return bad_quota(spec, "an item is NAME=NUMBER");
		*value++ = 0;
		while (i < ARRAY_SIZE(known) && strcmp(item, known[i].name))
			i++;
		if (i == ARRAY_SIZE(known))
			return bad_quota(spec, "the names are files, file, total, command");
		if (*known[i].value)
			return bad_quota(spec, "a name is given twice");
		if (parse_size(value, 1, 1ULL << 50, known[i].value))
			return bad_quota(spec, "a number may have K, M, G or T, and is not 0");
	}
	if (!ret->files && !ret->file_bytes && !ret->total_bytes && !ret->command_bytes)
		return bad_quota(spec, "nothing is limited");
	return 0;
}

static int refuse(const struct workspace_report *r, const char *what)
{
	log_err(0, "denied before the start (%s): %s%s%s", r->code ? r->code : "error", what, *what ? ": " : "", r->text);
	log_hint("raise it with --quota, or run with less");
	return -EDQUOT;
}

int artifacts__check(struct artifacts *a, const struct contain *c, char *const argv[], const struct workspace_quota *quota)
{
	static const struct workspace_quota none;
	struct workspace_report r = {};

	if (!quota && a->dir_fd < 0)
		return 0;
	if (quota && workspace__check_command(argv, quota, &r))
		return refuse(&r, "");
	for (size_t i = 0; i < c->sandbox.grants.n; i++) {
		const struct grant *g = &c->sandbox.grants.v[i];
		int err;

		if (g->kind != GRANT_HOST || !g->dir || !(g->access & ACCESS_WRITE))
			continue;
		memset(&r, 0, sizeof(r));
		err = workspace__check_tree(g->path, quota ? quota : &none, &r);
		if (err == -EDQUOT)
			return refuse(&r, g->path);
		if (err)
			return log_errno(err, "count the files of %s", g->path);
		a->workspace.files += r.files;
		a->workspace.dirs += r.dirs;
		a->workspace.links += r.links;
		a->workspace.others += r.others;
		a->workspace.total_bytes += r.total_bytes;
		a->workspace.largest = MAX(a->workspace.largest, r.largest);
		a->counted = true;
	}
	return 0;
}

static const char *kind_name(enum exit_kind kind)
{
	switch (kind) {
	case EXIT_EXITED:
		return "exited";
	case EXIT_SIGNALED:
		return "signaled";
	case EXIT_TIMEOUT:
		return "timeout";
	case EXIT_INTERRUPTED:
		return "interrupted";
	case EXIT_NOT_STARTED:
	case EXIT_ATTACHED:
		break;
	}
	return "not_started";
}

int artifacts__write(struct artifacts *a, const struct contain *c, const struct run_info *info, const struct run_result *res)
{
	static const char *const names[] = { TRACE_NAME, NULL };
	char id[96];
	struct manifest m;

	if (a->dir_fd < 0)
		return 0;
	/* unique on this host: the boot, the time since, and the command's process */
	snprintf(id, sizeof(id), "%.36s-%llx-%u", info->boot_id, (unsigned long long)info->start_ts, info->command_pid);
	m = (struct manifest){
		.run_id = id,
		.started_ns = (uint64_t)((int64_t)info->start_ts + info->clock_offset),
		.ended_ns = (uint64_t)((int64_t)res->end_ts + info->clock_offset),
		.exit_kind = kind_name(res->kind),
		.exit_code = res->exit_code,
		.provider = "sandtrace",
		.layers = info->layers,
		.degraded = info->degraded,
		.policy_name = info->policy,
		.policy_sha256 = info->policy_sha256,
		.env = &c->sandbox.env,
		.workspace = a->counted ? &a->workspace : NULL,
		.artifacts = names,
	};
	return manifest__write(a->dir_fd, MANIFEST_NAME, &m);
}
