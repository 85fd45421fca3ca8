/* SPDX-License-Identifier: Apache-2.0 */
#include "process_hardening.h"

#include "sanitized.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* LeakSanitizer traces the process at its end, when all secrets are wiped. */
#if SANITIZED
static void allow_tracing(void)
{
	prctl(PR_SET_DUMPABLE, 1L);
}
#endif

void process_hardening_start(void)
{
	static const struct rlimit none = {0};
	/* Each of the two alone prevents core dumps, and neither can fail. */
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0L);
	/* The TLS library does not wipe the buffers it decrypts into: make the allocator overwrite
	 * freed memory. */
	mallopt(M_PERTURB, 0xff);
	/* TLS libraries write each session's keys to the file that this variable names. */
	unsetenv("SSLKEYLOGFILE");
#if SANITIZED
	atexit(allow_tracing);
#endif
}
