/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint_history.h"

#include "timestamp.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare_endpoint_records(const void *a, const void *b)
{
	const struct endpoint_record *x = a, *y = b;
	return key_public_compare(&x->public_key, &y->public_key);
}

/* Return the peer's record among those of the last cycle, forgotten or not, or NULL. */
static struct endpoint_record *cycle_record_find(
	const struct endpoint_history *history, const struct key_public *key)
{
	const struct endpoint_record wanted = {.public_key = *key};
	return history->count ? bsearch(&wanted, history->records, history->count, sizeof wanted,
					compare_endpoint_records)
			      : NULL;
}

static struct endpoint_record *added_find(
	const struct endpoint_history *history, const struct key_public *key)
{
	const struct endpoint_record wanted = {.public_key = *key};
	struct endpoint_record **found = tfind(&wanted, &history->added, compare_endpoint_records);
	return found ? *found : NULL;
}

static const struct endpoint_record *record_find(
	const struct endpoint_history *history, const struct key_public *key)
{
	const struct endpoint_record *record = cycle_record_find(history, key);
	if (record)
		return record->is_forgotten ? NULL : record;
	return added_find(history, key);
}

/* Return the record of `key`; create one if there is none. NULL when out of memory. */
static struct endpoint_record *record_obtain(
	struct endpoint_history *history, const struct key_public *key)
{
	struct endpoint_record *record = cycle_record_find(history, key);
	if (record && record->is_forgotten)
		*record = (struct endpoint_record){.public_key = *key};
	if (!record)
		record = added_find(history, key);
	if (record)
		return record;
	record = malloc(sizeof *record);
	if (!record)
		return NULL;
	*record = (struct endpoint_record){.public_key = *key};
	if (tsearch(record, &history->added, compare_endpoint_records))
		return record;
	free(record);
	return NULL;
}

/* Return whether bytes were sent since the handshake of `record` was first seen. Another handshake
 * starts the count anew, and so does a counter that decreased. */
static bool sent_since_handshake(
	const struct endpoint_record *record, const struct peer_status *status)
{
	if (status->last_handshake_s != record->last_handshake_s)
		return false;
	if (status->tx_bytes < record->tx_bytes)
		return status->tx_bytes > 0;
	return status->tx_bytes > record->tx_bytes;
}

static bool handshake_is_known(
	const struct endpoint_record *record, const struct peer_status *status)
{
	return record && record->seen && record->last_handshake_s == status->last_handshake_s;
}

static int64_t handshake_age_s(
	const struct endpoint_record *record, const struct peer_status *status, struct moment now)
{
	if (handshake_is_known(record, status))
		return now.boot_ns / NS_PER_S - record->handshake_boot_s;
	int64_t age_s = now.wall_ns / NS_PER_S - status->last_handshake_s;
	return age_s > 0 ? age_s : 0;
}

static bool is_silent(
	const struct endpoint_record *record, const struct peer_status *status, struct moment now)
{
	if (status->last_handshake_s != 0 &&
		handshake_age_s(record, status, now) <= ENDPOINT_SILENT_AFTER_S)
		return false;
	return !record || !record->seen || sent_since_handshake(record, status);
}

bool endpoint_history_is_silent(
	const struct endpoint_history *history, const struct peer_config *actual, struct moment now)
{
	return is_silent(record_find(history, &actual->public_key), &actual->status, now);
}

const struct endpoint *endpoint_history_baseline(
	const struct endpoint_history *history, const struct key_public *key)
{
	const struct endpoint_record *record = record_find(history, key);
	return record && record->has_baseline ? &record->baseline : NULL;
}

/* FNV-1a. If two names collide, a change from one to the other only takes effect later. */
static uint32_t name_digest(const char *host)
{
	uint32_t digest = 2166136261;
	for (; *host; host++)
		digest = (digest ^ (uint8_t)*host) * 16777619;
	return digest | 1; /* 0 is none */
}

/* The answer of the lookup for a host name. */
struct answer {
	uint32_t name;
	uint16_t port;
	const struct ip *ips;
	size_t count;
};

static bool answer_has(const struct answer *answer, const struct endpoint *endpoint)
{
	if (endpoint->kind != ENDPOINT_IP || endpoint->port != answer->port)
		return false;
	for (size_t i = 0; i < answer->count; i++)
		if (ip_equal(&answer->ips[i], &endpoint->ip))
			return true;
	return false;
}

/* Return whether another name or port was desired before. A baseline that was not resolved from a
 * name counts as another name. */
static bool name_is_new(const struct answer *answer, const struct endpoint *baseline)
{
	return baseline->name != answer->name ||
	       (baseline->kind == ENDPOINT_IP && baseline->port != answer->port);
}

/* Choose the address of a name that has at least one. */
static struct endpoint address_choose(const struct endpoint_record *record,
	const struct answer *answer, const struct peer_config *actual, struct moment now)
{
	struct endpoint first = {.kind = ENDPOINT_IP, .ip = answer->ips[0], .port = answer->port};
	if (actual && answer_has(answer, &actual->endpoint))
		return actual->endpoint;
	if (!record || !record->has_baseline)
		return first;
	if (answer_has(answer, &record->baseline))
		return record->baseline;
	if (!actual || actual->endpoint.kind == ENDPOINT_NONE ||
		name_is_new(answer, &record->baseline) || is_silent(record, &actual->status, now))
		return first;
	return record->baseline;
}

