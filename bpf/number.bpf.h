/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SANDTRACE_NUMBER_BPF_H
#define SANDTRACE_NUMBER_BPF_H

/*
 * A pointer that the verifier knows, as a number to compute with: what it takes for a hook's argument is not let into a global
 * function, and a packet's or socket's context is not the kernel's own structure, whose address this is.
 */
static __always_inline __u64 number_of(const void *pointer)
{
	const void *at = pointer;
	__u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), &at);
	return v;
}

#endif
