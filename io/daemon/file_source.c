/* SPDX-License-Identifier: Apache-2.0 */
#include "file_source.h"

#include "diag.h"
#include "state_wire.h"

#include <string.h>

/* Give a program that writes the file in place time to finish. A file that is read too soon is read
 * again after the next write. */
#define CHANGE_DELAY_MS 20

static void file_ready(void *impl, uint32_t events);

/* Start the watch, which was opened with that result: after an error it may still be partial. */
static void watch_begin(struct file_source *source, int error, const struct diag *diag)
{
	struct loop_watch *watch = &source->watch;
	int fd = source->file.watch.fd;
	if (error)
		problem_raise(&source->watch_problem, &source->config.logger, diag_text(diag));
	else
		problem_resolve(&source->watch_problem, &source->config.logger);
	if (fd >= 0 &&
		loop_watch_add(source->config.loop, watch, fd, EPOLLIN, file_ready, source) != 0)
		problem_raise(&source->watch_problem, &source->config.logger, "out of memory");
}

/* Try to watch the whole path again: what failed may work now. */
static void watch_retry(struct file_source *source)
{
	struct diag diag = {0};
	loop_watch_remove(source->config.loop, &source->watch);
	int error = state_file_watch_again(&source->file, &diag);
	watch_begin(source, error, &diag);
	diag_clear(&diag);
}

static void file_ready(void *impl, uint32_t events)
{
	struct file_source *source = impl;
	struct diag diag = {0};
	bool changed = false;
	if (state_file_take(&source->file, &changed, &diag) != 0) {
		/* The fetch that follows opens the watch again. */
		problem_raise(&source->watch_problem, &source->config.logger, diag_text(&diag));
		loop_watch_remove(source->config.loop, &source->watch);
	}
	diag_clear(&diag);
	if (changed)
		source->config.listener.wants_cycle(source->config.listener.impl, CHANGE_DELAY_MS);
}

void file_source_open(struct file_source *source, const struct file_source_config *config)
{
	struct diag diag = {0};
	*source = (struct file_source){
		.config = *config,
		.watch_problem = {.name = "watch of the state file", .loop = config->loop},
		.secrecy_problem = {.name = "state file", .loop = config->loop},
	};
	int error = state_file_open(&source->file, config->path, config->bytes_max, &diag);
	watch_begin(source, error, &diag);
	diag_clear(&diag);
}

void file_source_close(struct file_source *source)
{
	loop_watch_remove(source->config.loop, &source->watch);
	state_file_close(&source->file);
	problem_clear(&source->watch_problem);
	problem_clear(&source->secrecy_problem);
}

static int document_read(struct file_source *source, const struct file_text *text,
	struct state_document *ret, struct diag *diag)
{
	int error = state_wire_read(text->text, text->length, &source->config.wire, ret, diag);
	if (error) {
		diag_wrap(diag, error, "%s", source->file.watch.path);
		state_file_reject(&source->file, diag_text(diag));
		return error;
	}
	if (text->others_may_read && state_document_has_psk(ret))
		problem_raise(&source->secrecy_problem, &source->config.logger,
			"others may read it, and it holds preshared keys");
	else
		problem_resolve(&source->secrecy_problem, &source->config.logger);
	state_store_hold_document(source->config.store, text->text, text->length);
	return 0;
}

static void file_fetch(void *impl)
{
	struct file_source *source = impl;
	enum state_file_outcome outcome = STATE_FILE_UNCHANGED;
	struct file_text text = {0};
	struct state_document document = {0};
	struct diag diag = {0};
	struct fetch_answer answer = {.outcome = FETCH_NOT_MODIFIED, .document = &document};
	if (problem_is_raised(&source->watch_problem))
		watch_retry(source);
	if (state_store_is_unsaved(source->config.store))
		state_file_forget(&source->file);
	int error = state_file_read(&source->file, &outcome, &text, &diag);
	if (!error && outcome == STATE_FILE_TEXT) {
		error = document_read(source, &text, &document, &diag);
		answer.outcome = FETCH_DOCUMENT;
	}
	if (error) {
		answer.outcome = FETCH_FAILED;
		answer.error = diag_text(&diag);
	}
	source->config.listener.answered(source->config.listener.impl, &answer);
	state_document_clear(&document);
	file_text_clear(&text);
	diag_clear(&diag);
}

static void file_reload(void *impl)
{
	struct file_source *source = impl;
	state_file_forget(&source->file);
}

struct source file_source(struct file_source *source)
{
	return (struct source){.fetch = file_fetch, .reload = file_reload, .impl = source};
}
