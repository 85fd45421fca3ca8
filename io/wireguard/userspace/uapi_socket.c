/* SPDX-License-Identifier: Apache-2.0 */
#include "uapi_socket.h"

#include "deadline.h"
#include "diag.h"
#include "trusted_owner.h"
#include "trusted_path.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT_MS 5000
#define CONNECT_RETRY_MS   5
#define RECEIVE_BYTES      (64 * 1024)

static int idle_timeout_ms(const struct uapi_socket *uapi)
{
	return uapi->timeout_ms ? uapi->timeout_ms : TIMEOUT_DEFAULT_MS;
}

static struct deadline exchange_deadline(const struct uapi_socket *uapi)
{
	return deadline_in(idle_timeout_ms(uapi));
}

static int socket_address(const struct uapi_socket *uapi, const char *interface,
	struct sockaddr_un *ret, struct diag *diag)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	int length = snprintf(ret->sun_path, sizeof ret->sun_path, "%s/%s.sock",
		uapi->directory ? uapi->directory : UAPI_SOCKET_DIRECTORY, interface);
	if (length < 0 || (size_t)length >= sizeof ret->sun_path)
		return diag_fail_errno(diag, -ENAMETOOLONG);
	return 0;
}

static int timed_out(struct diag *diag)
{
	return diag_fail(diag, -ETIMEDOUT, "no answer from the userspace program in time");
}

/* Check that the listening process belongs to a trusted user, because it will receive keys. */
static int listener_check(int fd, const char *path, struct diag *diag)
{
	struct ucred listener;
	socklen_t length = sizeof listener;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &length) != 0)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "%s", path);
	if (owner_is_trusted(listener.uid))
		return 0;
	return diag_fail(diag, -EACCES, "%s: served by uid %u, must be %s", path,
		(unsigned)listener.uid, trusted_owners_text().text);
}

/* A non-blocking connect fails with EAGAIN while the listener's queue is full. */
static int socket_connect(
	int fd, const struct sockaddr_un *address, struct deadline deadline, struct diag *diag)
{
	while (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return diag_wrap(
				diag, diag_fail_errno(diag, -errno), "%s", address->sun_path);
		if (deadline_left_ms(deadline) == 0)
			return timed_out(diag);
		poll(NULL, 0, CONNECT_RETRY_MS);
	}
	return 0;
}

static int verdict_of_errno(int error)
{
	if (error == -ENOENT)
		return UAPI_SOCKET_MISSING;
	return error == -ECONNREFUSED ? UAPI_SOCKET_DEAD : error;
}

/* Returns 0 with a descriptor, or as uapi_socket_probe. */
static int uapi_connect(const struct uapi_socket *uapi, const char *interface,
	struct deadline deadline, int *ret, struct diag *diag)
{
	struct sockaddr_un address;
	int error = socket_address(uapi, interface, &address, diag);
	if (!error)
		error = trusted_path_check(address.sun_path, diag);
	if (error)
		return verdict_of_errno(error);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return diag_fail_errno(diag, -errno);
	error = socket_connect(fd, &address, deadline, diag);
	if (!error)
		error = listener_check(fd, address.sun_path, diag);
	if (error) {
		close(fd);
		return verdict_of_errno(error);
	}
	*ret = fd;
	return 0;
}

int uapi_socket_probe(const struct uapi_socket *uapi, const char *interface, struct diag *diag)
{
	int fd = -1;
	int error = uapi_connect(uapi, interface, exchange_deadline(uapi), &fd, diag);
	if (!error)
		close(fd);
	return error;
}

