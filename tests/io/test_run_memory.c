/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon on a simulated device, with each allocation of its life failing once in turn: it
 * reports at its start that it is out of memory, or reaches the desired state by itself.
 */
#include "harness.h"

#include "convert.h"
#include "curve.h"
#include "daemon.h"
#include "failing_memory.h"
#include "replay.h"
#include "scratch.h"
#include "sim_controller.h"
#include "trace_ring.h"

#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <unistd.h>

#define KEY_2 "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
#define KEY_3 "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="
#define DOCUMENT                                                                                   \
	"{\"peers\":[{\"id\":\"a\",\"public_key\":\"" KEY_2 "\",\"allowed_ips\":[\"10.0.0.2\"]},"  \
	"{\"id\":\"b\",\"public_key\":\"" KEY_3 "\",\"allowed_ips\":[\"10.0.0.3\"]}]}"

/* A daemon that is not there by then never will be. */
#define PATIENCE_S 60

struct node {
	const struct scratch *scratch;
	struct sim_controller sim;
	bool is_ending;
	bool is_traced;
};

/* How many traces were converted. */
static unsigned trace_count;

/* A read that finds the desired device is the last. */
static void watch(void *impl, enum sim_op op, const char *text)
{
	struct node *node = impl;
	const struct sim_device *device = sim_controller_find(&node->sim, "plexd0");
	bool is_right = device && device->up && device->peer_count == 2 &&
			device->allowed_ip_count == 2 && device->address_count == 1;
	if (op != SIM_OP_READ_DEVICE || !is_right || node->is_ending)
		return;
	node->is_ending = true;
	kill(getpid(), SIGTERM);
}

static void log_nothing(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
}

/* Wherever it ended. */
static void assert_trace_replays(const struct scratch *scratch)
{
	struct trace_ring ring;
	struct scratch_path path = scratch_path(scratch, "trace.json");
	const char *paths[] = {path.text};
	char name[32];
	assert_int_equal(trace_ring_open(&ring, scratch->directory, 1 << 20, NULL), 0);
	for (size_t i = 0; i < ring.count; i++) {
		struct converted converted;
		snprintf(name, sizeof name, TRACE_SEGMENT_FORMAT, ring.segments[i].number);
		char *text = scratch_read(scratch, name);
		struct convert_segment segment = {name, text, strlen(text)};
		if (*text) {
			assert_int_equal(convert_trace(&segment, 1, (struct convert_range){0},
						 &converted, NULL),
				0);
			scratch_write(scratch, "trace.json", converted.text);
			converted_clear(&converted);
			FILE *out = tmpfile();
			assert_non_null(out);
			assert_int_equal(replay_run(paths, 1, false, out, stderr), 0);
			fclose(out);
			trace_count++;
		}
		free(text);
		scratch_unlink(scratch, name);
	}
	trace_ring_close(&ring);
}

static int run(struct node *node)
{
	struct scratch_path state_path = scratch_path(node->scratch, "state.json");
	struct identity identity = {.mesh_ip = ip_of("10.0.0.1"), .private_key = secret_of(0x48)};
	key_public_derive(&identity.private_key, &identity.public_key);
	node->is_ending = false;
	sim_controller_init(&node->sim, (struct sim_recorder){.record = watch, .impl = node});
	const struct daemon_settings settings = {
		.controller = sim_controller(&node->sim),
		.logger = {.write = log_nothing},
		.identity = &identity,
		.identity_directory = node->scratch->directory,
		.state_path = state_path.text,
		.trace_bytes_max = node->is_traced ? 1 << 20 : 0,
		.interval_ms = 1,
		.keep_interface = true,
	};
	alarm(PATIENCE_S);
	int error = daemon_run(&settings, NULL);
	alarm(0);
	failing_memory_disarm();
	assert_true(error || node->is_ending);
	sim_controller_deinit(&node->sim);
	if (node->is_traced)
		assert_trace_replays(node->scratch);
	return error;
}

/* Failing from then on is left out: a daemon without memory tries for ever. */
static void fail_each(struct scratch *scratch, bool is_traced)
{
	struct node node = {.scratch = scratch, .is_traced = is_traced};
	unsigned errors = 0, spared = 0;
	bool has_failed = true;
	scratch_write(scratch, "state.json", DOCUMENT);
	for (; has_failed; spared++) {
		failing_memory_arm(spared, false);
		int error = run(&node);
		has_failed = failing_memory_disarm();
		assert_int_equal(error, error ? -ENOMEM : 0);
		errors += error != 0;
	}
	assert_true(errors > 0 && errors < spared / 2);
	print_message("# %u allocations failed\n", spared - 1);
}

static void a_daemon_comes_up_or_reports_why(void **state)
{
	fail_each(*state, false);
}

static void a_trace_stops_and_replays_and_the_daemon_goes_on(void **state)
{
	fail_each(*state, true);
	assert_true(trace_count > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_daemon_comes_up_or_reports_why, scratch_make, scratch_clear),
		cmocka_unit_test_setup_teardown(a_trace_stops_and_replays_and_the_daemon_goes_on,
			scratch_make, scratch_clear),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
