/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbolic forms of system call arguments: which names a type has and how they are put together.
 * Called for most arguments of every event, so it appends by hand: no printf, no allocation.
 */
#include "syscalls.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../base/util.h"

/* MAP_HUGE_SHIFT and MFD_HUGE_SHIFT: where both calls have the page size. */
#define HUGE_SHIFT 26
#define HUGE_MASK 0x3fULL
#define SIGNAL_MASK 0xffULL
/* umode_t is a short: the kernel never sees more. */
#define MODE_MASK 0xffffULL

/* The text within, so that nothing of these tables is relocated at the start of the program. */
struct name {
	uint64_t value;
	uint8_t len;
	char text[47];
};
#define N(x) { (uint64_t)(uint32_t)(x), sizeof(#x) - 1, #x }
#define V(v, x) { v, sizeof(#x) - 1, #x }
#include "flags_table.inc.h"

/* Text cut at SIZE - 1, where room for the NUL is kept. */
struct out {
	char *buf;
	size_t len;
	size_t cap;
};

static void put(struct out *o, const char *text, size_t len)
{
	size_t room = o->cap - o->len;

	if (len > room)
		len = room;
	memcpy(o->buf + o->len, text, len);
	o->len += len;
}

static void put_char(struct out *o, char c)
{
	if (o->len < o->cap)
		o->buf[o->len++] = c;
}

#define put_lit(o, s) put(o, s, sizeof(s) - 1)

/* Digits of V in a base that is a power of two (SHIFT bits a digit), at least one. */
static void put_digits(struct out *o, uint64_t v, unsigned int shift)
{
	char tmp[24];
	size_t at = sizeof(tmp);

	do {
		tmp[--at] = "0123456789abcdef"[v & ((1U << shift) - 1)];
		v >>= shift;
	} while (v);
	put(o, tmp + at, sizeof(tmp) - at);
}

static void put_hex(struct out *o, uint64_t v)
{
	put_lit(o, "0x");
	put_digits(o, v, 4);
}

static void put_dec(struct out *o, int64_t v)
{
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	char tmp[24];
	size_t at = sizeof(tmp);

	do {
		tmp[--at] = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (v < 0)
		tmp[--at] = '-';
	put(o, tmp + at, sizeof(tmp) - at);
}

static void put_sep(struct out *o)
{
	if (o->len)
		put_char(o, '|');
}

static const struct name *find(const struct name *names, size_t n, uint64_t v)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].value == v)
			return &names[i];
	return NULL;
}

/* One value, or what has no name in hexadecimal; 0 is 0. */
static void put_enum(struct out *o, const struct name *names, size_t n, uint64_t v)
{
	const struct name *name = find(names, n, v);

	if (name)
		put(o, name->text, name->len);
	else if (v)
		put_hex(o, v);
	else
		put_char(o, '0');
}
#define PUT_ENUM(o, names, v) put_enum(o, names, ARRAY_SIZE(names), v)

/* The bits of V, appended to what is there already; then the bits without a name. */
static void put_bits(struct out *o, const struct name *names, size_t n, uint64_t v)
{
	for (size_t i = 0; v && i < n; i++) {
		uint64_t bits = names[i].value;

		if (!bits || (v & bits) != bits)
			continue;
		put_sep(o);
		put(o, names[i].text, names[i].len);
		v &= ~bits;
	}
	if (v) {
		put_sep(o);
		put_hex(o, v);
	}
}
#define PUT_BITS(o, names, v) put_bits(o, names, ARRAY_SIZE(names), v)

/* A set of flags that is all there is. */
static void put_flags(struct out *o, const struct name *names, size_t n, uint64_t v)
{
	if (v)
		put_bits(o, names, n, v);
	else
		put_enum(o, names, n, 0);
}

static void put_open(struct out *o, uint64_t v)
{
	PUT_ENUM(o, open_access_names, v & O_ACCMODE);
	PUT_BITS(o, open_names, v & ~(uint64_t)O_ACCMODE);
}

/* Page size of huge pages, as the exponent the caller gave; PREFIX is that of the constants. */
static void put_huge(struct out *o, uint64_t v, const char *prefix)
{
	if (!v)
		return;
	put_sep(o);
	put_dec(o, (int64_t)v);
	put_lit(o, "<<");
	put(o, prefix, strlen(prefix));
	put_lit(o, "_HUGE_SHIFT");
}

