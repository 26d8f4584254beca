/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the frequency of this machine's time-stamp counter in kHz, for the kernel command line of the test
 * VM. Measured against the clock: /proc/cpuinfo shows what the core runs at just now, which is not it.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int main(void)
{
	int64_t start = now_ns(), end;
	uint64_t ticks = __rdtsc();

	/* 20 ms: the error of two clock readings is then far below what calibration in the guest would have. */
	do
		end = now_ns();
	while (end - start < 20000000);
	ticks = __rdtsc() - ticks;
	printf("%llu\n", (unsigned long long)(ticks * 1000000 / (uint64_t)(end - start)));
	return 0;
}
