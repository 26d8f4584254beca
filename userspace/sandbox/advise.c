/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advice on a command line, from a simple reading of it as a shell would: words, quotes, separators, substitutions, here
 * documents, and the commands that run others (sudo, env, xargs, sh -c, ...). It knows no variables and no aliases, and
 * whoever wants to get round it does: the sandbox is the defence, this explains early what would fail late. Bounded in
 * length and depth; what is beyond is not looked at.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "advise_table.inc.h"
#include "base/util.h"
#include "workspace.h"

#define MAX_SCRIPT (64u << 10)
#define MAX_DEPTH 8
#define MAX_WORDS 256

/* In a word: a '$' or '~' that was quoted and so means itself. */
#define LITERAL '\001'

/* ---- what is recognised ---- */

enum piped { PIPED_NOTHING, PIPED_DOWNLOAD, PIPED_SHELL };

/* A command without what stands before it: assignments, sudo, env, nohup, xargs, ... */
struct unwrapped {
	char **word;
	size_t n;
	char **script;	/* words that are shell text: of sh -c, eval, env -S, ssh HOST */
	size_t n_script;
};

static bool one_of(const char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], s))
			return true;
	return false;
}
#define ONE_OF(list, s) one_of(list, ARRAY_SIZE(list), s)

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static bool holds(const char *s, const char *part)
{
	return strcasestr(s, part) != NULL;
}

static const char *base_name(const char *s)
{
	const char *slash = strrchr(s, '/');

	return slash ? slash + 1 : s;
}

/* The first finding is kept. CODE and REASON are literals. */
static void found(struct command_advice *out, const char *code, const char *reason, const char *match)
{
	if (!out->code) {
		out->code = code;
		out->reason = reason;
		snprintf(out->match, sizeof(out->match), "%s", match);
	}
}

