/* SPDX-License-Identifier: Apache-2.0 */
#include "errno_name.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ERRNO_NAMES(X)                                                                             \
	X(EPERM)                                                                                   \
	X(ENOENT)                                                                                  \
	X(ESRCH)                                                                                   \
	X(EINTR)                                                                                   \
	X(EIO)                                                                                     \
	X(ENXIO)                                                                                   \
	X(E2BIG)                                                                                   \
	X(ENOEXEC)                                                                                 \
	X(EBADF)                                                                                   \
	X(ECHILD)                                                                                  \
	X(EAGAIN)                                                                                  \
	X(ENOMEM)                                                                                  \
	X(EACCES)                                                                                  \
	X(EFAULT)                                                                                  \
	X(ENOTBLK)                                                                                 \
	X(EBUSY)                                                                                   \
	X(EEXIST)                                                                                  \
	X(EXDEV)                                                                                   \
	X(ENODEV)                                                                                  \
	X(ENOTDIR)                                                                                 \
	X(EISDIR)                                                                                  \
	X(EINVAL)                                                                                  \
	X(ENFILE)                                                                                  \
	X(EMFILE)                                                                                  \
	X(ENOTTY)                                                                                  \
	X(ETXTBSY)                                                                                 \
	X(EFBIG)                                                                                   \
	X(ENOSPC)                                                                                  \
	X(ESPIPE)                                                                                  \
	X(EROFS)                                                                                   \
	X(EMLINK)                                                                                  \
	X(EPIPE)                                                                                   \
	X(EDOM)                                                                                    \
	X(ERANGE)                                                                                  \
	X(EDEADLK)                                                                                 \
	X(ENAMETOOLONG)                                                                            \
	X(ENOLCK)                                                                                  \
	X(ENOSYS)                                                                                  \
	X(ENOTEMPTY)                                                                               \
	X(ELOOP)                                                                                   \
	X(ENOMSG)                                                                                  \
	X(EIDRM)                                                                                   \
	X(ECHRNG)                                                                                  \
	X(EL2NSYNC)                                                                                \
	X(EL3HLT)                                                                                  \
	X(EL3RST)                                                                                  \
	X(ELNRNG)                                                                                  \
	X(EUNATCH)                                                                                 \
	X(ENOCSI)                                                                                  \
	X(EL2HLT)                                                                                  \
	X(EBADE)                                                                                   \
	X(EBADR)                                                                                   \
	X(EXFULL)                                                                                  \
	X(ENOANO)                                                                                  \
	X(EBADRQC)                                                                                 \
	X(EBADSLT)                                                                                 \
	X(EBFONT)                                                                                  \
	X(ENOSTR)                                                                                  \
	X(ENODATA)                                                                                 \
	X(ETIME)                                                                                   \
	X(ENOSR)                                                                                   \
	X(ENONET)                                                                                  \
	X(ENOPKG)                                                                                  \
	X(EREMOTE)                                                                                 \
	X(ENOLINK)                                                                                 \
	X(EADV)                                                                                    \
	X(ESRMNT)                                                                                  \
	X(ECOMM)                                                                                   \
	X(EPROTO)                                                                                  \
	X(EMULTIHOP)                                                                               \
	X(EDOTDOT)                                                                                 \
	X(EBADMSG)                                                                                 \
	X(EOVERFLOW)                                                                               \
	X(ENOTUNIQ)                                                                                \
	X(EBADFD)                                                                                  \
	X(EREMCHG)                                                                                 \
	X(ELIBACC)                                                                                 \
	X(ELIBBAD)                                                                                 \
	X(ELIBSCN)                                                                                 \
	X(ELIBMAX)                                                                                 \
	X(ELIBEXEC)                                                                                \
	X(EILSEQ)                                                                                  \
	X(ERESTART)                                                                                \
	X(ESTRPIPE)                                                                                \
	X(EUSERS)                                                                                  \
	X(ENOTSOCK)                                                                                \
	X(EDESTADDRREQ)                                                                            \
	X(EMSGSIZE)                                                                                \
	X(EPROTOTYPE)                                                                              \
	X(ENOPROTOOPT)                                                                             \
	X(EPROTONOSUPPORT)                                                                         \
	X(ESOCKTNOSUPPORT)                                                                         \
	X(EOPNOTSUPP)                                                                              \
	X(EPFNOSUPPORT)                                                                            \
	X(EAFNOSUPPORT)                                                                            \
	X(EADDRINUSE)                                                                              \
	X(EADDRNOTAVAIL)                                                                           \
	X(ENETDOWN)                                                                                \
	X(ENETUNREACH)                                                                             \
	X(ENETRESET)                                                                               \
	X(ECONNABORTED)                                                                            \
	X(ECONNRESET)                                                                              \
	X(ENOBUFS)                                                                                 \
	X(EISCONN)                                                                                 \
	X(ENOTCONN)                                                                                \
	X(ESHUTDOWN)                                                                               \
	X(ETOOMANYREFS)                                                                            \
	X(ETIMEDOUT)                                                                               \
	X(ECONNREFUSED)                                                                            \
	X(EHOSTDOWN)                                                                               \
	X(EHOSTUNREACH)                                                                            \
	X(EALREADY)                                                                                \
	X(EINPROGRESS)                                                                             \
	X(ESTALE)                                                                                  \
	X(EUCLEAN)                                                                                 \
	X(ENOTNAM)                                                                                 \
	X(ENAVAIL)                                                                                 \
	X(EISNAM)                                                                                  \
	X(EREMOTEIO)                                                                               \
	X(EDQUOT)                                                                                  \
	X(ENOMEDIUM)                                                                               \
	X(EMEDIUMTYPE)                                                                             \
	X(ECANCELED)                                                                               \
	X(ENOKEY)                                                                                  \
	X(EKEYEXPIRED)                                                                             \
	X(EKEYREVOKED)                                                                             \
	X(EKEYREJECTED)                                                                            \
	X(EOWNERDEAD)                                                                              \
	X(ENOTRECOVERABLE)                                                                         \
	X(ERFKILL)                                                                                 \
	X(EHWPOISON)

struct errno_row {
	const char *name;
	int value;
};

static const struct errno_row errno_rows[] = {
#define X(name) {#name, name},
	ERRNO_NAMES(X)
#undef X
	/* Aliases: accepted, never returned. */
	{"EWOULDBLOCK", EWOULDBLOCK},
	{"ENOTSUP", ENOTSUP},
	{"EDEADLOCK", EDEADLOCK},
};

#define ERRNO_ROW_COUNT (sizeof errno_rows / sizeof *errno_rows)

const char *errno_name(int error)
{
	int value = abs(error);
	for (size_t i = 0; i < ERRNO_ROW_COUNT; i++) {
		if (errno_rows[i].value == value)
			return errno_rows[i].name;
	}
	return "E?";
}

int errno_from_name(const char *name)
{
	for (size_t i = 0; i < ERRNO_ROW_COUNT; i++) {
		if (strcmp(errno_rows[i].name, name) == 0)
			return errno_rows[i].value;
	}
	return 0;
}
