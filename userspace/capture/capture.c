/* SPDX-License-Identifier: Apache-2.0 */
#include "capture.h"

int capture__start(enum capture_kind kind, const struct capture_opts *opts, struct capture **ret_capture)
{
	return kind == CAPTURE_EBPF ? capture_ebpf__start(opts, ret_capture) : capture_ptrace__start(opts, ret_capture);
}

void capture__free(struct capture *c)
{
	if (c)
		c->ops->free(c);
}
