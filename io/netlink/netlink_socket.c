/* SPDX-License-Identifier: Apache-2.0 */
#include "netlink_socket.h"

#include "diag.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define RECEIVE_BYTES (64 * 1024)
#define ERRNO_MAX     4095

/* The state of one exchange, for the callbacks. */
struct exchange {
	const struct netlink_handler *handler;
	bool done;
	int kernel_error;  /* negative errno */
	int handler_error; /* the first */
	struct diag *diag;
};

/* Return the kernel's extended text for an error, with its length in `*ret_length`, or NULL. */
static const char *extended_text(const struct nlmsgerr *error, size_t *ret_length)
{
	const struct nlmsghdr *header =
		(const struct nlmsghdr *)((const char *)error - NLMSG_HDRLEN);
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	size_t offset = NLMSG_ALIGN(sizeof *error);
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		offset += NLMSG_ALIGN(error->msg.nlmsg_len - NLMSG_HDRLEN);
	size_t length = header->nlmsg_len - NLMSG_HDRLEN;
	if (header->nlmsg_len < NLMSG_HDRLEN || offset >= length)
		return NULL;
	struct nlattr *attribute = nla_find((const struct nlattr *)((const char *)error + offset),
		(int)(length - offset), NLMSGERR_ATTR_MSG);
	if (!attribute)
		return NULL;
	*ret_length = strnlen(nla_data(attribute), (size_t)nla_len(attribute));
	return nla_data(attribute);
}

static void kernel_error_note(struct exchange *exchange, int error, const struct nlmsgerr *message)
{
	/* Map errno values out of range to EIO. */
	if (error > 0 || error < -ERRNO_MAX)
		error = -EIO;
	exchange->kernel_error = error;
	diag_fail_errno(exchange->diag, error);
	size_t length = 0;
	const char *text = message ? extended_text(message, &length) : NULL;
	if (!text || length == 0)
		return;
	struct diag added = {0};
	diag_fail_errno(&added, error);
	diag_fail(exchange->diag, error, "%s: %.*s", diag_text(&added), (int)length, text);
	diag_clear(&added);
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *message, void *impl)
{
	struct exchange *exchange = impl;
	exchange->done = true;
	kernel_error_note(exchange, message->error, message);
	return NL_STOP;
}

static int on_ack(struct nl_msg *message, void *impl)
{
	struct exchange *exchange = impl;
	exchange->done = true;
	return NL_STOP;
}

/* A dump can fail halfway: its final message then carries the errno. */
static int on_finish(struct nl_msg *message, void *impl)
{
	struct exchange *exchange = impl;
	exchange->done = true;
	const struct nlmsghdr *header = nlmsg_hdr(message);
	int error = 0;
	if (header->nlmsg_len >= NLMSG_LENGTH(sizeof error))
		memcpy(&error, nlmsg_data(header), sizeof error);
	if (error < 0)
		kernel_error_note(exchange, error, NULL);
	return NL_STOP;
}

/* Continue after a handler's error, so that the whole answer is received. */
static int on_valid(struct nl_msg *message, void *impl)
{
	struct exchange *exchange = impl;
	if (exchange->handler && !exchange->handler_error)
		exchange->handler_error =
			exchange->handler->handle(exchange->handler->impl, nlmsg_hdr(message));
	return NL_OK;
}

static int library_error(int code, struct diag *diag)
{
	switch (-code) {
	case NLE_NOMEM:
		return diag_fail_errno(diag, -ENOMEM);
	case NLE_AGAIN:
		return diag_fail(diag, -ETIMEDOUT, "no answer from the kernel in time");
	case NLE_DUMP_INTR:
		return diag_fail(diag, -EAGAIN, "what was read changed meanwhile");
	default:
		return diag_fail(diag, -EIO, "netlink: %s", nl_geterror(code));
	}
}

static int netlink_prepare(struct netlink_socket *netlink, struct diag *diag)
{
	int error = nl_connect(netlink->sock, netlink->protocol);
	if (error < 0)
		return library_error(error, diag);
	error = nl_socket_set_msg_buf_size(netlink->sock, RECEIVE_BYTES);
	if (error < 0)
		return library_error(error, diag);
	int fd = nl_socket_get_fd(netlink->sock);
	struct timeval timeout = {
		.tv_sec = netlink->timeout_ms / 1000,
		.tv_usec = netlink->timeout_ms % 1000 * 1000,
	};
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout))
		return diag_fail_errno(diag, -errno);
	/* Kernels without these options send shorter texts and longer dumps, which is fine. */
	int on = 1;
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
	return 0;
}

static int netlink_reopen(struct netlink_socket *netlink, struct diag *diag)
{
	netlink->sock = nl_socket_alloc();
	if (!netlink->sock)
		return diag_fail_errno(diag, -ENOMEM);
	int error = netlink_prepare(netlink, diag);
	if (error)
		netlink_socket_close(netlink);
	return error;
}

int netlink_socket_open(
	struct netlink_socket *netlink, int protocol, int timeout_ms, struct diag *diag)
{
	*netlink = (struct netlink_socket){.protocol = protocol, .timeout_ms = timeout_ms};
	return netlink_reopen(netlink, diag);
}

void netlink_socket_close(struct netlink_socket *netlink)
{
	if (netlink->sock)
		nl_socket_free(netlink->sock);
	netlink->sock = NULL;
}

uint32_t netlink_socket_port(const struct netlink_socket *netlink)
{
	return netlink->sock ? nl_socket_get_local_port(netlink->sock) : 0;
}

static struct nl_cb *callbacks_new(struct exchange *exchange)
{
	struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
	if (!callbacks)
		return NULL;
	nl_cb_err(callbacks, NL_CB_CUSTOM, on_error, exchange);
	nl_cb_set(callbacks, NL_CB_ACK, NL_CB_CUSTOM, on_ack, exchange);
	nl_cb_set(callbacks, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, exchange);
	nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_valid, exchange);
	return callbacks;
}

/* Returns 0 or a negative libnl code. */
static int send_and_receive(struct nl_sock *sock, struct nl_msg *message, struct nl_cb *callbacks,
	struct exchange *exchange)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	header->nlmsg_seq = NL_AUTO_SEQ;
	header->nlmsg_pid = NL_AUTO_PID;
	int code = nl_send_auto(sock, message);
	while (code >= 0 && !exchange->done)
		code = nl_recvmsgs(sock, callbacks);
	return code < 0 ? code : 0;
}

int netlink_socket_exchange(struct netlink_socket *netlink, struct nl_msg *message,
	const struct netlink_handler *handler, struct diag *diag)
{
	if (!netlink->sock) {
		int error = netlink_reopen(netlink, diag);
		if (error)
			return error;
	}
	struct exchange exchange = {.handler = handler, .diag = diag};
	struct nl_cb *callbacks = callbacks_new(&exchange);
	if (!callbacks)
		return diag_fail_errno(diag, -ENOMEM);
	int code = send_and_receive(netlink->sock, message, callbacks, &exchange);
	nl_cb_put(callbacks);
	if (exchange.kernel_error)
		return exchange.kernel_error;
	if (code) {
		if (!exchange.done)
			netlink_socket_close(netlink);
		return library_error(code, diag);
	}
	if (exchange.handler_error)
		return diag_fail_errno(diag, exchange.handler_error);
	return 0;
}
