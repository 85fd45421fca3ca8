/*
 * Turns the host names of a state document's endpoints into addresses, all at once and with one
 * deadline. An entry whose name does not resolve in time becomes unusable, which costs nobody
 * else anything.
 */
#pragma once

#include "state_document.h"

/* Returns 0 or -ENOMEM, the document then being as before. */
int endpoints_resolve(struct state_document *document, int timeout_ms);
