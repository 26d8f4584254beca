/* SPDX-License-Identifier: Apache-2.0 */
/* Lock-step over two pipes: 100 messages of known sizes to a child and back. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	int to[2], from[2], i;
	char buf[4096] = { 0 };

	if (pipe(to) || pipe(from))
		return 1;
	if (fork() == 0) {
		close(to[1]);
		close(from[0]);
		for (i = 0; i < 100; i++)
			if (read(to[0], buf, sizeof(buf)) != i + 1 ||
			    write(from[1], buf, 2 * i + 1) != 2 * i + 1)
				_exit(2);
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	for (i = 0; i < 100; i++)
		if (write(to[1], buf, i + 1) != i + 1 ||
		    read(from[0], buf, sizeof(buf)) != 2 * i + 1)
			return 3;
	wait(NULL);
	return 0;
}
