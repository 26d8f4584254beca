/* SPDX-License-Identifier: Apache-2.0 */
/* From the name of a command to every file that is executed until its own program runs. */
#include "resolve_internal.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"

#define CHAIN_MAX 5	     /* interpreters of interpreters; the kernel's own limit is as low */
#define HEAD_BYTES 256	     /* of a script: what the kernel reads */
#define PROGRAM_HEADERS_MAX 128
#define DEFAULT_SEARCH "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"

static int note_links(struct resolved_command *c, const struct found *f)
{
	for (size_t i = 0; i < f->n_links; i++) {
		struct grant_link *v = reallocarray(c->links, c->n_links + 1, sizeof(*v));

		if (!v)
			return -ENOMEM;
		c->links = v;
		v[c->n_links] = (struct grant_link){ strdup(f->links[i].path), strdup(f->links[i].target) };
		c->n_links++;
		if (!v[c->n_links - 1].path || !v[c->n_links - 1].target)
			return -ENOMEM;
	}
	return 0;
}

/* Adds the file PATH; *RET_INDEX: where. -EMLINK: too many. */
static int add_file(struct resolved_command *c, const char *path, unsigned int *ret_index)
{
	struct command_file *file = &c->v[c->n];
	struct found f;
	int err = walk__path(path, FOLLOW_ALL, NULL, &f);

	if (!err && !S_ISREG(f.mode))
		err = -EACCES;
	if (!err)
		err = note_links(c, &f);
	for (unsigned int i = 0; i < c->n && !err; i++) {
		if (!strcmp(c->v[i].path, f.path)) {
			*ret_index = i;
			goto out;
		}
	}
	if (!err && c->n == COMMAND_FILES_MAX)
		err = -EMLINK;
	if (err)
		goto out;
	*file = (struct command_file){ .path = strdup(f.path), .dev = f.dev, .ino = f.ino,
				       .link = *f.link ? strdup(f.link) : NULL };
	*ret_index = c->n++;
	if (!file->path || (*f.link && !file->link))
		err = -ENOMEM;
out:
	walk__done(&f);
	return err;
}

/* ---- ELF --------------------------------------------------------------------------------------------------- */

/* The dynamic loader that the ELF file FD names, into BUF; empty: it has none. -ENOEXEC: not what it seems. */
static int loader_of(int fd, char *buf, size_t size)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf64_Ehdr h64;
		Elf32_Ehdr h32;
	} h;
	bool wide;
	uint64_t at;
	unsigned int n, each;

	*buf = 0;
	if (pread(fd, &h, sizeof(h), 0) != sizeof(h))
		return -ENOEXEC;
	wide = h.ident[EI_CLASS] == ELFCLASS64;
	at = wide ? h.h64.e_phoff : h.h32.e_phoff;
	n = wide ? h.h64.e_phnum : h.h32.e_phnum;
	each = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	for (unsigned int i = 0; i < n && i < PROGRAM_HEADERS_MAX; i++) {
		union {
			Elf64_Phdr p64;
			Elf32_Phdr p32;
		} p;
		uint64_t offset, len;
		ssize_t got;

		if (at > INT64_MAX - (uint64_t)each * (i + 1) ||
		    pread(fd, &p, each, (off_t)(at + (uint64_t)each * i)) != (ssize_t)each)
			return -ENOEXEC;
		if ((wide ? p.p64.p_type : p.p32.p_type) != PT_INTERP)
			continue;
		offset = wide ? p.p64.p_offset : p.p32.p_offset;
		len = wide ? p.p64.p_filesz : p.p32.p_filesz;
		if (!len || len > size || offset > INT64_MAX)
			return -ENOEXEC;
		got = pread(fd, buf, len, (off_t)offset);
		if (got != (ssize_t)len || buf[len - 1])
			return -ENOEXEC;
		return *buf == '/' ? 0 : -ENOEXEC;
	}
	return 0;
}

/* ---- scripts ----------------------------------------------------------------------------------------------- */

/* Splits "#! INTERPRETER ARGUMENT" as the kernel does. False: it is no script. */
static bool shebang(char *head, char **ret_interpreter, char **ret_arg)
{
	char *p, *end;

	if (strncmp(head, "#!", 2))
		return false;
	head[strcspn(head, "\n")] = 0;
	p = head + 2 + strspn(head + 2, " \t");
	end = p + strlen(p);
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = 0;
	*ret_interpreter = p;
	p += strcspn(p, " \t");
	if (*p)
		*p++ = 0;
	*ret_arg = p + strspn(p, " \t");
	return **ret_interpreter;
}

/* The words of `env -S`: quotes are taken off, nothing is expanded. Returns the next word, NULL at the end. */
static char *word(char **p)
{
	char *start, *out, quote = 0;

	*p += strspn(*p, " \t");
	if (!**p)
		return NULL;
	for (start = out = *p; **p && (quote || !strchr(" \t", **p)); (*p)++) {
		if (quote ? **p == quote : **p == '\'' || **p == '"')
			quote = quote ? 0 : **p;
		else if (**p == '\\' && (*p)[1])
			*out++ = *++*p;
		else
			*out++ = **p;
	}
	if (**p)
		(*p)++;
	*out = 0;
	return start;
}

