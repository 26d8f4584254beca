/* SPDX-License-Identifier: Apache-2.0 */
/* How the kernel tells ABIs apart, where a system call is reported to a tracer or a filter. */
#ifndef SANDTRACE_TRACER_ARCH_H
#define SANDTRACE_TRACER_ARCH_H

#include <linux/audit.h>

#if defined(__x86_64__)
#define ARCH_NATIVE AUDIT_ARCH_X86_64
#define ARCH_COMPAT AUDIT_ARCH_I386
#define X32_BIT 0x40000000 /* x32 numbers are in the native architecture's space; nothing else has this bit */
#elif defined(__aarch64__)
#define ARCH_NATIVE AUDIT_ARCH_AARCH64
#define ARCH_COMPAT AUDIT_ARCH_ARM
#define X32_BIT 0 /* no such ABI */
#else
#error "which architectures are native and compat here?"
#endif

#endif
