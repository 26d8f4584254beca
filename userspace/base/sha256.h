/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by OpenSSL's libcrypto, which is loaded when the first hash is made: its relocations and its look at the
 * processor take as long as making a sandbox does, and most runs hash nothing. libcrypto.so.3 is in every Debian since 12;
 * where it is missing, sha256__new says so.
 */
#ifndef SANDTRACE_SHA256_H
#define SANDTRACE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32

struct sha256;

/* NULL: no memory, or no libcrypto, explained on stderr. Not thread-safe. */
struct sha256 *sha256__new(void);
void sha256__free(struct sha256 *s);
/* Begins a hash; the object can be used again and again. All false only when libcrypto fails. */
bool sha256__begin(struct sha256 *s);
bool sha256__update(struct sha256 *s, const void *data, size_t len);
bool sha256__end(struct sha256 *s, uint8_t ret[SHA256_BYTES]);
/* All of it at once. 0 or -errno, explained on stderr. */
int sha256__of(const void *data, size_t len, uint8_t ret[SHA256_BYTES]);

#endif
