/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes and wiping.  The only includer of OpenSSL besides common/tls. */
#ifndef COMMON_CRYPTO_H
#define COMMON_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#define SHA256_BYTES      32
#define SHA256_TEXT_BYTES 65

void sha256(struct slice bytes, uint8_t out[static SHA256_BYTES]);
/* Lower-case hex with NUL. */
void sha256_hex(struct slice bytes, char out[static SHA256_TEXT_BYTES]);

#endif
