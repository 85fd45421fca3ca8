/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_journal.h"

#include "diag.h"
#include "file.h"
#include "timestamp.h"
#include "trusted_path.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC       "plexwg1"
#define OWNER_BYTES 32
#define BOOT_BYTES  36 /* /proc/sys/kernel/random/boot_id */
#define CHECK_BYTES crypto_generichash_BYTES_MIN
#define KEYS_BYTES  (3 * sizeof(struct key_public) + 1)
/* A record: its kind, the length of its text, two times, the text, a checksum. */
#define TEXT_AT    ((size_t)2 + 2 * sizeof(int64_t))
#define RECORD_MAX (TEXT_AT + UINT8_MAX + CHECK_BYTES)

#define SYNC_MS    1000
#define RETRY_MS   (60 * 1000)
#define BYTES_MAX  ((size_t)1 << 30)
#define GROWTH     ((size_t)1 << 20)

struct head {
	char magic[sizeof MAGIC];
	uint8_t owner[OWNER_BYTES];
	char boot[BOOT_BYTES];
};

/* The content of a journal that is being rewritten. */
struct writer {
	const struct trust_journal *journal;
	uint8_t *bytes;
	size_t length;
	size_t capacity;
	bool out_of_memory;
};

static struct head head_make(const struct trust_journal *journal)
{
	struct head head = {.magic = MAGIC};
	const char *node = journal->config.owner.node_id ? journal->config.owner.node_id : "";
	struct file_text boot = {0};
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, sizeof head.owner);
	crypto_generichash_update(&state, (const uint8_t *)node, strlen(node) + 1);
	crypto_generichash_update(&state, (const uint8_t *)journal->config.owner.source,
		strlen(journal->config.owner.source));
	crypto_generichash_final(&state, head.owner, sizeof head.owner);
	/* If the boot id cannot be read, use a random one, which equals no other. */
	randombytes_buf(head.boot, sizeof head.boot);
	if (file_read("/proc/sys/kernel/random/boot_id", PATH_MAX, &boot, NULL) == 0 &&
		boot.length >= sizeof head.boot)
		memcpy(head.boot, boot.text, sizeof head.boot);
	file_text_clear(&boot);
	return head;
}

/*
 * Records.
 */

static void record_check(const uint8_t *record, size_t length, uint8_t ret[static CHECK_BYTES])
{
	crypto_generichash(ret, CHECK_BYTES, record, length, NULL, 0);
}

static size_t keys_encode(const struct trust_journal *journal, const struct signing_keys *keys,
	uint8_t ret[static KEYS_BYTES])
{
	const size_t size = sizeof(struct key_public);
	memcpy(ret, &journal->configured, size);
	memcpy(ret + size, &keys->current, size);
	memcpy(ret + 2 * size, &keys->previous, size);
	ret[3 * size] = keys->has_previous;
	return KEYS_BYTES;
}

static size_t record_encode(const struct trust_journal *journal, const struct trust_record *record,
	uint8_t ret[static RECORD_MAX])
{
	bool is_keys = record->kind == TRUST_KEYS;
	int64_t wall_ns = is_keys ? record->keys.transition_expires_ns : record->until.wall_ns;
	size_t length = record->length;
	if (is_keys)
		length = keys_encode(journal, &record->keys, ret + TEXT_AT);
	else
		memcpy(ret + TEXT_AT, record->text, length);
	ret[0] = (uint8_t)record->kind;
	ret[1] = (uint8_t)length;
	memcpy(ret + 2, &wall_ns, sizeof wall_ns);
	memcpy(ret + 2 + sizeof wall_ns, &record->until.boot_ns, sizeof record->until.boot_ns);
	record_check(ret, TEXT_AT + length, ret + TEXT_AT + length);
	return TEXT_AT + length + CHECK_BYTES;
}

/* Return the length of the record at the start of `bytes`; 0: there is no intact one. */
static size_t record_decode(const uint8_t *bytes, size_t left, struct trust_record *ret)
{
	uint8_t check[CHECK_BYTES];
	size_t length = left >= TEXT_AT ? TEXT_AT + bytes[1] : left;
	if (left < length + CHECK_BYTES)
		return 0;
	record_check(bytes, length, check);
	if (memcmp(check, bytes + length, CHECK_BYTES) != 0)
		return 0;
	*ret = (struct trust_record){
		.kind = bytes[0], .text = (const char *)bytes + TEXT_AT, .length = bytes[1]};
	memcpy(&ret->until.wall_ns, bytes + 2, sizeof ret->until.wall_ns);
	memcpy(&ret->until.boot_ns, bytes + 2 + sizeof ret->until.wall_ns,
		sizeof ret->until.boot_ns);
	return length + CHECK_BYTES;
}