/* What `env ARG` runs, ARG being all that a #! line can pass. NULL: nothing that can be told. */
static char *env_program(char *arg)
{
	char *rest = arg, *w;
	bool split = false;

	if (*arg != '-') /* one argument, spaces and all */
		return *arg && !strchr(arg, '=') ? arg : NULL;
	if (!strncmp(arg, "--split-string", 14)) {
		rest = arg + 14 + (arg[14] == '=');
		split = true;
	} else {
		size_t flags = strspn(arg + 1, "iv0");

		split = arg[1 + flags] == 'S';
		rest = arg + 1 + flags + 1;
	}
	while (split && (w = word(&rest))) {
		if (!strcmp(w, "-u") || !strcmp(w, "-C") || !strcmp(w, "--unset") || !strcmp(w, "--chdir"))
			word(&rest);
		else if (*w != '-' && !strchr(w, '='))
			return w;
	}
	return NULL;
}

static bool runs(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

static int search_path(const char *name, const char *search, char *ret, size_t size)
{
	if (strchr(name, '/'))
		return snprintf(ret, size, "%s", name) < (int)size ? 0 : -ENAMETOOLONG;
	for (const char *dir = search ? search : DEFAULT_SEARCH, *next; dir; dir = next ? next + 1 : NULL) {
		size_t len;

		next = strchr(dir, ':');
		len = next ? (size_t)(next - dir) : strlen(dir);
		if (*dir == '/' && snprintf(ret, size, "%.*s/%s", (int)len, dir, name) < (int)size && runs(ret))
			return 0;
	}
	return -ENOENT;
}

/* Makes PATH absolute. */
static int absolute(const char *path, char *ret, size_t size)
{
	char cwd[PATH_MAX];

	if (*path == '/')
		return snprintf(ret, size, "%s", path) < (int)size ? 0 : -ENAMETOOLONG;
	if (!getcwd(cwd, sizeof(cwd)))
		return -errno;
	return snprintf(ret, size, "%s/%s", cwd, path) < (int)size ? 0 : -ENAMETOOLONG;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * One file of the chain: adds it, and says in NEXT what it is run by ("" when it is a program). `env` is known by its
 * name; IS_ENV: this is it, and whatever it is, it is not looked into for another one.
 */
static int link_of_chain(struct resolved_command *c, const char *path, const char *search, bool is_env, char *next,
			 size_t size)
{
	char head[HEAD_BYTES + 1], loader[PATH_MAX], *interpreter, *arg, *program;
	unsigned int index, ignored;
	_cleanup_(close) int fd = -1;
	ssize_t n;
	int err = add_file(c, path, &index);

	*next = 0;
	if (err)
		return err;
	c->final = index;
	fd = open(c->v[index].path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) /* may be executed and not read: the kernel can, and it can be no script */
		return errno == EACCES ? 0 : -errno;
	n = read(fd, head, HEAD_BYTES);
	if (n < 0)
		return -errno;
	head[n] = 0;
	if (!strncmp(head, ELFMAG, SELFMAG)) {
		err = loader_of(fd, loader, sizeof(loader));
		return err || !*loader ? err : add_file(c, loader, &ignored);
	}
	if (!shebang(head, &interpreter, &arg))
		return 0; /* another format, or none: execve will tell */
	err = absolute(interpreter, next, size);
	if (err || is_env || strcmp(base_name(interpreter), "env"))
		return err;
	err = link_of_chain(c, next, search, true, loader, sizeof(loader));
	if (err)
		return err;
	program = env_program(arg);
	*next = 0;
	return program ? search_path(program, search, next, size) : 0;
}

int resolver__chain(const char *path, const char *search, struct resolved_command *ret, char *ret_what, size_t size)
{
	char now[PATH_MAX], next[PATH_MAX];
	int err;

	memset(ret, 0, sizeof(*ret));
	snprintf(ret_what, size, "%s", path);
	err = absolute(path, now, sizeof(now));
	for (unsigned int depth = 0; !err && *now; depth++) {
		snprintf(ret_what, size, "%s", now);
		if (depth == CHAIN_MAX)
			return -EMLINK;
		err = link_of_chain(ret, now, search, false, next, sizeof(next));
		if (err && *next)
			snprintf(ret_what, size, "%s", next);
		memcpy(now, next, sizeof(now));
	}
	return err;
}

int resolve__command(const char *path, const char *search, struct resolved_command *ret)
{
	char what[PATH_MAX];
	int err;

	walk__begin();
	err = resolver__chain(path, search, ret, what, sizeof(what));
	walk__end();
	if (err == -EMLINK)
		return log_err(err, "%s: more than %d interpreters, each run by the next", path, CHAIN_MAX);
	if (err && strcmp(what, path))
		return log_errno(err, "%s needs %s", path, what);
	return err ? log_errno(err, "%s", path) : 0;
}

void resolver__loader(int dir_fd, const char *name, char *ret, size_t size)
{
	_cleanup_(close) int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char head[SELFMAG];

	*ret = 0;
	if (fd >= 0 && pread(fd, head, sizeof(head), 0) == sizeof(head) && !memcmp(head, ELFMAG, SELFMAG) &&
	    loader_of(fd, ret, size))
		*ret = 0;
}

void resolve__command_done(struct resolved_command *c)
{
	for (unsigned int i = 0; i < c->n; i++) {
		free(c->v[i].path);
		free(c->v[i].link);
	}
	for (unsigned int i = 0; i < c->n_links; i++) {
		free(c->links[i].path);
		free(c->links[i].target);
	}
	free(c->links);
	memset(c, 0, sizeof(*c));
}
