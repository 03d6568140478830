/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes and wiping.  The only includer of OpenSSL besides common/tls. */
#ifndef COMMON_CRYPTO_H
#define COMMON_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#define SHA256_BYTES      32
#define SHA256_TEXT_BYTES 65

void sha256(struct slice bytes, uint8_t out[static SHA256_BYTES]);
/* Lower-case hex with NUL. */
void sha256_hex(struct slice bytes, char out[static SHA256_TEXT_BYTES]);

/* When a certificate is good, in seconds since 1970. */
struct crypto_cert {
	int64_t not_before_s, not_after_s;
};
/* Of all certificates of a PEM text the one that expires first.  MS_ENOTFOUND:
 * it holds none; MS_EPROTO: one cannot be read. */
enum ms_err crypto_cert_read(struct slice pem, struct crypto_cert *cert_r,
    struct why *why);

#endif
