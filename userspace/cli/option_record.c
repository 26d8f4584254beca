/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The setters of what is recorded and how it is written, and of plain values. Every refusal names the option, the value, the
 * reason, and what to write instead.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "option_set.h"

/* Longer than any build or install; what is to run for ever is not a command with a timeout. */
#define MAX_TIMEOUT_NS (7 * 24 * 3600 * NSEC_PER_SEC)
#define MIN_TIMEOUT_NS 1000000ULL
/* The kernel wants a power of two of whole pages; a page has 64 KiB on some arm64 kernels. */
#define MIN_RING_BYTES (64ULL << 10)
#define MAX_RING_BYTES (1ULL << 30)
#define MAX_VERBOSITY 3

int option__refuse(const struct run_options *opts, const struct option_desc *opt, const char *value, const char *reason)
{
	return log_err(-EINVAL, "%s: --%s '%s': %s", opts->command, opt->name, value, reason);
}

static void *member(struct run_options *opts, const struct option_desc *opt)
{
	return (char *)opts + opt->offset;
}

int set_true(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	(void)value;
	*(bool *)member(opts, opt) = true;
	return 0;
}

int set_false(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	(void)value;
	*(bool *)member(opts, opt) = false;
	return 0;
}

int set_bool(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	if (!value || !strcmp(value, "true"))
		return set_true(opts, opt, NULL);
	if (!strcmp(value, "false"))
		return set_false(opts, opt, NULL);
	return option__refuse(opts, opt, value, "the value is true or false");
}

int set_text(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	if (!*value)
		return option__refuse(opts, opt, value, "the value is empty");
	*(const char **)member(opts, opt) = value;
	return 0;
}

int set_output(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	if (!*value) {
		option__refuse(opts, opt, value, "the file name is empty");
		log_hint("give a file, or - for standard output");
		return -EINVAL;
	}
	opts->output = value;
	return 0;
}

int option__choose(const struct run_options *opts, const struct option_desc *opt, const char *value)
{
	char list[128] = "";
	size_t n = 0;

	for (int i = 0; opt->choices[i]; i++) {
		if (!strcmp(value, opt->choices[i]))
			return i;
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s",
				      i ? ", " : "it is one of ", opt->choices[i]);
	}
	return option__refuse(opts, opt, value, list);
}

const char *const backend_choices[] = { "auto", "ebpf", "ptrace", "none", NULL };
/* as far as they go the same */
const char *const attach_backends[] = { "auto", "ebpf", "ptrace", NULL };

int set_backend(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	static const enum backend values[] = { BACKEND_AUTO, BACKEND_EBPF, BACKEND_PTRACE, BACKEND_NONE };
	int i = option__choose(opts, opt, value);

	if (i < 0)
		return i;
	opts->backend = values[i];
	return 0;
}

const char *const profile_choices[] = { "syscalls", "security", "both", NULL };

int set_profile(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	static const enum profile values[] = { PROFILE_SYSCALLS, PROFILE_SECURITY, PROFILE_BOTH };
	int i = option__choose(opts, opt, value);

	if (i < 0)
		return i;
	opts->profile = values[i];
	return 0;
}

const char *const formats[] = { "auto", "text", "jsonl", NULL };

int set_format(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	static const enum output_format values[] = { FORMAT_AUTO, FORMAT_TEXT, FORMAT_JSONL };
	int i = option__choose(opts, opt, value);

	if (i < 0)
		return i;
	opts->format = values[i];
	return 0;
}

const char *const overload_modes[] = { "freeze", "drop", NULL };

/* Nobody who is attached to is held up. */
const char *const attach_overload_modes[] = { "drop", NULL };

int set_attach_overload(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	return option__choose(opts, opt, value) < 0 ? -EINVAL : 0;
}

int set_on_overload(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	int i = option__choose(opts, opt, value);

	if (i < 0)
		return i;
	opts->on_overload_drop = i == 1;
	return 0;
}

int set_pid(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	if (parse_u64(value, 1, 4194304, &opts->pid))
		return option__refuse(opts, opt, value, "a process id is a number from 1 to 4194304");
	return 0;
}

int set_cgroup(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	if (!*value)
		return option__refuse(opts, opt, value, "the cgroup's path is empty");
	opts->cgroup = value;
	return 0;
}

