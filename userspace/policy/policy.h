/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy: what a command may do, as rules that know where they were written. It is made from built-in policies, files
 * and command line options, later ones adding to lists and replacing single values; then it is resolved against the
 * machine (policy/grants.h), and from that everything else follows: mounts, Landlock, seccomp, limits, and what
 * `explain`, `why` and each denial say. Pure: files are read by a callback.
 *
 * docs/policy.md is the reference of every key.
 */
#ifndef SANDTRACE_POLICY_H
#define SANDTRACE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a rule stands: "policies/strict.toml" 12:3; or, line 0, what was typed: "--allow-path ./p", "built-in". */
struct policy_source {
	const char *name;	/* owned by the policy */
	uint32_t line, column;
};

enum rule_kind {
	RULE_READ,		/* filesystem.allow_read, --read: read files, list directories */
	RULE_WRITE,		/* filesystem.allow_write, --write: read, change, create, delete; --allow-path */
	RULE_EXEC,		/* filesystem.allow_exec: read and execute */
	RULE_DENY,		/* filesystem.deny: wins over all of the above */
	RULE_DENY_WRITE,	/* filesystem.deny_write: what may be read stays as it is; wins over allow_write */
	RULE_DENY_EXEC,		/* filesystem.deny_exec: neither executed nor mapped executable */
	RULE_NET,		/* network.allow = [...], --net */
	RULE_SYSCALL_DENY,	/* syscalls.deny */
	RULE_SYSCALL_LOG,	/* syscalls.log_only: allowed, and marked in the trace */
	RULE_SYSCALL_ALLOW,	/* syscalls.allow: lifts a denial of the profile; never of the ten always blocked */
	RULE_ENV_ALLOW,		/* env.allow, --env NAME: passed on from the caller; '*' at the end */
	RULE_ENV_SET,		/* env.set = { NAME = "value" }, --env NAME=VALUE */
	RULE_ENV_STRIP,		/* env.strip: a name that contains this is never passed on, even if allowed */
	RULE_KIND_MAX
};

/* Of files: READ, WRITE, EXEC, DENY, DENY_WRITE, DENY_EXEC. */
static inline bool rule_kind__is_path(enum rule_kind kind)
{
	return kind <= RULE_DENY_EXEC;
}

/* Those that take away. They share a syntax, follow links and win over all that allows. */
static inline bool rule_kind__denies_path(enum rule_kind kind)
{
	return kind >= RULE_DENY && kind <= RULE_DENY_EXEC;
}

/* What a rule that denies does. Only what runs already can be told or ended: `run` takes deny alone. */
enum rule_action {
	RULE_ACTION_DENY, /* and what a rule that allows has */
	RULE_ACTION_AUDIT, /* let through, and told: would_deny */
	RULE_ACTION_KILL,  /* refused, and the process is ended */
};

struct policy_when;
struct policy_rule {
	enum rule_kind kind;
	enum rule_action action;
	const struct policy_when *when; /* the policy's; NULL: always. policy_when.h */
	char *text;		/* as written; for RULE_ENV_SET the NAME alone, its value is secret */
	/*
	 * Of files: an absolute, lexically clean path or pattern ("*", "?", "[...]" within one component, "**" as a whole
	 * component), "~" and relative ones expanded. A "**" at the end was cut off. In a pattern "[*]", "[?]" and "[[]" are
	 * the characters themselves; without `pattern` nothing is special.
	 * One that denies and began with "**" and a slash begins with a slash and "**": it holds everywhere.
	 * NET: "HOST:PORT" or "ADDRESS/PREFIX:PORT", IPv6 "[ADDRESS]/PREFIX:PORT"; names in lower case, no bits set behind
	 * the prefix, PORT a number, a range "1-9" or "*".
	 * SYSCALL_*: the name. ENV_*: the name or pattern; ENV_SET: "NAME=value".
	 */
	char *value;
	bool pattern;		/* VALUE has wildcards */
	struct policy_source src;
};

enum seccomp_profile { SECCOMP_PROFILE_DEFAULT, SECCOMP_PROFILE_STRICT };
enum exec_mode {
	EXEC_COMMAND,		/* only the command itself: what was named, with its script's interpreters */
	EXEC_LISTED,		/* and what allow_exec lists */
	EXEC_ANY,		/* whatever can be read: --allow-exec, or allow_exec = ["**"] */
};

/* A single value with where it was set. src.name NULL: nobody set it. */
struct policy_u64 {
	uint64_t value;
	struct policy_source src;
};

#define POLICY_UNLIMITED UINT64_MAX

struct policy {
	char *name;		/* of the last file or built-in: "strict", "policies/npm_audit.toml" */
	struct policy_rule *rules;
	size_t n_rules;

