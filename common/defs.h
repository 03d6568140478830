/* SPDX-License-Identifier: Apache-2.0 */
/* Words every file uses. */
#ifndef COMMON_DEFS_H
#define COMMON_DEFS_H

#include <stddef.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define MS_CHECK            __attribute__((warn_unused_result))
#define MS_PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))
#define MS_NORETURN         __attribute__((noreturn))
#define MS_UNUSED           __attribute__((unused))

#endif
