#include "notices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a notice is about, to tell whether it was logged before. */
static char *notice_text(const char *a, const char *b, const char *c, const char *d)
{
	char *text;
	return asprintf(&text, "%s\n%s\n%s\n%s", a, b, c, d) < 0 ? NULL : text;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool notice_is_new(const struct notices *notices, const char *text)
{
	return !notices->count || !bsearch(&text, notices->texts, notices->count,
					  sizeof *notices->texts, compare_texts);
}

static const char *kept_key(
	const struct desired *desired, const struct peer_entry *entry, struct key_text *text)
{
	for (size_t i = 0; i < desired->kept_count; i++) {
		if (desired->kept[i].error != entry->error)
			continue;
		*text = key_public_format(&desired->kept[i].actual->public_key);
		return text->text;
	}
	return NULL;
}

/*
 * Logs a line unless it stood in the last cycle too, and puts its text among those of this one.
 * When memory is out it is logged: once too often beats not at all.
 */
static bool notice_take(const struct notices *last, struct notices *next, char *text)
{
	bool is_new = !text || notice_is_new(last, text);
	if (text)
		next->texts[next->count++] = text;
	return is_new;
}

static void conflict_log(const struct logger *logger, const struct conflict *conflict,
	const struct notices *last, struct notices *next)
{
	const char *kind = conflict_kind_name(conflict->kind);
	if (notice_take(last, next,
		    notice_text(kind, conflict->about, conflict->winner, conflict->loser)))
		log_line(logger, LOG_LEVEL_WARN, "Peers conflict", "over", kind, "value",
			conflict->about, "winner", conflict->winner, "loser", conflict->loser,
			NULL);
}

static void unusable_log(const struct logger *logger, const struct desired *desired,
	const struct peer_entry *entry, const struct notices *last, struct notices *next)
{
	struct key_text key;
	const char *kept = kept_key(desired, entry, &key);
	if (notice_take(last, next, notice_text("unusable", entry->error, kept ? kept : "", "")))
		log_line(logger, LOG_LEVEL_ERROR, "Peer entry cannot be used", "peer_id", entry->id,
			"error", entry->error, "kept", kept, NULL);
}

static void refusal_log(const struct logger *logger, const struct route_refusal *refusal,
	const struct notices *last, struct notices *next)
{
	struct prefix_text destination = prefix_format(&refusal->destination);
	struct route_refusal_text reason = route_refusal_format(refusal);
	if (notice_take(last, next, notice_text("route", destination.text, reason.text, "")))
		log_line(logger, LOG_LEVEL_WARN, "Route not set", "destination", destination.text,
			"reason", reason.text, NULL);
}

void notices_log(struct notices *notices, const struct logger *logger,
	const struct desired *desired, const struct route_plan *routes)
{
	size_t room = desired->conflict_count + desired->unusable_count + routes->refusal_count;
	struct notices next = {.texts = calloc(room ? room : 1, sizeof *next.texts)};
	if (!next.texts) {
		log_line(logger, LOG_LEVEL_ERROR, "Conflicts not logged", "error", "out of memory",
			NULL);
		return;
	}
	for (size_t i = 0; i < desired->conflict_count; i++)
		conflict_log(logger, &desired->conflicts[i], notices, &next);
	for (size_t i = 0; i < desired->unusable_count; i++)
		unusable_log(logger, desired, desired->unusable[i], notices, &next);
	for (size_t i = 0; i < routes->refusal_count; i++)
		refusal_log(logger, &routes->refusals[i], notices, &next);
	qsort(next.texts, next.count, sizeof *next.texts, compare_texts);
	notices_clear(notices);
	*notices = next;
}

void notices_clear(struct notices *notices)
{
	for (size_t i = 0; i < notices->count; i++)
		free(notices->texts[i]);
	free(notices->texts);
	*notices = (struct notices){0};
}
