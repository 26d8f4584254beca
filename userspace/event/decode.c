/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring bytes to struct event, and the tables that describe each kind. The tables, and the checks
 * that a field list names every member of its struct once and with its type, are generated from
 * EVENTS in include/events.h. A record comes from the kernel, or from a file in a replay: nothing
 * in it is believed before it is checked here.
 */
#include "event.h"

#include <errno.h>
#include <string.h>

#include "../base/util.h"

/* JSON key of a member: without the name of the struct it is nested in. */
#define KEY(m) (__builtin_strchr(#m, '.') ? __builtin_strchr(#m, '.') + 1 : #m)

#define SCALAR_ROW(s, m, t) { .name = KEY(m), .offset = offsetof(struct s, m), .type = t },
#define SCALAR_U32(s, m) SCALAR_ROW(s, m, FT_U32)
#define SCALAR_S32(s, m) SCALAR_ROW(s, m, FT_S32)
#define SCALAR_U64(s, m) SCALAR_ROW(s, m, FT_U64)
#define SCALAR_S64(s, m) SCALAR_ROW(s, m, FT_S64)
#define SCALAR_BOOL32(s, m) SCALAR_ROW(s, m, FT_BOOL32)
#define SCALAR_COMM(s, m) SCALAR_ROW(s, m, FT_COMM)
#define SCALAR_IMG(s, m) SCALAR_ROW(s, m, FT_IMG)
#define SCALAR_OP(s, m) SCALAR_ROW(s, m, FT_OP)
#define SCALAR_VERDICT(s, m) SCALAR_ROW(s, m, FT_VERDICT)
#define SCALAR_FFLAGS(s, m) SCALAR_ROW(s, m, FT_FFLAGS)
#define SCALAR_CLASS(s, m) SCALAR_ROW(s, m, FT_CLASS)
#define SCALAR_PAD(s, m)
#define ROW_SCALAR(s, m, T) SCALAR_##T(s, m)
#define ROW_PART(i, n, T) { .name = #n, .offset = (i), .type = FT_PART, .part_type = EV_PT_##T },

#define FIELDS(kind, s, type, action, class, LIST) \
	static const struct field fields_##s[] = { LIST(ROW_SCALAR, ROW_PART) };
EVENTS(FIELDS)

