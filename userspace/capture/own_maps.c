/* SPDX-License-Identifier: Apache-2.0 */
#include "own_maps.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "base/log.h"

static int tell(int table, int fd)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info), yes = 1;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) || bpf_map_update_elem(table, &info.id, &yes, BPF_ANY))
		return log_errno(fd < 0 ? -EBADF : -errno, "list the recorder's own maps");
	return 0;
}

int own_maps__tell(int table, const struct bpf_object *obj, const int *fds, unsigned int n)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, obj)
		if (!err && bpf_map__autocreate(map))
			err = tell(table, bpf_map__fd(map));
	for (unsigned int i = 0; i < n && !err; i++)
		if (fds[i] > 0)
			err = tell(table, fds[i]);
	return err;
}
