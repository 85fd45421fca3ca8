/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_uapi.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void request_note(struct fake_uapi *fake, const char *bytes, size_t length)
{
	size_t room = sizeof fake->requests - 1 - fake->request_length;
	if (length > room)
		length = room;
	memcpy(fake->requests + fake->request_length, bytes, length);
	fake->request_length += length;
}

/* Read a request up to its empty line, or a part of it. Returns false if there is none. */
static bool request_read(struct fake_uapi *fake, int fd, bool only_some, bool *is_set)
{
	char bytes[4096];
	char last = '\0';
	bool first = true;
	for (;;) {
		ssize_t count = read(fd, bytes, sizeof bytes);
		if (count <= 0)
			return false;
		if (first)
			*is_set = bytes[0] == 's';
		first = false;
		request_note(fake, bytes, (size_t)count);
		if (only_some)
			return true;
		for (ssize_t i = 0; i < count; i++) {
			if (bytes[i] == '\n' && last == '\n')
				return true;
			last = bytes[i];
		}
	}
}

static void reply_send(struct fake_uapi *fake, int fd, const char *reply)
{
	bool is_slow = fake->manner == FAKE_REPLIES_SLOWLY || fake->manner == FAKE_DRIPS;
	size_t step = is_slow || fake->manner == FAKE_REPLIES_IN_BITS ? 7 : strlen(reply);
	for (size_t left = strlen(reply); left > 0;) {
		size_t count = left < step ? left : step;
		if (send(fd, reply, count, MSG_NOSIGNAL) != (ssize_t)count)
			return;
		if (is_slow)
			poll(NULL, 0, FAKE_PAUSE_MS);
		if (fake->manner == FAKE_DRIPS)
			continue;
		reply += count;
		left -= count;
	}
}

static void connection_serve(struct fake_uapi *fake, int fd)
{
	bool is_set = false;
	char byte;
	if (!request_read(fake, fd, fake->manner == FAKE_REPLIES_EARLY, &is_set))
		return;
	if (fake->manner == FAKE_HANGS_UP)
		return;
	if (fake->manner != FAKE_STAYS_SILENT)
		reply_send(fake, fd, is_set ? fake->set_reply : fake->get_reply);
	if (fake->manner == FAKE_REPLIES_EARLY)
		return;
	while (read(fd, &byte, 1) > 0)
		;
}

static void *serve(void *impl)
{
	struct fake_uapi *fake = impl;
	for (;;) {
		int fd = accept(fake->listen_fd, NULL, NULL);
		if (fd < 0)
			return NULL;
		fake->connection_count++;
		connection_serve(fake, fd);
		close(fd);
	}
}

void fake_uapi_start(struct fake_uapi *fake, const char *directory, const char *interface,
	enum fake_manner manner, const char *get_reply, const char *set_reply)
{
	*fake = (struct fake_uapi){
		.manner = manner, .get_reply = get_reply, .set_reply = set_reply};
	snprintf(fake->path, sizeof fake->path, "%s/%s.sock", directory, interface);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, fake->path, sizeof address.sun_path);
	fake->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(fake->listen_fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fake->listen_fd, 8), 0);
	assert_int_equal(pthread_create(&fake->thread, NULL, serve, fake), 0);
}

void fake_uapi_stop(struct fake_uapi *fake, bool leave_dead)
{
	shutdown(fake->listen_fd, SHUT_RDWR);
	pthread_join(fake->thread, NULL);
	close(fake->listen_fd);
	if (!leave_dead)
		unlink(fake->path);
}
