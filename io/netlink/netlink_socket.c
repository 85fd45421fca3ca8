/* SPDX-License-Identifier: Apache-2.0 */
#include "netlink_socket.h"

#include "deadline.h"
#include "diag.h"
#include "netlink_reply.h"
#include "secret_memory.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel sizes the parts of a dump by the longest receive so far, up to 32 KiB. */
#define RECEIVE_BYTES       (64 * 1024)
#define SOCKET_BUFFER_BYTES (256 * 1024)
#define SEND_OVERHEAD_BYTES 32

/* WireGuard's answers hold keys, those about links and routes do not. */
static bool is_secret(const struct netlink_socket *netlink)
{
	return netlink->protocol == NETLINK_GENERIC;
}

static int netlink_prepare(struct netlink_socket *netlink, struct diag *diag)
{
	int code = nl_connect(netlink->sock, netlink->protocol);
	if (code >= 0)
		code = nl_socket_set_buffer_size(
			netlink->sock, SOCKET_BUFFER_BYTES, SOCKET_BUFFER_BYTES);
	if (code < 0)
		return diag_fail(diag, -EIO, "netlink: %s", nl_geterror(code));
	int fd = nl_socket_get_fd(netlink->sock);
	/* Optional: without these options texts are shorter and answers longer. */
	int on = 1;
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
	if (netlink->protocol == NETLINK_ROUTE)
		(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
	int bytes;
	socklen_t size = sizeof bytes;
	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &size) != 0)
		return diag_fail_errno(diag, -errno);
	netlink->message_bytes_max = (size_t)bytes - SEND_OVERHEAD_BYTES;
	return 0;
}

static void socket_close(struct netlink_socket *netlink)
{
	nl_socket_free(netlink->sock);
	netlink->sock = NULL;
}

void netlink_socket_close(struct netlink_socket *netlink)
{
	if (netlink->sock)
		socket_close(netlink);
	if (is_secret(netlink))
		secret_free(netlink->buffer, RECEIVE_BYTES);
	else
		free(netlink->buffer);
	netlink->buffer = NULL;
}

static int netlink_reopen(struct netlink_socket *netlink, struct diag *diag)
{
	if (!netlink->buffer)
		netlink->buffer =
			is_secret(netlink) ? secret_alloc(RECEIVE_BYTES) : malloc(RECEIVE_BYTES);
	netlink->sock = netlink->buffer ? nl_socket_alloc() : NULL;
	int error = netlink->sock ? netlink_prepare(netlink, diag) : diag_fail_errno(diag, -ENOMEM);
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

uint32_t netlink_socket_port(const struct netlink_socket *netlink)
{
	return netlink->sock ? nl_socket_get_local_port(netlink->sock) : 0;
}

static int netlink_messages_send(
	struct netlink_socket *netlink, struct iovec *parts, size_t count, struct diag *diag)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const struct msghdr header = {.msg_name = &kernel,
		.msg_namelen = sizeof kernel,
		.msg_iov = parts,
		.msg_iovlen = count};
	ssize_t sent;
	netlink->sent_count++;
	do
		sent = sendmsg(nl_socket_get_fd(netlink->sock), &header, 0);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? diag_fail_errno(diag, -errno) : 0;
}

static int answer_wait(struct netlink_socket *netlink, struct deadline deadline, struct diag *diag)
{
	struct pollfd wait = {.fd = nl_socket_get_fd(netlink->sock), .events = POLLIN};
	int ready;
	do
		ready = poll(&wait, 1, deadline_left_ms(deadline));
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return diag_fail_errno(diag, -errno);
	return ready ? 0 : diag_fail(diag, -ETIMEDOUT, "no answer from the kernel in time");
}

/* Receive one datagram. Returns -EAGAIN if none is waiting. */
static int answer_receive(
	struct netlink_socket *netlink, struct netlink_reply *reply, struct diag *diag)
{
	struct sockaddr_nl from = {0};
	struct iovec room = {.iov_base = netlink->buffer, .iov_len = RECEIVE_BYTES};
	struct msghdr header = {
		.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &room, .msg_iovlen = 1};
	ssize_t length = recvmsg(nl_socket_get_fd(netlink->sock), &header, MSG_DONTWAIT);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (length < 0)
		return diag_fail_errno(diag, -errno);
	if ((size_t)length > netlink->received_max)
		netlink->received_max = (size_t)length;
	/* Only the kernel sends from port 0. */
	if (from.nl_pid == 0)
		netlink_reply_take(
			reply, netlink->buffer, (size_t)length, header.msg_flags & MSG_TRUNC);
	return 0;
}