static void put_mmap(struct out *o, uint64_t v)
{
	uint64_t huge = v & MAP_HUGETLB ? v >> HUGE_SHIFT & HUGE_MASK : 0;

	if (v & MAP_TYPE)
		PUT_ENUM(o, mmap_type_names, v & MAP_TYPE);
	PUT_BITS(o, mmap_names, v & ~((uint64_t)MAP_TYPE | huge << HUGE_SHIFT));
	put_huge(o, huge, "MAP");
	if (!o->len)
		put_char(o, '0');
}

static void put_memfd(struct out *o, uint64_t v)
{
	uint64_t huge = v & MFD_HUGETLB ? v >> HUGE_SHIFT & HUGE_MASK : 0;

	put_flags(o, memfd_names, ARRAY_SIZE(memfd_names), v & ~(huge << HUGE_SHIFT));
	put_huge(o, huge, "MFD");
}

static void put_signal(struct out *o, uint64_t v)
{
	const char *name = signal__name((int)v);

	if (name)
		put(o, name, strlen(name));
	else
		put_dec(o, (int32_t)v);
}

/* The low byte is not a flag but the signal sent when the child ends. */
static void put_clone(struct out *o, uint64_t v)
{
	PUT_BITS(o, clone_names, v & ~SIGNAL_MASK);
	if (v & SIGNAL_MASK) {
		put_sep(o);
		put_signal(o, v & SIGNAL_MASK);
	}
	if (!o->len)
		put_char(o, '0');
}

static void put_sock_type(struct out *o, uint64_t v)
{
	const struct name *type = find(sock_type_names, ARRAY_SIZE(sock_type_names), v & 0xf);

	if (type) {
		put(o, type->text, type->len);
		v &= ~0xfULL;
	} else if (!v) {
		put_char(o, '0');
	}
	PUT_BITS(o, sock_flags_names, v);
}

