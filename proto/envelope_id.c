/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes that stand for an event: of its string id, and of source and id
 * together, by which duplicates are recognised.  A duplicate is found by
 * accident or by retry, so speed matters here and secrecy does not.
 */
#include "proto/envelope_priv.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static struct id128
id_of(XXH128_hash_t hash)
{
	XXH128_canonical_t canonical;
	struct id128 id;

	_Static_assert(sizeof(canonical) == sizeof(id), "128 bits both");
	XXH128_canonicalFromHash(&canonical, hash);
	memcpy(&id, &canonical, sizeof(id));
	return id;
}

struct id128
envelope_text_id(struct slice text)
{
	return id_of(XXH3_128bits(text.len ? text.ptr : "", text.len));
}

struct id128
envelope_identity(const struct envelope *event)
{
	struct slice source = event->source;
	struct id128 id =
	    event->id_text.len ? envelope_text_id(event->id_text) : event->id;
	XXH64_hash_t seed =
	    XXH3_64bits(source.len ? source.ptr : "", source.len);

	return id_of(XXH3_128bits_withSeed(id.byte, sizeof(id.byte), seed));
}
