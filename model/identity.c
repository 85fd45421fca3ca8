/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <stdlib.h>
#include <string.h>

bool identity_has_id(const struct identity *identity, const char *id)
{
	return identity->node_id && id && strcmp(identity->node_id, id) == 0;
}

void identity_clear(struct identity *identity)
{
	key_secret_wipe(&identity->private_key);
	free(identity->node_id);
	*identity = (struct identity){0};
}
