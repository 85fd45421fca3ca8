/* SPDX-License-Identifier: Apache-2.0 */
#include "convert_parts.h"

#include "trace_fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The index of the id, or the one at which to insert it. */
static size_t entries_position(
	const struct convert_entries *entries, const char *id, bool *ret_found)
{
	size_t low = 0, high = entries->count;
	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(entries->entries[middle].id, id);
		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void convert_entry_free(struct convert_entry *entry)
{
	free(entry->id);
	free(entry->text);
}

static void entries_remove(struct convert_entries *entries, const char *id)
{
	bool found;
	size_t at = entries_position(entries, id, &found);
	if (!found)
		return;
	convert_entry_free(&entries->entries[at]);
	entries->count--;
	memmove(&entries->entries[at], &entries->entries[at + 1],
		(entries->count - at) * sizeof *entries->entries);
}

/* Set the text of an id, and take the text over. */
static void entries_set(
	struct converter *converter, struct convert_entries *entries, const char *id, char *text)
{
	bool found;
	entries_remove(entries, id);
	size_t at = entries_position(entries, id, &found);
	char *copy = strdup(id);
	if (entries->count == entries->capacity) {
		size_t capacity = entries->capacity ? entries->capacity * 2 : 16;
		struct convert_entry *larger =
			reallocarray(entries->entries, capacity, sizeof *larger);
		if (larger) {
			entries->entries = larger;
			entries->capacity = capacity;
		}
	}
	if (!copy || entries->count == entries->capacity) {
		convert_fail_memory(converter);
		free(copy);
		free(text);
		return;
	}
	memmove(&entries->entries[at + 1], &entries->entries[at],
		(entries->count - at) * sizeof *entries->entries);
	entries->entries[at] = (struct convert_entry){.id = copy, .text = text};
	entries->count++;
}

static void entries_clear(struct convert_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		convert_entry_free(&entries->entries[i]);
	free(entries->entries);
	*entries = (struct convert_entries){0};
}

/* An unusable entry has the id and the key that could be read, and an example of its fault. */
static void unusable_put(
	struct converter *converter, const struct peer_entry *entry, struct convert_text *ret)
{
	const struct trace_fault *fault = trace_fault_find(entry->error);
	const char *separator = "";
	if (strcmp(fault->member, "not an object") == 0) {
		convert_put(ret, converter, "0");
		return;
	}
	convert_put(ret, converter, "{");
	if (entry->id) {
		convert_put(ret, converter, "\"id\":\"%s\"", entry->id);
		separator = ",";
	}
	if (entry->has_key) {
		convert_put(ret, converter, "%s\"public_key\":\"%s\"", separator,
			key_public_format(&entry->config.public_key).text);
		separator = ",";
	}
	if (strncmp(fault->member, "allowed_ips", strlen("allowed_ips")) != 0) {
		convert_put(ret, converter, "%s\"allowed_ips\":[]", separator);
		separator = ",";
	}
	convert_put(ret, converter, "%s%s}", *fault->example ? separator : "", fault->example);
}

/* The text of an entry; the caller frees it. */
static char *convert_entry_text(struct converter *converter, const struct peer_entry *entry)
{
	struct convert_text text = {0};
	if (entry->error)
		unusable_put(converter, entry, &text);
	else
		text.text = convert_peer_text(&entry->config);
	if (!text.text)
		convert_fail_memory(converter);
	return text.text;
}

void convert_model_apply(struct converter *converter, const struct trace_line *line)
{
	struct convert_model *model = &converter->model;
	const struct trace_entries *entries = &line->entries;
	for (size_t i = 0; i < entries->gone_count; i++)
		entries_remove(&model->entries, entries->gone[i]);
	for (size_t i = 0; i < entries->changed_count; i++)
		entries_set(converter, &model->entries, entries->changed[i]->id,
			convert_entry_text(converter, entries->changed[i]));
	if (!entries->has_nameless)
		return;
	convert_text_clear(&model->nameless);
	for (size_t i = 0; i < entries->nameless_count; i++) {
		char *text = convert_entry_text(converter, entries->nameless[i]);
		convert_put(&model->nameless, converter, "%s,\n", text ? text : "");
		free(text);
	}
}

static void pending_set(struct converter *converter, const char *id, const struct peer_entry *entry)
{
	entries_set(converter, &converter->model.pending, id,
		entry ? convert_entry_text(converter, entry) : NULL);
}

/* Events that the model knows already stay as old as they are. */
void convert_model_snapshot(struct converter *converter, const struct trace_read *read)
{
	struct convert_model *model = &converter->model;
	struct convert_entries known = model->pending;
	bool found;
	model->pending = (struct convert_entries){0};
	entries_clear(&model->entries);
	convert_text_clear(&model->nameless);
	model->has_document = read->line.snapshot.has_document;
	model->is_provisional = read->line.snapshot.is_provisional;
	convert_model_apply(converter, &read->line);
	for (size_t i = 0; i < read->pending.count; i++) {
		const struct pending_peer *peer = read->pending.peers[i];
		pending_set(converter, peer->id, peer->removed ? NULL : &peer->entry);
		size_t at = entries_position(&known, peer->id, &found);
		bool is_old = found && known.entries[at].is_old;
		at = entries_position(&model->pending, peer->id, &found);
		if (found)
			model->pending.entries[at].is_old = is_old;
	}
	entries_clear(&known);
}

/*
 * An event is recorded before its operations. One that a check rejected, or that has no room, is
 * not; the removal of an unknown peer is.
 */
void convert_model_event(struct converter *converter, const struct trace_line *line)
{
	const struct trace_event *event = &line->event;
	if (event->verdict != VERDICT_ACCEPTED)
		return;
	if (event->peer && !event->peer->error && (!line->error || line->op_count))
		pending_set(converter, event->peer->id, event->peer);
	if (event->peer_id && (!line->error || line->error == -ENOENT || line->op_count))
		pending_set(converter, event->peer_id, NULL);
}

void convert_model_fetch(struct converter *converter)
{
	struct convert_entries *pending = &converter->model.pending;
	for (size_t i = 0; i < pending->count; i++)
		pending->entries[i].is_old = true;
}

void convert_model_fetched(struct converter *converter)
{
	struct convert_entries *pending = &converter->model.pending;
	size_t left = 0;
	for (size_t i = 0; i < pending->count; i++) {
		if (pending->entries[i].is_old)
			convert_entry_free(&pending->entries[i]);
		else
			pending->entries[left++] = pending->entries[i];
	}
	pending->count = left;
}

void convert_model_write(struct converter *converter, bool with_events, struct convert_text *ret)
{
	const struct convert_model *model = &converter->model;
	bool found = false;
	for (size_t i = 0; i < model->entries.count; i++) {
		const struct convert_entry *entry = &model->entries.entries[i];
		if (with_events)
			entries_position(&model->pending, entry->id, &found);
		if (!found)
			convert_put(ret, converter, "%s,\n", entry->text);
	}
	for (size_t i = 0; with_events && i < model->pending.count; i++)
		if (model->pending.entries[i].text)
			convert_put(ret, converter, "%s,\n", model->pending.entries[i].text);
	convert_put(ret, converter, "%s%s", model->nameless.length ? model->nameless.text : "",
		model->withheld.length ? model->withheld.text : "");
}

void convert_model_clear(struct convert_model *model)
{
	entries_clear(&model->entries);
	entries_clear(&model->pending);
	convert_text_clear(&model->nameless);
	convert_text_clear(&model->withheld);
	*model = (struct convert_model){0};
}