int set_timeout(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	uint64_t ns = 0;
	int err = parse_duration(value, MAX_TIMEOUT_NS, &ns);

	if (*value == '-')
		option__refuse(opts, opt, value, "a duration is not negative");
	else if (err == -EINVAL)
		option__refuse(opts, opt, value, "not a duration");
	else if (err)
		option__refuse(opts, opt, value, "longer than 7 days, the longest there is");
	else if (!ns)
		option__refuse(opts, opt, value, strcmp(opts->command, "attach") ?
			       "there is no 'never': a command always has a limit" : "leave it out for no limit");
	else if (ns < MIN_TIMEOUT_NS)
		option__refuse(opts, opt, value, "shorter than 1 ms, the shortest there is");
	if (err || ns < MIN_TIMEOUT_NS) {
		log_hint("give seconds, or a number with ms, s, m or h, from 1ms to 168h");
		return -EINVAL;
	}
	opts->timeout_ns = ns;
	opts->timeout_set = true;
	return 0;
}

int set_verbose(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	(void)opt;
	(void)value;
	opts->verbosity = MIN(opts->verbosity + 1, MAX_VERBOSITY);
	return 0;
}

/* "64K", "8M", "1G": sizes of rings are powers of two, so one unit always fits exactly. */
static void format_size(uint64_t bytes, char *buf, size_t size)
{
	unsigned int power = bytes >= 1ULL << 30 ? 3 : bytes >= 1ULL << 20 ? 2 : 1;

	snprintf(buf, size, "%llu%c", (unsigned long long)(bytes >> 10 * power), " KMG"[power]);
}

int set_ring_size(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	uint64_t bytes, below = MIN_RING_BYTES;
	char lower[24], upper[24];
	int err = parse_size(value, MIN_RING_BYTES, MAX_RING_BYTES, &bytes);

	if (err) {
		option__refuse(opts, opt, value, err == -EINVAL ? "not a size" : "outside 64K to 1G");
		log_hint("give a power of two from 64K to 1G, for all rings together");
		return -EINVAL;
	}
	if (bytes & (bytes - 1)) {
		while (below * 2 < bytes)
			below *= 2;
		format_size(below, lower, sizeof(lower));
		format_size(below * 2, upper, sizeof(upper));
		option__refuse(opts, opt, value, "not a power of two");
		log_hint("the nearest sizes are %s and %s", lower, upper);
		return -EINVAL;
	}
	opts->ring_bytes = bytes;
	return 0;
}

/* strace overloads -e; what its other qualifiers are called here. */
static int refuse_qualifier(const struct run_options *opts, const struct option_desc *opt, const char *value)
{
	static const struct {
		const char *name, *hint;
	} known[] = {
		{ "decode-fds", "-y shows the paths of descriptors" },
		{ "fd", "-y shows the paths of descriptors" },
		{ "quiet", "-q silences the summary" },
		{ "q", "-q silences the summary" },
		{ "abbrev", "nothing is abbreviated in the JSONL of -o" },
		{ "verbose", "-vvv shows everything that was recorded" },
		{ "raw", "-vvv shows raw arguments" },
	};
	size_t len = strcspn(value, "=");

	log_err(-EINVAL,
		"%s: --%s '%s': the qualifier '%.*s=' of strace is not supported; only trace= is",
		opts->command, opt->name, value, (int)MIN(len, (size_t)40), value);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strlen(known[i].name) == len && !strncmp(value, known[i].name, len))
			log_hint("%s", known[i].hint);
	return -EINVAL;
}

int set_trace(struct run_options *opts, const struct option_desc *opt, const char *value)
{
	const char *expr = value;

	if (!strncmp(value, "trace=", 6))
		expr += 6;
	else if (!strncmp(value, "t=", 2))
		expr += 2;
	else if (strchr(value, '='))
		return refuse_qualifier(opts, opt, value);
	if (!*expr) {
		option__refuse(opts, opt, value, "no call is named");
		log_hint("name calls or classes: -e trace=%%file,connect; or 'none'");
		return -EINVAL;
	}
	if (opts->trace_expr) {
		option__refuse(opts, opt, value, "given a second time");
		log_hint("write one list: -e trace=%s,%s", opts->trace_expr, expr);
		return -EINVAL;
	}
	opts->trace_expr = expr;
	return 0;
}
