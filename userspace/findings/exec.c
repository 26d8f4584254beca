/* SPDX-License-Identifier: Apache-2.0 */
/* A program was started: what it is, what its command line says, and where it came from. */
#include <fcntl.h>
#include <string.h>

#include "../base/util.h"
#include "findings_model.h"

#define WORDS_MAX 64 /* words of a command line that are looked at */

struct word {
	const char *s;
	size_t len;
};

struct command {
	struct word v[WORDS_MAX];
	unsigned int n, first; /* first: behind the program's name, or its script's */
	char exe[EVENT_PATH_MAX], script[EVENT_PATH_MAX + ST_DIR_MAX];
	size_t exe_len, script_len; /* script: 0, none */
	const char *name; /* last component of the script, or of the program */
	size_t name_len;
	bool code_in_word; /* -c, -e */
};

static void split(struct command *cmd, const struct part *argv)
{
	const char *s, *end;

	if (!argv || (argv->state != EV_PART_OK && argv->state != EV_PART_TRUNCATED))
		return;
	s = (const char *)argv->data;
	end = s + argv->len;
	while (s < end && cmd->n < WORDS_MAX) {
		size_t len = strnlen(s, (size_t)(end - s));

		cmd->v[cmd->n++] = (struct word){s, len};
		s += len + 1;
	}
}

static const char *last_component(const char *s, size_t len, size_t *ret_len)
{
	size_t at = len;

	while (at && s[at - 1] != '/')
		at--;
	*ret_len = len - at;
	return s + at;
}

static bool is(const struct word *w, const char *s)
{
	return w->len == strlen(s) && !memcmp(w->s, s, w->len);
}

static size_t string_part(const struct part *p, char *buf, size_t size)
{
	if (!p || p->state != EV_PART_OK)
		return 0;
	return event__path(p, buf, size);
}

static void resolve(const struct scene *c, struct command *cmd, const char *s, size_t len)
{
	const struct fact f = {.kind = FACT_PATH, .dirfd = AT_FDCWD, .text = s, .len = len};

	cmd->script_len = state__path(&c->f->st, c->p, &f, cmd->script, sizeof(cmd->script));
}

/* The script of an interpreter: of "#!", or the first word when it is no option. */
static void find_script(const struct scene *c, struct command *cmd, const struct event *ev, uint8_t roles)
{
	const struct part *path = event__part(ev, EV_EXEC_PATH);

	if (ev->exec->image_flags & EV_IMG_SCRIPT && path && path->state == EV_PART_OK) {
		resolve(c, cmd, (const char *)path->data, path->len);
		/* the interpreter, what its line says, and the script come first */
		while (cmd->first < cmd->n && !(cmd->v[cmd->first].len == path->len && !memcmp(cmd->v[cmd->first].s, path->data, path->len)))
			cmd->first++;
		cmd->first = cmd->first < cmd->n ? cmd->first + 1 : MIN(cmd->n, 1);
		return;
	}
	if (!(roles & ROLE_INTERPRETER) || cmd->n < 2)
		return;
	if (is(&cmd->v[1], "-m") && cmd->n > 2) {
		cmd->name = cmd->v[2].s;
		cmd->name_len = cmd->v[2].len;
		cmd->first = 3;
		return;
	}
	for (unsigned int i = 1; i < MIN(cmd->n, 4); i++)
		if (cmd->v[i].len > 1 && cmd->v[i].s[0] == '-' && cmd->v[i].s[1] != '-' &&
		    (memchr(cmd->v[i].s, 'c', cmd->v[i].len) || memchr(cmd->v[i].s, 'e', cmd->v[i].len) || is(&cmd->v[i], "-p")))
			cmd->code_in_word = true;
	if (cmd->v[1].len && cmd->v[1].s[0] != '-') {
		resolve(c, cmd, cmd->v[1].s, cmd->v[1].len);
		cmd->first = 2;
	}
}

