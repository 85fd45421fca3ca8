/* SPDX-License-Identifier: Apache-2.0 */
#include "observer.h"

#define OBSERVE(manager, callback, ...)                                                            \
	for (size_t i = 0; i < (manager)->observer_count; i++)                                     \
		if ((manager)->observers[i].callback)                                              \
	(manager)->observers[i].callback((manager)->observers[i].impl, __VA_ARGS__)

const char *interface_call_name(enum interface_call call)
{
#define X(upper, lower) #lower,
	static const char *const names[] = {INTERFACE_CALLS(X)};
#undef X
	return names[call];
}

int observe_call(const struct manager *manager, enum interface_call call, int error)
{
	OBSERVE(manager, interface_called, call, error);
	return error;
}

void observe_peer_op(const struct manager *manager, const struct peer_op *op, int error)
{
	OBSERVE(manager, peer_changed, op, error);
}

void observe_device(const struct manager *manager, const struct device *device,
	enum interface_event drift, int error)
{
	OBSERVE(manager, device_read, device, drift, error);
}

void observe_cycle_begin(const struct manager *manager, int error)
{
	OBSERVE(manager, cycle_begun, error);
}

void observe_document(const struct manager *manager, const struct state_document *document)
{
	OBSERVE(manager, document_taken, document);
}

void observe_cycle_end(const struct manager *manager, const struct cycle_report *report)
{
	OBSERVE(manager, cycle_ended, report);
}

void observe_event(const struct manager *manager, const struct event_judgement *judgement)
{
	OBSERVE(manager, event_judged, judgement);
}

void observe_teardown(const struct manager *manager, int error)
{
	OBSERVE(manager, torn_down, error);
}
