/* SPDX-License-Identifier: Apache-2.0 */
/* Between findings.c, sequence.c and exec.c. */
#ifndef SANDTRACE_FINDINGS_MODEL_H
#define SANDTRACE_FINDINGS_MODEL_H

#include "findings.h"
#include "state.h"

#define CHECKED 4096 /* paths for which no rule spoke, a power of two */
#define ENCODED_RUN 200 /* characters of base64 or hexadecimal in a row */
#define WIPE_FILES 50
#define DNS_LABEL 40
#define DNS_NAMES 20

struct checked {
	uint64_t path;
	uint8_t uses;
};

struct findings {
	struct state st;
	struct fact_plan plan;
	struct finding v[FINDINGS_MAX];
	uint16_t order[FINDINGS_MAX]; /* of v, worst first */
	uint32_t n;
	uint64_t dropped;
	struct checked checked[CHECKED];
	bool names_seen; /* the recorder sees names: what has none was not asked for */
	struct facts facts;
};

/* One fact about to be judged. */
struct scene {
	struct findings *f;
	struct st_proc *p;
	uint64_t seq, ts;
	int err;
};

/* ---- findings.c ---- */
void finding__add(const struct scene *c, const struct rule *rule, const void *object, size_t len, const struct witness *steps,
		  unsigned int n_steps);
void finding__witness(const struct scene *c, struct witness *w, const void *object, size_t len);
/* The name of a host: rules, and the shape of it when it was asked for. */
void finding__host(const struct scene *c, const char *name, size_t len, bool asked);

/* ---- exec.c ---- */
void finding__exec(const struct scene *c, const struct event *ev);

/* ---- sequence.c ---- */
/* PATH is absolute where that is known. */
void sequence__path(const struct scene *c, const struct fact *fact, const char *path, size_t len);
/* To another machine. */
void sequence__outbound(const struct scene *c, const struct part *addr, const char *text, size_t len);
/* A process was started with these descriptors, or starts another. */
void sequence__exec(const struct scene *c, int stdin_fd);
void sequence__spawn(const struct scene *c);
void sequence__asked(const struct scene *c, const char *name, size_t len);
/* EXE or SCRIPT is executed. */
void sequence__dropped(const struct scene *c, uint64_t path, const char *text, size_t len, bool script, bool runtime);
void sequence__recon(const struct scene *c);

#endif
