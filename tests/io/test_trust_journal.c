/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verifier's records on their way to the disk and back, over restarts, reboots and a full disk.
 */
#include "harness.h"

#include "diag.h"
#include "scratch.h"
#include "trust_journal.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND  INT64_C(1000000000)
#define NOW_NS  (INT64_C(1772366400) * SECOND)
#define BOOT_NS (INT64_C(86400) * SECOND)
#define NAME    TRUST_JOURNAL_NAME
#define BOOT_AT 40 /* in the file, after its type and its owner */

static char logs[8192];

static void log_write(void *sink, enum log_level level, const char *message,
	const struct log_field *fields, unsigned count)
{
	size_t length = strlen(logs);
	length += (size_t)snprintf(logs + length, sizeof logs - length, "%s", message);
	for (unsigned i = 0; i < count; i++)
		length += (size_t)snprintf(logs + length, sizeof logs - length, " %s=%s",
			fields[i].key, fields[i].value);
	snprintf(logs + length, sizeof logs - length, "\n");
}

static bool believe(void *impl, const struct key_public *key, const char *message, size_t length,
	const uint8_t signature[SIGNATURE_BYTES])
{
	return key->bytes[0] == signature[0];
}

/* A process: its records, and where they are stored. */
struct process {
	struct loop loop;
	struct verifier verifier;
	struct trust_journal journal;
};

static struct moment at(int64_t s)
{
	return (struct moment){NOW_NS + s * SECOND, BOOT_NS + s * SECOND};
}

static void process_load(struct process *process, const struct scratch *scratch,
	const char *node_id, unsigned char configured)
{
	const struct trust_journal_config journal = {
		.loop = &process->loop,
		.verifier = &process->verifier,
		.owner = {.directory = scratch->directory,
			.node_id = node_id,
			.source = "https://control.example"},
		.logger = {.write = log_write},
	};
	struct verifier_config verifier = {
		.check = {.verify = believe}, .store = trust_journal_store(&process->journal)};
	if (configured)
		verifier.keys.current = key_of(configured);
	logs[0] = '\0';
	assert_int_equal(loop_init(&process->loop, NULL), 0);
	verifier_init(&process->verifier, &verifier);
	trust_journal_init(&process->journal, &journal);
	trust_journal_load(&process->journal);
}

static void process_start(struct process *process, const struct scratch *scratch)
{
	process_load(process, scratch, "node-1", 1);
	trust_journal_start(&process->journal);
}

/* As kill -9 does it: what was not written is lost. */
static void process_kill(struct process *process)
{
	loop_timer_cancel(&process->loop, &process->journal.timer);
	trust_journal_deinit(&process->journal);
	verifier_deinit(&process->verifier);
	loop_deinit(&process->loop);
}

static void timer_run_out(struct process *process)
{
	struct loop_timer *timer = &process->journal.timer;
	assert_true(timer->is_set);
	loop_timer_cancel(&process->loop, timer);
	timer->on_timeout(timer->impl);
}

static enum verdict verdict_of(
	struct process *process, unsigned char key, const char *nonce, struct moment now)
{
	struct envelope envelope = {.event_type = {"x", 1},
		.event_id = {"e", 1},
		.nonce = {nonce, strlen(nonce)},
		.has_issued_at = true,
		.issued_at_ns = NOW_NS,
		.has_signature = true,
		.signature_is_sound = true,
		.signature = {key}};
	return verifier_check(&process->verifier, &envelope, now, NULL);
}

static enum verdict turn_of(struct process *process, const char *id, int64_t issued_s)
{
	return verifier_take_turn(&process->verifier, id, NOW_NS + issued_s * SECOND, at(0), NULL);
}

static void rotate(struct process *process, unsigned char key)
{
	struct signing_keys keys = {.current = key_of(key),
		.previous = key_of(9),
		.has_previous = true,
		.transition_expires_ns = NOW_NS + 1};
	verifier_rotate_keys(&process->verifier, &keys, 1);
}

