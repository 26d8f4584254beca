/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as two seccomp filters, one on the other, and a call: what is taken must end with an action that there is,
 * and the two together are as strict as the stricter one. The first bytes are the call, the rest instructions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/seccomp.h>

#include "base/util.h"
#include "tracer/tracer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	uint8_t abi;
	uint8_t first;		/* eighths of the instructions that are the older filter's */
	uint16_t pad;
	int32_t nr;
	uint64_t args[6];
	uint64_t ip;
};

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* Exactly as long as it is, so that a read behind its end is seen. */
static struct filters *push(struct filters *older, const uint8_t *bytes, size_t n)
{
	struct sock_filter *insns = malloc(n ? n * sizeof(*insns) : 1);
	struct filters *f;

	check(insns);
	memcpy(insns, bytes, n * sizeof(*insns));
	errno = 0;
	f = filters__push(older, insns, (unsigned short)n);
	check(f || errno == EINVAL || errno == ENOMEM);
	check(!f || (n && n <= BPF_MAXINSNS && BPF_CLASS(insns[n - 1].code) == BPF_RET));
	free(insns);
	return f;
}

static uint32_t run(const struct filters *f, const struct input *in)
{
	static const uint32_t actions[] = {
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
		SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW,
	};
	const uint32_t ret = filters__run(f, in->abi % EV_ABI_MAX, in->nr, in->args, in->ip);
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		found = found || (ret & SECCOMP_RET_ACTION_FULL) == actions[i];
	check(found);
	check(ret == filters__run(f, in->abi % EV_ABI_MAX, in->nr, in->args, in->ip));
	return ret;
}

/* What wins need not be what is strictest of the two: an unknown action kills, but has another place in the order. */
static void check_pair(uint32_t both, uint32_t older, uint32_t newer)
{
	check(both == older || both == newer);
	if (older == SECCOMP_RET_ALLOW)
		check(both == newer);
	if (newer == SECCOMP_RET_ALLOW)
		check(both == older);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct filters *older, *newer, *both;
	struct input in = { 0 };
	size_t n, n_older;

	memcpy(&in, data, MIN(size, sizeof(in)));
	n = size > sizeof(in) ? MIN((size - sizeof(in)) / sizeof(struct sock_filter), (size_t)UINT16_MAX) : 0;
	n_older = n * (in.first % 9) / 8;
	data += MIN(size, sizeof(in));
	older = push(NULL, data, n_older);
	both = push(older, data + n_older * sizeof(struct sock_filter), n - n_older);
	newer = push(NULL, data + n_older * sizeof(struct sock_filter), n - n_older);
	check(!both == !newer);
	if (both && older)
		check_pair(run(both, &in), run(older, &in), run(newer, &in));
	else if (both)
		check(run(both, &in) == run(newer, &in));
	filters__unref(older);
	filters__unref(both);
	filters__unref(newer);
	return 0;
}
