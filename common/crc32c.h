/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C (Castagnoli, RFC 3720 B.4), by the SSE4.2 instruction where the
 * processor has it.  crc is 0 at the start or the result so far. */
#ifndef COMMON_CRC32C_H
#define COMMON_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(uint32_t crc, const void *bytes, size_t n);
/* The same without the instruction; named so that a test can compare both. */
uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t n);

#endif