/* Fills in what its program is. Only one that lies where programs lie, and that this run has not written, is trusted. */
static void identify(const struct scene *c, struct command *cmd, const struct event *ev)
{
	struct st_proc *p = c->p;
	const char *image;
	char name[32];
	size_t len;
	bool trusted;

	image = last_component(cmd->exe, cmd->exe_len, &len);
	if (len == 7 && !memcmp(image, "busybox", 7) && cmd->n)
		image = last_component(cmd->v[0].s, cmd->v[0].len, &len);
	snprintf(name, sizeof(name), "%.*s", (int)MIN(len, sizeof(name) - 1), image);
	p->roles = rule__roles(name);
	cmd->first = MIN(cmd->n, 1);
	cmd->name = image;
	cmd->name_len = len;
	find_script(c, cmd, ev, p->roles);
	if (cmd->script_len)
		cmd->name = last_component(cmd->script, cmd->script_len, &cmd->name_len);
	p->exe = state__hash(cmd->exe, cmd->exe_len);
	p->script = cmd->script_len ? state__hash(cmd->script, cmd->script_len) : 0;
	trusted = rule__trusted_place(cmd->exe, cmd->exe_len) && !state__made(&c->f->st, p->exe) &&
		  !(ev->exec->image_flags & (EV_IMG_MEMFD | EV_IMG_DELETED)) &&
		  (!p->script || (rule__trusted_place(cmd->script, cmd->script_len) && !state__made(&c->f->st, p->script)));
	snprintf(p->image, sizeof(p->image), "%.*s", (int)MIN(cmd->name_len, sizeof(p->image) - 1), cmd->name);
	memcpy(p->program, trusted ? p->image : "", trusted ? sizeof(p->image) : 1);
	p->roles |= rule__roles(p->image);
	if (!trusted)
		p->roles &= (uint8_t) ~(ROLE_PACKAGES | ROLE_BUILDER);
	p->roles_ever |= p->roles;
}

/* ---- what the command line says ---------------------------------------------------------------------------------- */

static bool has_word(const struct command *cmd, const char *pattern)
{
	for (unsigned int i = cmd->first; i < cmd->n; i++)
		if (rule__word(pattern, cmd->v[i].s, cmd->v[i].len))
			return true;
	return false;
}

static bool in_install(const struct scene *c)
{
	for (struct st_tree *t = state__tree(&c->f->st, c->p); t; t = state__outer(&c->f->st, t))
		if (t->install)
			return true;
	return false;
}

static bool rule_matches(const struct scene *c, const struct exec_rule *r, const struct command *cmd)
{
	if (r->programs && !rule__listed(r->programs, c->p->image))
		return false;
	if (r->flags & RULE_ALONE && cmd->n > cmd->first)
		return false;
	for (unsigned int i = 0; i < ARRAY_SIZE(r->words) && r->words[i]; i++)
		if (!has_word(cmd, r->words[i]))
			return false;
	return !(r->flags & RULE_INSTALL) || in_install(c);
}

/* The command line on one line, as the object of a finding. */
static size_t joined(const struct command *cmd, char *buf, size_t size)
{
	size_t len = 0;

	for (unsigned int i = 0; i < cmd->n && len + 1 < size; i++) {
		size_t n = MIN(cmd->v[i].len, size - len - 1);

		memcpy(buf + len, cmd->v[i].s, n);
		len += n;
		if (i + 1 < cmd->n && len < size)
			buf[len++] = ' ';
	}
	return len;
}

/* Hosts of the URLs in a word: between "://", with a name and a password or not, and the port. */
static void hosts(const struct scene *c, const struct word *w)
{
	static const char ends[] = "/?#'\" \t\n;|&)<>\\";

	for (size_t i = 0; i + 3 < w->len; i++) {
		size_t end, at = i + 3, host_end;

		if (memcmp(w->s + i, "://", 3))
			continue;
		for (end = at; end < w->len && !memchr(ends, w->s[end], sizeof(ends)); end++)
			if (w->s[end] == '@')
				at = end + 1;
		for (host_end = at; host_end < end && w->s[host_end] != ':'; host_end++)
			;
		if (host_end > at)
			finding__host(c, w->s + at, host_end - at, false);
		i = end;
	}
}

static bool is_encoded(const struct word *w)
{
	size_t run = 0, best = 0;
	bool digit = false, letter = false;

	for (size_t i = 0; i < w->len; i++) {
		char ch = w->s[i];

		if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '+' || ch == '/' || ch == '=') {
			digit |= ch >= '0' && ch <= '9';
			letter |= ch > '9';
			best = MAX(best, ++run);
		} else {
			run = 0;
		}
	}
	return best >= ENCODED_RUN && digit && letter;
}

