/* SPDX-License-Identifier: Apache-2.0 */
#include "iterate.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include "base/util.h"

static int link_iterator(int prog_fd, bool own)
{
	union bpf_iter_link_info info = { .task.tid = (__u32)getpid() };
	LIBBPF_OPTS(bpf_link_create_opts, narrow, .iter_info = &info, .iter_info_len = sizeof(info));
	int fd = own ? bpf_link_create(prog_fd, 0, BPF_TRACE_ITER, &narrow) : -1;

	/* before 6.1 the kernel does not know what it was told, and says so with one error or another */
	return fd >= 0 ? fd : bpf_link_create(prog_fd, 0, BPF_TRACE_ITER, NULL);
}

static int walk(int link_fd)
{
	_cleanup_(close) int link = link_fd;
	_cleanup_(close) int fd = link < 0 ? link : bpf_iter_create(link);
	char none[64];
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = read(fd, none, sizeof(none));
	while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR))); /* EAGAIN: very many, go on */
	return n < 0 ? -errno : 0;
}

int iterate(int prog_fd, bool own) { return walk(link_iterator(prog_fd, own)); }

int iterate_map(int prog_fd, int map_fd)
{
	union bpf_iter_link_info info = { .map.map_fd = (__u32)map_fd };
	LIBBPF_OPTS(bpf_link_create_opts, opts, .iter_info = &info, .iter_info_len = sizeof(info));

	return walk(bpf_link_create(prog_fd, 0, BPF_TRACE_ITER, &opts));
}