static void found_words(struct command_advice *out, const char *code, const char *reason, char **word, size_t n)
{
	char text[sizeof(out->match)] = "";
	size_t len = 0;

	for (size_t i = 0; i < n && len < sizeof(text) - 2; i++) {
		if (i)
			text[len++] = ' ';
		for (const char *c = word[i]; *c && len < sizeof(text) - 1; c++)
			text[len++] = *c == LITERAL ? '$' : (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c;
	}
	text[MIN(len, sizeof(text) - 1)] = 0;
	found(out, code, reason, text);
}

/* Has the command the option LETTER, alone or among others, or LONG? */
static bool has_option(char **word, size_t n, char letter, const char *long_name)
{
	for (size_t i = 1; i < n; i++) {
		if (!strcmp(word[i], "--"))
			return false;
		if (starts(word[i], "--")) {
			if (long_name && starts(word[i] + 2, long_name))
				return true;
		} else if (word[i][0] == '-' && letter && strchr(word[i] + 1, letter)) {
			return true;
		}
	}
	return false;
}

static bool is_assignment(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n && !isdigit((unsigned char)s[0]) && (s[n] == '=' || (s[n] == '+' && s[n + 1] == '='));
}

static size_t past_options(const struct wrapper *w, char **word, size_t n)
{
	size_t i = 1;

	while (i < n && word[i][0] == '-' && word[i][1]) {
		const char *o = word[i++];

		if (!strcmp(o, "--"))
			break;
		if (o[1] != '-' && strchr(w->with_value, o[strlen(o) - 1]) && i < n)
			i++;
	}
	return MIN(i + w->skip, n);
}

/* The word behind -c, or behind a bundle of options with a c at its end (-lc). 0: none. */
static size_t script_at(char **word, size_t n)
{
	for (size_t i = 1; i + 1 < n; i++) {
		if (word[i][0] != '-' && word[i][0] != '+')
			return 0;
		if (word[i][0] == '-' && word[i][1] != '-' && strchr(word[i] + 1, 'c'))
			return i + 1;
	}
	return 0;
}

/* The command that ssh runs over there is not here, but tells what is wanted; it is looked at as text. */
static size_t ssh_command(char **word, size_t n)
{
	static const struct wrapper ssh = { "ssh", "BbcDEeFIiJLlmOopQRSWw", 0 };
	size_t i = past_options(&ssh, word, n);

	return i + 1 < n ? i + 1 : 0;
}

static struct unwrapped unwrap(char **word, size_t n)
{
	struct unwrapped u = { .word = word, .n = n };

	for (;;) {
		const struct wrapper *w = NULL;
		const char *name;
		size_t at, script = 0;

		while (u.n && is_assignment(u.word[0]))
			u.word++, u.n--;
		if (!u.n)
			return u;
		name = base_name(u.word[0]);
		if (ONE_OF(shells, name) || !strcmp(name, "su"))
			script = script_at(u.word, u.n);
		else if (!strcmp(name, "ssh"))
			script = ssh_command(u.word, u.n);
		else if (!strcmp(name, "eval") && u.n > 1)
			script = 1;
		else if (!strcmp(name, "env") && u.n > 2 && (!strcmp(u.word[1], "-S") || !strcmp(u.word[1], "--split-string")))
			script = 2;
		if (script) {
			u.script = u.word + script;
			u.n_script = ONE_OF(shells, name) || !strcmp(name, "su") ? 1 : u.n - script;
			return u;
		}
		for (size_t i = 0; i < ARRAY_SIZE(wrappers) && !w; i++)
			if (!strcmp(wrappers[i].name, name))
				w = &wrappers[i];
		at = w ? past_options(w, u.word, u.n) : 0;
		if (!w || at >= u.n)
			return u;
		u.word += at;
		u.n -= at;
	}
}

/* A shell that reads its commands from standard input: no script, no -c. */
static bool reads_stdin(char **word, size_t n)
{
	struct unwrapped u = unwrap(word, n);

	if (!u.n || u.n_script || !ONE_OF(shells, base_name(u.word[0])))
		return false;
	for (size_t i = 1; i < u.n; i++)
		if (u.word[i][0] != '-')
			return false;
		else if (strchr(u.word[i], 's'))
			return true;
	return true;
}

/* ---- destructive ---- */

/* "/usr/../", "//" and all of "/etc" as the directories they are: into BUF. False: not absolute, or too long to be one of them. */
static bool normalise(const char *s, char *buf, size_t size)
{
	size_t n = 0;

	if (*s != '/')
		return false;
	buf[0] = 0;
	while (*s) {
		size_t len;

		s += strspn(s, "/");
		len = strcspn(s, "/");
		if (len == 2 && !strncmp(s, "..", 2)) {
			while (n && buf[--n] != '/')
				;
		} else if (len && !(len == 1 && (*s == '.' || *s == '*'))) {
			if (n + len + 2 > size)
				return false;
			buf[n++] = '/';
			memcpy(buf + n, s, len);
			n += len;
		}
		buf[n] = 0;
		s += len;
	}
	return true;
}

/* All of the machine, of the home directory, or of a system directory. */
static bool is_vital(const char *s)
{
	static const char *const home[] = { "~", "$HOME", "${HOME}" };
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(home); i++)
		if (starts(s, home[i])) {
			const char *rest = s + strlen(home[i]);

			return !rest[strspn(rest, "/.*")] && (!*rest || *rest == '/');
		}
	if (!normalise(s, path, sizeof(path)))
		return false;
	return !path[0] || (!strchr(path + 1, '/') && ONE_OF(system_dirs, path + 1));
}

static bool any_vital(char **word, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (is_vital(word[i]))
			return true;
	return false;
}

