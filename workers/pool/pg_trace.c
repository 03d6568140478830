/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines as libpq writes them with PQTRACE_SUPPRESS_TIMESTAMPS:
 *   B\t12\tBackendKeyData\t 16885 1445671178
 *   B\t89\tErrorResponse\t S "FATAL" V "FATAL" C "3D000" M "..." F "..." \x00
 * Texts are not escaped, so a message ends where the next known field begins.
 */
#include "workers/pool/pg_trace.h"

#include <stdio.h>
#include <string.h>

#define KEY_MARK   "\tBackendKeyData\t "
#define ERROR_MARK "\tErrorResponse\t "

bool
pg_trace_key(const char *trace, struct pg_key *key_r)
{
	const char *at = strstr(trace, KEY_MARK);
	int pid, secret;

	if (!at || sscanf(at + strlen(KEY_MARK), "%d %d", &pid, &secret) != 2)
		return false;
	*key_r = (struct pg_key){ (uint32_t)pid, (uint32_t)secret };
	return true;
}

static const char *
message_end(const char *message)
{
	static const char *const marks[] = { "\" D \"", "\" H \"", "\" P \"",
		"\" p \"", "\" q \"", "\" W \"", "\" F \"", "\" L \"",
		"\" R \"", "\" \\x00" };
	const char *end = NULL;

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		const char *at = strstr(message, marks[i]);

		if (at && (!end || at < end))
			end = at;
	}
	return end;
}

bool
pg_trace_refusal(const char *trace, struct pg_refusal *refusal_r)
{
	const char *error = strstr(trace, ERROR_MARK), *code, *message, *end;

	if (!error)
		return false;
	code = strstr(error, " C \"");
	message = strstr(error, " M \"");
	if (!code || !message || strlen(code) < 10)
		return false;
	message += 4;
	end = message_end(message);
	if (!end)
		return false;
	snprintf(refusal_r->sqlstate, sizeof(refusal_r->sqlstate), "%.5s",
	    code + 4);
	snprintf(refusal_r->message, sizeof(refusal_r->message), "%.*s",
	    (int)(end - message), message);
	return true;
}
