/* SPDX-License-Identifier: Apache-2.0 */
#include "util.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

int parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	uint64_t v = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			v = UINT64_MAX;
		if (v == UINT64_MAX) {
			while (*++s)
				if (*s < '0' || *s > '9')
					return -EINVAL;
			return -ERANGE;
		}
	}
	if (v < min || v > max)
		return -ERANGE;
	*ret_value = v;
	return 0;
}

int parse_size(const char *s, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	size_t n = strlen(s);
	char digits[32];
	uint64_t v, unit = 1;
	int err;

	if (n && strchr("kKmMgGtT", s[n - 1])) {
		char u = (char)toupper((unsigned char)s[n - 1]);

		unit = u == 'K' ? 1ULL << 10 : u == 'M' ? 1ULL << 20 : u == 'G' ? 1ULL << 30 : 1ULL << 40;
		n--;
	}
	if (!n)
		return -EINVAL;
	if (n >= sizeof(digits))
		return -ERANGE;
	memcpy(digits, s, n);
	digits[n] = 0;
	err = parse_u64(digits, 0, UINT64_MAX - 1, &v);
	if (err)
		return err;
	if (__builtin_mul_overflow(v, unit, &v) || v < min || v > max)
		return -ERANGE;
	*ret_value = v;
	return 0;
}

int parse_duration(const char *s, uint64_t max_ns, uint64_t *ret_ns)
{
	static const struct { const char *suffix; uint64_t ns; } units[] = {
		{ "ms", 1000000ULL }, { "s", NSEC_PER_SEC }, { "m", 60 * NSEC_PER_SEC },
		{ "h", 3600 * NSEC_PER_SEC }, { "", NSEC_PER_SEC },
	};
	size_t whole = strspn(s, "0123456789"), frac = 0;
	uint64_t v, f = 0, scale = 1, unit = 0;
	char digits[32];
	const char *p;
	int err;

	if (!whole)
		return -EINVAL;
	if (whole >= sizeof(digits))
		return -ERANGE;
	memcpy(digits, s, whole);
	digits[whole] = 0;
	err = parse_u64(digits, 0, UINT64_MAX - 1, &v);
	if (err)
		return err;
	p = s + whole;
	if (*p == '.') {
		p++;
		frac = strspn(p, "0123456789");
		if (!frac || frac > 9)
			return -EINVAL;
		for (size_t i = 0; i < frac; i++, scale *= 10)
			f = f * 10 + (uint64_t)(p[i] - '0');
		p += frac;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units) && !unit; i++)
		if (!strcmp(p, units[i].suffix))
			unit = units[i].ns;
	if (!unit)
		return -EINVAL;
	if (__builtin_mul_overflow(v, unit, &v) || v > max_ns)
		return -ERANGE;
	v += (uint64_t)((__uint128_t)f * unit / scale);
	if (v > max_ns)
		return -ERANGE;
	*ret_ns = v;
	return 0;
}

int read_file_str(const char *path, char *buf, size_t size)
{
	_cleanup_(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return -errno;
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = 0;
	return (int)n;
}

int write_file_str(const char *path, const char *s)
{
	_cleanup_(close) int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(s);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, s, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int write_full(int fd, const char *buf, size_t n)
{
	while (n) {
		ssize_t w = write(fd, buf, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -errno;
		buf += w;
		n -= (size_t)w;
	}
	return 0;
}

const char *printable(const char *s, size_t len, char *buf, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 5 < size; i++) {
		unsigned char ch = (unsigned char)s[i];

		if (ch >= 0x20 && ch < 0x7f && ch != '\\')
			buf[n++] = (char)ch;
		else
			n += (size_t)snprintf(buf + n, size - n, "\\x%02x", ch);
	}
	buf[n] = 0;
	return buf;
}
