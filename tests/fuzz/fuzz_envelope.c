/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelopes: the bytes that a signature covers are JSON, and read as an envelope again cover the
 * same; a payload keeps its value.
 */
#include "describe.h"
#include "diag.h"
#include "envelope_wire.h"
#include "fuzz.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

static bool is_same_value(struct envelope_text a, struct envelope_text b)
{
	struct json_tokener *tokener = json_tokener_new_ex(160);
	struct json_object *one = json_tokener_parse_ex(tokener, a.text, (int)a.length + 1);
	FUZZ_HOLDS(json_tokener_get_error(tokener) == json_tokener_success);
	json_tokener_reset(tokener);
	struct json_object *other = json_tokener_parse_ex(tokener, b.text, (int)b.length + 1);
	FUZZ_HOLDS(json_tokener_get_error(tokener) == json_tokener_success);
	bool is_same = json_object_equal(one, other);
	json_object_put(one);
	json_object_put(other);
	json_tokener_free(tokener);
	return is_same;
}

/* The five members in their order, without characters that HTML or JavaScript could interpret. */
static void canonical_check(const struct envelope *envelope)
{
	const struct envelope_text *canonical = &envelope->canonical;
	struct envelope again = {0};
	FUZZ_HOLDS(strlen(canonical->text) == canonical->length);
	FUZZ_HOLDS(!strpbrk(canonical->text, "<>&"));
	FUZZ_HOLDS(!strstr(canonical->text, "\xe2\x80\xa8"));
	FUZZ_HOLDS(!strstr(canonical->text, "\xe2\x80\xa9"));
	FUZZ_HOLDS(envelope_wire_read(canonical->text, canonical->length, &again, NULL) == 0);
	FUZZ_HOLDS(again.canonical.length == canonical->length);
	FUZZ_HOLDS(memcmp(again.canonical.text, canonical->text, canonical->length) == 0);
	FUZZ_HOLDS(again.event_type.length == envelope->event_type.length);
	FUZZ_HOLDS(!envelope->has_issued_at || again.issued_at_ns == envelope->issued_at_ns);
	FUZZ_HOLDS(!again.has_signature);
	FUZZ_HOLDS(is_same_value(envelope->payload, again.payload));
	envelope_clear(&again);
}

void fuzz_one(const char *text, size_t length)
{
	struct diag diag = {0};
	struct envelope one = {.issued_at_ns = 7}, other = {0};
	int error = envelope_wire_read(text, length, &one, &diag);
	FUZZ_HOLDS(error == envelope_wire_read(text, length, &other, NULL));
	FUZZ_HOLDS(error == 0 || error == -EINVAL);
	if (error) {
		FUZZ_HOLDS(one.issued_at_ns == 7 && !one.arena.blocks);
		FUZZ_HOLDS(strncmp(diag_text(&diag), "malformed: ", 11) == 0);
		/* An envelope carries preshared keys. */
		if (fuzz_has_secret(text, length, "\"psk\":\""))
			FUZZ_HOLDS(!fuzz_says_secret(diag_text(&diag)));
	} else {
		struct description a = {0}, b = {0};
		describe_envelope(&a, &one);
		describe_envelope(&b, &other);
		FUZZ_HOLDS(descriptions_match(&a, &b));
		canonical_check(&one);
		envelope_clear(&one);
		envelope_clear(&other);
	}
	diag_clear(&diag);
}
