/* SPDX-License-Identifier: Apache-2.0 */
/* net_uring ADDRESS PORT: a TCP connect by io_uring. Prints its result; 77 when there is no io_uring here. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *map(int fd, size_t size, off_t at)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);

	if (p == MAP_FAILED) {
		perror("mmap");
		exit(77);
	}
	return p;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct io_uring_params p = { 0 };
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	int ring, s = socket(AF_INET, SOCK_STREAM, 0);
	char *sq, *cq;

	if (argc != 3 || s < 0 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		return 2;
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	ring = (int)syscall(SYS_io_uring_setup, 4, &p);
	if (ring < 0) {
		perror("io_uring_setup");
		return 77;
	}
	sq = map(ring, p.sq_off.array + p.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
	cq = map(ring, p.cq_off.cqes + p.cq_entries * sizeof(*cqe), IORING_OFF_CQ_RING);
	sqe = map(ring, p.sq_entries * sizeof(*sqe), IORING_OFF_SQES);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_CONNECT;
	sqe->fd = s;
	sqe->addr = (uint64_t)(uintptr_t)&to;
	sqe->off = sizeof(to);
	sqe->flags = IOSQE_ASYNC; /* by a kernel thread, whose cgroup must be ours */
	*(uint32_t *)(void *)(sq + p.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(void *)(sq + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) {
		perror("io_uring_enter");
		return 77;
	}
	cqe = (struct io_uring_cqe *)(void *)(cq + p.cq_off.cqes);
	printf("%d\n", cqe->res);
	return 0;
}
