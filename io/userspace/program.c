#include "program.h"

#include "deadline.h"
#include "detached_process.h"
#include "diag.h"
#include "uapi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT_MS 5000
#define POLL_MS            5
#define SEARCH_PATH        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define TUN_PATH           "/dev/net/tun"

static const char *const names[] = {"wireguard-go", "boringtun-cli", "boringtun"};

static bool is_program(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

static bool program_find_named(const char *name, struct program_path *ret)
{
	for (const char *next = SEARCH_PATH; *next;) {
		int length = (int)strcspn(next, ":");
		snprintf(ret->text, sizeof ret->text, "%.*s/%s", length, next, name);
		if (is_program(ret->text))
			return true;
		next += length;
		next += *next == ':';
	}
	return false;
}

int program_find(struct program_path *ret, struct diag *diag)
{
	struct program_path path;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (program_find_named(names[i], &path)) {
			*ret = path;
			return 0;
		}
	}
	return diag_fail(diag, -ENOENT,
		"no userspace WireGuard program (%s, %s) is installed in %s", names[0], names[1],
		SEARCH_PATH);
}

/* Returns a descriptor or a negative errno. */
static int output_open(const struct program *program, struct diag *diag)
{
	const char *path = program->log_path ? program->log_path : "/dev/null";
	int fd =
		open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), "%s", path);
	return fd;
}

/* Whether the program answers by now; what it says does not matter yet. */
static bool program_answers(
	const struct uapi_socket *uapi, const char *interface, struct deadline deadline)
{
	struct uapi_socket patient = *uapi;
	patient.timeout_ms = deadline_left_ms(deadline) + 1;
	struct secret_buffer request = {0};
	struct secret_buffer reply = {0};
	uapi_put_get(&request);
	bool answers = !request.out_of_memory &&
		       uapi_socket_exchange(&patient, interface, &request, &reply, NULL) == 0;
	secret_buffer_clear(&request);
	secret_buffer_clear(&reply);
	return answers;
}

static int report_error(const struct detached_report *report, const char *path, struct diag *diag)
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

/* True once the program answers; else `*report` says why not, DETACHED_RUNNING being too late. */
static bool startup_wait(struct detached_process *process, const struct uapi_socket *uapi,
	const char *interface, struct deadline deadline, struct detached_report *report)
{
	do {
		*report = detached_process_poll(process, POLL_MS);
		if (report->state != DETACHED_RUNNING)
			return false;
		if (program_answers(uapi, interface, deadline))
			return true;
	} while (deadline_left_ms(deadline) > 0);
	return false;
}

static int program_run(const char *path, int output_fd, const char *interface,
	const struct uapi_socket *uapi, struct deadline deadline, struct diag *diag)
{
	char name[16];
	snprintf(name, sizeof name, "%s", interface);
	/* boringtun gives its privileges up, and then fails, unless it is told not to. */
	char *arguments[] = {(char *)path, "-f", name, NULL};
	char *environment[] = {"PATH=" SEARCH_PATH, "LOG_LEVEL=error", "WG_SUDO=1", NULL};
	struct detached_process process;
	int error = detached_process_start(path, arguments, environment, output_fd, &process, diag);
	if (error)
		return diag_wrap(diag, error, "start %s", path);
	struct detached_report report;
	bool answers = startup_wait(&process, uapi, interface, deadline, &report);
	detached_process_release(&process, answers ? DETACHED_LIVES_ON : DETACHED_IS_ENDED);
	return answers ? 0 : report_error(&report, path, diag);
}

int program_timeout_ms(const struct program *program)
{
	return program->timeout_ms ? program->timeout_ms : TIMEOUT_DEFAULT_MS;
}

int program_start(const struct program *program, const char *interface,
	const struct uapi_socket *uapi, struct diag *diag)
{
	struct program_path found;
	const char *path = program->path;
	if (!path) {
		int error = program_find(&found, diag);
		if (error)
			return error;
		path = found.text;
	}
	if (access(TUN_PATH, F_OK) != 0)
		return diag_wrap(diag, diag_fail_errno(diag, -errno), TUN_PATH);
	int output_fd = output_open(program, diag);
	if (output_fd < 0)
		return output_fd;
	struct deadline deadline = deadline_in(program_timeout_ms(program));
	int error = program_run(path, output_fd, interface, uapi, deadline, diag);
	close(output_fd);
	return error;
}
