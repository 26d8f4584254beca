/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the programs of the security profile which maps are the recorder's: bpf/system.bpf.c watches who gets hold of them. */
#ifndef SANDTRACE_OWN_MAPS_H
#define SANDTRACE_OWN_MAPS_H

#include <bpf/libbpf.h>

/* Writes the numbers of all maps of OBJ, which was loaded, and of the N further ones into the map TABLE. 0 or -errno, explained. */
int own_maps__tell(int table, const struct bpf_object *obj, const int *fds, unsigned int n);

#endif
