/* SPDX-License-Identifier: Apache-2.0 */
/* Small buckets; a full one forgets its oldest. */
#include "workers/bus/ops.h"

#include <stdlib.h>
#include <string.h>

#include "common/alloc.h"
#include "common/buf.h"
#include "common/id.h"

#define WAYS    4u
#define BUCKETS (OPS_REMEMBERED / WAYS)

struct op {
	struct id128 id;
	int64_t noted_ms;
	struct bus_publish_out out;
};

struct ops {
	struct op (*buckets)[WAYS]; /* made with the first one */
};

struct ops *
ops_new(void)
{
	return xcalloc(1, sizeof(struct ops));
}

void
ops_free(struct ops **ops)
{
	if (!*ops)
		return;
	free((*ops)->buckets);
	free(*ops);
	*ops = NULL;
}

static struct op *
bucket_of(const struct ops *ops, const struct id128 *id)
{
	uint64_t mixed = get_u64(id->byte) ^ get_u64(id->byte + 8);

	mixed *= UINT64_C(0x9e3779b97f4a7c15);
	return ops->buckets[(mixed >> 32) % BUCKETS];
}

void
ops_note(struct ops *ops, const struct id128 *id,
    const struct bus_publish_out *out, int64_t now_ms)
{
	struct op *bucket, *oldest;

	if (id_is_zero(id))
		return;
	if (!ops->buckets)
		ops->buckets = xcalloc(BUCKETS, sizeof(*ops->buckets));
	oldest = bucket = bucket_of(ops, id);
	for (unsigned i = 1; i < WAYS; i++)
		if (bucket[i].noted_ms < oldest->noted_ms)
			oldest = &bucket[i];
	*oldest = (struct op){ *id, now_ms, *out };
}

const struct bus_publish_out *
ops_find(const struct ops *ops, const struct id128 *id, int64_t now_ms)
{
	const struct op *bucket;

	if (id_is_zero(id) || !ops->buckets)
		return NULL;
	bucket = bucket_of(ops, id);
	for (unsigned i = 0; i < WAYS; i++)
		if (memcmp(&bucket[i].id, id, sizeof(*id)) == 0)
			return now_ms - bucket[i].noted_ms > OPS_WINDOW_MS
			    ? NULL
			    : &bucket[i].out;
	return NULL;
}
