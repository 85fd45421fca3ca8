/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log has a limited number of lines a minute, whatever the input, and counts all that it drops.
 */
#include "harness.h"
#include "log_limiter.h"
#include "log_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000
#define MESSAGES  ((size_t)5)

static const char *const messages[] = {
	"Peers conflict", "Event failed", "Peer entry unusable", "Route not set", "Reloaded"};
static int64_t now_ms;

int64_t __wrap_loop_now_ms(void);
int64_t __wrap_loop_now_ms(void)
{
	return now_ms;
}

struct tally {
	size_t written;
	size_t left_out; /* the sum of the lines with a count */
	size_t counts;   /* the number of those lines */
	size_t debug;
	enum log_level level; /* of the last of them */
	char message[64];     /* its subject */
};

static void tally_write(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned field_count)
{
	struct tally *tally = sink;
	if (level == LOG_LEVEL_DEBUG) {
		tally->debug++;
	} else if (strcmp(message, "Log lines omitted") == 0) {
		assert_int_equal(field_count, 2);
		assert_string_equal(fields[0].key, "message");
		assert_string_equal(fields[1].key, "count");
		tally->left_out += strtoul(fields[1].value, NULL, 10);
		tally->counts++;
		tally->level = level;
		snprintf(tally->message, sizeof tally->message, "%s", fields[0].value);
	} else {
		tally->written++;
	}
}

struct limited {
	struct tally tally;
	struct loop loop;
	struct log_limiter limiter;
	struct logger logger;
};

static void set_up(struct limited *limited)
{
	memset(limited, 0, sizeof *limited);
	assert_int_equal(loop_init(&limited->loop, NULL), 0);
	log_limiter_init(&limited->limiter,
		&(struct logger){.write = tally_write, .sink = &limited->tally}, &limited->loop);
	limited->logger = log_limiter_logger(&limited->limiter);
}

static void tear_down(struct limited *limited)
{
	log_limiter_deinit(&limited->limiter);
	assert_null(limited->loop.timers);
	loop_deinit(&limited->loop);
}

static void a_flood_writes_few_lines_and_counts_the_others(void **state)
{
	struct limited limited;
	const size_t all = 100000;
	const int64_t start_ms = now_ms;
	char text[24];
	set_up(&limited);
	for (size_t i = 0; i < all; i++) {
		now_ms += rand() % 12;
		snprintf(text, sizeof text, "%d", rand());
		log_text(&limited.logger, LOG_LEVEL_INFO + (unsigned)rand() % 3,
			messages[(size_t)rand() % MESSAGES], "peer_id", text, NULL);
	}
	tear_down(&limited);
	size_t minutes = (size_t)(now_ms - start_ms) / MINUTE_MS + 1;
	assert_int_equal(limited.tally.written + limited.tally.left_out, all);
	assert_true(limited.tally.written <= minutes * MESSAGES * LOG_LIMITER_LINES_MAX);
	assert_true(limited.tally.counts <= minutes * MESSAGES);
}

static void each_minute_starts_a_new_count(void **state)
{
	struct limited limited;
	set_up(&limited);
	for (int minute = 1; minute <= 3; minute++, now_ms += MINUTE_MS) {
		for (int i = 0; i < LOG_LIMITER_LINES_MAX + minute; i++)
			log_text(&limited.logger, LOG_LEVEL_INFO, "Reloaded", NULL);
		assert_int_equal(limited.tally.written, minute * LOG_LIMITER_LINES_MAX);
	}
	assert_int_equal(limited.tally.left_out, 1 + 2);
	tear_down(&limited);
	assert_int_equal(limited.tally.left_out, 1 + 2 + 3);
}

/* That needs no further line. */
static void omitted_lines_are_reported_at_the_end_of_the_minute(void **state)
{
	struct limited limited;
	set_up(&limited);
	now_ms += 1000;
	for (int i = 0; i < LOG_LIMITER_LINES_MAX; i++) {
		log_text(&limited.logger, LOG_LEVEL_INFO, "Reloaded", NULL);
		log_text(&limited.logger, LOG_LEVEL_INFO, "Stopping", NULL);
	}
	assert_false(limited.limiter.timer.is_set);
	log_text(&limited.logger, LOG_LEVEL_ERROR, "Reloaded", NULL);
	log_text(&limited.logger, LOG_LEVEL_INFO, "Reloaded", NULL);
	assert_int_equal(limited.tally.written, 2 * LOG_LIMITER_LINES_MAX);
	assert_true(limited.limiter.timer.is_set);
	now_ms += MINUTE_MS - 1000;
	limited.limiter.timer.on_timeout(limited.limiter.timer.impl);
	assert_int_equal(limited.tally.left_out, 2);
	assert_int_equal(limited.tally.counts, 1);
	assert_int_equal(limited.tally.level, LOG_LEVEL_ERROR);
	assert_string_equal(limited.tally.message, "Reloaded");
	assert_int_equal(limited.tally.debug, 0);
	log_text(&limited.logger, LOG_LEVEL_INFO, "Reloaded", NULL);
	assert_int_equal(limited.tally.written, 2 * LOG_LIMITER_LINES_MAX + 1);
	tear_down(&limited);
	assert_int_equal(limited.tally.counts, 1);
}

static void debug_lines_are_not_limited(void **state)
{
	struct limited limited;
	set_up(&limited);
	for (int i = 0; i < 1000; i++)
		log_text(&limited.logger, LOG_LEVEL_DEBUG, "Peer added", NULL);
	tear_down(&limited);
	assert_int_equal(limited.tally.debug, 1000);
	assert_int_equal(limited.tally.counts, 0);
}

static void messages_without_room_in_the_table_are_not_limited(void **state)
{
	static char names[LOG_LIMITER_MESSAGES_MAX + 1][8];
	struct limited limited;
	set_up(&limited);
	for (int i = 0; i <= LOG_LIMITER_MESSAGES_MAX; i++) {
		snprintf(names[i], sizeof names[i], "%d", i);
		for (int line = 0; line <= LOG_LIMITER_LINES_MAX; line++)
			log_text(&limited.logger, LOG_LEVEL_INFO, names[i], NULL);
	}
	tear_down(&limited);
	assert_int_equal(limited.tally.left_out, LOG_LIMITER_MESSAGES_MAX);
	assert_int_equal(
		limited.tally.written, (LOG_LIMITER_MESSAGES_MAX + 1) * LOG_LIMITER_LINES_MAX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_writes_few_lines_and_counts_the_others),
		cmocka_unit_test(each_minute_starts_a_new_count),
		cmocka_unit_test(omitted_lines_are_reported_at_the_end_of_the_minute),
		cmocka_unit_test(debug_lines_are_not_limited),
		cmocka_unit_test(messages_without_room_in_the_table_are_not_limited),
	};
	return cmocka_run_group_tests_name("log_limiter", tests, NULL, NULL);
}
