/* SPDX-License-Identifier: Apache-2.0 */
/* The mark that a device puts on its packets: Setup sets it, and another one is drift. */
#include "harness.h"

#include "world.h"

#define MARK 51820

/* The mark of the one device of each test, and the result of setting it. */
static uint32_t device_mark;
static int mark_error;

static int set_fwmark(void *impl, const char *name, uint32_t fwmark, struct diag *diag)
{
	if (mark_error)
		return diag_fail_errno(diag, mark_error);
	device_mark = fwmark;
	return 0;
}

static int read_device(void *impl, const char *name, struct device *ret, struct diag *diag)
{
	int error = fake_controller(impl, false).ops->read_device(impl, name, ret, diag);
	if (!error)
		ret->fwmark = device_mark;
	return error;
}

static struct controller_ops ops;

/* A process that is configured with the mark, over a controller that can set one or not. */
static void process_wants_mark(struct world *world, bool can_set)
{
	ops = *fake_controller(&world->fake, false).ops;
	ops.read_device = read_device;
	if (can_set)
		ops.set_fwmark = set_fwmark;
	device_mark = 0;
	mark_error = 0;
	world->controller.ops = &ops;
	world->config.has_fwmark = true;
	world->config.fwmark = MARK;
	world_restart(world);
}

static void a_mark_is_set_with_the_interface(void **state)
{
	struct world *world = *state;
	process_wants_mark(world, true);
	assert_int_equal(world_cycle_not_modified(world), -ENODATA);
	assert_int_equal(device_mark, MARK);
	assert_int_equal(world->manager.state, INTERFACE_UP);
}

static void another_mark_is_drift_and_is_corrected(void **state)
{
	struct world *world = *state;
	struct state_document document = {0};
	process_wants_mark(world, true);
	document_add(&document, "peer-2", 2, "", "");
	assert_int_equal(world_cycle(world, &document), 0);
	fake_forget_calls(&world->fake);
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_calls(world, "");
	device_mark = 7;
	assert_int_equal(world_cycle_not_modified(world), 0);
	assert_int_equal(device_mark, MARK);
	assert_peers(world, "02");
}

static void a_mark_that_cannot_be_set_stops_setup(void **state)
{
	struct world *world = *state;
	process_wants_mark(world, true);
	mark_error = -EPERM;
	assert_int_equal(world_cycle_not_modified(world), -EPERM);
	assert_string_equal(world->error,
		"wireguard: setup: create interface: set mark: Operation not permitted");
	assert_int_equal(world->manager.state, INTERFACE_ABSENT);
	mark_error = 0;
	assert_int_equal(world_cycle_not_modified(world), -ENODATA);
	assert_int_equal(world->manager.state, INTERFACE_UP);
}

static void a_controller_without_marks_reports_it(void **state)
{
	struct world *world = *state;
	process_wants_mark(world, false);
	assert_int_equal(world_cycle_not_modified(world), -EOPNOTSUPP);
	assert_string_equal(
		world->error, "wireguard: setup: create interface: this controller sets no mark");
}

static void an_interface_that_cannot_be_created_gets_no_mark(void **state)
{
	struct world *world = *state;
	process_wants_mark(world, true);
	fake_fail(&world->fake,
		(struct fake_fault){
			.op = "create_interface", .key = -1, .error = -EIO, .times = 1});
	assert_int_equal(world_cycle_not_modified(world), -EIO);
	assert_int_equal(device_mark, 0);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_mark_is_set_with_the_interface),
		WORLD_TEST(another_mark_is_drift_and_is_corrected),
		WORLD_TEST(a_mark_that_cannot_be_set_stops_setup),
		WORLD_TEST(a_controller_without_marks_reports_it),
		WORLD_TEST(an_interface_that_cannot_be_created_gets_no_mark),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