static void handled_events_are_known_after_a_kill(void **state)
{
	struct scratch *scratch = *state;
	struct process process;
	struct stat status;
	process_start(&process, scratch);
	assert_false(process.journal.has_keys);
	assert_int_equal(verdict_of(&process, 1, "n1", at(0)), VERDICT_ACCEPTED);
	assert_int_equal(turn_of(&process, "peer-2", 10), 0);
	rotate(&process, 2);
	process_kill(&process);
	assert_int_equal(stat(scratch_path(scratch, NAME).text, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	for (int i = 0; i < 3; i++) { /* restarts alone change nothing */
		process_start(&process, scratch);
		assert_true(process.journal.has_keys);
		assert_int_equal(verdict_of(&process, 2, "n1", at(0)), VERDICT_DUPLICATE_NONCE);
		assert_int_equal(verdict_of(&process, 1, "n2", at(0)), VERDICT_BAD_SIGNATURE);
		assert_int_equal(process.verifier.keys.transition_expires_ns, NOW_NS + 1);
		assert_true(process.verifier.keys.has_previous);
		assert_int_equal(process.verifier.keys.previous.bytes[0], 9);
		assert_int_equal(turn_of(&process, "peer-2", 9), VERDICT_SUPERSEDED);
		process_kill(&process);
		assert_string_equal(logs, "");
	}
}

static size_t size_of(const struct scratch *scratch)
{
	struct stat status;
	assert_int_equal(stat(scratch_path(scratch, NAME).text, &status), 0);
	return (size_t)status.st_size;
}

/*
 * Wherever a crash cuts the last record off, those before it are known, and so are those after the
 * restart.
 */
static void a_torn_record_affects_no_other(void **state)
{
	struct scratch *scratch = *state;
	struct process process;
	for (size_t cut = 1;; cut++) {
		if (scratch_has(scratch, NAME))
			scratch_unlink(scratch, NAME);
		process_start(&process, scratch);
		assert_int_equal(verdict_of(&process, 1, "n1", at(0)), VERDICT_ACCEPTED);
		size_t whole = size_of(scratch);
		assert_int_equal(verdict_of(&process, 1, "n2", at(0)), VERDICT_ACCEPTED);
		size_t length = size_of(scratch);
		process_kill(&process);
		if (length - cut < whole)
			break;
		assert_int_equal(
			truncate(scratch_path(scratch, NAME).text, (off_t)(length - cut)), 0);
		process_start(&process, scratch);
		assert_string_equal(logs, "");
		assert_int_equal(verdict_of(&process, 1, "n1", at(0)), VERDICT_DUPLICATE_NONCE);
		assert_int_equal(verdict_of(&process, 1, "n2", at(0)), VERDICT_ACCEPTED);
		process_kill(&process);
		process_start(&process, scratch);
		assert_int_equal(verdict_of(&process, 1, "n2", at(0)), VERDICT_DUPLICATE_NONCE);
		process_kill(&process);
	}
}

static void byte_change(const struct scratch *scratch, long offset)
{
	FILE *file = fopen(scratch_path(scratch, NAME).text, "r+");
	assert_non_null(file);
	fseek(file, offset, SEEK_SET);
	int byte = fgetc(file);
	fseek(file, offset, SEEK_SET);
	fputc(byte ^ 1, file);
	fclose(file);
}

/* The boot clock starts again, and the wall clock may be anywhere. */
static void after_a_reboot_nonces_expire_by_ten_minutes_and_the_wall_clock(void **state)
{
	struct scratch *scratch = *state;
	struct process process;
	process_start(&process, scratch);
	assert_int_equal(verdict_of(&process, 1, "n1", at(0)), VERDICT_ACCEPTED);
	process_kill(&process);
	byte_change(scratch, BOOT_AT);
	process_start(&process, scratch);
	const struct nonce_store *nonces = &process.verifier.nonces;
	for (int64_t wall_s = -10000; wall_s <= 10000; wall_s += 50) {
		for (int64_t boot_s = 0; boot_s <= 1000; boot_s += 50) {
			struct moment now = {NOW_NS + wall_s * SECOND, boot_s * SECOND};
			assert_int_equal(nonce_store_find(nonces, "n1", 2, now) == NULL,
				wall_s > 300 && boot_s > 600);
		}
	}
	process_kill(&process);
}

static void a_key_that_the_operator_replaced_is_in_force(void **state)
{
	struct scratch *scratch = *state;
	struct process process;
	process_start(&process, scratch);
	rotate(&process, 2);
	process_kill(&process);
	/* A journal that cannot be read was not replaced, then or later. */
	process_load(&process, scratch, "node-1", 0);
	trust_journal_start(&process.journal);
	assert_int_equal(process.verifier.keys.current.bytes[0], 2);
	process_kill(&process);
	process_start(&process, scratch);
	assert_int_equal(process.verifier.keys.current.bytes[0], 2);
	assert_int_equal(verdict_of(&process, 2, "n1", at(0)), VERDICT_ACCEPTED);
	process_kill(&process);
	process_load(&process, scratch, "node-1", 3);
	trust_journal_start(&process.journal);
	assert_int_equal(process.verifier.keys.current.bytes[0], 3);
	assert_int_equal(verdict_of(&process, 3, "n1", at(0)), VERDICT_DUPLICATE_NONCE);
	process_kill(&process);
}

static void a_foreign_or_damaged_journal_is_reported_and_replaced(void **state)
{
	struct scratch *scratch = *state;
	struct process process;
	process_start(&process, scratch);
	assert_int_equal(verdict_of(&process, 1, "n1", at(0)), VERDICT_ACCEPTED);
	assert_int_equal(verdict_of(&process, 1, "n2", at(0)), VERDICT_ACCEPTED);
	for (int i = 0; i < 20; i++)
		turn_of(&process, "peer-2", i);
	process_kill(&process);
	process_load(&process, scratch, "node-2", 1);
	assert_non_null(strstr(logs, "Trust journal not restored error="));
	assert_non_null(strstr(logs, "/" NAME ": of another node or source\n"));
	assert_int_equal(verdict_of(&process, 1, "n1", at(0)), VERDICT_ACCEPTED);
	process_kill(&process);
	/* In the record of the keys. */
	byte_change(scratch, BOOT_AT + 36 + 20);
	process_start(&process, scratch);
	assert_non_null(strstr(logs, ": damaged, "));
	process_kill(&process);
	scratch_write(scratch, NAME, "plexwg");
	process_start(&process, scratch);
	assert_non_null(strstr(logs, ": damaged\n"));
	process_kill(&process);
	process_start(&process, scratch);
	assert_string_equal(logs, "");
	process_kill(&process);
	scratch_chmod(scratch, NAME, 0644);
	process_start(&process, scratch);
	assert_non_null(strstr(logs, "others may read it"));
	process_kill(&process);
}

static void a_journal_that_grew_is_compacted(void **state)
{
	struct scratch *scratch = *state;
	struct process process;
	process_start(&process, scratch);
	size_t most = 0;
	unsigned shrunk = 0;
	for (int i = 0; i < 100000; i++) {
		assert_int_equal(turn_of(&process, "peer-2", i / 1000), 0);
		if (i % 1000 != 999)
			continue;
		size_t before = size_of(scratch);
		timer_run_out(&process);
		most = before > most ? before : most;
		shrunk += size_of(scratch) < before;
	}
	assert_true(shrunk > 2);
	assert_true(most < 2 << 20);
	process_kill(&process);
	process_start(&process, scratch);
	assert_true(size_of(scratch) < 1024);
	assert_int_equal(turn_of(&process, "peer-2", 98), VERDICT_SUPERSEDED);
	process_kill(&process);
}

/* Events are handled, a warning is logged, and records made meanwhile are not lost. */
static void a_failing_disk_is_a_problem_until_it_works(void **state)
{
	struct scratch *scratch = *state;
	struct process process;
	process_start(&process, scratch);
	assert_int_equal(verdict_of(&process, 1, "n1", at(0)), VERDICT_ACCEPTED);
	/* As on a disk that is full. */
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	close(process.journal.fd);
	process.journal.fd = fd;
	assert_int_equal(verdict_of(&process, 1, "n2", at(0)), VERDICT_ACCEPTED);
	assert_int_equal(verdict_of(&process, 1, "n3", at(0)), VERDICT_ACCEPTED);
	assert_non_null(strstr(logs, NAME ": No space left on device; replays are possible after "
					  "a restart"));
	assert_int_equal(process.journal.fd, -1);
	/* It tries again. */
	timer_run_out(&process);
	assert_true(process.journal.fd >= 0);
	assert_false(problem_is_raised(&process.journal.write_problem));
	process_kill(&process);
	process_start(&process, scratch);
	for (const char *const *nonce = (const char *const[]){"n1", "n2", "n3", NULL}; *nonce;
		nonce++)
		assert_int_equal(verdict_of(&process, 1, *nonce, at(0)), VERDICT_DUPLICATE_NONCE);
	process_kill(&process);
}

static void without_a_directory_to_write_events_are_handled(void **state)
{
	struct scratch *scratch = *state;
	struct process process;
	scratch_chmod(scratch, ".", 0777); /* which is not trusted */
	process_start(&process, scratch);
	assert_non_null(strstr(logs, "replays are possible after a restart"));
	assert_int_equal(verdict_of(&process, 1, "n1", at(0)), VERDICT_ACCEPTED);
	assert_int_equal(verdict_of(&process, 1, "n1", at(0)), VERDICT_DUPLICATE_NONCE);
	rotate(&process, 2);
	assert_int_equal(turn_of(&process, "peer-2", 1), 0);
	assert_int_equal(turn_of(&process, "peer-2", 0), VERDICT_SUPERSEDED);
	process_kill(&process);
}

#define JOURNAL_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_make, scratch_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JOURNAL_TEST(handled_events_are_known_after_a_kill),
		JOURNAL_TEST(a_torn_record_affects_no_other),
		JOURNAL_TEST(after_a_reboot_nonces_expire_by_ten_minutes_and_the_wall_clock),
		JOURNAL_TEST(a_key_that_the_operator_replaced_is_in_force),
		JOURNAL_TEST(a_foreign_or_damaged_journal_is_reported_and_replaced),
		JOURNAL_TEST(a_journal_that_grew_is_compacted),
		JOURNAL_TEST(a_failing_disk_is_a_problem_until_it_works),
		JOURNAL_TEST(without_a_directory_to_write_events_are_handled),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
