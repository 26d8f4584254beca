/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct event: one decoded ring record, as every stage after decode sees it. It points into the record and
 * is valid until the stage chain returns. Pure: nothing here calls the kernel, reads a clock or logs.
 */
#ifndef SANDTRACE_EVENT_H
#define SANDTRACE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "events.h"

enum field_type { FT_U32, FT_S32, FT_U64, FT_S64, FT_BOOL32, FT_COMM, FT_IMG, FT_OP, FT_VERDICT, FT_FFLAGS,
		  FT_CLASS, FT_PART };

/* One scalar or part of a kind, generated from the field lists of include/events.h. */
struct field {
	const char *name;     /* JSON key */
	uint16_t offset;      /* of a scalar in the payload; for FT_PART the part id */
	uint8_t type;	      /* enum field_type */
	uint8_t part_type;    /* for FT_PART: enum ev_part_type */
};

struct event_desc {
	uint16_t kind;
	uint16_t payload_size;
	const char *event_type; /* "syscall", "process" */
	const char *action;	/* "exec", ...; "" for syscalls, and where each record tells its own: event__action() */
	enum event_class class;
	const struct field *fields;
	size_t n_fields;
};

/* Names of the fields that are claims of the caller: EV_CLAIMED. NULL-terminated, or NULL. */
const char *const *event__claimed(unsigned int kind);

/* NULL when the kind is unknown. */
const struct event_desc *event_desc__get(unsigned int kind);
/* Iterate all kinds in EVENTS order: index from 0 until NULL. */
const struct event_desc *event_desc__at(size_t index);

struct part {
	const uint8_t *data;
	uint32_t len;
	uint32_t true_len; /* 0 with state TRUNCATED: not known */
	uint8_t id;
	uint8_t state;	   /* enum ev_part_state */
	uint8_t type;	   /* enum ev_part_type */
};

enum action { ACTION_ALLOW, ACTION_DENY, ACTION_LOG_ONLY, ACTION_KILL };

struct denial;
struct names_seen;

struct event {
	const struct event_desc *desc;
	const struct ev_header *hdr;
	union {
		const void *payload;
		const struct ev_syscall *syscall;
		const struct ev_proc_spawn *spawn;
		const struct ev_proc_exec *exec;
		const struct ev_proc_exit *exit;
		const struct ev_file *file;
		const struct ev_net *net;
		const struct ev_kernel *kernel;
		const struct ev_cred *cred;
		const struct ev_proc_exec_fail *exec_fail;
		const struct ev_file_io *file_io;
		const struct ev_flow *flow;
		const struct ev_name *name_seen;
		const struct ev_rate *rate;
	};
	struct part parts[EV_MAX_PARTS];
	unsigned int n_parts;

	/* filled by later stages */
	uint64_t seq;		       /* pipeline: position in this run's stream, from 1 */
	const struct syscall_sig *sig; /* enrich: never NULL for EV_SYSCALL */
	const char *name;	       /* enrich: syscall name, or "syscall_NNN" when there is none */
	uint8_t category;	       /* enrich: enum category; for an open it depends on the flags */
	const struct names_seen *seen; /* enrich: what an EV_NAME carries; NULL: out of memory */
	const char *host;	       /* enrich: the name of the address that it is about; NULL: not known */
	const char *host_source;       /* where from: "dns", "tls" */
	enum action action;	       /* policy */
	const struct denial *denial;   /* policy: who refused it and why; NULL: nobody, or not known */
};

/* "exec", "open_write", "connect"; "" for a syscall; "unknown" for a number without a name. */
const char *event__action(const struct event *ev);
/* The head of a record of the security profile; NULL: of another kind. */
const struct ev_act *event__act(const struct event *ev);
/* "syscall", "process", ...; NULL: a number without a name. */
const char *event__class_name(uint32_t class);
/* "allowed", "denied", "would_deny", "killed", "killed_after"; NULL: a number without a name. */
const char *event__verdict_name(uint32_t verdict);
/* Of EV_KERNEL_KEY: what for, "READ"; NULL: it is made, or not known. */
const char *event__key_use(uint64_t need);

/* Who it is about. NULL: of a syscall, the only kind that does not begin with it. */
static inline const struct ev_task *event__task(const struct event *ev)
{
	return ev->hdr->kind == EV_SYSCALL ? NULL : ev->payload;
}

/* NULL when the record carries no part with this id. */
const struct part *event__part(const struct event *ev, unsigned int id);

/* Room for any path that the programs make, which a component may exceed by its length. */
#define EVENT_PATH_MAX (EV_PATH_MAX + 512)
/*
 * What a PATH or STR part says, as text into BUF, without a NUL; returns its length. A path begins with a slash only if
 * it was walked up to the root: what was cut does not look absolute. What does not fit is cut too, of a path at the root.
 */
size_t event__path(const struct part *p, char *buf, size_t size);

/*
 * Checks a record and makes EV point into it. REC must be 8-byte aligned.
 * 0, or -EBADMSG: shorter than its kind, unknown kind, a part outside the record, a part chain that loops, a part that
 * its kind does not have or has with another type.
 */
int decode(const void *rec, size_t len, struct event *ev);

#endif
