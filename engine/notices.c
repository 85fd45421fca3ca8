/* SPDX-License-Identifier: Apache-2.0 */
#include "notices.h"

#include "array.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The notices of the current cycle. */
struct notice_round {
	const struct logger *logger;
	const struct notices *last;
	struct notices next;
	const struct retained_peer *
		*retained; /* by the entry that they are retained for, which its error tells */
	size_t retained_count;
	size_t logged_count;
	size_t deferred_count;
};

/* Make the text that identifies a notice. NULL when out of memory. */
static char *notice_text(const char *a, const char *b, const char *c, const char *d)
{
	char *text;
	return asprintf(&text, "%s\n%s\n%s\n%s", a, b, c, d) < 0 ? NULL : text;
}

static int compare_notice_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool notice_is_new(const struct notices *notices, const char *text)
{
	return !notices->count || !bsearch(&text, notices->texts, notices->count,
					  sizeof *notices->texts, compare_notice_texts);
}

static int compare_retained_errors(const void *a, const void *b)
{
	const struct retained_peer *x = *(const struct retained_peer *const *)a;
	const struct retained_peer *y = *(const struct retained_peer *const *)b;
	uintptr_t left = (uintptr_t)x->error, right = (uintptr_t)y->error;
	return left != right ? (left > right) - (left < right) : (x > y) - (x < y);
}

static int compare_error_to_retained(const void *error, const void *retained)
{
	uintptr_t x = (uintptr_t)error;
	uintptr_t y = (uintptr_t)(*(const struct retained_peer *const *)retained)->error;
	return (x > y) - (x < y);
}

/* Return the first key that is retained for the entry, or NULL. */
static const char *retained_key(
	const struct notice_round *round, const struct peer_entry *entry, struct key_text *text)
{
	size_t at = array_search(round->retained, round->retained_count, sizeof *round->retained,
		entry->error, compare_error_to_retained);
	if (at == round->retained_count || round->retained[at]->error != entry->error)
		return NULL;
	*text = key_public_format(&round->retained[at]->actual->public_key);
	return text->text;
}

/*
 * Record a notice and return whether to log it: it is new since the last cycle and within the
 * limit. A notice over the limit is not recorded, so that it is new in the next cycle. A notice
 * without a text, when out of memory, is logged: a repeated line is better than none.
 */
static bool notice_admit(struct notice_round *round, char *text)
{
	bool is_new = !text || notice_is_new(round->last, text);
	if (is_new && round->logged_count == NOTICES_PER_CYCLE_MAX) {
		round->deferred_count++;
		free(text);
		return false;
	}
	round->logged_count += is_new;
	if (text)
		round->next.texts[round->next.count++] = text;
	return is_new;
}

static void conflict_log(struct notice_round *round, const struct conflict *conflict)
{
	const char *kind = conflict_kind_name(conflict->kind);
	if (notice_admit(
		    round, notice_text(kind, conflict->about, conflict->winner, conflict->loser)))
		log_line(round->logger, LOG_PEERS_CONFLICT, "over", kind, "value", conflict->about,
			"winner", conflict->winner, "loser", conflict->loser, NULL);
}

static void further_conflicts_log(struct notice_round *round, size_t further_count)
{
	char count[24];
	snprintf(count, sizeof count, "%zu", further_count);
	if (further_count && notice_admit(round, notice_text("further", count, "", "")))
		log_line(round->logger, LOG_CONFLICTS_OMITTED, "count", count, NULL);
}

static void unusable_log(struct notice_round *round, const struct peer_entry *entry)
{
	struct key_text key;
	const char *retained = retained_key(round, entry, &key);
	if (notice_admit(
		    round, notice_text("unusable", entry->error, retained ? retained : "", "")))
		log_line(round->logger, LOG_PEER_ENTRY_UNUSABLE, "peer_id", entry->id, "error",
			entry->error, "retained", retained, NULL);
}

static void withheld_log(struct notice_round *round, size_t withheld_count)
{
	char count[24];
	snprintf(count, sizeof count, "%zu", withheld_count);
	if (withheld_count && notice_admit(round, notice_text("withheld", count, "", "")))
		log_line(round->logger, LOG_NAMELESS_REMOVALS_WITHHELD, "count", count, NULL);
}

static void refusal_log(struct notice_round *round, const struct route_refusal *refusal)
{
	struct prefix_text destination = prefix_format(&refusal->destination);
	struct route_refusal_text reason = route_refusal_format(refusal);
	if (notice_admit(round, notice_text("route", destination.text, reason.text, "")))
		log_line(round->logger, LOG_ROUTE_NOT_SET, "destination", destination.text,
			"reason", reason.text, NULL);
}

static void ipv6_log(struct notice_round *round, const struct route_plan *routes)
{
	const char *reason = ipv6_obstacle_text(routes->ipv6_obstacle);
	char count[24];
	snprintf(count, sizeof count, "%zu", routes->ipv6_withheld_count);
	if (routes->ipv6_withheld_count &&
		notice_admit(round, notice_text("ipv6", count, reason, "")))
		log_line(round->logger, LOG_IPV6_ROUTES_NOT_SET, "count", count, "reason", reason,
			NULL);
}

static void deferred_log(const struct notice_round *round)
{
	char count[24];
	snprintf(count, sizeof count, "%zu", round->deferred_count);
	if (round->deferred_count)
		log_line(round->logger, LOG_NOTICE_LIMIT_REACHED, "deferred", count, NULL);
}

/* Return false when out of memory. */
static bool round_begin(
	struct notice_round *round, const struct desired *desired, const struct route_plan *routes)
{
	/* Three more for the notices that are counts. */
	size_t room = desired->conflict_count + desired->unusable_count + routes->refusal_count + 3;
	round->next.texts = calloc(room, sizeof *round->next.texts);
	round->retained = calloc(desired->retained_count + 1, sizeof(*round->retained));
	if (!round->next.texts || !round->retained) {
		free(round->next.texts);
		free(round->retained);
		return false;
	}
	round->retained_count = desired->retained_count;
	for (size_t i = 0; i < desired->retained_count; i++)
		round->retained[i] = &desired->retained[i];
	qsort(round->retained, round->retained_count, sizeof(*round->retained),
		compare_retained_errors);
	return true;
}

void notices_log(struct notices *notices, const struct logger *logger, const struct plan *plan,
	const struct route_plan *routes)
{
	const struct desired *desired = &plan->desired;
	struct notice_round round = {.logger = logger, .last = notices};
	if (!round_begin(&round, desired, routes)) {
		log_line(logger, LOG_CONFLICTS_NOT_LOGGED, "error", "out of memory", NULL);
		return;
	}
	for (size_t i = 0; i < desired->conflict_count; i++)
		conflict_log(&round, &desired->conflicts[i]);
	further_conflicts_log(&round, desired->further_conflict_count);
	for (size_t i = 0; i < desired->unusable_count; i++)
		unusable_log(&round, desired->unusable[i]);
	withheld_log(&round, plan->withheld_count);
	for (size_t i = 0; i < routes->refusal_count; i++)
		refusal_log(&round, &routes->refusals[i]);
	ipv6_log(&round, routes);
	deferred_log(&round);
	free(round.retained);
	qsort(round.next.texts, round.next.count, sizeof *round.next.texts, compare_notice_texts);
	notices_clear(notices);
	*notices = round.next;
}

void notices_clear(struct notices *notices)
{
	for (size_t i = 0; i < notices->count; i++)
		free(notices->texts[i]);
	free(notices->texts);
	*notices = (struct notices){0};
}
