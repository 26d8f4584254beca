/* SPDX-License-Identifier: Apache-2.0 */
#include "sha256.h"

#include <dlfcn.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "log.h"

#define LIBCRYPTO "libcrypto.so.3"

/* The functions used, by the names and types of <openssl/evp.h>. */
static struct {
	EVP_MD *md; /* fetched once: each look-up costs as much as hashing a small file */
	__typeof__(&EVP_MD_fetch) fetch;
	__typeof__(&EVP_MD_CTX_new) new;
	__typeof__(&EVP_MD_CTX_free) free;
	__typeof__(&EVP_DigestInit_ex2) init;
	__typeof__(&EVP_DigestUpdate) update;
	__typeof__(&EVP_DigestFinal_ex) final;
} crypto;

struct sha256 {
	EVP_MD_CTX *ctx;
};

static int load(void)
{
	void *lib;

	if (crypto.md)
		return 0;
	lib = dlopen(LIBCRYPTO, RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		log_err(-ELIBACC, "hashing needs %s: %s", LIBCRYPTO, dlerror());
		log_hint("install OpenSSL 3 (Debian: libssl3)");
		return -ELIBACC;
	}
	crypto.fetch = (__typeof__(crypto.fetch))dlsym(lib, "EVP_MD_fetch");
	crypto.new = (__typeof__(crypto.new))dlsym(lib, "EVP_MD_CTX_new");
	crypto.free = (__typeof__(crypto.free))dlsym(lib, "EVP_MD_CTX_free");
	crypto.init = (__typeof__(crypto.init))dlsym(lib, "EVP_DigestInit_ex2");
	crypto.update = (__typeof__(crypto.update))dlsym(lib, "EVP_DigestUpdate");
	crypto.final = (__typeof__(crypto.final))dlsym(lib, "EVP_DigestFinal_ex");
	if (crypto.fetch && crypto.new && crypto.free && crypto.init && crypto.update && crypto.final)
		crypto.md = crypto.fetch(NULL, "SHA256", NULL);
	return crypto.md ? 0 : log_err(-ELIBACC, "%s has no SHA-256", LIBCRYPTO);
}

struct sha256 *sha256__new(void)
{
	struct sha256 *s;

	if (load())
		return NULL;
	s = malloc(sizeof(*s));
	if (!s)
		return NULL;
	s->ctx = crypto.new();
	if (!s->ctx) {
		free(s);
		return NULL;
	}
	return s;
}

void sha256__free(struct sha256 *s)
{
	if (!s)
		return;
	crypto.free(s->ctx);
	free(s);
}

bool sha256__begin(struct sha256 *s)
{
	return crypto.init(s->ctx, crypto.md, NULL);
}

bool sha256__update(struct sha256 *s, const void *data, size_t len)
{
	return crypto.update(s->ctx, data, len);
}

bool sha256__end(struct sha256 *s, uint8_t ret[SHA256_BYTES])
{
	unsigned int len = SHA256_BYTES;

	return crypto.final(s->ctx, ret, &len);
}

int sha256__of(const void *data, size_t len, uint8_t ret[SHA256_BYTES])
{
	struct sha256 *s = sha256__new();
	bool ok = s && sha256__begin(s) && sha256__update(s, data, len) && sha256__end(s, ret);

	sha256__free(s);
	return ok ? 0 : -ELIBACC;
}
