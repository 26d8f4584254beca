/* SPDX-License-Identifier: Apache-2.0 */
#include "environ.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

/* Where the caller's PATH is not to be passed on. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * A wildcard never passes these on, only a rule that spells the name: they make an interpreter, the linker or a tool
 * run or load something before the command proper (the first lot), or they name a door to the caller's session.
 */
static const char *const exact_only[] = {
	"BASH_ENV", "BASHOPTS", "SHELLOPTS", "ENV", "PS4", "PROMPT_COMMAND", "IFS", "CDPATH", "ZDOTDIR", "FPATH",
	"GCONV_PATH", "GLIBC_TUNABLES", "LOCPATH", "NLSPATH", "GETCONF_DIR", "HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS",
	"RESOLV_HOST_CONF", "TZDIR", "NODE_OPTIONS", "NODE_PATH", "NODE_REPL_EXTERNAL_MODULE", "NODE_EXTRA_CA_CERTS",
	"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONUSERBASE", "PYTHONBREAKPOINT", "PERL5OPT",
	"PERL5LIB", "PERL5DB", "PERLLIB", "PERL5SHELL", "RUBYOPT", "RUBYLIB", "GEM_PATH", "GEM_HOME", "BUNDLE_GEMFILE",
	"JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH", "MAVEN_OPTS", "GRADLE_OPTS", "PHPRC",
	"PHP_INI_SCAN_DIR", "LUA_INIT", "LUA_PATH", "LUA_CPATH", "R_PROFILE", "R_ENVIRON", "GUILE_LOAD_PATH", "ERL_FLAGS",
	"MAKEFLAGS", "MAKEFILES", "GNUMAKEFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS", "GOFLAGS",
	"GCC_EXEC_PREFIX", "COMPILER_PATH", "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES", "SSLKEYLOGFILE",
	"TERMINFO", "TERMINFO_DIRS", "TERMCAP", "LESSOPEN", "LESSCLOSE", "VIMINIT", "EXINIT", "MANPAGER",
	"SSH_AUTH_SOCK", "SSH_ASKPASS", "SUDO_ASKPASS", "GPG_AGENT_INFO", "DBUS_SESSION_BUS_ADDRESS",
	"DBUS_SYSTEM_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "DOCKER_HOST",
	"CONTAINER_HOST", "KUBECONFIG", "PULSE_SERVER", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
};
static const char *const exact_only_prefix[] = {
	"LD_", "DYLD_", "MALLOC_", "GIT_", "BASH_FUNC_", "PYTHON_", "DOTNET_", "CORECLR_", "COR_", "npm_config_",
	"NPM_CONFIG_", "PIP_", "CARGO_", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "MSAN_OPTIONS",
	"TMUX", "VSCODE_", "SANDTRACE",
};
/* Secrets by their name. A wildcard never passes these on either, whatever env.strip says, and they are recorded. */
static const char *const secret[] = {
	"SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "OPENAI", "ANTHROPIC", "GEMINI", "CLERK",
	"STRIPE", "REDIS", "BLOB", "DATABASE_URL", "DIRECT_URL", "API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY",
	"AUTH_KEY", "AUTHORIZATION", "COOKIE", "PGPASS", "MYSQL_PWD", "_PWD_", "WEBHOOK", "CONNECTION_STRING", "_DSN",
};

struct name {
	const char *s;
	size_t len;
};

/* One entry of the caller's environment that has a name. */
struct entry {
	struct name name;
	const char *text;
	size_t index;
};

static struct name name_of(const char *text)
{
	return (struct name){ text, strcspn(text, "=") };
}

static bool name_is(struct name n, const char *s)
{
	return strlen(s) == n.len && !memcmp(n.s, s, n.len);
}

static bool has_prefix(struct name n, const char *prefix, size_t len)
{
	return n.len >= len && !memcmp(n.s, prefix, len);
}

/* An empty pattern matches nothing: it would match everything. */
static bool contains(struct name n, const char *pattern)
{
	size_t len = strlen(pattern);

	if (!len)
		return false;
	for (size_t i = 0; i + len <= n.len; i++)
		/* the first letter alone decides nearly always; where it is none, both sides are changed alike */
		if ((n.s[i] | 0x20) == (pattern[0] | 0x20) && !strncasecmp(n.s + i, pattern, len))
			return true;
	return false;
}

/* As a shell would have it. The rest (BASH_FUNC_x%%, bytes of any kind) only passes when spelled out. */
static bool is_identifier(struct name n)
{
	for (size_t i = 0; i < n.len; i++)
		if (!(n.s[i] == '_' || (n.s[i] >= 'A' && n.s[i] <= 'Z') || (n.s[i] >= 'a' && n.s[i] <= 'z') ||
		      (i && n.s[i] >= '0' && n.s[i] <= '9')))
			return false;
	return n.len > 0;
}

