/* SPDX-License-Identifier: Apache-2.0 */
#include "json_path.h"

#include "json_bytes.h"

size_t json_path_find(const char *text, size_t offset, struct json_path_part ret[JSON_DEPTH_MAX])
{
	const char *next = text, *end = text + offset;
	struct json_span string = {0}; /* the last string: a name if a colon follows */
	size_t depth = 0;
	while (next < end) {
		struct json_path_part *part = depth ? &ret[depth - 1] : NULL;
		char c = *next;
		if (c == '"') {
			const char *start = next;
			next = json_skip_string(next, end);
			string = (struct json_span){start, (size_t)(next - start)};
			continue;
		}
		next++;
		if (c == '{' || c == '[')
			ret[depth++] = (struct json_path_part){.is_member = c == '{'};
		else if (c == '}' || c == ']')
			depth--;
		else if (depth && c == ':')
			part->name = string;
		else if (depth && c == ',')
			*part = (struct json_path_part){
				.is_member = part->is_member, .index = part->index + 1};
	}
	return depth;
}
