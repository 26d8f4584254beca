/* SPDX-License-Identifier: Apache-2.0 */
/* A storm of vforks: 200 children, every second one executes /bin/true, the others exit at once. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	volatile int i; /* lives across vfork */

	for (i = 0; i < 200; i++) {
		pid_t pid = vfork();

		if (pid == 0) {
			if (i % 2)
				execl("/bin/true", "true", (char *)0);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	return 0;
}
