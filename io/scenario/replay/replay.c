/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include "diag.h"
#include "file.h"
#include "log_escape.h"
#include "scenario_files.h"
#include "scenario_read.h"
#include "scenario_run.h"

#define SCENARIO_BYTES_MAX ((size_t)1 << 30)

struct replay {
	FILE *out;
	FILE *err;
	bool trace;
	size_t passed;
	size_t failed;
	bool is_unusable; /* at least one file was */
};

static void print_unusable(struct replay *replay, const char *file, const struct diag *diag)
{
	/* Keep the order of the output on both streams. */
	fflush(replay->out);
	fputs("plexwg: replay: ", replay->err);
	line_print(replay->err, file);
	fputs(*file ? ": " : "", replay->err);
	line_print(replay->err, diag_text(diag));
	fputc('\n', replay->err);
	replay->is_unusable = true;
}

static void result_print(FILE *out, const char *head, const char *text)
{
	fputs(head, out);
	line_print(out, text);
	fputc('\n', out);
}

static void replay_scenario(
	struct replay *replay, const char *file, const struct scenario *scenario)
{
	struct diag diag = {0};
	switch (scenario_run(scenario, replay->trace ? replay->out : NULL, &diag)) {
	case RUN_HOLDS:
		result_print(replay->out, "ok ", scenario->title);
		replay->passed++;
		break;
	case RUN_FAILS:
		result_print(replay->out, "FAIL ", scenario->title);
		fputs("  ", replay->out);
		line_print(replay->out, file);
		result_print(replay->out, ": ", diag_text(&diag));
		replay->failed++;
		break;
	case RUN_OUT_OF_MEMORY:
		print_unusable(replay, file, &diag);
		break;
	}
	diag_clear(&diag);
}

static void replay_file(struct replay *replay, const char *file)
{
	struct scenario scenario;
	struct diag diag = {0};
	struct file_text text = {0};
	const char *place = "";
	int error = file_read(file, SCENARIO_BYTES_MAX, &text, &diag);
	if (!error) {
		place = file;
		error = scenario_read(text.text, text.length, &scenario, &diag);
	}
	file_text_clear(&text);
	if (error) {
		print_unusable(replay, place, &diag);
	} else {
		replay_scenario(replay, file, &scenario);
		scenario_clear(&scenario);
	}
	diag_clear(&diag);
}

int replay_run(const char *const *paths, size_t count, bool trace, FILE *out, FILE *err)
{
	struct replay replay = {.out = out, .err = err, .trace = trace};
	struct text_list files = {0};
	struct diag diag = {0};
	for (size_t i = 0; i < count; i++) {
		if (scenario_files_find(paths[i], &files, &diag) != 0)
			print_unusable(&replay, "", &diag);
	}
	for (size_t i = 0; i < files.count; i++)
		replay_file(&replay, files.texts[i]);
	fprintf(out, "%zu passed, %zu failed\n", replay.passed, replay.failed);
	text_list_clear(&files);
	diag_clear(&diag);
	if (replay.is_unusable)
		return REPLAY_UNUSABLE;
	return replay.failed > 0 ? REPLAY_ONE_FAILS : REPLAY_ALL_HOLD;
}
