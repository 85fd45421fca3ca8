/* SPDX-License-Identifier: Apache-2.0 */
/* Texts in the order of their addition, and how they are printed. */
#pragma once

#include <stddef.h>
#include <stdio.h>

struct text_list {
	char **texts; /* owned */
	size_t count;
	size_t capacity;
};

/* Returns 0 or -ENOMEM. */
int text_list_add(struct text_list *list, const char *text, size_t length);
/* Free the texts; the zero state remains. */
void text_list_clear(struct text_list *list);

/* Write the text as a JSON string. */
void text_write(FILE *out, const char *text);
/* Write the texts as a JSON array of strings. */
void texts_write(FILE *out, const char *const *texts, size_t count);
