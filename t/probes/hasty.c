/* SPDX-License-Identifier: Apache-2.0 */
/* hasty SOCKET COUNT: connects and leaves at once, as a killed client does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	if (argc != 3 || strlen(argv[1]) >= sizeof(at.sun_path))
		return 2;
	memcpy(at.sun_path, argv[1], strlen(argv[1]) + 1);
	for (int left = atoi(argv[2]); left > 0; left--) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		/* blocks while the queue of connections is full */
		if (fd < 0 ||
		    connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
			perror("hasty");
			return 1;
		}
		close(fd);
	}
	return 0;
}