	enum exec_mode exec;
	struct policy_source exec_src;
	bool net_all;		/* network.allow = true, --allow-net: the host's network, unfiltered */
	struct policy_source net_src; /* name NULL: nobody said anything of the network */
	/*
	 * network.unix, --allow-unix: sockets of AF_UNIX. Off, because no layer of today's kernels keeps a command from a
	 * socket of the host that lies in a directory it may see. Pairs (socketpair) are always allowed.
	 */
	bool unix_sockets;
	struct policy_source unix_src;
	enum seccomp_profile seccomp;
	struct policy_source seccomp_src;
	bool synth_identity;	/* filesystem.synthetic: "identity": own /etc/passwd and /etc/group */
	bool synth_hosts;	/* "hosts": own /etc/hosts and /etc/hostname */
	struct policy_source synth_src;
	bool overlay;		/* filesystem.overlay, --overlay */
	struct policy_source overlay_src; /* of what a file says */
	bool protect_project;	/* filesystem.protect_project: hooks and configuration that run later stay read-only */
	struct policy_source protect_src;

	/* [limits] */
	struct policy_u64 timeout_ns;
	struct policy_u64 memory;	 /* bytes, whole tree; swap is always 0 */
	struct policy_u64 pids;		 /* processes and threads, whole tree: pids, max_processes */
	struct policy_u64 cpus_milli;	 /* thousandths of a CPU, whole tree */
	struct policy_u64 max_file_size; /* bytes, per file */
	struct policy_u64 output;	 /* bytes of stdout and stderr together */
	struct policy_u64 tmpfs_size;	 /* bytes of /tmp, the private home and /dev/shm together */
	struct policy_u64 open_files;

	char **names;		/* strings that policy_source.name points to */
	size_t n_names;
	struct policy_when **whens; /* each different one once */
	size_t n_whens;
};

/* What loading needs to know of the world. */
struct policy_env {
	const char *home;	/* absolute; NULL: "~" is an error */
	const char *cwd;	/* absolute */
	/* reads FILE, at most MAX bytes; *ret_text is malloc'ed. 0 or -errno. */
	int (*read_file)(void *ctx, const char *file, size_t max, char **ret_text, size_t *ret_len);
	void *ctx;
};

/* Says what is wrong in one line, with file, line and column where there are any, and a second line with a way out. */
struct policy_error {
	char text[512];
	char hint[256];		/* may be empty */
};

struct policy *policy__new(void);
void policy__free(struct policy *p);

/*
 * Adds FILE, or a built-in policy when it has no '/' and no '.': "default", "strict", "npm_audit". What it extends is
 * added first. 0, or -errno with *RET_ERROR filled.
 */
int policy__load(struct policy *p, const char *file, const struct policy_env *env, struct policy_error *ret_error);
/* As policy__load, from memory. NAME appears in messages. */
int policy__load_text(struct policy *p, const char *name, const char *text, size_t len, const struct policy_env *env,
		      struct policy_error *ret_error);
/*
 * One rule from the command line; OPTION is how it was typed, "--read". VALUE is checked and normalised as in a file,
 * a relative path being relative to the current directory. VALUE NULL stands for all: RULE_EXEC, "--allow-exec" or
 * RULE_NET, "--allow-net". As in files, of "all the network" and lists of it the later replaces the earlier.
 */
int policy__add(struct policy *p, enum rule_kind kind, const char *option, const char *value, const struct policy_env *env,
		struct policy_error *ret_error);
/* Sets a single value's source to an option. */
void policy__set_u64(struct policy *p, struct policy_u64 *v, uint64_t value, const char *option);
/*
 * After the last load and add: fills in defaults (timeout 30 s, memory 4 GiB, pids 1024, tmpfs 512 MiB, output
 * unlimited, ...), drops doubles.
 */
int policy__finish(struct policy *p, struct policy_error *ret_error);

/* The merged policy as TOML that loads to the same rules: its canonical text. malloc'ed; NULL: no memory. */
char *policy__print(const struct policy *p);

/* Names of the built-in policies, NULL at the end, and their text. */
extern const char *const policy_builtin_names[];
const char *policy__builtin_text(const char *name, size_t *ret_len);

/* "deny", "audit", "kill". */
const char *rule_action__name(enum rule_action action);
/* "filesystem.allow_read": where a rule of KIND stands. */
const char *rule_kind__key(enum rule_kind kind);
/* Does R, a rule of a path, name PATH or a directory above it? As text: through no link. */
bool policy_rule__covers(const struct policy_rule *r, const char *path);

/* "strict.toml:12:3", "--read /x", "built-in default:4:1" into BUF; returns BUF. */
const char *policy__where(const struct policy_source *src, char *buf, size_t size);

/* The ten calls that are blocked whatever a policy says. */
extern const char *const policy_always_blocked[];

#endif