static void judge_words(const struct scene *c, const struct command *cmd)
{
	char line[FINDING_OBJECT_MAX];
	size_t len = joined(cmd, line, sizeof(line));
	const struct rule *last = NULL;

	for (size_t i = 0; i < n_exec_rules; i++) {
		const struct exec_rule *r = &exec_rules[i];

		if (!rule_matches(c, r, cmd) || (last && !strcmp(last->id, r->rule.id)))
			continue;
		finding__add(c, &r->rule, line, len, NULL, 0);
		last = &r->rule;
	}
	for (unsigned int i = cmd->first; i < cmd->n; i++) {
		hosts(c, &cmd->v[i]);
		if (cmd->code_in_word && is_encoded(&cmd->v[i]) && (!last || strcmp(last->id, "exec.encoded"))) {
			finding__add(c, &sequence_rules[SEQ_ENCODED], line, len, NULL, 0);
			last = &sequence_rules[SEQ_ENCODED];
		}
	}
}

/* The descriptor that an interpreter takes its code from: none when it has a script or code as a word. */
static int code_fd(const struct scene *c, const struct command *cmd)
{
	static const char *const dirs[] = {"/dev/fd/", "/proc/self/fd/"};

	if (!(c->p->roles & ROLE_INTERPRETER) || cmd->code_in_word)
		return -1;
	if (!cmd->script_len)
		return 0;
	if (cmd->n > 1 && is(&cmd->v[1], "/dev/stdin"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		size_t n = strlen(dirs[i]);
		int fd = 0;

		if (cmd->n < 2 || cmd->v[1].len <= n || cmd->v[1].len > n + 4 || memcmp(cmd->v[1].s, dirs[i], n))
			continue;
		for (size_t k = n; k < cmd->v[1].len; k++)
			fd = fd * 10 + (cmd->v[1].s[k] - '0');
		return fd;
	}
	return -1;
}

void finding__exec(const struct scene *c, const struct event *ev)
{
	const struct part *path = event__part(ev, EV_EXEC_PATH);
	struct command cmd = {0};
	char cwd[EVENT_PATH_MAX];
	size_t len;
	struct fact run = {.kind = FACT_PATH, .use = USE_EXEC, .dirfd = AT_FDCWD};
	struct st_tree *tree;

	len = string_part(event__part(ev, EV_EXEC_CWD), cwd, sizeof(cwd));
	if (len && len < sizeof(c->p->cwd) && cwd[0] == '/') {
		memcpy(c->p->cwd, cwd, len);
		c->p->cwd[len] = 0;
	}
	tree = state__tree(&c->f->st, c->p);
	if (!tree->cwd[0])
		memcpy(tree->cwd, c->p->cwd, sizeof(tree->cwd));
	state__fd_exec(c->p);
	c->p->told_abi = c->p->told_shell = false;
	cmd.exe_len = string_part(event__part(ev, EV_EXEC_EXE), cmd.exe, sizeof(cmd.exe));
	if (!cmd.exe_len)
		cmd.exe_len = string_part(path, cmd.exe, sizeof(cmd.exe));
	split(&cmd, event__part(ev, EV_EXEC_ARGV));
	identify(c, &cmd, ev);
	run.text = cmd.exe;
	run.len = cmd.exe_len;
	if (ev->exec->image_flags & EV_IMG_SCRIPT && cmd.script_len) {
		run.text = cmd.script;
		run.len = cmd.script_len;
	}
	for (size_t i = 0; i < n_path_rules; i++)
		if (path_rules[i].uses == USE_EXEC && rule__glob(path_rules[i].pattern, run.text, run.len))
			finding__add(c, &path_rules[i].rule, run.text, run.len, NULL, 0);
	for (size_t i = 0; i < n_image_rules; i++)
		if (ev->exec->image_flags & image_rules[i].flag)
			finding__add(c, &image_rules[i].rule, run.text, run.len, NULL, 0);
	judge_words(c, &cmd);
	sequence__dropped(c, c->p->exe, cmd.exe, cmd.exe_len, false, c->p->roles & ROLE_RUNTIME);
	if (c->p->script)
		sequence__dropped(c, c->p->script, cmd.script, cmd.script_len, true, false);
	if (c->p->roles & ROLE_RECON)
		sequence__recon(c);
	sequence__exec(c, code_fd(c, &cmd));
}
