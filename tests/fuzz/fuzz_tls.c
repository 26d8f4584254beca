/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what a TLS client says first: whole, byte by byte, and in segments of a connection. */
#include <stdlib.h>
#include <string.h>

#include "../unit/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void printable(const char *s, size_t size)
{
	check(strlen(s) < size);
	for (; *s; s++)
		check(*s > ' ' && *s < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct names_test t;
	struct tls_hello whole, part;
	enum tls_state state;

	if (size > 8192)
		return 0;
	state = tls__parse(data, size, true, &whole);
	check(state != TLS_MORE && (state == TLS_BAD) == (whole.problem != NULL));
	printable(whole.name, sizeof(whole.name));
	printable(whole.alpn, sizeof(whole.alpn));
	/* what is whole at some length is the same at every other */
	if (size < 600) {
		for (size_t n = 0; n < size; n++)
			if (tls__parse(data, n, false, &part) == TLS_DONE)
				check(state == TLS_DONE && !strcmp(part.name, whole.name));
	}
	if (!t.names)
		t.names = names__new();
	for (size_t at = 0, n; at < size; at += n) {
		n = 1 + data[at] * 3U;
		if (n > size - at)
			n = size - at;
		names_test__tcp(&t, EV_NAME_TLS_HELLO, data + at, n, (uint32_t)at);
	}
	return 0;
}