static bool is_disk(const char *s)
{
	static const char *const disk[] = { "sd", "hd", "vd", "xvd", "nvme", "mmcblk", "mapper/", "dm-", "md", "loop", "disk/", "mem",
					    "kmem", "port" };

	if (!starts(s, "/dev/"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(disk); i++)
		if (starts(s + 5, disk[i]))
			return true;
	return false;
}

static void destructive(const char *name, char **word, size_t n, struct command_advice *out)
{
	const char *why = NULL;

	if (!strcmp(name, "rm") && (has_option(word, n, 'r', "recursive") || has_option(word, n, 'R', NULL)) && any_vital(word, n))
		why = "removes all of the system, of the home directory or of a system directory";
	else if (!strcmp(name, "rm") && has_option(word, n, 0, "no-preserve-root"))
		why = "asks to remove the root directory";
	else if ((!strcmp(name, "chmod") || !strcmp(name, "chown") || !strcmp(name, "chgrp")) &&
		 has_option(word, n, 'R', "recursive") && any_vital(word, n))
		why = "changes the owner or mode of everything in a system directory";
	else if (starts(name, "mkfs") || ONE_OF(disk_tools, name))
		why = "makes, changes or mounts file systems";
	else if (ONE_OF(power, name) || (!strcmp(name, "init") && n > 1 && (!strcmp(word[1], "0") || !strcmp(word[1], "6"))))
		why = "stops the machine";
	else if (!strcmp(name, "shred"))
		why = "overwrites files beyond recovery";
	else if (!strcmp(name, "mv") && n > 2 && any_vital(word, n - 1))
		why = "moves a system directory away";
	for (size_t i = 1; i < n && !why; i++) {
		if (!strcmp(name, "dd") && starts(word[i], "of=") && is_disk(word[i] + 3))
			why = "writes to a disk";
		else if ((!strcmp(name, "tee") || !strcmp(name, "cp")) && is_disk(word[i]))
			why = "writes to a disk";
		else if (!strcmp(name, "find") && !strcmp(word[i], "-delete") && any_vital(word, n))
			why = "removes what it finds in a system directory";
	}
	if (why)
		found_words(out, "destructive", why, word, n);
}

/* ---- tunnels, remote shells, containers ---- */

static void remote_shell(const char *name, char **word, size_t n, enum piped before, bool downloads, struct command_advice *out)
{
	bool nc = !strcmp(name, "nc") || !strcmp(name, "ncat") || !strcmp(name, "netcat") || starts(name, "nc.");
	const char *why = NULL;

	if (nc && (has_option(word, n, 'e', "exec") || has_option(word, n, 'c', "sh-exec") || has_option(word, n, 0, "lua-exec")))
		why = "gives a shell to whoever is at the other end";
	else if ((nc || !strcmp(name, "telnet")) && before == PIPED_SHELL)
		why = "passes a shell's output to the network";
	else if (before == PIPED_DOWNLOAD && (reads_stdin(word, n) || (ONE_OF(interpreters, name) && n == 1)))
		why = "runs what it downloads, unseen";
	else if (downloads && (ONE_OF(shells, name) || !strcmp(name, "eval") || !strcmp(name, "source") || !strcmp(name, ".")))
		why = "runs what it downloads, unseen";
	for (size_t i = 1; i < n && !why; i++) {
		const char *w = word[i];

		if (!strcmp(name, "socat") && (holds(w, "exec:") || holds(w, "system:") || holds(w, "shell:")))
			why = "connects a program to a socket";
		else if (ONE_OF(interpreters, name) && (holds(w, "socket") || holds(w, "/inet/tcp") || holds(w, "net.connect")) &&
			 (holds(w, "dup2") || holds(w, "/bin/sh") || holds(w, "/bin/bash") || holds(w, "pty.spawn") ||
			  holds(w, "child_process") || holds(w, "subprocess") || holds(w, "exec")))
			why = "connects a shell to a socket";
	}
	if (why)
		found_words(out, "remote_shell", why, word, n);
}

static bool asks_only(char **word, size_t n)
{
	return n == 2 && (!strcmp(word[1], "--version") || !strcmp(word[1], "--help") || !strcmp(word[1], "-h") ||
			  !strcmp(word[1], "-V") || !strcmp(word[1], "version") || !strcmp(word[1], "help"));
}

static bool is_tunnel(const char *name, char **word, size_t n)
{
	if (!strcmp(name, "ssh") || !strcmp(name, "autossh")) {
		size_t end = ssh_command(word, n) ?: n; /* the options of the command over there are not ssh's */

		for (size_t i = 1; i < end; i++)
			if (word[i][0] == '-' && strpbrk(word[i], "RLDw") && !strpbrk(word[i], "oipFJl"))
				return true;
			else if (holds(word[i], "RemoteForward") || holds(word[i], "LocalForward") || holds(word[i], "DynamicForward"))
				return true;
		return false;
	}
	if (!strcmp(name, "tailscale") || !strcmp(name, "code"))
		return n > 1 && (!strcmp(word[1], "funnel") || !strcmp(word[1], "serve") || !strcmp(word[1], "tunnel"));
	return ONE_OF(tunnels, name);
}

static void judge_command(char **word, size_t n, enum piped before, bool downloads, struct command_advice *out)
{
	const char *name = base_name(word[0]);

	remote_shell(name, word, n, before, downloads, out);
	if (asks_only(word, n))
		return;
	if (is_tunnel(name, word, n))
		found_words(out, "tunnel", "opens a way into the sandbox from outside, or round its network rules", word, n);
	if (ONE_OF(nested, name) || starts(name, "qemu-system-"))
		found_words(out, "nested", "starts containers, machines or services outside of the sandbox", word, n);
	destructive(name, word, n, out);
}

static void judge_redirect(const char *target, struct command_advice *out)
{
	if (starts(target, "/dev/tcp/") || starts(target, "/dev/udp/"))
		found(out, "remote_shell", "connects the shell to a network address", target);
	else if (is_disk(target))
		found(out, "destructive", "writes to a disk", target);
}

/* What the command passes on to the next one in the pipeline. */
static enum piped passes_on(char **word, size_t n, enum piped before)
{
	const char *name = n ? base_name(word[0]) : "";

	if (ONE_OF(downloaders, name))
		return PIPED_DOWNLOAD;
	if (ONE_OF(shells, name))
		return PIPED_SHELL;
	return before;
}

/* ---- reading ---- */

/* One simple command, as far as it has been read. */
struct simple {
	char *word[MAX_WORDS + 1];
	size_t n;
	char *redirect[16];	/* targets of > and < */
	size_t n_redirects;
	bool downloads;		/* a substitution in it fetches something */
};

struct reader {
	const char *s;
	size_t len, pos;
	unsigned int depth;
	char *text;		/* room for all words */
	size_t used;
	char *cur;		/* the word being read; NULL: between words */
	bool quoted;		/* part of it was quoted */
	bool redirect;		/* it is the target of a redirection */
	struct simple cmd;
	char *here;		/* delimiter of a here document that starts at the next line */
	bool here_wanted;
	enum piped piped;	/* what the command before the last '|' was */
	bool downloads;		/* any command read so far fetches something */
	struct command_advice *out;
};

static void read_script(const char *s, size_t len, unsigned int depth, struct command_advice *out, bool *ret_downloads);
static void judge(struct reader *r, char **word, size_t n, unsigned int depth);

/* ---- words ---- */

static void word_begin(struct reader *r)
{
	if (!r->cur)
		r->cur = r->text + r->used;
}

static void word_add(struct reader *r, char c)
{
	word_begin(r);
	r->text[r->used++] = c;
}

static void word_end(struct reader *r)
{
	if (!r->cur)
		return;
	r->text[r->used++] = 0;
	if (r->here_wanted)
		r->here = r->cur;
	else if (r->redirect && r->cmd.n_redirects < ARRAY_SIZE(r->cmd.redirect))
		r->cmd.redirect[r->cmd.n_redirects++] = r->cur;
	else if (!r->redirect && r->cmd.n < MAX_WORDS)
		r->cmd.word[r->cmd.n++] = r->cur;
	r->redirect = r->here_wanted = r->quoted = false;
	r->cur = NULL;
}

static void command_end(struct reader *r, bool pipe)
{
	word_end(r);
	r->cmd.word[r->cmd.n] = NULL;
	if (!r->out->code) {
		for (size_t i = 0; i < r->cmd.n_redirects && !r->out->code; i++)
			judge_redirect(r->cmd.redirect[i], r->out);
		judge(r, r->cmd.word, r->cmd.n, r->depth);
	}
	if (!pipe)
		r->piped = PIPED_NOTHING;
	if (r->cmd.n || !pipe)
		memset(&r->cmd, 0, sizeof(r->cmd));
	r->redirect = false;
}

/* ---- quotes and substitutions ---- */

/* From behind an opening parenthesis to its partner; LEN when there is none. */
static size_t closing(const char *s, size_t pos, size_t len)
{
	unsigned int open = 1;
	char quote = 0;

	for (; pos < len; pos++) {
		char c = s[pos];

		if (c == '\\' && quote != '\'') {
			pos++;
		} else if (quote) {
			if (c == quote)
				quote = 0;
		} else if (c == '\'' || c == '"') {
			quote = c;
		} else if (c == '(') {
			open++;
		} else if (c == ')' && !--open) {
			return pos;
		}
	}
	return len;
}

static void substitute(struct reader *r, size_t start, size_t end)
{
	bool downloads = false;

	read_script(r->s + start, end - start, r->depth + 1, r->out, &downloads);
	r->cmd.downloads |= downloads;
	r->downloads |= downloads;
	word_begin(r);
}

/* At '$(', '<(', '>(' or a backtick: reads what is inside, and stands behind it. False: nothing of the kind. */
static bool substitution(struct reader *r)
{
	const char *s = r->s + r->pos;
	size_t left = r->len - r->pos, end;

	if (left >= 2 && strchr("$<>", s[0]) && s[1] == '(') {
		end = closing(r->s, r->pos + 2, r->len);
		substitute(r, r->pos + 2, end);
	} else if (s[0] == '`') {
		for (end = r->pos + 1; end < r->len && r->s[end] != '`'; end++)
			if (r->s[end] == '\\')
				end++;
		end = MIN(end, r->len);
		substitute(r, r->pos + 1, end);
	} else {
		return false;
	}
	r->pos = MIN(end + 1, r->len);
	return true;
}

static void single_quotes(struct reader *r)
{
	word_begin(r);
	r->quoted = true;
	for (r->pos++; r->pos < r->len && r->s[r->pos] != '\''; r->pos++)
		word_add(r, strchr("$~", r->s[r->pos]) ? LITERAL : r->s[r->pos]);
	r->pos = MIN(r->pos + 1, r->len);
}

static void double_quotes(struct reader *r)
{
	word_begin(r);
	r->quoted = true;
	for (r->pos++; r->pos < r->len && r->s[r->pos] != '"';) {
		char c = r->s[r->pos];

		if ((c == '$' || c == '`') && substitution(r))
			continue;
		if (c == '\\' && r->pos + 1 < r->len) {
			c = r->s[++r->pos];
			if (c == '$')
				c = LITERAL;
		} else if (c == '~') {
			c = LITERAL;
		}
		if (c != '\n' || r->s[r->pos - 1] != '\\')
			word_add(r, c);
		r->pos++;
	}
	r->pos = MIN(r->pos + 1, r->len);
}

/* The body is skipped, or read when a shell is what it goes to. */
static void here_document(struct reader *r, bool shell)
{
	size_t want = strlen(r->here), start = r->pos, end = r->len;

	while (r->pos < r->len) {
		const char *line = r->s + r->pos, *nl = memchr(line, '\n', r->len - r->pos);
		size_t n = nl ? (size_t)(nl - line) : r->len - r->pos, tabs = 0;

		while (tabs < n && line[tabs] == '\t')
			tabs++;
		end = r->pos;
		r->pos += n + (nl != NULL);
		if (n - tabs == want && !memcmp(line + tabs, r->here, want))
			break;
		end = r->pos;
	}
	r->here = NULL;
	if (shell) {
		bool ignored = false;

		read_script(r->s + start, end - start, r->depth + 1, r->out, &ignored);
	}
}

static void newline(struct reader *r)
{
	bool shell;

	word_end(r);
	shell = r->here && reads_stdin(r->cmd.word, r->cmd.n);
	command_end(r, false);
	r->pos++;
	if (r->here)
		here_document(r, shell);
}

/* At '>' or '<'. */
static void redirection(struct reader *r)
{
	bool number = r->cur && !r->quoted;

	if (substitution(r))
		return;
	for (const char *c = r->cur; number && c < r->text + r->used; c++)
		number = isdigit((unsigned char)*c);
	if (number)
		r->used = (size_t)(r->cur - r->text), r->cur = NULL;
	word_end(r);
	if (r->len - r->pos >= 2 && !memcmp(r->s + r->pos, "<<", 2) && !(r->pos + 2 < r->len && r->s[r->pos + 2] == '<')) {
		r->pos += 2;
		if (r->pos < r->len && r->s[r->pos] == '-')
			r->pos++;
		r->here_wanted = true;
		return;
	}
	while (r->pos < r->len && strchr("<>&|", r->s[r->pos]))
		r->pos++;
	r->redirect = true;
}

/* At '(' behind a word: NAME(){ NAME | NAME & is a process that doubles for ever. */
static bool fork_bomb(const struct reader *r)
{
	const char *name = r->cur ?: r->cmd.n == 1 ? r->cmd.word[0] : "";
	size_t n = 0, len = r->cur ? (size_t)(r->text + r->used - r->cur) : strlen(name);
	char squeezed[128];
	const char *s = squeezed;

	for (size_t i = r->pos; i < r->len && n < sizeof(squeezed) - 1; i++)
		if (!isspace((unsigned char)r->s[i]))
			squeezed[n++] = r->s[i];
	squeezed[n] = 0;
	if (!len || len > 30 || strncmp(s, "(){", 3))
		return false;
	s += 3;
	return !strncmp(s, name, len) && s[len] == '|' && !strncmp(s + len + 1, name, len) && s[2 * len + 1] == '&';
}

static void separator(struct reader *r)
{
	char c = r->s[r->pos];
	bool pipe = c == '|' && !(r->pos + 1 < r->len && r->s[r->pos + 1] == '|');

	if (c == '(' && fork_bomb(r))
		found(r->out, "destructive", "a function that starts itself twice exhausts the process limit", "(){ | & }");
	command_end(r, pipe);
	r->pos++;
	if (r->pos < r->len && r->s[r->pos] == c && strchr("|&;", c))
		r->pos++;
	else if (pipe && r->pos < r->len && r->s[r->pos] == '&')
		r->pos++;
}

static void read_char(struct reader *r)
{
	char c = r->s[r->pos];

	switch (c) {
	case '\'':
		single_quotes(r);
		return;
	case '"':
		double_quotes(r);
		return;
	case '\\':
		r->pos++;
		if (r->pos < r->len && r->s[r->pos] != '\n')
			word_add(r, strchr("$~", r->s[r->pos]) ? LITERAL : r->s[r->pos]);
		r->pos = MIN(r->pos + 1, r->len);
		return;
	case '\n':
		newline(r);
		return;
	case '>':
	case '<':
		redirection(r);
		return;
	case '&':
		if (r->pos + 1 < r->len && r->s[r->pos + 1] == '>') { /* &> */
			word_end(r);
			r->pos++;
			redirection(r);
			return;
		}
		separator(r);
		return;
	case ';':
	case '|':
	case '(':
	case ')':
		separator(r);
		return;
	case '#':
		if (!r->cur) {
			while (r->pos < r->len && r->s[r->pos] != '\n')
				r->pos++;
			return;
		}
		break;
	case '$':
	case '`':
		if (substitution(r))
			return;
		if (r->pos + 1 < r->len && r->s[r->pos + 1] == '\'') {
			r->pos++;
			return;
		}
		break;
	}
	if (isspace((unsigned char)c))
		word_end(r);
	else if (c)
		word_add(r, c);
	r->pos++;
}

static void read_script(const char *s, size_t len, unsigned int depth, struct command_advice *out, bool *ret_downloads)
{
	struct reader r = { .s = s, .len = MIN(len, MAX_SCRIPT), .depth = depth, .out = out };

	if (depth >= MAX_DEPTH || out->code)
		return;
	/* Each character gives at most one, and each word ends with one more. */
	r.text = malloc(2 * r.len + 16);
	if (!r.text)
		return;
	while (r.pos < r.len && !out->code)
		read_char(&r);
	command_end(&r, false);
	*ret_downloads |= r.downloads;
	free(r.text);
}

/* ---- from a command to the command that it runs ---- */

static void script_words(struct reader *r, char **word, size_t n, unsigned int depth)
{
	size_t len = 0;
	char *joined;

	for (size_t i = 0; i < n; i++)
		len += strlen(word[i]) + 1;
	joined = malloc(len + 1);
	if (!joined)
		return;
	len = 0;
	for (size_t i = 0; i < n; i++) {
		size_t l = strlen(word[i]);

		/* What was quoted for one shell is not for the next. */
		for (size_t k = 0; k < l; k++)
			joined[len++] = word[i][k] == LITERAL ? '$' : word[i][k];
		joined[len++] = ' ';
	}
	read_script(joined, len, depth + 1, r->out, &r->downloads);
	free(joined);
}

static void judge(struct reader *r, char **word, size_t n, unsigned int depth)
{
	struct unwrapped u;
	enum piped before = r->piped;

	if (!n || depth >= MAX_DEPTH || r->out->code)
		return;
	u = unwrap(word, n);
	if (u.n_script)
		script_words(r, u.script, u.n_script, depth);
	if (r->out->code)
		return;
	if (u.n)
		judge_command(u.word, u.n, before, r->cmd.downloads, r->out);
	r->piped = passes_on(u.word, u.n, before);
	r->downloads |= r->piped == PIPED_DOWNLOAD;
}

struct command_advice workspace__advise(char *const argv[])
{
	struct command_advice out = { 0 };
	struct reader r = { .out = &out };
	bool ignored = false;

	if (!argv || !argv[0])
		return out;
	/* One word with blanks in it is no program: somebody has a shell in mind. */
	if (!argv[1] && strpbrk(argv[0], " \t\n;|&")) {
		read_script(argv[0], strlen(argv[0]), 0, &out, &ignored);
		return out;
	}
	while (r.cmd.n < MAX_WORDS && argv[r.cmd.n]) {
		r.cmd.word[r.cmd.n] = argv[r.cmd.n];
		r.cmd.n++;
	}
	judge(&r, r.cmd.word, r.cmd.n, 0);
	return out;
}
