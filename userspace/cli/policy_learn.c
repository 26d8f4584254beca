/* SPDX-License-Identifier: Apache-2.0 */
/* `sandtrace policy learn`: reads a trace line by line, looks at the files it names, writes a policy that loads. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/util.h"
#include "policy/learn.h"
#include "policy_cli.h"
#include "run_policy.h"
#include "sandbox/resolve_walk.h"

static enum learn_type look(void *ctx, const char *path, char *ret_name, char *ret_beside)
{
	enum learn_type type = LEARN_OTHER;
	struct found f;
	int err;

	(void)ctx;
	*ret_beside = 0;
	snprintf(ret_name, PATH_MAX, "%s", path);
	err = walk__path(path, FOLLOW_ALL, NULL, &f);
	if (!err && *f.link) {
		char *slash;

		/* the policy must name what it leads to; the link itself is seen in its directory */
		snprintf(ret_name, PATH_MAX, "%s", f.path);
		snprintf(ret_beside, PATH_MAX, "%s", f.link);
		slash = strrchr(ret_beside, '/');
		slash[slash == ret_beside] = 0;
	}
	if (err)
		type = LEARN_NONE;
	else if (S_ISREG(f.mode))
		type = LEARN_FILE;
	else if (S_ISDIR(f.mode))
		type = LEARN_DIR;
	walk__done(&f);
	return type;
}

static int read_trace(struct learn *l, const char *file)
{
	int fd = strcmp(file, "-") ? open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY) : dup(STDIN_FILENO);
	_cleanup_(fclose) FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
	_cleanup_(free) char *line = malloc(LEARN_LINE_MAX + 2);
	unsigned long long n = 1, bad = 0;

	if (!in || !line) {
		int err = line ? -errno : -ENOMEM;

		if (!in && fd >= 0)
			close(fd);
		return log_errno(err, "read %s", file);
	}
	while (fgets(line, LEARN_LINE_MAX + 2, in)) {
		size_t len = strlen(line);
		int err;

		if (len && line[len - 1] == '\n')
			line[--len] = 0;
		else if (len > LEARN_LINE_MAX)
			return log_err(-EFBIG, "%s:%llu: a record of more than %u MiB: this is no trace", file, n,
				       LEARN_LINE_MAX >> 20);
		err = learn__line(l, line, len);
		if (err == -ENOMEM)
			return log_errno(err, "learn from %s", file);
		if (err && n == 1) {
			log_err(0, "%s: not a trace of sandtrace", file);
			log_hint("record one: sandtrace run -o trace.jsonl COMMAND");
			return err;
		}
		bad += err != 0;
		n++;
	}
	if (ferror(in))
		return log_errno(-EIO, "read %s", file);
	if (bad)
		log_warn("%s: %llu lines are no records of a trace and were passed over", file, bad);
	if (!learn__complete(l))
		log_warn("%s: the trace has no end: what came after is not in the policy", file);
	return 0;
}

/* What is written must be a policy. */
static int check(const struct policy_env *env, const char *text, size_t len)
{
	struct policy *p = policy__new();
	struct policy_error e = { 0 };
	int err = p ? policy__load_text(p, "learnt policy", text, len, env, &e) : -ENOMEM;

	if (!err)
		err = policy__finish(p, &e);
	if (err)
		log_err(err, "the learnt policy is none: %s", e.text);
	policy__free(p);
	return err;
}

static int write_out(const char *file, const char *text, size_t len)
{
	_cleanup_(close) int fd = -1;

	if (!file || !strcmp(file, "-")) {
		fwrite(text, 1, len, stdout);
		return 0;
	}
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST) {
		log_err(0, "%s exists, and a policy is not overwritten", file);
		log_hint("name another file; diff shows what is new");
		return -EEXIST;
	}
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		return log_errno(-errno, "write %s", file);
	return 0;
}

int policy_cmd__learn(const struct policy_args *a)
{
	char home[PATH_MAX], cwd[PATH_MAX];
	const char *h = run_policy__home(&(struct run_user){ 0 }, home, sizeof(home));
	struct learn_opts o = { .home = h, .look = look };
	_cleanup_(free) char *text = NULL;
	struct policy_env env;
	struct learn *l = learn__new(&o);
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err;

	if (!l || !out || !getcwd(cwd, sizeof(cwd))) {
		log_errno(-errno, "learn");
		if (out)
			fclose(out);
		learn__free(l);
		return EXIT_SANDTRACE;
	}
	err = read_trace(l, a->words[0]);
	if (!err && learn__print(l, a->words[0], out))
		err = log_errno(-ENOMEM, "learn");
	fclose(out);
	learn__free(l);
	env = run_policy__env(h, cwd);
	if (!err)
		err = check(&env, text, len);
	if (!err)
		err = write_out(a->output, text, len);
	return err == -EINVAL || err == -EEXIST || err == -ENOENT ? EXIT_REFUSED : err ? EXIT_SANDTRACE : help__flush(EXIT_FAILURE);
}
