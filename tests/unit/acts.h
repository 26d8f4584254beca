/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the security profile, made by hand, for the tests of what is shown of them. */
#ifndef SANDTRACE_TEST_ACTS_H
#define SANDTRACE_TEST_ACTS_H

#include "events.h"

/* Done by process 77 of image 900, "worker", which nobody saw begin. */
#define ACT_TASK { .parent_exec_id = 0, .comm = "worker" }

/* NAMES: what the record's path is made of, leaf first, each with its NUL; LEN 0: it has none. */
static inline void act_file(struct test_event *t, uint32_t op, uint32_t verdict, uint32_t rule, const char *names, uint32_t len)
{
	struct ev_file f = { .task = ACT_TASK, .act = { .op = op, .verdict = verdict, .rule = rule, .policy = 1 }, .inode = 12,
			     .dev_major = 8, .dev_minor = 1, .mode = 0100644 };

	record__begin(&t->rec, EV_FILE, 0, &f, sizeof(f));
	test_who(t, 900, 77);
	if (len)
		record__part(&t->rec, EV_FILE_PATH, EV_PT_PATH, EV_PART_OK, names, len, len);
}

static inline struct ev_file *act_file_of(struct test_event *t)
{
	return (struct ev_file *)(t->rec.bytes + sizeof(struct ev_header));
}

static inline void act_second(struct test_event *t, const char *names, uint32_t len)
{
	record__part(&t->rec, EV_FILE_NEW_PATH, EV_PT_PATH, EV_PART_OK, names, len, len);
}

static inline void act_net(struct test_event *t, uint32_t op, uint32_t verdict, uint32_t rule, const char *addr, uint32_t len)
{
	struct ev_net n = { .task = ACT_TASK, .act = { .op = op, .verdict = verdict, .rule = rule, .policy = 1 }, .socket = 5,
			    .family = 2, .type = 1, .protocol = 6 };
	bool local = op == EV_NET_BIND || op == EV_NET_LISTEN;

	if (len >= 2)
		n.family = (uint8_t)addr[0];
	record__begin(&t->rec, EV_NET, 0, &n, sizeof(n));
	test_who(t, 900, 77);
	if (len)
		record__part(&t->rec, local ? EV_NET_LOCAL : EV_NET_REMOTE, EV_PT_SOCKADDR, EV_PART_OK, addr, len, len);
}

static inline struct ev_net *act_net_of(struct test_event *t)
{
	return (struct ev_net *)(t->rec.bytes + sizeof(struct ev_header));
}

static inline void act_kernel(struct test_event *t, uint32_t op, uint32_t verdict, uint32_t rule, uint64_t arg, uint32_t pid)
{
	struct ev_kernel k = { .task = ACT_TASK, .act = { .op = op, .verdict = verdict, .rule = rule, .policy = 1 }, .arg = arg,
			       .target_pid = pid, .target_comm = "ss\033hd" };

	record__begin(&t->rec, EV_KERNEL, 0, &k, sizeof(k));
	test_who(t, 900, 77);
}

/* 93.184.216.34:443 and 127.0.0.1:8080 */
#define ACT_V4 "\x02\0\x01\xbb\x5d\xb8\xd8\x22\0\0\0\0\0\0\0\0", 16
#define ACT_LO "\x02\0\x1f\x90\x7f\0\0\x01\0\0\0\0\0\0\0\0", 16

#endif
