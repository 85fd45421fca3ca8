/* SPDX-License-Identifier: Apache-2.0 */
#include "convert_parts.h"

#include "trace_fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An unusable entry has the id and the key that could be read, and an example of its fault. */
static void unusable_put(
	struct converter *converter, const struct peer_entry *entry, struct convert_text *ret)
{
	const struct trace_fault *fault = trace_fault_find(entry->error);
	bool has_allowed_ips = strncmp(fault->member, "allowed_ips", 11) == 0;
	if (strcmp(fault->member, "not an object") == 0) {
		convert_put(ret, converter, "0,\n");
		return;
	}
	convert_put(ret, converter, "{");
	if (entry->id)
		convert_put(ret, converter, "\"id\":\"%s\",", entry->id);
	if (entry->has_key)
		convert_put(ret, converter, "\"public_key\":\"%s\",",
			key_public_format(&entry->config.public_key).text);
	convert_put(ret, converter, "%s%s%s},\n", fault->example, *fault->example ? "," : "",
		has_allowed_ips ? "\"persistent_keepalive\":0" : "\"allowed_ips\":[]");
}

/* Write an entry, with a comma after it. */
static void entry_put(
	struct converter *converter, const struct peer_entry *entry, struct convert_text *ret)
{
	if (entry->error) {
		unusable_put(converter, entry, ret);
		return;
	}
	char *text = convert_peer_text(&entry->config);
	convert_put(ret, converter, "%s,\n", text ? text : "");
	if (!text)
		convert_fail_memory(converter);
	free(text);
}

/* Entries are recorded as events are: each id has one. */
static void model_record(struct converter *converter, struct pending_events *events, const char *id,
	const struct peer_entry *entry)
{
	events->bytes_max = SIZE_MAX;
	if ((entry ? pending_events_set(events, entry) : pending_events_remove(events, id)) != 0)
		convert_fail_memory(converter);
}

void convert_model_apply(struct converter *converter, const struct trace_line *line)
{
	struct convert_model *model = &converter->model;
	const struct trace_entries *entries = &line->entries;
	if (line->kind == TRACE_SNAPSHOT) {
		pending_events_clear(&model->entries);
		convert_text_clear(&model->nameless);
		model->has_document = line->snapshot.has_document;
		model->is_provisional = line->snapshot.is_provisional;
	}
	for (size_t i = 0; i < entries->gone_count; i++)
		model_record(converter, &model->entries, entries->gone[i], NULL);
	for (size_t i = 0; i < entries->changed_count; i++)
		model_record(converter, &model->entries, NULL, entries->changed[i]);
	if (!entries->has_nameless)
		return;
	convert_text_clear(&model->nameless);
	for (size_t i = 0; i < entries->nameless_count; i++)
		entry_put(converter, entries->nameless[i], &model->nameless);
}

void convert_model_begin(struct converter *converter, const struct trace_line *line)
{
	const struct pending_events *pending = line->snapshot.pending;
	struct pending_events *ours = &converter->model.pending;
	pending_events_clear(ours);
	/* In their order: those of the fetch under way are the last. */
	for (size_t i = 0; i < pending->count; i++) {
		const struct pending_peer *peer = pending->peers[i];
		bool is_of_fetch = line->snapshot.is_fetching && peer->order > pending->fetch_order;
		if (is_of_fetch && !converter->model.has_events_of_fetch) {
			pending_events_fetch_begin(ours);
			converter->model.has_events_of_fetch = true;
		}
		model_record(converter, ours, peer->id, peer->removed ? NULL : &peer->entry);
	}
	convert_model_apply(converter, line);
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
		model_record(converter, &converter->model.pending, NULL, event->peer);
	if (event->peer_id && (!line->error || line->error == -ENOENT || line->op_count))
		model_record(converter, &converter->model.pending, event->peer_id, NULL);
}

static int compare_pending_ids(const void *a, const void *b)
{
	const struct pending_peer *x = *(const struct pending_peer *const *)a;
	const struct pending_peer *y = *(const struct pending_peer *const *)b;
	return strcmp(x->id, y->id);
}

void convert_model_write(struct converter *converter, bool with_events, struct convert_text *ret)
{
	const struct convert_model *model = &converter->model;
	const struct pending_events *lists[] = {&model->entries, &model->pending};
	const struct pending_peer **sorted =
		calloc(model->entries.count + model->pending.count + 1, sizeof(*sorted));
	size_t count = 0;
	if (!sorted) {
		convert_fail_memory(converter);
		return;
	}
	for (size_t list = 0; list < (with_events ? 2 : 1); list++)
		for (size_t i = 0; i < lists[list]->count; i++) {
			const struct pending_peer *peer = lists[list]->peers[i];
			bool is_replaced = list == 0 && with_events &&
					   pending_events_find(&model->pending, peer->id);
			if (!peer->removed && !is_replaced)
				sorted[count++] = peer;
		}
	qsort(sorted, count, sizeof(*sorted), compare_pending_ids);
	for (size_t i = 0; i < count; i++)
		entry_put(converter, &sorted[i]->entry, ret);
	free(sorted);
	convert_put(ret, converter, "%s%s", model->nameless.length ? model->nameless.text : "",
		model->withheld.length ? model->withheld.text : "");
}

void convert_model_clear(struct convert_model *model)
{
	pending_events_clear(&model->entries);
	pending_events_clear(&model->pending);
	convert_text_clear(&model->nameless);
	convert_text_clear(&model->withheld);
}