static bool is_secret(struct name n)
{
	for (size_t i = 0; i < ARRAY_SIZE(secret); i++)
		if (contains(n, secret[i]))
			return true;
	return false;
}

static bool wildcard_may_pass(struct name n)
{
	if (!is_identifier(n) || is_secret(n))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(exact_only); i++)
		if (name_is(n, exact_only[i]))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(exact_only_prefix); i++)
		if (has_prefix(n, exact_only_prefix[i], strlen(exact_only_prefix[i])))
			return false;
	return true;
}

static bool is_stripped(const struct policy *p, struct name n)
{
	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].kind == RULE_ENV_STRIP && contains(n, p->rules[i].value))
			return true;
	return false;
}

static bool is_set(const struct policy *p, struct name n)
{
	for (size_t i = 0; i < p->n_rules; i++)
		if (p->rules[i].kind == RULE_ENV_SET) {
			struct name s = name_of(p->rules[i].value);

			if (s.len == n.len && !memcmp(s.s, n.s, n.len))
				return true;
		}
	return false;
}

enum allowed { NOT_ALLOWED, BY_WILDCARD, BY_NAME };

static enum allowed is_allowed(const struct policy *p, struct name n)
{
	enum allowed ret = NOT_ALLOWED;

	for (size_t i = 0; i < p->n_rules; i++) {
		const char *v = p->rules[i].value;
		size_t len;

		if (p->rules[i].kind != RULE_ENV_ALLOW)
			continue;
		if (name_is(n, v))
			return BY_NAME;
		len = strlen(v);
		if (len && v[len - 1] == '*' && has_prefix(n, v, len - 1))
			ret = BY_WILDCARD;
	}
	return ret;
}

static int add_name(char **list, size_t *n, struct name name)
{
	list[*n] = strndup(name.s, name.len);
	if (!list[*n])
		return -ENOMEM;
	(*n)++;
	return 0;
}

/* LIST has room. NAME=VALUE, or TEXT alone when VALUE is NULL. */
static int add_entry(char **envp, size_t *n, const char *text, const char *value)
{
	size_t len = strlen(text), vlen = value ? strlen(value) : 0;
	char *s = malloc(len + vlen + 2);

	if (!s)
		return -ENOMEM;
	memcpy(s, text, len);
	if (value) {
		s[len++] = '=';
		memcpy(s + len, value, vlen);
	}
	s[len + vlen] = 0;
	envp[(*n)++] = s;
	return 0;
}

static int by_name(const void *va, const void *vb)
{
	const struct entry *a = va, *b = vb;
	int c = memcmp(a->name.s, b->name.s, MIN(a->name.len, b->name.len));

	if (c)
		return c;
	if (a->name.len != b->name.len)
		return a->name.len < b->name.len ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static bool same_name(const struct entry *a, const struct entry *b)
{
	return a->name.len == b->name.len && !memcmp(a->name.s, b->name.s, a->name.len);
}

/* One of the caller's: passed on, recorded as stripped, or counted as dropped. */
static int judge(const struct policy *p, const struct entry *e, struct sandbox_env *ret, size_t *n_envp)
{
	static const char *const ours[] = { "HOME", "TMPDIR" };
	enum allowed allowed = is_allowed(p, e->name);
	int err;

	if (is_stripped(p, e->name) || (allowed != BY_NAME && is_secret(e->name)))
		return add_name(ret->stripped, &ret->n_stripped, e->name);
	if (allowed == NOT_ALLOWED || (allowed == BY_WILDCARD && !wildcard_may_pass(e->name)) || is_set(p, e->name))
		goto drop;
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (name_is(e->name, ours[i]))
			goto drop;
	err = add_entry(ret->envp, n_envp, e->text, NULL);
	return err ? err : add_name(ret->passed, &ret->n_passed, e->name);
drop:
	ret->n_dropped++;
	return 0;
}

/*
 * Sorted, so that doubles lie side by side: the first of a name is the one that getenv() finds, later ones are hidden
 * from some programs and seen by others, and are dropped.
 */
static int pass_host(const struct policy *p, char *const host[], size_t n_host, struct sandbox_env *ret, size_t *n_envp)
{
	_cleanup_(free) struct entry *v = calloc(n_host + 1, sizeof(*v));
	size_t n = 0;
	int err;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < n_host; i++) {
		struct name name = name_of(host[i]);

		if (name.len && host[i][name.len] == '=')
			v[n++] = (struct entry){ name, host[i], i };
		else
			ret->n_dropped++;
	}
	qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++) {
		if (i && same_name(&v[i], &v[i - 1])) {
			ret->n_dropped++;
			continue;
		}
		err = judge(p, &v[i], ret, n_envp);
		if (err)
			return err;
	}
	return 0;
}

