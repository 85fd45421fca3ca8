/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as read from the descriptor. */
#include "harness.h"

#include "signals.h"

#include <poll.h>
#include <signal.h>

static int signals_make(void **state)
{
	struct signals *signals = calloc(1, sizeof *signals);
	*state = signals;
	return signals ? signals_open(signals, NULL) : -1;
}

static int signals_clear(void **state)
{
	signals_close(*state);
	free(*state);
	return 0;
}

static bool is_readable(const struct signals *signals)
{
	struct pollfd poller = {signals->fd, POLLIN, 0};
	return poll(&poller, 1, 0) == 1;
}

static void without_a_signal_nothing_is_read(void **state)
{
	struct signals *signals = *state;
	struct signals_taken taken = {.end = 77};
	assert_false(is_readable(signals));
	assert_int_equal(signals_take(signals, &taken, NULL), 0);
	assert_int_equal(taken.end, 0);
	assert_false(taken.reload);
}

static void each_signal_has_its_meaning(void **state)
{
	static const struct {
		int number;
		int end;
		bool reload;
	} rows[] = {
		{SIGTERM, SIGTERM, false},
		{SIGINT, SIGINT, false},
		{SIGHUP, 0, true},
	};
	struct signals *signals = *state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct signals_taken taken;
		raise(rows[i].number);
		assert_true(is_readable(signals));
		assert_int_equal(signals_take(signals, &taken, NULL), 0);
		assert_int_equal(taken.end, rows[i].end);
		assert_int_equal(taken.reload, rows[i].reload);
		assert_false(is_readable(signals));
	}
}

static void several_signals_are_read_at_once(void **state)
{
	struct signals *signals = *state;
	struct signals_taken taken;
	raise(SIGHUP);
	raise(SIGTERM);
	raise(SIGHUP);
	assert_int_equal(signals_take(signals, &taken, NULL), 0);
	assert_int_equal(taken.end, SIGTERM);
	assert_true(taken.reload);
	assert_false(is_readable(signals));
}

static void a_signal_during_shutdown_does_not_kill_the_process(void **state)
{
	struct signals *signals = *state;
	signals_close(signals);
	raise(SIGTERM);
	assert_int_equal(signals_open(signals, NULL), 0);
	struct signals_taken taken;
	assert_int_equal(signals_take(signals, &taken, NULL), 0);
	assert_int_equal(taken.end, SIGTERM);
}

#define SIGNALS_TEST(name) cmocka_unit_test_setup_teardown(name, signals_make, signals_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIGNALS_TEST(without_a_signal_nothing_is_read),
		SIGNALS_TEST(each_signal_has_its_meaning),
		SIGNALS_TEST(several_signals_are_read_at_once),
		SIGNALS_TEST(a_signal_during_shutdown_does_not_kill_the_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
