/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Check program per noun: START_TEST functions whose names are claims,
 * then UNIT(noun, test_a, test_b, ...).
 */
#ifndef T_LIB_UNIT_H
#define T_LIB_UNIT_H

#include <check.h>

int unit_main(const char *noun, const TTest *const *tests, size_t count);

#define UNIT(noun, ...)                                       \
	int main(void)                                        \
	{                                                     \
		const TTest *const tests[] = { __VA_ARGS__ }; \
		return unit_main(#noun, tests,                \
		    sizeof(tests) / sizeof(*tests));          \
	}

#endif
