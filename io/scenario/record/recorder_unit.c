/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_parts.h"

#include "diag.h"
#include "timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void recorder_end(struct recorder *recorder, const char *reason)
{
	if (!recorder->is_on)
		return;
	recorder->is_on = false;
	log_line(&recorder->logger, LOG_RECORDING_ENDED, "reason", reason, NULL);
	record_file_close(&recorder->file);
}

void recorder_check(struct recorder *recorder, int error)
{
	if (error == -ERANGE)
		recorder_end(recorder, "no anonymous keys or ids are left in order");
	else if (error == -EPROTO)
		recorder_end(recorder, "the device holds what a simulated one cannot");
	else if (error)
		recorder_end(recorder, strerrordesc_np(-error));
}

void recorder_unit_clear(struct recorder_unit *unit)
{
	scenario_writer_clear(&unit->before);
	scenario_writer_clear(&unit->faults);
	scenario_writer_clear(&unit->world);
	scenario_writer_clear(&unit->after);
	scenario_writer_clear(&unit->ops);
	for (size_t i = 0; i < unit->event_count; i++)
		recorded_event_clear(&unit->events[i]);
	free(unit->events);
	free(unit->withheld);
	*unit = (struct recorder_unit){0};
}

void recorder_unit_begin(struct recorder *recorder)
{
	struct recorder_unit *unit = &recorder->unit;
	recorder_unit_clear(unit);
	unit->before.anonymizer = unit->faults.anonymizer = unit->world.anonymizer =
		unit->after.anonymizer = unit->ops.anonymizer = &recorder->anonymizer;
}

void recorder_unit_write(
	struct recorder *recorder, int64_t at_ns, const struct scenario_writer *call)
{
	struct recorder_unit *unit = &recorder->unit;
	struct scenario_writer text = {.anonymizer = &recorder->anonymizer};
	struct diag diag = {0};
	if (!recorder->is_on)
		return;
	if (at_ns < recorder->recorded_ns) {
		recorder_end(recorder, "the clock went back");
		return;
	}
	int64_t pause_ms = (at_ns - recorder->recorded_ns) / NS_PER_MS;
	if (pause_ms)
		scenario_write(
			&text, "{\"do\":\"advance\",\"by\":\"%lldms\"},\n", (long long)pause_ms);
	scenario_write_piece(&text, &unit->before);
	scenario_write_piece(&text, call);
	scenario_write(&text, ",\n");
	scenario_write_piece(&text, &unit->after);
	scenario_write(&text, "{\"do\":\"expect\",\"ops\":[");
	scenario_write_piece(&text, &unit->ops);
	scenario_write(&text, "]}");
	recorder_check(recorder, text.error);
	if (recorder->is_on &&
		record_file_append(&recorder->file, text.text, text.length, &diag) != 0)
		recorder_end(recorder, diag_text(&diag));
	recorder->recorded_ns += pause_ms * NS_PER_MS;
	scenario_writer_clear(&text);
	diag_clear(&diag);
}