/* Of several rules for one name the last wins: files first, then the command line. */
static int set_policy(const struct policy *p, struct sandbox_env *ret, size_t *n_envp)
{
	for (size_t i = 0; i < p->n_rules; i++) {
		struct name n;
		bool later = false;
		int err;

		if (p->rules[i].kind != RULE_ENV_SET)
			continue;
		n = name_of(p->rules[i].value);
		for (size_t j = i + 1; j < p->n_rules && !later; j++)
			if (p->rules[j].kind == RULE_ENV_SET) {
				struct name m = name_of(p->rules[j].value);

				later = m.len == n.len && !memcmp(m.s, n.s, n.len);
			}
		if (later || !n.len || n.s[n.len] != '=')
			continue;
		err = add_entry(ret->envp, n_envp, p->rules[i].value, NULL);
		if (!err)
			err = add_name(ret->set, &ret->n_set, n);
		if (err)
			return err;
	}
	return 0;
}

static int set_own(const struct policy *p, const char *name, const char *value, struct sandbox_env *ret, size_t *n_envp)
{
	struct name n = { name, strlen(name) };
	int err;

	if (is_set(p, n))
		return 0;
	err = add_entry(ret->envp, n_envp, name, value);
	return err ? err : add_name(ret->set, &ret->n_set, n);
}

static bool passes(const struct sandbox_env *e, const char *name)
{
	for (size_t i = 0; i < e->n_passed; i++)
		if (!strcmp(e->passed[i], name))
			return true;
	return false;
}

/*
 * Without a private home, HOME is /tmp, which is always the sandbox's own: left out, programs would ask the password
 * file and go for the caller's. SANDTRACE=1 tells scripts where they run, as other marks (no capabilities, a short
 * /proc) tell everybody else; env.strip = ["SANDTRACE"] leaves it out.
 */
static int fill(const struct policy *p, char *const host[], size_t n_host, const char *home, struct sandbox_env *ret)
{
	size_t n = 0;
	int err;

	err = pass_host(p, host, n_host, ret, &n);
	if (!err)
		err = set_policy(p, ret, &n);
	if (!err)
		err = set_own(p, "HOME", home ? home : "/tmp", ret, &n);
	if (!err)
		err = set_own(p, "TMPDIR", "/tmp", ret, &n);
	if (!err && !passes(ret, "PATH"))
		err = set_own(p, "PATH", DEFAULT_PATH, ret, &n);
	if (!err && !passes(ret, "SANDTRACE") && !is_stripped(p, (struct name){ "SANDTRACE", 9 }))
		err = set_own(p, "SANDTRACE", "1", ret, &n);
	return err;
}

int environ__build(const struct policy *p, char *const host[], const char *home, struct sandbox_env *ret)
{
	const size_t own = 4; /* HOME, TMPDIR, PATH, SANDTRACE */
	size_t n_host = 0, n_set = 0;
	int err = -ENOMEM;

	memset(ret, 0, sizeof(*ret));
	while (host && host[n_host])
		n_host++;
	for (size_t i = 0; i < p->n_rules; i++)
		n_set += p->rules[i].kind == RULE_ENV_SET;
	ret->envp = calloc(n_host + n_set + own + 1, sizeof(char *));
	ret->passed = calloc(n_host + 1, sizeof(char *));
	ret->set = calloc(n_set + own + 1, sizeof(char *));
	ret->stripped = calloc(n_host + 1, sizeof(char *));
	if (ret->envp && ret->passed && ret->set && ret->stripped)
		err = fill(p, host, n_host, home, ret);
	if (err)
		environ__done(ret);
	return err;
}

/* The values may be secrets (--env TOKEN=...): not left lying in freed memory. */
void environ__done(struct sandbox_env *e)
{
	for (char **s = e->envp; s && *s; s++) {
		explicit_bzero(*s, strlen(*s));
		free(*s);
	}
	for (size_t i = 0; i < e->n_passed; i++)
		free(e->passed[i]);
	for (size_t i = 0; i < e->n_set; i++)
		free(e->set[i]);
	for (size_t i = 0; i < e->n_stripped; i++)
		free(e->stripped[i]);
	free(e->envp);
	free(e->passed);
	free(e->set);
	free(e->stripped);
	memset(e, 0, sizeof(*e));
}
