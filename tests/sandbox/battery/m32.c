/* SPDX-License-Identifier: Apache-2.0 */
/* A program of another ABI: getpid and exit by int 0x80, no libc. 45: it must not run, or not get a call through. */
void _start(void)
{
	int ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(20));
	__asm__ volatile("int $0x80" : : "a"(1), "b"(ret > 0 ? 42 : 43));
	for (;;)
		;
}
