/* SPDX-License-Identifier: Apache-2.0 */
#include "service_notify.h"

#include "diag.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STATUS_BYTES_MAX  1024
#define MESSAGE_BYTES_MAX (STATUS_BYTES_MAX + 256)

/* Read a text that is a positive decimal number and nothing else. */
static bool number_read(const char *text, uint64_t *ret)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0 && *ret > 0;
}

static int64_t alive_interval_ms(const struct service_environment *environment)
{
	uint64_t usec, pid;
	if (!environment->watchdog_usec || !number_read(environment->watchdog_usec, &usec))
		return 0;
	/* The variables may have been meant for an ancestor of this process. */
	if (environment->watchdog_pid &&
		(!number_read(environment->watchdog_pid, &pid) || pid != (uint64_t)getpid()))
		return 0;
	uint64_t half_ms = usec / 2000;
	return half_ms ? (int64_t)half_ms : 1;
}

static int address_make(const char *path, struct sockaddr_un *ret, socklen_t *ret_size)
{
	size_t length = strlen(path);
	if (path[0] != '/' && path[0] != '@')
		return -EAFNOSUPPORT;
	/* A path ends with a NUL, an abstract name with its last byte. */
	if (length < 2 || length + (path[0] == '/') > sizeof ret->sun_path)
		return -EINVAL;
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret->sun_path, path, length);
	if (path[0] == '@')
		ret->sun_path[0] = '\0';
	*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] == '/'));
	return 0;
}

int service_notify_open(struct service_notify *notify,
	const struct service_environment *environment, struct diag *diag)
{
	const char *path = environment->notify_socket;
	*notify = (struct service_notify){.fd = -1};
	if (!path || !*path)
		return 0;
	int error = address_make(path, &notify->address, &notify->address_size);
	if (!error) {
		notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		error = notify->fd < 0 ? -errno : 0;
	}
	if (error) {
		diag_fail_errno(diag, error);
		return diag_wrap(diag, error, "NOTIFY_SOCKET: %s", quote(path, strlen(path)).text);
	}
	notify->alive_interval_ms = alive_interval_ms(environment);
	return 0;
}

struct message_text {
	char text[128];
};

static struct message_text message_format(enum service_message message)
{
	struct message_text line = {""};
	struct timespec now;
	switch (message) {
	case SERVICE_STATUS_ONLY:
		break;
	case SERVICE_READY:
		return (struct message_text){"READY=1\n"};
	case SERVICE_RELOADING:
		/* The time distinguishes this reload from one requested later. */
		clock_gettime(CLOCK_MONOTONIC, &now);
		snprintf(line.text, sizeof line.text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\n",
			(int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
		break;
	case SERVICE_STOPPING:
		return (struct message_text){"STOPPING=1\n"};
	case SERVICE_ALIVE:
		return (struct message_text){"WATCHDOG=1\n"};
	}
	return line;
}

struct status_text {
	char text[STATUS_BYTES_MAX];
};

/* Cut a text that is too long, but not within a UTF-8 character: continuation bytes are 10xxxxxx.
 */
static struct status_text status_format(const char *status)
{
	struct status_text line;
	size_t length = strlen(status);
	if (length > sizeof line.text - 1) {
		length = sizeof line.text - 1;
		while (length > 0 && ((unsigned char)status[length] & 0xc0) == 0x80)
			length--;
	}
	/* A line feed would begin another assignment. */
	for (size_t i = 0; i < length; i++)
		line.text[i] = (unsigned char)status[i] < ' ' ? ' ' : status[i];
	line.text[length] = '\0';
	return line;
}

static int text_send(const struct service_notify *notify, const char *text, size_t length)
{
	ssize_t sent = sendto(notify->fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT,
		(const struct sockaddr *)&notify->address, notify->address_size);
	return sent < 0 ? -errno : 0;
}

int service_notify_send(
	const struct service_notify *notify, enum service_message message, const char *status)
{
	char text[MESSAGE_BYTES_MAX];
	if (notify->fd < 0)
		return 0;
	int length = snprintf(text, sizeof text, "%s%s%s", message_format(message).text,
		status ? "STATUS=" : "", status ? status_format(status).text : "");
	if (length <= 0)
		return 0;
	return text_send(notify, text, (size_t)length);
}

int service_notify_extend(const struct service_notify *notify, int64_t more_ms)
{
	char text[64];
	if (notify->fd < 0)
		return 0;
	int length =
		snprintf(text, sizeof text, "EXTEND_TIMEOUT_USEC=%" PRId64 "\n", more_ms * 1000);
	return text_send(notify, text, (size_t)length);
}

void service_notify_close(struct service_notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}