/* Decode the keys. Return whether they are bound to the identity's key. */
static bool keys_decode(struct trust_journal *journal, struct trust_record *record)
{
	const size_t size = sizeof(struct key_public);
	const char *text = record->text;
	struct key_public configured;
	if (record->length != KEYS_BYTES)
		return false;
	memcpy(&configured, text, size);
	/* If the identity's key could not be read, assume that it was not replaced. */
	if (key_public_is_zero(&journal->configured))
		journal->configured = configured;
	memcpy(&record->keys.current, text + size, size);
	memcpy(&record->keys.previous, text + 2 * size, size);
	record->keys.has_previous = text[3 * size] != 0;
	record->keys.transition_expires_ns = record->until.wall_ns;
	journal->has_keys = true;
	return key_public_equal(&configured, &journal->configured);
}

/*
 * Loading.
 */

static int record_restore(struct trust_journal *journal, struct trust_record *record)
{
	switch (record->kind) {
	case TRUST_KEYS:
		return keys_decode(journal, record)
			       ? verifier_restore(journal->config.verifier, record)
			       : 0;
	case TRUST_NONCE:
	case TRUST_NEWEST:
		return verifier_restore(journal->config.verifier, record);
	}
	return 0; /* a kind of a later version */
}

static int journal_restore(
	struct trust_journal *journal, const struct file_text *file, struct diag *diag)
{
	const struct head expected = head_make(journal);
	const uint8_t *bytes = (const uint8_t *)file->text;
	size_t at = sizeof expected, length = 0;
	struct head head;
	struct trust_record record;
	if (file->length < sizeof head)
		return diag_fail(diag, -EINVAL, "damaged");
	memcpy(&head, bytes, sizeof head);
	if (memcmp(head.magic, expected.magic, sizeof head.magic) != 0)
		return diag_fail(diag, -EINVAL, "damaged");
	if (memcmp(head.owner, expected.owner, sizeof head.owner) != 0)
		return diag_fail(diag, -EPERM, "of another node or source");
	bool is_same_boot = memcmp(head.boot, expected.boot, sizeof head.boot) == 0;
	int error = 0;
	while (!error && (length = record_decode(bytes + at, file->length - at, &record)) != 0) {
		if (!is_same_boot)
			record.until.boot_ns = 2 * EVENT_WINDOW_NS;
		error = record_restore(journal, &record);
		at += length;
	}
	if (error)
		return diag_fail_errno(diag, error);
	if (file->length - at >= RECORD_MAX)
		return diag_fail(diag, -EINVAL, "damaged, %zu bytes left out", file->length - at);
	return 0;
}

void trust_journal_init(struct trust_journal *journal, const struct trust_journal_config *config)
{
	*journal = (struct trust_journal){
		.config = *config,
		.fd = -1,
		.write_problem = {.name = "trust journal", .loop = config->loop},
	};
}

void trust_journal_load(struct trust_journal *journal)
{
	char path[PATH_MAX];
	struct file_text file = {0};
	struct diag diag = {0};
	journal->configured = journal->config.verifier->keys.current;
	snprintf(path, sizeof path, "%s/" TRUST_JOURNAL_NAME, journal->config.owner.directory);
	int error = file_read_private(path, BYTES_MAX, &file, &diag);
	bool is_missing = error == -ENOENT;
	if (!error) {
		error = journal_restore(journal, &file, &diag);
		if (error)
			diag_wrap(&diag, error, "%s", path);
	}
	if (error && !is_missing)
		log_line(&journal->config.logger, LOG_TRUST_JOURNAL_NOT_RESTORED, "error",
			diag_text(&diag), NULL);
	file_text_clear(&file);
	diag_clear(&diag);
}

/*
 * Writing.
 */

static void journal_maintain(void *impl);

static void journal_close(struct trust_journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = -1;
}

static void timer_set(struct trust_journal *journal, int64_t delay_ms)
{
	loop_timer_set(journal->config.loop, &journal->timer, delay_ms, journal_maintain, journal);
}

