/* SPDX-License-Identifier: Apache-2.0 */
/* Flows (bpf/flow.bpf.c): what is called there rather than attached. */
#ifndef SANDTRACE_FLOWS_H
#define SANDTRACE_FLOWS_H

#include <bpf/libbpf.h>
#include <stdbool.h>

struct st_shared;

/* One of two that stand in for each other: when the kernel skips it, nothing is missing. */
bool flows__is_twin(const char *program);

/* OBJ is not loaded yet. */
void flows__choose(struct bpf_object *obj);

/* Finds the sockets of what is in scope by now. 0 or -errno. */
int flows__adopt(struct bpf_object *obj);

/* Records of datagrams that have waited long enough. 0 or -errno. */
int flows__flush(struct bpf_object *obj);

/*
 * Records of all that goes on. To be called while the programs are attached: what ends meanwhile is told of once, by them or by
 * this, and nothing begins any more. 0 or -errno.
 */
int flows__end(struct bpf_object *obj, struct st_shared *shared);

#endif
