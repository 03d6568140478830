/* SPDX-License-Identifier: Apache-2.0 */
#include "workers/pool/pg_params.h"

#include <stdlib.h>
#include <strings.h>

#include "common/alloc.h"
#include "workers/pool/pg_proto.h"

void
pg_params_fini(struct pg_params *params)
{
	for (size_t i = 0; i < params->count; i++) {
		free(params->at[i].name);
		free(params->at[i].value);
	}
	params->count = 0;
}

static struct pg_param *
find(const struct pg_params *params, const char *name)
{
	for (size_t i = 0; i < params->count; i++)
		if (strcasecmp(params->at[i].name, name) == 0)
			return (struct pg_param *)&params->at[i];
	return NULL;
}

void
pg_params_set(struct pg_params *params, const char *name, const char *value)
{
	struct pg_param *param = find(params, name);

	if (!param) {
		if (params->count == PG_PARAMS_MAX)
			return;
		param = &params->at[params->count++];
		*param = (struct pg_param){ xstrdup(name), NULL };
	}
	free(param->value);
	param->value = xstrdup(value);
}

const char *
pg_params_get(const struct pg_params *params, const char *name)
{
	const struct pg_param *param = find(params, name);

	return param ? param->value : NULL;
}

void
pg_params_print(const struct pg_params *params, struct buf *out)
{
	for (size_t i = 0; i < params->count; i++)
		pg_put_param(out, params->at[i].name, params->at[i].value);
}