static void put_futex(struct out *o, uint64_t v)
{
	uint64_t op = v & ~(uint64_t)(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
	const struct name *name = find(futex_names, ARRAY_SIZE(futex_names), op);

	if (!name) {
		put_hex(o, v);
		return;
	}
	put(o, name->text, name->len);
	if (v & FUTEX_PRIVATE_FLAG)
		put_lit(o, "_PRIVATE");
	if (v & FUTEX_CLOCK_REALTIME)
		put_lit(o, "|FUTEX_CLOCK_REALTIME");
}

/* Negative ids are built from a pid or a descriptor: ~number << 3 | kind. */
static void put_clock(struct out *o, uint64_t v)
{
	static const char *const kinds[] = { "PROF", "VIRT", "SCHED" };
	int32_t id = (int32_t)v;

	if (id >= 0) {
		PUT_ENUM(o, clock_names, v);
		return;
	}
	if ((id & 7) == 3) {
		put_lit(o, "FD_TO_CLOCKID(");
		put_dec(o, ~(id >> 3));
		put_char(o, ')');
		return;
	}
	if ((id & 3) == 3) {
		put_hex(o, v);
		return;
	}
	if (id & 4)
		put_lit(o, "MAKE_THREAD_CPUCLOCK(");
	else
		put_lit(o, "MAKE_PROCESS_CPUCLOCK(");
	put_dec(o, ~(id >> 3));
	put_lit(o, ",CPUCLOCK_");
	put(o, kinds[id & 3], strlen(kinds[id & 3]));
	put_char(o, ')');
}

static void put_mount(struct out *o, uint64_t v)
{
	/* Old programs mark their flags with this; the kernel takes it off. */
	if ((v & MS_MGC_MSK) == MS_MGC_VAL) {
		put_lit(o, "MS_MGC_VAL");
		v &= ~(uint64_t)MS_MGC_MSK;
	}
	if (!v && !o->len)
		put_char(o, '0');
	PUT_BITS(o, mount_names, v);
}

static void put_mode(struct out *o, uint64_t v)
{
	const struct name *type = find(file_type_names, ARRAY_SIZE(file_type_names), v & S_IFMT);

	v &= MODE_MASK;
	if (type) {
		put(o, type->text, type->len);
		put_char(o, '|');
		v &= ~(uint64_t)S_IFMT;
	}
	put_char(o, '0');
	/* Three digits at least, as chmod and ls have them. */
	for (uint64_t limit = 0100; limit > 1 && v < limit; limit >>= 3)
		put_char(o, '0');
	put_digits(o, v, 3);
}

static void put_field(struct out *o, uint64_t v)
{
	put_char(o, ',');
	if (v)
		put_hex(o, v);
	else
		put_char(o, '0');
}

static int cmp_value(const void *value, const void *name)
{
	uint64_t a = *(const uint64_t *)value, b = ((const struct name *)name)->value;

	return a < b ? -1 : a > b;
}

static void put_ioctl(struct out *o, uint64_t v)
{
	static const char *const dirs[] = {
		"_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE",
	};
	const struct name *name = bsearch(&v, ioctl_names, ARRAY_SIZE(ioctl_names),
					  sizeof(ioctl_names[0]), cmp_value);
	const char *dir = dirs[_IOC_DIR(v) & 3];

	if (name) {
		put(o, name->text, name->len);
		return;
	}
	put_lit(o, "_IOC(");
	put(o, dir, strlen(dir));
	put_field(o, _IOC_TYPE(v));
	put_field(o, _IOC_NR(v));
	put_field(o, _IOC_SIZE(v));
	put_char(o, ')');
}

enum form { FORM_NONE, FORM_ENUM, FORM_FLAGS, FORM_OWN };

struct desc {
	uint8_t form; /* enum form */
	bool wide;    /* a long in the kernel; what is an int there has its upper half cut off */
	size_t n;
	const struct name *names;
	void (*put)(struct out *o, uint64_t v);
};
#define ENUM(t, x) [ARG_##t] = { FORM_ENUM, false, ARRAY_SIZE(x##_names), x##_names, NULL }
#define ENUM_WIDE(t, x) [ARG_##t] = { FORM_ENUM, true, ARRAY_SIZE(x##_names), x##_names, NULL }
#define FLAGS(t, x) [ARG_##t] = { FORM_FLAGS, false, ARRAY_SIZE(x##_names), x##_names, NULL }
#define WIDE(t, x) [ARG_##t] = { FORM_FLAGS, true, ARRAY_SIZE(x##_names), x##_names, NULL }
#define OWN(t, fn) [ARG_##t] = { FORM_OWN, false, 0, NULL, fn }
#define OWN_WIDE(t, fn) [ARG_##t] = { FORM_OWN, true, 0, NULL, fn }

static const struct desc descs[ARG_TYPE_MAX] = {
	OWN(SIGNAL, put_signal),
	OWN(MODE, put_mode),
	OWN(OPEN_FLAGS, put_open),
	FLAGS(AT_FLAGS, at),
	FLAGS(ACCESS_MODE, access),
	WIDE(PROT, prot),
	OWN_WIDE(MMAP_FLAGS, put_mmap),
	WIDE(MREMAP_FLAGS, mremap),
	FLAGS(MSYNC_FLAGS, msync),
	ENUM(MADVICE, madvise),
	OWN_WIDE(CLONE_FLAGS, put_clone),
	FLAGS(WAIT_OPTIONS, wait),
	ENUM(SOCK_DOMAIN, sock_domain),
	OWN(SOCK_TYPE, put_sock_type),
	ENUM(SOCK_PROTO, inet_proto),
	FLAGS(MSG_FLAGS, msg),
	ENUM(SOCKOPT_LEVEL, sockopt_level),
	ENUM(SHUT_HOW, shut),
	ENUM(WHENCE, whence),
	ENUM(FCNTL_CMD, fcntl),
	OWN(IOCTL_CMD, put_ioctl),
	OWN(FUTEX_OP, put_futex),
	ENUM(EPOLL_OP, epoll_op),
	FLAGS(EPOLL_FLAGS, epoll),
	FLAGS(PIPE_FLAGS, pipe),
	FLAGS(EVENTFD_FLAGS, eventfd),
	OWN(MEMFD_FLAGS, put_memfd),
	FLAGS(GETRANDOM_FLAGS, getrandom),
	ENUM(PRCTL_OP, prctl),
	ENUM(ARCH_PRCTL_OP, arch_prctl),
	ENUM(SIGPROCMASK_HOW, sigprocmask),
	OWN(CLOCK_ID, put_clock),
	ENUM(RLIMIT_RES, rlimit),
	OWN_WIDE(MOUNT_FLAGS, put_mount),
	FLAGS(UMOUNT_FLAGS, umount),
	FLAGS(RENAME_FLAGS, rename),
	FLAGS(STATX_MASK, statx),
	FLAGS(XATTR_FLAGS, xattr),
	ENUM(SECCOMP_OP, seccomp),
	ENUM(BPF_CMD, bpf),
	ENUM_WIDE(PTRACE_REQ, ptrace),
	FLAGS(FALLOC_MODE, falloc),
	FLAGS(SPLICE_FLAGS, splice),
	FLAGS(INOTIFY_FLAGS, inotify),
	FLAGS(INOTIFY_MASK, inotify_mask),
	WIDE(UNSHARE_FLAGS, unshare),
	FLAGS(FLOCK_OP, flock),
	FLAGS(CLOSE_RANGE_FLAGS, close_range),
	FLAGS(UNLINKAT_FLAGS, unlinkat),
	FLAGS(SIGNALFD_FLAGS, signalfd),
	FLAGS(TIMERFD_FLAGS, timerfd),
	ENUM(IDTYPE, idtype),
	ENUM(FADVICE, fadvice),
	ENUM(RUSAGE_WHO, rusage),
	ENUM(SCHED_POLICY, sched),
	WIDE(RESOLVE_FLAGS, resolve),
	FLAGS(STATX_FLAGS, statx_flags),
	FLAGS(FACCESSAT_FLAGS, faccessat),
	FLAGS(ACCEPT_FLAGS, sock_flags),
};

/* The types that have names in one case only. False: this is not the case. */
static bool put_special(struct out *o, enum arg_type type, uint32_t v, enum ev_abi abi)
{
	if (type == ARG_DIRFD && (int32_t)v == AT_FDCWD) {
		put_lit(o, "AT_FDCWD");
		return true;
	}
	if (type == ARG_FCNTL_CMD && abi == EV_ABI_COMPAT32 &&
	    find(fcntl32_names, ARRAY_SIZE(fcntl32_names), v)) {
		PUT_ENUM(o, fcntl32_names, v);
		return true;
	}
	return false;
}

static size_t finish(struct out *o)
{
	o->buf[o->len] = 0;
	return o->len;
}

size_t flags__format(enum arg_type type, uint64_t value, enum ev_abi abi, char *buf, size_t size)
{
	struct out o = { buf, 0, size - 1 };
	const struct desc *d;

	if (!size)
		return 0;
	if ((unsigned int)type >= ARG_TYPE_MAX || put_special(&o, type, (uint32_t)value, abi))
		return finish(&o);
	d = &descs[type];
	if (!d->wide)
		value = (uint32_t)value;
	switch (d->form) {
	case FORM_ENUM:
		put_enum(&o, d->names, d->n, value);
		break;
	case FORM_FLAGS:
		put_flags(&o, d->names, d->n, value);
		break;
	case FORM_OWN:
		d->put(&o, value);
		break;
	default:
		break;
	}
	return finish(&o);
}

/* The protocol of a socket; only some domains have named ones. */
static size_t format_proto(uint32_t domain, uint64_t proto, enum ev_abi abi, char *buf, size_t size)
{
	struct out o = { buf, 0, size - 1 };

	if (domain == AF_INET || domain == AF_INET6)
		return flags__format(ARG_SOCK_PROTO, proto, abi, buf, size);
	if (!size)
		return 0;
	if (domain == AF_NETLINK)
		PUT_ENUM(&o, netlink_proto_names, (uint32_t)proto);
	return finish(&o);
}

size_t flags__format_arg(const struct syscall_sig *sig, unsigned int index, const uint64_t args[6],
			 enum ev_abi abi, char *buf, size_t size)
{
	if (index >= sig->n_args)
		return flags__format(ARG_NONE, 0, abi, buf, size);
	if (sig->args[index].type == ARG_SOCK_PROTO)
		return format_proto((uint32_t)args[0], args[index], abi, buf, size);
	return flags__format((enum arg_type)sig->args[index].type, args[index], abi, buf, size);
}
