/* SPDX-License-Identifier: Apache-2.0 */
#include "flows.h"

#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "config.h"
#include "iterate.h"

/* A program for each map that it walks. */
static const struct walk {
	const char *program, *map;
} walks[] = { { "flush_datagrams", "st_datagrams" }, { "flush_flows", "st_flows" } };

static int run(const struct bpf_object *obj, const struct walk *w)
{
	const struct bpf_program *prog = bpf_object__find_program_by_name(obj, w->program);

	return iterate_map(bpf_program__fd(prog), bpf_object__find_map_fd_by_name(obj, w->map));
}

bool flows__is_twin(const char *program) { return !strncmp(program, "flow_state", strlen("flow_state")); }

static void choose(struct bpf_object *obj, const char *name)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, name);

	bpf_program__set_autoload(prog, true);
	bpf_program__set_autoattach(prog, false);
}

void flows__choose(struct bpf_object *obj)
{
	choose(obj, "adopt_sockets");
	for (size_t i = 0; i < ARRAY_SIZE(walks); i++)
		choose(obj, walks[i].program);
}

int flows__adopt(struct bpf_object *obj)
{
	return iterate(bpf_program__fd(bpf_object__find_program_by_name(obj, "adopt_sockets")), false);
}

int flows__flush(struct bpf_object *obj) { return run(obj, &walks[0]); }

int flows__end(struct bpf_object *obj, struct st_shared *shared)
{
	int err = 0;

	__atomic_store_n(&shared->flows_end, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); /* a program may be under way that has not seen it */
	for (size_t i = 0; i < ARRAY_SIZE(walks); i++)
		err = run(obj, &walks[i]) ?: err;
	return err;
}