#define DESC(k, s, t, a, c, LIST)                   \
	[k] = {                                     \
		.kind = k,                          \
		.payload_size = sizeof(struct s),   \
		.event_type = t,                    \
		.action = a,                        \
		.class = c,                         \
		.fields = fields_##s,               \
		.n_fields = ARRAY_SIZE(fields_##s), \
	},
static const struct event_desc descs[] = { EVENTS(DESC) };

#define KIND(k, s, t, a, c, LIST) k,
static const uint16_t kinds[] = { EVENTS(KIND) };

/*
 * Static checks. STARTS has a bit for each 4-byte word of the struct at which a listed member
 * begins. A member that is missing from its list leaves the end of the one before it on a word
 * where nothing begins.
 */
#define MEMBER(s, m) ((struct s *)0)->m
#define WORD_BIT(s, m, T) | 1ULL << (offsetof(struct s, m) / 4)
#define WORD_SUM(s, m, T) +(1ULL << (offsetof(struct s, m) / 4))
#define NO_PART(i, n, T)
#define STARTS(k, s, t, a, c, LIST)                                                  \
	enum { starts_##s = 0ULL LIST(WORD_BIT, NO_PART) };                          \
	_Static_assert((k) == EV_SYSCALL || (starts_##s & 1),                        \
		       "the first member of " #s " is missing from its field list"); \
	_Static_assert(starts_##s == 0ULL LIST(WORD_SUM, NO_PART),                   \
		       "a member of " #s " is listed twice");                        \
	_Static_assert(sizeof(struct s) <= 256, #s " is too long for the check of its list");
EVENTS(STARTS)

#define END(s, m) (offsetof(struct s, m) + sizeof(MEMBER(s, m)))
#define CHECK_NEXT(s, m, T)                                                      \
	_Static_assert(END(s, m) == sizeof(struct s) ||                          \
			   (((uint64_t)starts_##s >> (END(s, m) / 4 % 64)) & 1), \
		       "the member after " #s "." #m " is missing from its field list");
#define TYPE_U32 __u32
#define TYPE_S32 __s32
#define TYPE_U64 __u64
#define TYPE_S64 __s64
#define TYPE_BOOL32 __u32
#define TYPE_COMM char[EV_COMM_LEN]
#define TYPE_IMG __u32
#define TYPE_OP __u32
#define TYPE_VERDICT __u32
#define TYPE_FFLAGS __u32
#define TYPE_CLASS __u32
#define TYPE_PAD __u32
#define CHECK_TYPE(s, m, T)                                                              \
	_Static_assert(__builtin_types_compatible_p(__typeof__(MEMBER(s, m)), TYPE_##T), \
		       #s "." #m " is not " #T);
#define CHECK_PART(i, n, T) _Static_assert((i) < EV_MAX_PARTS, "the id of part " #n " is too high");
#define NO_SCALAR(s, m, T)
#define PART_BIT(i, n, T) | 1ULL << (i)
#define PART_SUM(i, n, T) +(1ULL << (i))
#define CHECKS(k, s, t, a, c, LIST)                                                          \
	LIST(CHECK_NEXT, CHECK_PART)                                                         \
	LIST(CHECK_TYPE, NO_PART)                                                            \
	_Static_assert((0ULL LIST(NO_SCALAR, PART_BIT)) == (0ULL LIST(NO_SCALAR, PART_SUM)), \
		       "two parts of " #s " have the same id");                              \
	_Static_assert(sizeof(struct s) % 8 == 0, "the size of " #s " is not a multiple of 8");
EVENTS(CHECKS)

const char *const *event__claimed(unsigned int kind)
{
	switch (kind) {
#define CLAIMED(k, ...)                                              \
	case k: {                                                    \
		static const char *const names[] = { __VA_ARGS__, NULL }; \
		return names;                                        \
	}
	EV_CLAIMED(CLAIMED)
	}
	return NULL;
}

const struct event_desc *event_desc__get(unsigned int kind)
{
	/* Does nothing but make -Wswitch speak when enum event_kind and EVENTS disagree. */
	switch ((enum event_kind)kind) {
#define LISTED(k, s, t, a, c, LIST) case k:
		EVENTS(LISTED)
		break;
	}
	if (kind >= ARRAY_SIZE(descs) || !descs[kind].payload_size)
		return NULL;
	return &descs[kind];
}

const struct event_desc *event_desc__at(size_t index)
{
	return index < ARRAY_SIZE(kinds) ? &descs[kinds[index]] : NULL;
}

const struct part *event__part(const struct event *ev, unsigned int id)
{
	for (unsigned int i = 0; i < ev->n_parts; i++)
		if (ev->parts[i].id == id)
			return &ev->parts[i];
	return NULL;
}

size_t event__path(const struct part *p, char *buf, size_t size)
{
	size_t end = MIN((size_t)p->len, size - 1), out = 0;
	bool rooted = p->state == EV_PART_OK && p->len < size;

	if (p->type != EV_PT_PATH) {
		memcpy(buf, p->data, end);
		return end;
	}
	if (end && !p->data[end - 1])
		end--;
	else if (!end && rooted)
		buf[out++] = '/';
	/* components come leaf first, each with its NUL */
	while (p->len) {
		size_t from = end;

		while (from && p->data[from - 1])
			from--;
		if (out || rooted)
			buf[out++] = '/';
		memcpy(buf + out, p->data + from, end - from);
		out += end - from;
		if (!from)
			break;
		end = from - 1;
	}
	return out;
}

/* The paths of what lies in no tree (memfd, a pipe) are names: one may stand for the other. */
static bool is_text(unsigned int type)
{
	return type == EV_PT_STR || type == EV_PT_PATH;
}

static bool takes(const struct event_desc *desc, const struct part *p)
{
	for (size_t i = 0; i < desc->n_fields; i++) {
		const struct field *f = &desc->fields[i];

		if (f->type == FT_PART && f->offset == p->id)
			return f->part_type == p->type || (is_text(f->part_type) && is_text(p->type));
	}
	return false;
}

/* Does the kind have such parts? Of a call any argument may be one: its signature says how it was copied. */
static __attribute__((noinline)) int check_parts(const struct event *ev)
{
	for (unsigned int i = 0; i < ev->n_parts; i++)
		if (!takes(ev->desc, &ev->parts[i]))
			return -EBADMSG;
	return 0;
}

/*
 * Follows the chain. Offsets only grow and parts do not overlap, so it ends, and no byte is shown
 * twice. MIN is where the first part may begin, MAX_ID the first id that is not allowed.
 */
static int decode_parts(const uint8_t *rec, size_t len, size_t min, unsigned int max_id,
			struct event *ev)
{
	size_t at = ev->hdr->parts;

	for (unsigned int n = 0; at; n++) {
		const struct ev_part *wire = (const void *)(rec + at);
		struct part *part = &ev->parts[n];

		if (n == EV_MAX_PARTS || at % 8 || at < min || at + sizeof(*wire) > len)
			return -EBADMSG;
		if (wire->len > len - at - sizeof(*wire) || wire->id >= max_id ||
		    wire->state > EV_PART_GONE || wire->type < EV_PT_STR ||
		    wire->type > EV_PT_BYTES)
			return -EBADMSG;
		part->data = (const uint8_t *)(wire + 1);
		part->len = wire->len;
		part->true_len = wire->true_len;
		part->id = wire->id;
		part->state = wire->state;
		part->type = (uint8_t)wire->type;
		ev->n_parts = n + 1;
		min = at + sizeof(*wire) + wire->len;
		at = wire->next;
	}
	return 0;
}

int decode(const void *rec, size_t len, struct event *ev)
{
	const struct ev_header *hdr = rec;
	const struct event_desc *desc;
	bool is_syscall;
	int err;

	if (len < sizeof(*hdr) || len > EV_RECORD_MAX)
		return -EBADMSG;
	desc = event_desc__get(hdr->kind);
	if (!desc || len < sizeof(*hdr) + desc->payload_size)
		return -EBADMSG;
	ev->desc = desc;
	ev->hdr = hdr;
	ev->payload = hdr + 1;
	ev->n_parts = 0;
	ev->seq = 0;
	ev->sig = NULL;
	ev->name = NULL;
	ev->seen = NULL;
	ev->host = ev->host_source = NULL;
	ev->action = ACTION_ALLOW;
	ev->denial = NULL;

	is_syscall = desc->class == EV_CLASS_SYSCALL;
	if (is_syscall && ev->syscall->abi >= EV_ABI_MAX)
		return -EBADMSG;
	err = decode_parts(rec, len, sizeof(*hdr) + desc->payload_size,
			   is_syscall ? EV_PART_CWD + 1 : EV_MAX_PARTS, ev);
	return is_syscall || err ? err : check_parts(ev);
}
