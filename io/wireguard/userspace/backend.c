/* SPDX-License-Identifier: Apache-2.0 */
#include "backend.h"

#include "deadline.h"
#include "detached_process.h"
#include "diag.h"
#include "trusted_path.h"
#include "userspace_device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT_MS 5000
#define POLL_MS            5
#define SEARCH_PATH        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define TUN_PATH           "/dev/net/tun"

/* The program that the tests use. Others implement the protocol differently. */
#define PROGRAM_NAME "wireguard-go"

/* The limits of its output while it starts, and of the part that an error quotes. */
#define OUTPUT_BYTES_MAX 4096
#define WORDS_BYTES_MAX  512

static bool is_program(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

int backend_find(struct backend_path *ret, struct diag *diag)
{
	struct backend_path path;
	for (const char *next = SEARCH_PATH; *next;) {
		int length = (int)strcspn(next, ":");
		snprintf(path.text, sizeof path.text, "%.*s/" PROGRAM_NAME, length, next);
		if (is_program(path.text)) {
			*ret = path;
			return 0;
		}
		next += length;
		next += *next == ':';
	}
	return diag_fail(diag, -ENOENT, "no " PROGRAM_NAME " is installed in " SEARCH_PATH);
}

/*
 * Open a file in memory of fixed size. The program survives the failing writes after that. Returns
 * a descriptor, or -1 with errno.
 */
static int memory_file_open(void)
{
	int fd = memfd_create("plexwg-program-output", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 && ftruncate(fd, OUTPUT_BYTES_MAX) == 0 &&
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Returns a descriptor or a negative errno. `*ret_start` is the offset of the output. */
static int output_open(const struct backend *backend, off_t *ret_start, struct diag *diag)
{
	const char *path = backend->log_path;
	int fd = path ? open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
				S_IRUSR | S_IWUSR)
		      : memory_file_open();
	if (fd < 0)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "%s",
			path ? path : "output of the userspace program");
	*ret_start = path ? lseek(fd, 0, SEEK_END) : 0;
	return fd;
}

/* Add the program's output to the error, on one line. The program has not received secrets yet. */
static int words_add(struct diag *diag, int error, int output_fd, off_t start)
{
	char output[WORDS_BYTES_MAX];
	char words[WORDS_BYTES_MAX + 1];
	size_t length = 0;
	ssize_t count = pread(output_fd, output, sizeof output, start);
	for (ssize_t i = 0; i < count && output[i]; i++) {
		bool is_text = output[i] > ' ' && output[i] <= '~';
		bool is_space = output[i] == ' ' || output[i] == '\n' || output[i] == '\t';
		if (is_text || !is_space)
			words[length++] = is_text ? output[i] : '?';
		else if (length > 0 && words[length - 1] != ' ')
			words[length++] = ' ';
	}
	while (length > 0 && words[length - 1] == ' ')
		length--;
	words[length] = '\0';
	return length > 0 ? diag_add(diag, error, "its output: %s", words) : error;
}

/* Ask the program for its device. Returns 0 if it answers, in the right dialect. */
static int backend_answer(const struct uapi_socket *uapi, const char *interface,
	struct deadline deadline, struct diag *diag)
{
	struct uapi_socket patient = *uapi;
	patient.timeout_ms = deadline_left_ms(deadline) + 1;
	struct device device = {0};
	int error = userspace_device_read(&patient, interface, &device, diag);
	device_clear(&device);
	return error;
}

static int start_error(const struct detached_report *report, const char *path, struct diag *diag)
{
	switch (report->state) {
	case DETACHED_NOT_STARTED:
		return diag_wrap(diag, diag_fail_errno(diag, report->value), "start %s", path);
	case DETACHED_EXITED:
		return diag_fail(diag, -EIO, "%s exited with status %d before it answered", path,
			report->value);
	case DETACHED_KILLED:
		return diag_fail(diag, -EIO, "%s was ended by signal %d before it answered", path,
			report->value);
	case DETACHED_RUNNING:
		break;
	}
	return diag_fail(diag, -ETIMEDOUT, "%s did not answer in time", path);
}

/* Whether the error can be that of a program that is still starting. */
static bool is_passing_error(int error)
{
	return error == -ENODEV || error == -ETIMEDOUT || error == -ECONNRESET;
}

static int startup_wait(struct detached_process *process, const char *path, const char *interface,
	const struct uapi_socket *uapi, struct deadline deadline, struct diag *diag)
{
	struct detached_report report;
	do {
		report = detached_process_poll(process, POLL_MS);
		if (report.state != DETACHED_RUNNING)
			break;
		int error = backend_answer(uapi, interface, deadline, diag);
		if (!is_passing_error(error))
			return error ? diag_wrap(diag, error, "%s", path) : 0;
	} while (deadline_left_ms(deadline) > 0);
	return start_error(&report, path, diag);
}

static int backend_run(const char *path, int output_fd, const char *interface,
	const struct uapi_socket *uapi, struct deadline deadline, struct diag *diag)
{
	char name[16];
	snprintf(name, sizeof name, "%s", interface);
	char *arguments[] = {(char *)path, "-f", name, NULL};
	/* The last one suppresses a banner in the output. */
	char *environment[] = {
		"PATH=" SEARCH_PATH, "LOG_LEVEL=error", "WG_PROCESS_FOREGROUND=1", NULL};
	struct detached_process process;
	int error = detached_process_start(path, arguments, environment, output_fd, &process, diag);
	if (error)
		return diag_wrap(diag, error, "start %s", path);
	error = startup_wait(&process, path, interface, uapi, deadline, diag);
	detached_process_release(&process, error ? DETACHED_IS_ENDED : DETACHED_LIVES_ON);
	return error;
}

int backend_timeout_ms(const struct backend *backend)
{
	return backend->timeout_ms ? backend->timeout_ms : TIMEOUT_DEFAULT_MS;
}

int backend_start(const struct backend *backend, const char *interface,
	const struct uapi_socket *uapi, struct diag *diag)
{
	struct backend_path found;
	const char *path = backend->path;
	if (!path) {
		int error = backend_find(&found, diag);
		if (error)
			return error;
		path = found.text;
	}
	if (access(TUN_PATH, R_OK | W_OK) != 0)
		return diag_wrap(diag, access_fail_errno(diag, -errno), TUN_PATH);
	off_t start = 0;
	int output_fd = output_open(backend, &start, diag);
	if (output_fd < 0)
		return output_fd;
	struct deadline deadline = deadline_in(backend_timeout_ms(backend));
	int error = backend_run(path, output_fd, interface, uapi, deadline, diag);
	if (error)
		error = words_add(diag, error, output_fd, start);
	close(output_fd);
	return error;
}