/* Close the journal: records after an incomplete one could not be read. */
static void journal_fail(struct trust_journal *journal, int error, struct diag *diag)
{
	journal_close(journal);
	diag_add(diag, error, "replays are possible after a restart");
	problem_raise(&journal->write_problem, &journal->config.logger, diag_text(diag));
	timer_set(journal, RETRY_MS);
}

static void journal_fail_errno(struct trust_journal *journal, int error)
{
	struct diag diag = {0};
	diag_fail_errno(&diag, error);
	diag_wrap(&diag, error, "%s/" TRUST_JOURNAL_NAME, journal->config.owner.directory);
	journal_fail(journal, error, &diag);
	diag_clear(&diag);
}

static void journal_sync(struct trust_journal *journal)
{
	if (fsync(journal->fd) != 0)
		journal_fail_errno(journal, -errno);
}

static void write_bytes(struct writer *writer, const void *bytes, size_t length)
{
	if (writer->capacity - writer->length < length) {
		size_t capacity = writer->capacity * 2 + length;
		uint8_t *grown = realloc(writer->bytes, capacity);
		if (!grown) {
			writer->out_of_memory = true;
			return;
		}
		writer->bytes = grown;
		writer->capacity = capacity;
	}
	memcpy(writer->bytes + writer->length, bytes, length);
	writer->length += length;
}

static void write_record(void *impl, const struct trust_record *record)
{
	struct writer *writer = impl;
	uint8_t bytes[RECORD_MAX] = {0};
	write_bytes(writer, bytes, record_encode(writer->journal, record, bytes));
}

static int journal_reopen(struct trust_journal *journal, struct diag *diag)
{
	int directory_fd = trusted_directory_open(journal->config.owner.directory, diag);
	if (directory_fd < 0)
		return directory_fd;
	journal->fd = openat(
		directory_fd, TRUST_JOURNAL_NAME, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	int error = journal->fd < 0 ? diag_fail_errno(diag, -errno) : 0;
	close(directory_fd);
	return error;
}

/* Rewrite the file with what the verifier knows now. */
static void journal_rewrite(struct trust_journal *journal)
{
	struct writer writer = {.journal = journal};
	struct diag diag = {0};
	const struct head head = head_make(journal);
	write_bytes(&writer, &head, sizeof head);
	verifier_write_all(journal->config.verifier,
		(struct trust_store){.write = write_record, .impl = &writer});
	journal_close(journal);
	int error = writer.out_of_memory
			    ? diag_fail_errno(&diag, -ENOMEM)
			    : file_replace(journal->config.owner.directory, TRUST_JOURNAL_NAME,
				      (const char *)writer.bytes, writer.length, &diag);
	if (!error)
		error = journal_reopen(journal, &diag);
	journal->bytes = journal->rewritten_bytes = writer.length;
	if (error)
		journal_fail(journal, error, &diag);
	else
		problem_resolve(&journal->write_problem, &journal->config.logger);
	free(writer.bytes);
	diag_clear(&diag);
}

static void journal_maintain(void *impl)
{
	struct trust_journal *journal = impl;
	if (journal->fd < 0 || journal->bytes > 2 * journal->rewritten_bytes + GROWTH)
		journal_rewrite(journal);
	else
		journal_sync(journal);
}

static void journal_append(void *impl, const struct trust_record *record)
{
	struct trust_journal *journal = impl;
	uint8_t bytes[RECORD_MAX];
	size_t length = record_encode(journal, record, bytes);
	if (journal->fd < 0)
		return;
	ssize_t count = write(journal->fd, bytes, length);
	if (count != (ssize_t)length) {
		journal_fail_errno(journal, count < 0 ? -errno : -ENOSPC);
		return;
	}
	journal->bytes += length;
	if (record->kind == TRUST_KEYS)
		journal_sync(journal);
	else if (!journal->timer.is_set)
		timer_set(journal, SYNC_MS);
}

struct trust_store trust_journal_store(struct trust_journal *journal)
{
	return (struct trust_store){.write = journal_append, .impl = journal};
}

void trust_journal_start(struct trust_journal *journal)
{
	journal_rewrite(journal);
}

void trust_journal_deinit(struct trust_journal *journal)
{
	if (journal->fd >= 0)
		fsync(journal->fd);
	journal_close(journal);
	loop_timer_cancel(journal->config.loop, &journal->timer);
	problem_clear(&journal->write_problem);
}
