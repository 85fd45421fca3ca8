/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#include "contract_checks.h"
#include "diag.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define LIST_COUNT 4

/* One check and its test bed, as cmocka passes it around. */
struct contract_case {
	const struct contract_check *check;
	const struct contract_bed *bed;
	struct device_fixture fixture;
};

/* Remove the interface, whatever the check before left. */
static int bed_clear(const struct contract_bed *bed)
{
	struct diag diag = {0};
	bool existed;
	int error = bed->controller.ops->delete_interface(
		bed->controller.impl, bed->interface, &existed, &diag);
	if (error == -EEXIST && bed->hooks.remove_foreign_link &&
		bed->hooks.remove_foreign_link(bed->hooks.impl, bed->interface))
		error = 0;
	if (error)
		print_error("delete_interface: %s\n", diag_text(&diag));
	diag_clear(&diag);
	return error;
}

static int case_setup(void **state)
{
	struct contract_case *one = *state;
	fixture_begin(&one->fixture, one->bed->controller, one->bed->interface);
	return bed_clear(one->bed);
}

static void case_run(void **state)
{
	struct contract_case *one = *state;
	one->check->run(&one->fixture, one->bed);
}

static int case_teardown(void **state)
{
	struct contract_case *one = *state;
	fixture_end(&one->fixture);
	return bed_clear(one->bed);
}

static bool bed_has(const struct contract_bed *bed, enum contract_need need)
{
	switch (need) {
	case CONTRACT_NEEDS_NOTHING:
		return true;
	case CONTRACT_NEEDS_ADDRESSES:
		return bed->hooks.add_address;
	case CONTRACT_NEEDS_FOREIGN_LINKS:
		return bed->hooks.add_foreign_link;
	}
	return false;
}

/*
 * A check that is left out is reported, but is no test: cmocka reports a skipped one as a failure
 * in TAP.
 */
static bool check_applies(const struct contract_bed *bed, const struct contract_check *check)
{
	if (bed_has(bed, check->need))
		return true;
	printf("# left out, there is no such thing here: %s\n", check->name);
	return false;
}

int contract_run(const char *group, const struct contract_bed *bed)
{
	const struct contract_list lists[LIST_COUNT] = {
		contract_interface_checks(),
		contract_peer_checks(),
		contract_allowed_ip_checks(),
		contract_bulk_checks(),
	};
	size_t total = 0;
	for (size_t i = 0; i < LIST_COUNT; i++)
		total += lists[i].count;
	struct contract_case *cases = calloc(total, sizeof *cases);
	struct CMUnitTest *tests = calloc(total, sizeof *tests);
	int failed = -1;
	size_t at = 0;
	if (!cases || !tests)
		goto out;
	for (size_t i = 0; i < LIST_COUNT; i++) {
		for (size_t k = 0; k < lists[i].count; k++) {
			if (!check_applies(bed, &lists[i].checks[k]))
				continue;
			cases[at].check = &lists[i].checks[k];
			cases[at].bed = bed;
			tests[at] = (struct CMUnitTest){cases[at].check->name, case_run, case_setup,
				case_teardown, &cases[at]};
			at++;
		}
	}
	failed = _cmocka_run_group_tests(group, tests, at, NULL, NULL);
out:
	free(tests);
	free(cases);
	return failed;
}
