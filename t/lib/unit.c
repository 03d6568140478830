/* SPDX-License-Identifier: Apache-2.0 */
#include "t/lib/unit.h"

#include <stdlib.h>

int
unit_main(const char *noun, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(noun);
	TCase *all = tcase_create(noun);
	SRunner *runner;
	int failed;

	tcase_set_timeout(all, 60);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(all, tests[i]);
	suite_add_tcase(suite, all);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
