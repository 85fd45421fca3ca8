/* SPDX-License-Identifier: Apache-2.0 */
#include "plane_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGUMENTS_MAX 16

static void backend_run(int out, const char *const *arguments)
{
	const char *argv[ARGUMENTS_MAX + 2] = {getenv("PLEXWG_CONTROL_PLANE")};
	for (size_t i = 0; arguments && arguments[i] && i < ARGUMENTS_MAX; i++)
		argv[i + 1] = arguments[i];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	if (argv[0])
		execv(argv[0], (char *const *)argv);
	_exit(127);
}

/* The text that stands after `name` up to the next quote, or nothing. */
static void member_copy(const char *line, const char *name, char *out, size_t size)
{
	const char *start = strstr(line, name);
	if (!start)
		return;
	start += strlen(name);
	snprintf(out, size, "%.*s", (int)strcspn(start, "\""), start);
}

void plane_process_start(struct plane_process *plane, const char *const *arguments)
{
	int ends[2];
	char line[1024] = "";
	*plane = (struct plane_process){0};
	assert_int_equal(pipe(ends), 0);
	plane->pid = fork();
	assert_true(plane->pid >= 0);
	if (plane->pid == 0)
		backend_run(ends[1], arguments);
	close(ends[1]);
	FILE *output = fdopen(ends[0], "r");
	assert_non_null(output);
	if (!fgets(line, sizeof line, output))
		fail_msg("the control plane does not start");
	fclose(output);
	member_copy(line, "\"api\":[\"", plane->api, sizeof plane->api);
	member_copy(line, "\"admin\":\"http://", plane->admin_address, sizeof plane->admin_address);
	member_copy(line, "\"ca_file\":\"", plane->ca_file, sizeof plane->ca_file);
	member_copy(line, "\"signing_public_key\":\"", plane->signing_public_key,
		sizeof plane->signing_public_key);
	assert_true(plane->api[0] && plane->admin_address[0]);
}

void plane_process_stop(struct plane_process *plane)
{
	kill(plane->pid, SIGKILL);
	waitpid(plane->pid, NULL, 0);
}

static int admin_connect(const struct plane_process *plane)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	const char *port = strchr(plane->admin_address, ':') + 1;
	address.sin_port = htons((uint16_t)atoi(port));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static char *read_all(int fd)
{
	char *text = NULL, piece[4096];
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);
	assert_non_null(file);
	ssize_t count;
	while ((count = read(fd, piece, sizeof piece)) > 0)
		fwrite(piece, 1, (size_t)count, file);
	fclose(file);
	return text;
}

char *plane_process_ask(
	const struct plane_process *plane, const char *method, const char *path, const char *body)
{
	int fd = admin_connect(plane);
	body = body ? body : "";
	dprintf(fd, "%s %s HTTP/1.0\r\nContent-Length: %zu\r\n\r\n%s", method, path, strlen(body),
		body);
	char *answer = read_all(fd);
	close(fd);
	char *start = strstr(answer, "\r\n\r\n");
	if (!start || !strstr(answer, " 200 "))
		fail_msg("%s %s: %s", method, path, answer);
	char *content = strdup(start + 4);
	assert_non_null(content);
	free(answer);
	return content;
}

void plane_process_tell(const struct plane_process *plane, const char *method, const char *path,
	const char *format, ...)
{
	char *body = NULL;
	va_list args;
	va_start(args, format);
	assert_true(vasprintf(&body, format, args) >= 0);
	va_end(args);
	free(plane_process_ask(plane, method, path, body));
	free(body);
}

bool plane_process_knows(const struct plane_process *plane, const char *path, const char *part)
{
	char *answer = plane_process_ask(plane, "GET", path, NULL);
	bool is_there = strstr(answer, part) != NULL;
	free(answer);
	return is_there;
}
