#include "identity.h"

#include <stdlib.h>

void identity_clear(struct identity *identity)
{
	key_secret_wipe(&identity->private_key);
	free(identity->node_id);
	*identity = (struct identity){0};
}
