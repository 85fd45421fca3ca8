/* SPDX-License-Identifier: Apache-2.0 */
#include "process_hardening.h"

#include "sanitized.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* LeakSanitizer looks into the process when it ends, by when all that was secret is wiped. */
#if SANITIZED
static void secrecy_end(void)
{
	prctl(PR_SET_DUMPABLE, 1L);
}
#endif

void process_hardening_start(void)
{
	static const struct rlimit none = {0};
	/* Either of the two is enough, and neither can fail. */
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0L);
	/* The TLS library frees the buffers that it deciphers into as they are: the allocator is to
	 * overwrite what is freed. */
	mallopt(M_PERTURB, 0xff);
	/* TLS libraries write the keys of each session to the file that it names. */
	unsetenv("SSLKEYLOGFILE");
#if SANITIZED
	atexit(secrecy_end);
#endif
}