static bool is_passing(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* Send what can be sent now. Returns false once the program reads no more. */
static bool send_some(int fd, const struct secret_buffer *request, size_t *sent)
{
	ssize_t count = send(fd, request->bytes + *sent, request->length - *sent, MSG_NOSIGNAL);
	if (count < 0)
		return is_passing(errno);
	*sent += (size_t)count;
	return true;
}

static bool reply_is_whole(const struct secret_buffer *reply)
{
	return reply->length >= 2 && memcmp(reply->bytes + reply->length - 2, "\n\n", 2) == 0;
}

/* Receive what is waiting. Returns 0 or a negative errno. */
static int receive_some(int fd, size_t bytes_max, struct secret_buffer *reply, struct diag *diag)
{
	if (!secret_buffer_reserve(reply, RECEIVE_BYTES))
		return diag_fail_errno(diag, -ENOMEM);
	ssize_t count = recv(
		fd, reply->bytes + reply->length, reply->capacity - reply->length, MSG_DONTWAIT);
	if (count < 0 && is_passing(errno))
		return 0;
	if (count <= 0)
		return diag_fail(diag, -ECONNRESET, "the userspace program hung up");
	reply->length += (size_t)count;
	if (reply->length > bytes_max)
		return diag_fail(diag, -EMSGSIZE, "reply: over %zu bytes", bytes_max);
	return 0;
}

/*
 * Send and receive at the same time: a program that refuses a request early replies and reads no
 * further, and the caller needs that reply.
 */
static int converse(int fd, const struct secret_buffer *request, size_t bytes_max,
	struct secret_buffer *reply, int idle_ms, struct diag *diag)
{
	struct deadline whole = deadline_in(UAPI_WHOLE_TIMES * idle_ms);
	size_t sent = 0;
	bool sending = request->length > 0;
	while (!reply_is_whole(reply)) {
		struct pollfd poller = {fd, POLLIN | (sending ? POLLOUT : 0), 0};
		int left_ms = deadline_left_ms(whole);
		if (left_ms > idle_ms)
			left_ms = idle_ms;
		int ready = left_ms ? poll(&poller, 1, left_ms) : 0;
		if (ready < 0 && errno != EINTR)
			return diag_fail_errno(diag, -errno);
		if (ready == 0)
			return timed_out(diag);
		if (ready < 0)
			continue;
		if (sending && poller.revents & (POLLOUT | POLLERR | POLLHUP))
			sending = send_some(fd, request, &sent) && sent < request->length;
		if (poller.revents & (POLLIN | POLLERR | POLLHUP)) {
			int error = receive_some(fd, bytes_max, reply, diag);
			if (error)
				return error;
		}
	}
	return 0;
}

int uapi_socket_exchange(const struct uapi_socket *uapi, const char *interface,
	const struct secret_buffer *request, struct secret_buffer *ret, struct diag *diag)
{
	int fd = -1;
	int error = uapi_connect(uapi, interface, exchange_deadline(uapi), &fd, diag);
	if (error)
		return error;
	size_t bytes_max = uapi->reply_bytes_max ? uapi->reply_bytes_max : UAPI_REPLY_BYTES_MAX;
	struct secret_buffer reply = {0};
	error = converse(fd, request, bytes_max, &reply, idle_timeout_ms(uapi), diag);
	close(fd);
	if (error)
		secret_buffer_clear(&reply);
	else
		*ret = reply;
	return error;
}

int uapi_socket_remove_dead(
	const struct uapi_socket *uapi, const char *interface, struct diag *diag)
{
	struct sockaddr_un address;
	int error = socket_address(uapi, interface, &address, diag);
	if (error)
		return error;
	error = uapi_socket_probe(uapi, interface, diag);
	if (error == 0)
		return UAPI_SOCKET_LIVE;
	if (error == UAPI_SOCKET_MISSING)
		return 0;
	if (error != UAPI_SOCKET_DEAD)
		return error;
	struct stat status;
	if (lstat(address.sun_path, &status) == 0 && !S_ISSOCK(status.st_mode))
		return diag_fail(diag, -EEXIST, "%s is no socket", address.sun_path);
	if (unlink(address.sun_path) != 0 && errno != ENOENT)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "%s", address.sun_path);
	return 0;
}
