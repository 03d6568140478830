/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expo_check [-o] [FILE]: is this Prometheus text (-o: OpenMetrics) that every
 * parser takes?  Standard input without FILE.  Prints the problems, exit 1; or
 * the counts, exit 0.
 */
#include "t/lib/expo_check.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/fd.h"

int
main(int argc, char **argv)
{
	int at = argc > 1 && strcmp(argv[1], "-o") == 0 ? 2 : 1;
	int fd = at < argc ? open(argv[at], O_RDONLY) : STDIN_FILENO;
	struct expo_report report;
	struct buf text = { 0 };
	bool good;

	if (fd < 0) {
		perror(argv[at]);
		return 2;
	}
	while (fd_read_some(fd, &text, 65536) > 0)
		;
	expo_check(buf_slice(&text), at == 2, &report);
	good = report.count == 0 && text.len > 0;
	if (report.problems.len)
		fwrite(report.problems.ptr, 1, report.problems.len, stdout);
	printf("%zu families, %zu samples, %zu problems\n", report.families,
	    report.samples, report.count);
	expo_report_fini(&report);
	buf_fini(&text);
	return good ? 0 : 1;
}
