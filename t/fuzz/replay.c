/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds files to one fuzz target without libFuzzer, so that `make check`
 * replays the seeds and a find can be looked at under gdb:
 * build/asan/t/fuzz/replay_json FILE...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/buf.h"
#include "common/fd.h"

#define SEED_BYTES_MAX (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of exactly its size, so that a read past it is seen. */
static int
replay(const char *path)
{
	struct buf bytes = { 0 };
	struct why why = { "" };
	uint8_t *copy;

	if (file_read(path, SEED_BYTES_MAX, &bytes, &why) != MS_OK) {
		fprintf(stderr, "%s\n", why.text);
		return EXIT_FAILURE;
	}
	copy = malloc(bytes.len ? bytes.len : 1);
	if (!copy)
		return EXIT_FAILURE;
	if (bytes.len)
		memcpy(copy, bytes.ptr, bytes.len);
	LLVMFuzzerTestOneInput(copy, bytes.len);
	free(copy);
	buf_fini(&bytes);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s FILE...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]) != EXIT_SUCCESS)
			return EXIT_FAILURE;
	printf("%d replayed\n", argc - 1);
	return EXIT_SUCCESS;
}