/* Receive first and poll only when nothing is waiting: most of an answer is there already. */
static int answers_receive(
	struct netlink_socket *netlink, struct netlink_reply *reply, struct diag *diag)
{
	int error = 0;
	while (!error && !reply->is_done) {
		error = answer_receive(netlink, reply, diag);
		if (error == -EAGAIN)
			error = answer_wait(netlink, deadline_in(netlink->timeout_ms), diag);
	}
	explicit_bzero(netlink->buffer, netlink->received_max);
	netlink->received_max = 0;
	return error ? error : netlink_reply_result(reply);
}

/* Complete the message's header, and note the sequence number its answer will carry. */
static struct iovec message_complete(
	struct netlink_socket *netlink, struct nl_msg *message, struct netlink_reply *reply)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	/* It may have been sent before. */
	header->nlmsg_seq = NL_AUTO_SEQ;
	header->nlmsg_pid = NL_AUTO_PID;
	nl_complete_msg(netlink->sock, message);
	reply->sequence = header->nlmsg_seq;
	reply->is_dump = (header->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	return (struct iovec){.iov_base = header, .iov_len = header->nlmsg_len};
}

/* Whether parts of the answer may still arrive, so that the socket must be reopened. */
static bool is_broken_off(const struct netlink_reply *reply, int error)
{
	return reply->is_first_enough || (error && !reply->is_refused && error != -EAGAIN);
}

/* The caller has set the handler and the options of `reply`. */
static int netlink_exchange(
	struct netlink_socket *netlink, struct nl_msg *message, struct netlink_reply *reply)
{
	int error = netlink->sock ? 0 : netlink_reopen(netlink, reply->diag);
	if (error)
		return error;
	struct iovec part = message_complete(netlink, message, reply);
	error = netlink_messages_send(netlink, &part, 1, reply->diag);
	if (!error)
		error = answers_receive(netlink, reply, reply->diag);
	if (is_broken_off(reply, error))
		socket_close(netlink);
	/* A handler's error may be without a text. */
	if (error && reply->diag && !*diag_text(reply->diag))
		diag_fail_errno(reply->diag, error);
	return error;
}

int netlink_socket_exchange(struct netlink_socket *netlink, struct nl_msg *message,
	const struct netlink_handler *handler, bool *ret_refused, struct diag *diag)
{
	struct netlink_reply reply = {
		.handler = handler ? *handler : (struct netlink_handler){0}, .diag = diag};
	int error = netlink_exchange(netlink, message, &reply);
	if (ret_refused)
		*ret_refused = reply.is_refused;
	return error;
}

/* The kernel answers in the order of the requests. */
void netlink_socket_exchange_all(
	struct netlink_socket *netlink, struct netlink_request *requests, size_t count)
{
	struct netlink_reply replies[NETLINK_REQUESTS_MAX];
	struct iovec parts[NETLINK_REQUESTS_MAX];
	int error = count > NETLINK_REQUESTS_MAX ? -E2BIG
		    : netlink->sock              ? 0
						 : netlink_reopen(netlink, NULL);
	for (size_t i = 0; i < count && !error; i++) {
		replies[i] = (struct netlink_reply){.diag = &requests[i].diag};
		parts[i] = message_complete(netlink, requests[i].message, &replies[i]);
	}
	if (!error)
		error = netlink_messages_send(netlink, parts, count, NULL);
	size_t answered = 0;
	for (; answered < count && !error; answered++) {
		struct netlink_request *request = &requests[answered];
		request->error = answers_receive(netlink, &replies[answered], &request->diag);
		request->is_refused = replies[answered].is_refused;
		if (is_broken_off(&replies[answered], request->error))
			error = request->error;
	}
	for (size_t i = answered; i < count; i++)
		requests[i].error = diag_fail_errno(&requests[i].diag, error);
	if (error && netlink->sock)
		socket_close(netlink);
}

int netlink_socket_peek(struct netlink_socket *netlink, struct nl_msg *message,
	const struct netlink_handler *handler, struct diag *diag)
{
	struct netlink_reply reply = {.handler = *handler, .is_first_enough = true, .diag = diag};
	return netlink_exchange(netlink, message, &reply);
}
