/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rules must remember: processes with their program, directory and descriptors, the trees they are in, the files
 * that this run made, the names that addresses go by. Every table has a fixed size; what is pushed out is counted.
 *
 * A tree is what a command or a package manager started: the launched command with all below it, but each child of a package
 * manager begins a tree of its own. What an outer tree did counts for an inner one, since it can be handed down; what an
 * inner one did does not count for its neighbours.
 */
#ifndef SANDTRACE_FINDINGS_STATE_H
#define SANDTRACE_FINDINGS_STATE_H

#include "rules.h"

#define ST_PROCS 2048
#define ST_PROC_SLOTS 4096 /* a power of two */
#define ST_TREES 256
#define ST_FDS 24
#define ST_OBJECTS 512 /* directories, sockets, pipes that descriptors lead to: each kind has as many */
#define ST_MADE 16384  /* files that this run made, a multiple of ST_MADE_WAYS */
#define ST_MADE_WAYS 8
#define ST_NAMES 512
#define ST_DIR_MAX 256
#define ST_NAME_MAX 64
#define ST_ANCESTORS 6
#define ST_NONE UINT16_MAX

/* Where something was seen. */
struct witness {
	uint64_t seq; /* of the record; 0: nothing was seen */
	uint32_t pid;
	char comm[EV_COMM_LEN + 1];
	char object[128];
};

struct st_fd {
	int32_t fd;
	uint8_t kind; /* FACT_DIR, FACT_FILE, FACT_SOCKET, FACT_PIPE; 0: free */
	bool cloexec, writes; /* writes: the end of a pipe that is written to */
	uint64_t object; /* serial number of the directory, socket or pipe; hash of the file's path */
};

struct st_proc {
	uint32_t pid;	 /* any number: records are not to be trusted */
	uint32_t serial; /* 0: free; never used again: an index may come to stand for another process */
	uint32_t parent_serial;
	uint16_t parent; /* index, ST_NONE: not known */
	uint16_t tree;
	uint32_t tree_serial;
	uint16_t next; /* in its slot's list, index + 1 */
	uint8_t roles; /* of its program */
	uint8_t roles_ever; /* and of those before */
	bool exited, told_abi, told_shell;
	char comm[EV_COMM_LEN + 1];
	char program[32]; /* "" when it is not known or not trusted */
	char image[32];	  /* last component of what was executed */
	uint64_t exe, script; /* hashes of their paths, 0: none */
	char cwd[ST_DIR_MAX]; /* "": not known */
	struct st_fd fds[ST_FDS];
};

struct st_tree {
	uint32_t serial; /* 0: free */
	uint32_t outer_serial;
	uint16_t outer;
	bool install;	 /* begun by a package manager */
	bool told_recon, told_wipe;
	uint32_t recon;	 /* rule__recon_bit() */
	struct witness asked[2]; /* the first two of those */
	struct {
		uint64_t domain, names; /* hash of a domain, and a bit for the hash of each name asked for in it */
	} dns[4];
	uint32_t dns_hand;
	uint32_t deletes;
	char cwd[ST_DIR_MAX]; /* of its first command */
	struct witness secret;
};

struct st_made {
	uint64_t path; /* hash; 0: free */
	uint64_t seq;
	uint32_t pid, serial;
	bool written; /* and not only created */
	uint8_t roles; /* of the writer, then */
};

struct st_dir {
	uint32_t serial;
	char path[ST_DIR_MAX];
};

struct st_socket {
	uint32_t serial;
	bool outside; /* of another machine, or accepted from one */
	char addr[72];
};

struct st_pipe {
	uint32_t serial;
	uint32_t next; /* pipe that a reader of this one writes to; 0: none */
	bool told;
	struct witness download; /* who writes to it what came from the network */
	struct witness runs;	 /* who runs what it reads from it */
};

struct st_name {
	uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d */
	char name[ST_NAME_MAX];
};

struct state {
	struct st_proc procs[ST_PROCS];
	uint16_t slots[ST_PROC_SLOTS]; /* index + 1 */
	uint32_t hand, n_procs;	       /* the next to be looked at for its place */
	struct st_tree trees[ST_TREES];
	uint32_t tree_hand;
	struct st_made made[ST_MADE];
	struct st_dir dirs[ST_OBJECTS];
	struct st_socket sockets[ST_OBJECTS];
	struct st_pipe pipes[ST_OBJECTS];
	uint32_t n_dirs, n_sockets, n_pipes; /* made so far */
	struct st_name names[ST_NAMES];
	uint64_t n_names;
	uint32_t serial;
	uint64_t forgotten; /* living processes, trees, files, descriptors that gave way to others */
};

uint64_t state__hash(const char *s, size_t len);

/* The process of PID, made when there is none. Never NULL. */
struct st_proc *state__proc(struct state *s, uint32_t pid);
struct st_proc *state__parent(struct state *s, const struct st_proc *p);
void state__spawn(struct state *s, struct st_proc *parent, uint32_t child_pid);
struct st_tree *state__tree(struct state *s, struct st_proc *p);
/* The tree around it, or NULL. */
struct st_tree *state__outer(struct state *s, const struct st_tree *t);
/* Its program is one of LIST. */
bool state__is(const struct st_proc *p, const char *list);

/* The path of a fact, absolute as far as is known, into BUF; its length. Without "." and "..". */
size_t state__path(struct state *s, const struct st_proc *p, const struct fact *f, char *buf, size_t size);

struct st_fd *state__fd(struct st_proc *p, int fd);
void state__fd_set(struct state *s, struct st_proc *p, struct st_fd fd);
void state__fd_close(struct st_proc *p, int first, int last);
void state__fd_exec(struct st_proc *p);
uint32_t state__dir_new(struct state *s, const char *path, size_t len);
uint32_t state__socket_new(struct state *s);
uint32_t state__pipe_new(struct state *s);
/* NULL: it gave way to another. */
struct st_dir *state__dir(struct state *s, uint64_t serial);
struct st_socket *state__socket(struct state *s, uint64_t serial);
struct st_pipe *state__pipe(struct state *s, uint64_t serial);

struct st_made *state__made(struct state *s, uint64_t path);
/* Its entry, made when there is none. */
struct st_made *state__make(struct state *s, uint64_t path);

/* The name that the address of a sockaddr was last the answer to; NULL: none was seen. */
const char *state__name_of(const struct state *s, const struct part *addr);
void state__name_add(struct state *s, const struct part *addr, const char *name, size_t len);

#endif
