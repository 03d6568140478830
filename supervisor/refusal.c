/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"

#define HEAD_BYTES 64u /* the count, and where all can be seen */

bool
refuse(struct refusal *refusal, const char *code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(refusal->why.text, sizeof(refusal->why.text), fmt, args);
	va_end(args);
	refusal->code = code;
	return false;
}

bool
refuse_conf(struct refusal *refusal, const struct conf_errors *errors)
{
	size_t room = sizeof(refusal->why.text) - HEAD_BYTES;
	struct buf text = { 0 };

	/* whole ones only; a first one that is too long is cut */
	for (size_t i = 0; i < errors->count && i < CONF_ERRORS_MAX; i++) {
		if (i && text.len + 2 + strlen(errors->text[i]) >= room)
			break;
		buf_printf(&text, "%s%s", i ? "; " : "", errors->text[i]);
	}
	buf_add_u8(&text, '\0');
	refuse(refusal, "invalid_spec", "%zu error%s%s: %s", errors->count,
	    errors->count == 1 ? "" : "s",
	    errors->count == 1 ? "" : " (`msctl check FILE` lists them)",
	    (const char *)text.ptr);
	buf_fini(&text);
	return false;
}
