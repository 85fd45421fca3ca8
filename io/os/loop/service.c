/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <errno.h>
#include <stdio.h>

#define RETRY_MS      100
#define RETRY_LOST_MS 5000
/* Until the first status, ask this often for that much more time to start. */
#define START_EXTEND_MS 5000
#define START_MORE_MS   30000

static void due_send(void *impl);

static void alive_send(void *impl)
{
	struct service *service = impl;
	service_notify_send(&service->notify, SERVICE_ALIVE, NULL);
	loop_timer_set(service->loop, &service->alive_timer, service->notify.alive_interval_ms,
		alive_send, service);
}

static void starting_extend(void *impl)
{
	struct service *service = impl;
	service_notify_extend(&service->notify, START_MORE_MS);
	loop_timer_set(
		service->loop, &service->starting_timer, START_EXTEND_MS, starting_extend, service);
}

int service_open(struct service *service, struct loop *loop,
	const struct service_environment *environment, struct diag *diag)
{
	*service = (struct service){.loop = loop};
	int error = service_notify_open(&service->notify, environment, diag);
	if (error)
		return error;
	if (service->notify.alive_interval_ms)
		alive_send(service);
	starting_extend(service);
	return 0;
}

/* Return whether the manager accepted the message. If not, retry: soon if it is only busy. */
static bool send_or_retry(struct service *service, enum service_message message, const char *status)
{
	int error = service_notify_send(&service->notify, message, status);
	if (error)
		loop_timer_set(service->loop, &service->retry_timer,
			error == -EAGAIN ? RETRY_MS : RETRY_LOST_MS, due_send, service);
	return error == 0;
}

/* In this order: the manager must see RELOADING before the READY that ends the reload. */
static void due_send(void *impl)
{
	struct service *service = impl;
	if (service->is_reloading_due)
		service->is_reloading_due = !send_or_retry(service, SERVICE_RELOADING, NULL);
	if (service->is_ready_due && !service->is_reloading_due)
		service->is_ready_due = !send_or_retry(
			service, SERVICE_READY, *service->status ? service->status : NULL);
}

void service_status(struct service *service, const char *status)
{
	snprintf(service->status, sizeof service->status, "%s", status);
	loop_timer_cancel(service->loop, &service->starting_timer);
	if (!service->is_ready)
		service->is_ready_due = true;
	service->is_ready = true;
	if (service->is_ready_due)
		due_send(service);
	else
		service_notify_send(&service->notify, SERVICE_STATUS_ONLY, status);
}

/* A reload before the first status is part of the start. */
void service_reloading(struct service *service)
{
	if (!service->is_ready)
		return;
	service->is_reloading_due = true;
	due_send(service);
}

void service_reloaded(struct service *service)
{
	if (!service->is_ready)
		return;
	service->is_ready_due = true;
	due_send(service);
}

void service_stopping(struct service *service)
{
	service_notify_send(&service->notify, SERVICE_STOPPING, NULL);
}

void service_close(struct service *service)
{
	if (!service->loop)
		return;
	loop_timer_cancel(service->loop, &service->alive_timer);
	loop_timer_cancel(service->loop, &service->starting_timer);
	loop_timer_cancel(service->loop, &service->retry_timer);
	service_notify_close(&service->notify);
}
