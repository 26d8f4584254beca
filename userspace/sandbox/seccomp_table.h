/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What seccomp.c compiles and seccomp__decide_args() evaluates: the verdict on one call, and its conditions. Both
 * read the same rows, so the filter and the answer about it cannot differ.
 */
#ifndef SANDTRACE_SECCOMP_TABLE_H
#define SANDTRACE_SECCOMP_TABLE_H

#include "seccomp.h"

/*
 * The highest number that was judged when this table was written. Whatever is above, in the kernel or in a newer
 * libseccomp, was not: it is answered with ENOSYS, as on a kernel that does not have it.
 */
#define SECCOMP_NEWEST 456

/*
 * "The low 32 bits of an argument, masked, are (not) VALUE". Nearly every argument that is tested is 32 bits wide to the
 * kernel: what is above is noise that the caller chooses. HIGH looks at the upper half, for the pointer of prlimit64.
 */
struct seccomp_test {
	uint8_t arg;
	bool negate, high;
	uint32_t mask, value;
};

/* All tests hold: this verdict. */
struct seccomp_clause {
	struct seccomp_test tests[3];
	uint8_t n;
	enum seccomp_verdict verdict;
};

/* The first clause that holds decides. */
struct seccomp_cond {
	const struct seccomp_clause *clauses;
	uint8_t n;
	enum seccomp_verdict otherwise;
	const char *text;	/* the conditions for a reader */
};

struct seccomp_answer {
	struct seccomp_decision decision;
	const struct seccomp_cond *cond; /* of SECCOMP_CONDITIONAL */
};

/* NAME is a call that this architecture has, with a number of at most SECCOMP_NEWEST. */
struct seccomp_answer seccomp_table__answer(const struct seccomp_opts *o, const char *name);
/* Name of a judged number, or NULL: the filter answers ENOSYS. */
const char *seccomp_table__name(int nr);
bool seccomp_table__always_blocked(const char *name);
/* Names of the rows, first those of `default` and then those of `strict`, for tests; NULL beyond the last. */
const char *seccomp_table__row(size_t i, bool *ret_strict);

#endif
