/* SPDX-License-Identifier: Apache-2.0 */
#include "encode_act.h"

#include <string.h>

#include "../base/util.h"
#include "../event/syscalls.h"
#include "encode_sandbox.h"

#define SAME_START(s, m) _Static_assert(offsetof(struct s, m) == offsetof(struct ev_net, m), #s " begins as ev_net does")
SAME_START(ev_flow, family);
SAME_START(ev_flow, type);
SAME_START(ev_flow, protocol);
SAME_START(ev_name, family);
SAME_START(ev_name, type);
SAME_START(ev_name, protocol);

/* The arguments of socket(2): what a protocol is called depends on its family. */
static const struct syscall_sig socket_sig = {
	.n_args = 3, .args = { { "family", ARG_SOCK_DOMAIN }, { "type", ARG_SOCK_TYPE }, { "protocol", ARG_SOCK_PROTO } }
};

void encode_act__bits(struct json *j, const char *const *names, size_t n, uint32_t v)
{
	json__array_begin(j);
	for (size_t i = 0; i < n; i++)
		if (v & 1U << i)
			json__str(j, names[i]);
	if (v >> n)
		json__ptr(j, v >> n << n);
	json__array_end(j);
}

/* TEXT of LEN bytes if it is a name, else the number. */
static void name_or_number(struct json *j, const char *text, size_t len, uint64_t v)
{
	if (len && *text >= 'A' && *text <= 'Z')
		json__strn(j, text, len);
	else
		json__u64(j, v);
}

/* Of a flow and a name, which begin as a struct ev_net does. */
static void socket_field(struct json *j, const struct ev_net *n, unsigned int index)
{
	const uint64_t args[6] = { n->family, n->type, n->protocol };
	char text[64];

	name_or_number(j, text, flags__format_arg(&socket_sig, index, args, EV_ABI_NATIVE, text, sizeof(text)), args[index]);
}

static void kernel_arg(struct json *j, const struct ev_kernel *k)
{
	static const uint8_t types[] = {
		[EV_KERNEL_BPF] = ARG_BPF_CMD,	     [EV_KERNEL_MOUNT] = ARG_MOUNT_FLAGS,
		[EV_KERNEL_UMOUNT] = ARG_UMOUNT_FLAGS, [EV_KERNEL_SIGNAL] = ARG_SIGNAL,
		[EV_KERNEL_NAMESPACE] = ARG_UNSHARE_FLAGS, [EV_KERNEL_PRCTL] = ARG_PRCTL_OP,
	};
	unsigned int type = k->act.op < ARRAY_SIZE(types) ? types[k->act.op] : ARG_NONE;
	char text[512];

	if (k->act.op == EV_KERNEL_PERF && k->arg == UINT64_MAX) { /* refused before it was read */
		json__null(j);
		return;
	}
	if (k->act.op == EV_KERNEL_KEY && event__key_use(k->arg)) {
		json__str(j, event__key_use(k->arg));
		return;
	}
	name_or_number(j, text, type ? flags__format((enum arg_type)type, k->arg, EV_ABI_NATIVE, text, sizeof(text)) : 0, k->arg);
}

static bool is_named(const struct event *ev, struct json *j, const void *at)
{
	if (ev->hdr->kind == EV_KERNEL && at == &ev->kernel->arg) {
		kernel_arg(j, ev->kernel);
		return true;
	}
	if (ev->hdr->kind != EV_NET && ev->hdr->kind != EV_FLOW && ev->hdr->kind != EV_NAME)
		return false;
	if (at == &ev->net->family)
		socket_field(j, ev->net, 0);
	else if (at == &ev->net->type)
		socket_field(j, ev->net, 1);
	else if (at == &ev->net->protocol)
		socket_field(j, ev->net, 2);
	else
		return false;
	return true;
}

bool encode_act__field(struct json *j, const struct event *ev, const struct field *f, const void *at)
{
	const struct ev_act *act = event__act(ev);
	const char *name;

	if (f->type == FT_VERDICT) {
		name = event__verdict_name(act->verdict);
		if (name)
			json__str(j, name);
		else
			json__u64(j, act->verdict);
		return true;
	}
	/* as everywhere, what does not apply is null */
	if ((at == &act->rule && !act->rule) || (at == &act->policy && !act->policy)) {
		json__null(j);
		return true;
	}
	return is_named(ev, j, at);
}

static void member_id(struct json *j, const char *key, uint32_t id)
{
	json__key(j, key);
	if (id == UINT32_MAX) /* unchanged */
		json__null(j);
	else
		json__u64(j, id);
}

void encode_act__more(struct json *j, const struct event *ev)
{
	const struct ev_act *act = event__act(ev);

	if (!act)
		return;
	if (!strcmp(event__action(ev), "unknown"))
		json__member_u64(j, "op", act->op);
	if (ev->hdr->kind == EV_FILE && act->op == EV_FILE_CHOWN) {
		member_id(j, "new_uid", (uint32_t)(ev->file->arg >> 32));
		member_id(j, "new_gid", (uint32_t)ev->file->arg);
	}
	if (ev->denial)
		encode_sandbox__denial(j, ev->denial);
}
