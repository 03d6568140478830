/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_watch RUN_DIR COUNT: prints "watching", then COUNT announcements of
 * the configuration daemon, one per line.  Fails when 10 s pass without one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>

#define TOPIC "config"

static int
failed(const char *what, int rv)
{
	fprintf(stderr, "config_watch: %s: %s\n", what, nng_strerror(rv));
	return 1;
}

static int
print_one(nng_socket socket)
{
	char *bytes;
	size_t n;
	int rv = nng_recv(socket, &bytes, &n, NNG_FLAG_ALLOC);

	if (rv)
		return failed("nothing announced", rv);
	if (n < sizeof(TOPIC) || memcmp(bytes, TOPIC, sizeof(TOPIC)) != 0) {
		fprintf(stderr, "config_watch: of another topic\n");
		return 1;
	}
	printf("%.*s\n", (int)(n - sizeof(TOPIC)), bytes + sizeof(TOPIC));
	fflush(stdout);
	nng_free(bytes, n);
	return 0;
}

int
main(int argc, char **argv)
{
	char address[160];
	nng_socket socket;
	int rv, code = 0;

	if (argc != 3)
		return 2;
	snprintf(address, sizeof(address), "ipc://%s/config.pub.ipc", argv[1]);
	if ((rv = nng_sub0_open(&socket)) ||
	    (rv = nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, TOPIC,
		 strlen(TOPIC))) ||
	    (rv = nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, 10000)) ||
	    (rv = nng_dial(socket, address, NULL, 0)))
		return failed(address, rv);
	printf("watching\n");
	fflush(stdout);
	for (int left = atoi(argv[2]); left > 0 && !code; left--)
		code = print_one(socket);
	nng_close(socket);
	return code;
}
