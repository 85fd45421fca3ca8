/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text, to compare two of them: every member, secrets too. */
#pragma once

#include <stddef.h>

struct description {
	char *text; /* NUL-terminated; NULL: nothing yet */
	size_t length;
	size_t capacity;
};

struct device;
struct envelope;
struct peer_config;
struct peer_entry;
struct signing_keys;
struct state_document;

void describe(struct description *to, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* With its length, so that different lists of texts have different descriptions. */
void describe_bytes(struct description *to, const void *bytes, size_t length);
void describe_peer(struct description *to, const struct peer_config *peer);
void describe_entry(struct description *to, const struct peer_entry *entry);
void describe_keys(struct description *to, const struct signing_keys *keys);
void describe_state(struct description *to, const struct state_document *document);
void describe_device(struct description *to, const struct device *device);
void describe_envelope(struct description *to, const struct envelope *envelope);

/* Report a difference on standard error, if there is one; free both. */
_Bool descriptions_match(struct description *a, struct description *b);
