/* SPDX-License-Identifier: Apache-2.0 */
/* The setters that the rows of option_table.c name, and what they share. */
#ifndef SANDTRACE_OPTION_SET_H
#define SANDTRACE_OPTION_SET_H

#include "options.h"

typedef int option_setter(struct run_options *opts, const struct option_desc *opt, const char *value);
/* option_record.c */
extern const char *const backend_choices[], *const attach_backends[], *const profile_choices[], *const formats[],
	*const overload_modes[], *const attach_overload_modes[];
option_setter set_true, set_false, set_bool, set_text, set_output, set_backend, set_profile, set_format, set_on_overload,
	set_attach_overload, set_pid, set_cgroup, set_timeout, set_verbose, set_ring_size, set_trace;
/* option_sandbox.c */
extern const char *const mode_choices[], *const violation_choices[];
option_setter set_policy, set_rule, set_env, set_bytes, set_pids, set_cpus, set_hostname, set_chdir, set_degraded, set_mode,
	set_violation, set_without_lsm;
/* option_volume.c */
option_setter set_watch, set_events, set_rate_limit;

/* For setters: -EINVAL, VALUE having been refused for REASON. */
int option__refuse(const struct run_options *opts, const struct option_desc *opt, const char *value, const char *reason);
/* Index of VALUE in the option's choices, or -EINVAL after saying what they are. */
int option__choose(const struct run_options *opts, const struct option_desc *opt, const char *value);

#endif
