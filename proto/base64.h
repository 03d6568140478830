/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4): padded, standard alphabet, nothing between. */
#ifndef PROTO_BASE64_H
#define PROTO_BASE64_H

#include "common/buf.h"

static inline size_t
base64_decoded_max(size_t text_bytes)
{
	return text_bytes / 4 * 3;
}
/* out has room for base64_decoded_max().  False on any other byte, a wrong
 * length, or bits behind the end that are not zero. */
bool base64_decode(struct slice text, unsigned char *out, size_t *bytes_r);
void base64_print(struct slice bytes, struct buf *out);

#endif
