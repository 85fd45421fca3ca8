/* SPDX-License-Identifier: Apache-2.0 */
#include "api_body.h"

#include "canonical_json.h"
#include "timestamp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Measure the string and write it in place, because a secret must not be copied elsewhere. */
static void body_put_string(struct secret_buffer *body, const char *text)
{
	size_t length = strlen(text);
	struct canonical_writer writer = {0};
	canonical_put_string(&writer, text, length);
	if (body->out_of_memory || !secret_buffer_reserve(body, writer.length))
		return;
	writer = (struct canonical_writer){.out = body->bytes + body->length};
	canonical_put_string(&writer, text, length);
	body->length += writer.length;
}

/* `lead` is the JSON text before the value: a brace or comma, and the name. */
static void body_put_text(struct secret_buffer *body, const char *lead, const char *text)
{
	secret_buffer_append_text(body, lead);
	body_put_string(body, text);
}

static void body_put_number(struct secret_buffer *body, const char *lead, uint64_t number)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRIu64, number);
	secret_buffer_append_text(body, lead);
	secret_buffer_append_text(body, text);
}

static int finish(const struct secret_buffer *body)
{
	return body->out_of_memory ? -ENOMEM : 0;
}

int api_body_drift(struct secret_buffer *body, int64_t timestamp_ns,
	const struct api_correction *corrections, size_t count)
{
	body_put_text(body, "{\"timestamp\":", timestamp_format(timestamp_ns).text);
	secret_buffer_append_text(body, ",\"corrections\":[");
	for (size_t i = 0; i < count; i++) {
		body_put_text(body, i ? ",{\"type\":" : "{\"type\":", corrections[i].type);
		body_put_text(body, ",\"detail\":", corrections[i].detail);
		secret_buffer_append_text(body, "}");
	}
	secret_buffer_append_text(body, "]}");
	return finish(body);
}

struct duration_text {
	char text[64];
};

static struct duration_text duration_format(int64_t seconds)
{
	struct duration_text duration;
	int64_t hours = seconds / 3600;
	int minutes = (int)(seconds / 60 % 60), rest = (int)(seconds % 60);
	if (hours)
		snprintf(duration.text, sizeof duration.text, "%" PRId64 "h%dm%ds", hours, minutes,
			rest);
	else if (minutes)
		snprintf(duration.text, sizeof duration.text, "%dm%ds", minutes, rest);
	else
		snprintf(duration.text, sizeof duration.text, "%ds", rest);
	return duration;
}

int api_body_heartbeat(
	struct secret_buffer *body, const char *node_id, const struct api_heartbeat *heartbeat)
{
	body_put_text(body, "{\"node_id\":", node_id);
	body_put_text(body, ",\"timestamp\":", timestamp_format(heartbeat->timestamp_ns).text);
	body_put_text(body, ",\"status\":", heartbeat->status);
	body_put_text(body, ",\"uptime\":", duration_format(heartbeat->uptime_s).text);
	body_put_text(body, ",\"mesh\":{\"interface\":", heartbeat->interface);
	body_put_number(body, ",\"peer_count\":", heartbeat->peer_count);
	body_put_number(body, ",\"listen_port\":", heartbeat->listen_port);
	secret_buffer_append_text(body, "}}");
	return finish(body);
}

int api_body_register(struct secret_buffer *body, const char *join_token, const char *public_key,
	const char *hostname)
{
	body_put_text(body, "{\"token\":", join_token);
	body_put_text(body, ",\"public_key\":", public_key);
	body_put_text(body, ",\"hostname\":", hostname);
	secret_buffer_append_text(body, "}");
	return finish(body);
}