void endpoint_history_choose(const struct endpoint_history *history,
	const struct name_lookup *lookup, struct peer_config *desired,
	const struct peer_config *actual, struct moment now)
{
	struct endpoint *endpoint = &desired->endpoint;
	if (endpoint->kind != ENDPOINT_NAME || !lookup->addresses)
		return;
	struct answer answer = {.name = name_digest(endpoint->host), .port = endpoint->port};
	answer.count = lookup->addresses(lookup->impl, endpoint->host, &answer.ips);
	if (answer.count)
		*endpoint = address_choose(
			record_find(history, &desired->public_key), &answer, actual, now);
	else
		*endpoint = (struct endpoint){.kind = ENDPOINT_NONE};
	endpoint->name = answer.name;
}

/* `record` is NULL if the peer has none. */
static bool record_is_due(const struct endpoint_record *record, const struct peer_config *desired,
	const struct peer_config *actual, struct moment now)
{
	const struct endpoint *endpoint = &desired->endpoint;
	if (endpoint->kind != ENDPOINT_IP || endpoint_equal(endpoint, &actual->endpoint))
		return false;
	if (record && record->has_baseline && !endpoint_equal(endpoint, &record->baseline))
		return true;
	if (record && record->has_due && endpoint_equal(endpoint, &record->due))
		return true;
	return is_silent(record, &actual->status, now);
}

bool endpoint_history_is_due(const struct endpoint_history *history,
	const struct peer_config *desired, const struct peer_config *actual, struct moment now)
{
	return record_is_due(record_find(history, &desired->public_key), desired, actual, now);
}

static void record_see(
	struct endpoint_record *record, const struct peer_status *status, struct moment now)
{
	if (!handshake_is_known(record, status)) {
		record->tx_bytes = status->tx_bytes;
		record->handshake_boot_s =
			now.boot_ns / NS_PER_S - handshake_age_s(record, status, now);
	} else if (status->tx_bytes < record->tx_bytes) {
		record->tx_bytes = 0;
	}
	record->last_handshake_s = status->last_handshake_s;
	record->seen = true;
}

static void record_compare(struct endpoint_record *record, const struct peer_config *desired,
	const struct peer_config *actual, struct moment now)
{
	const struct endpoint *endpoint = &desired->endpoint;
	if (endpoint->kind == ENDPOINT_NAME)
		return;
	if (endpoint->kind == ENDPOINT_IP && endpoint_equal(endpoint, &actual->endpoint)) {
		record->baseline = *endpoint;
		record->has_baseline = true;
		record->has_due = false;
		return;
	}
	bool is_due = record_is_due(record, desired, actual, now);
	if (is_due) {
		record->due = *endpoint;
		record->has_due = true;
	}
	if (!record->has_baseline) {
		record->baseline = *endpoint;
		record->has_baseline = true;
	} else if (!is_due && endpoint->kind == ENDPOINT_IP) {
		record->baseline.name = endpoint->name;
	}
}

int endpoint_history_compared(struct endpoint_history *history, const struct peer_table *desired,
	const struct peer_table *actual, struct moment now)
{
	struct endpoint_history next = {.records = calloc(actual->count + 1, sizeof *next.records)};
	if (!next.records)
		return -ENOMEM;
	size_t old = 0, wanted = 0;
	for (size_t i = 0; i < actual->count; i++) {
		const struct peer_config *peer = &actual->peers[i];
		const struct key_public *key = &peer->public_key;
		struct endpoint_record *record = &next.records[next.count++];
		while (old < history->count &&
			key_public_compare(&history->records[old].public_key, key) < 0)
			old++;
		const struct endpoint_record *known = added_find(history, key);
		if (old < history->count &&
			key_public_equal(&history->records[old].public_key, key))
			known = &history->records[old];
		if (known && !known->is_forgotten)
			*record = *known;
		record->public_key = *key;
		while (wanted < desired->count &&
			key_public_compare(&desired->peers[wanted].public_key, key) < 0)
			wanted++;
		if (wanted < desired->count &&
			key_public_equal(&desired->peers[wanted].public_key, key))
			record_compare(record, &desired->peers[wanted], peer, now);
		record_see(record, &peer->status, now);
	}
	endpoint_history_clear(history);
	*history = next;
	return 0;
}

static void record_apply(
	struct endpoint_record *record, const struct endpoint *endpoint, bool fresh)
{
	if (fresh)
		*record = (struct endpoint_record){.public_key = record->public_key};
	if (fresh || endpoint->kind == ENDPOINT_IP) {
		record->baseline = *endpoint;
		record->has_baseline = true;
		record->has_due = false;
	}
}

int endpoint_history_applied(struct endpoint_history *history, const struct key_public *key,
	const struct endpoint *endpoint, bool fresh)
{
	fresh = fresh || !record_find(history, key);
	struct endpoint_record *record = record_obtain(history, key);
	if (!record)
		return -ENOMEM;
	record_apply(record, endpoint, fresh);
	return 0;
}

int endpoint_history_failed(struct endpoint_history *history, const struct key_public *key,
	const struct endpoint *endpoint)
{
	if (endpoint->kind != ENDPOINT_IP)
		return 0;
	struct endpoint_record *record = record_obtain(history, key);
	if (!record)
		return -ENOMEM;
	record->due = *endpoint;
	record->has_due = true;
	return 0;
}

void endpoint_history_forget(struct endpoint_history *history, const struct key_public *key)
{
	struct endpoint_record *record = cycle_record_find(history, key);
	if (record) {
		record->is_forgotten = true;
		return;
	}
	record = added_find(history, key);
	if (record)
		tdelete(record, &history->added, compare_endpoint_records);
	free(record);
}

void endpoint_history_clear(struct endpoint_history *history)
{
	free(history->records);
	tdestroy(history->added, free);
	*history = (struct endpoint_history){0};
}
