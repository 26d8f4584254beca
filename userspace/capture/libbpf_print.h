/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SANDTRACE_LIBBPF_PRINT_H
#define SANDTRACE_LIBBPF_PRINT_H

#include <bpf/libbpf.h>

/* For libbpf_set_print(): the verifier's log and libbpf's own words, shown only with -vvv. */
int libbpf__print(enum libbpf_print_level level, const char *fmt, va_list ap);

#endif
