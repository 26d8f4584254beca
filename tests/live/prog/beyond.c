/* SPDX-License-Identifier: Apache-2.0 */
/* CFLAGS: -static */
/* Numbers that no table has: each returns ENOSYS and carries its six arguments. */
#include "live.h"

int main(void)
{
	static const long nrs[] = { 511, 999, 1000000, 0x3fffffff, -1 };
	size_t i;

	for (i = 0; i < sizeof(nrs) / sizeof(nrs[0]); i++) {
		long ret = syscall(nrs[i], 0x11L, 0x22L, 0x33L, 0x44L, 0x55L, 0x6600000066L);

		fact("nr%zu=%ld ret=%ld errno=%d\n", i, nrs[i], ret, errno);
	}
	return 0;
}
