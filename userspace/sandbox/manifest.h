/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run left behind, as one JSON file beside its artifacts: each of them with size and SHA-256, what the workspace
 * held, the trust boundary (the layers that were in force), the policy, and names of environment variables, never values.
 */
#ifndef SANDTRACE_MANIFEST_H
#define SANDTRACE_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "environ.h"
#include "workspace.h"

struct manifest {
	const char *run_id;
	uint64_t started_ns, ended_ns;		/* since the epoch; 0: not known, left out */
	const char *exit_kind;			/* "exited", "signaled", "timeout", ...; NULL: not known */
	int exit_code;
	const char *provider;			/* who held the boundary: "sandtrace" */
	const char *const *layers;		/* in force; NULL-terminated */
	const char *const *degraded;		/* wanted and not in force; NULL-terminated, or NULL */
	const char *policy_name;
	const char *policy_sha256;		/* hexadecimal */
	const struct sandbox_env *env;		/* NULL: not contained */
	const struct workspace_report *workspace; /* NULL: nothing was counted */
	const char *const *artifacts;		/* names in the directory; NULL-terminated. One that is missing is said to be. */
};

/*
 * Writes NAME into DIR_FD, mode 0600: made under another name, which must not exist, then renamed. Artifacts are opened in
 * DIR_FD without following links, and only regular files. 0 or -errno, explained on stderr.
 */
int manifest__write(int dir_fd, const char *name, const struct manifest *m);

#endif
