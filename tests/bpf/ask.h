/* SPDX-License-Identifier: Apache-2.0 */
/* A question to the programs of guard_test.bpf.c, and the answer: memory that both sides map. One at a time. */
#ifndef SANDTRACE_TESTS_BPF_ASK_H
#define SANDTRACE_TESTS_BPF_ASK_H

#include "events.h"

#define ASK_NAME 32
/* struct path_small, struct path_large: bpf/maps.bpf.h */
#define ASK_PATH(size) struct { struct ev_part p; char data[(size) + 256]; }

/* What a descriptor of the asking process is open on; or a name in that directory which nothing has yet. */
struct ask_place {
	__s32 fd;
	__u32 pad;
	char name[ASK_NAME]; /* "": the descriptor itself */
};

struct ask {
	struct ask_place at, to; /* TO: where AT is moved */
	__u32 access;		 /* ask_file: bits 1 << enum guard_access */
	__u32 op;		 /* ask_op: enum guard_op */
	__u32 addr_len;
	__u32 pad;
	__u8 addr[128];		 /* ask_connect: a sockaddr; AT: the socket */

	__s32 verdict;		 /* what the hook would return */
	__u32 blind;
	struct ev_act act;
	__u64 exec_id;		 /* ask_scope; 0: not in scope */
	__u64 parent_exec_id;
	__u32 found;		 /* 0: there is no such descriptor or name; not in scope */
	__u32 pad2;
	ASK_PATH(512) small;	 /* ask_path, ask_descriptor */
	ASK_PATH(EV_PATH_MAX) large;
};

#endif
