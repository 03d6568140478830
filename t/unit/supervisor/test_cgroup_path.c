/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor/launch/cgroup_path.h"
#include "t/lib/unit.h"

#define UNIFIED_MOUNT \
	"30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
#define HYBRID_MOUNTS                                                       \
	"23 1 8:1 / / rw - ext4 /dev/sda1 rw\n"                             \
	"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"        \
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup "     \
	"cgroup rw,cpu,cpuacct\n"                                           \
	"35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" \
	"41 31 0:38 / /sys/fs/cgroup/unified rw shared:3 master:1 - "       \
	"cgroup2 cgroup2 rw\n"
#define HYBRID_SELF              \
	"8:pids:/\n"             \
	"4:memory:/jobs/7\n"     \
	"1:cpu,cpuacct:/users\n" \
	"0::/\n"

static const char *
found(const char *self, const char *mounts, enum cgroup_kind kind)
{
	static char path[CGROUP_PATH_BYTES];

	return cgroup_find(slice_of(self), slice_of(mounts), kind, path) ? path
									 : NULL;
}

START_TEST(the_unified_hierarchy_is_found_below_its_mount)
{
	ck_assert_str_eq(found("0::/system.slice/ms.service\n", UNIFIED_MOUNT,
			     CGROUP_V2),
	    "/sys/fs/cgroup/system.slice/ms.service");
	ck_assert_ptr_null(
	    found("0::/system.slice\n", UNIFIED_MOUNT, CGROUP_MEMORY));
}
END_TEST

START_TEST(each_controller_of_a_hybrid_machine_has_its_place)
{
	ck_assert_str_eq(found(HYBRID_SELF, HYBRID_MOUNTS, CGROUP_V2),
	    "/sys/fs/cgroup/unified");
	ck_assert_str_eq(found(HYBRID_SELF, HYBRID_MOUNTS, CGROUP_MEMORY),
	    "/sys/fs/cgroup/memory/jobs/7");
	ck_assert_str_eq(found(HYBRID_SELF, HYBRID_MOUNTS, CGROUP_CPU),
	    "/sys/fs/cgroup/cpu,cpuacct/users");
	/* it has a group, but nobody mounted it */
	ck_assert_ptr_null(found(HYBRID_SELF, HYBRID_MOUNTS, CGROUP_PIDS));
}
END_TEST

START_TEST(a_container_cuts_the_root_of_its_mount)
{
	static const char mounts[] =
	    "9 8 0:3 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup rw\n";

	ck_assert_str_eq(found("0::/docker/ab/x\n", mounts, CGROUP_V2),
	    "/sys/fs/cgroup/x");
	ck_assert_str_eq(found("0::/docker/ab\n", mounts, CGROUP_V2),
	    "/sys/fs/cgroup");
	ck_assert_ptr_null(found("0::/docker/abc\n", mounts, CGROUP_V2));
	ck_assert_ptr_null(found("0::/..\n", UNIFIED_MOUNT, CGROUP_V2));
}
END_TEST

START_TEST(nonsense_finds_nothing)
{
	static const char *const texts[] = { "", "\n\n",
		"0:", "0::", ":::", "0::relative\n", "x" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		ck_assert_ptr_null(found(texts[i], UNIFIED_MOUNT, CGROUP_V2));
		ck_assert_ptr_null(found("0::/\n", texts[i], CGROUP_V2));
	}
	ck_assert_ptr_null(found("0::/\n",
	    "1 2 0:1 / /with\\040blank rw - cgroup2 c rw\n", CGROUP_V2));
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused)
{
	char self[CGROUP_PATH_BYTES + 64] = "0::/";

	memset(self + 4, 'a', CGROUP_PATH_BYTES);
	ck_assert_ptr_null(found(self, UNIFIED_MOUNT, CGROUP_V2));
}
END_TEST

START_TEST(counts_are_found_by_their_whole_name)
{
	struct slice events = SLICE_LIT("low 0\noom 3\noom_kill 2\n"
					"oom_group_kill 9\n");

	ck_assert_uint_eq(cgroup_count(events, "oom_kill"), 2);
	ck_assert_uint_eq(cgroup_count(events, "oom"), 3);
	ck_assert_uint_eq(cgroup_count(events, "populated"), 0);
	ck_assert_uint_eq(cgroup_count(SLICE_LIT("oom_kill x\n"), "oom_kill"),
	    0);
}
END_TEST

START_TEST(a_controller_is_a_whole_word)
{
	struct slice list = SLICE_LIT("cpuset cpu io hugetlb");

	ck_assert(cgroup_lists(list, ' ', "cpu"));
	ck_assert(!cgroup_lists(list, ' ', "cpus"));
	ck_assert(!cgroup_lists(list, ' ', "memory"));
}
END_TEST

START_TEST(a_folder_belongs_to_one_run_dir)
{
	char one[CGROUP_FOLDER_BYTES], two[CGROUP_FOLDER_BYTES];
	char deep[300];

	ck_assert(cgroup_folder("/run/ms", one));
	ck_assert_str_eq(one, "ms:run:ms");
	ck_assert(cgroup_folder("/a:b", one));
	ck_assert(cgroup_folder("/a/b", two));
	ck_assert_str_ne(one, two);
	ck_assert(cgroup_folder("/a%3Ab", two));
	ck_assert_str_ne(one, two);
	memset(deep, 'x', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	ck_assert(!cgroup_folder(deep, one));
}
END_TEST

UNIT(cgroup_path, a_folder_belongs_to_one_run_dir,
    the_unified_hierarchy_is_found_below_its_mount,
    each_controller_of_a_hybrid_machine_has_its_place,
    a_container_cuts_the_root_of_its_mount, nonsense_finds_nothing,
    a_path_that_is_too_long_is_refused, counts_are_found_by_their_whole_name,
    a_controller_is_a_whole_word)
