/* SPDX-License-Identifier: Apache-2.0 */
#include "genl_socket.h"

#include "deadline.h"
#include "diag.h"
#include "netlink_reply.h"
#include "secret_memory.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define TIMEOUT_DEFAULT_MS 10000
/* The kernel sizes the parts of a dump by the longest receive so far, up to 32 KiB. */
#define RECEIVE_BYTES        (64 * 1024)
#define SOCKET_BUFFER_BYTES  (256 * 1024)
#define SEND_OVERHEAD_BYTES  32
#define FAMILY_REQUEST_BYTES 128

static int genl_prepare(struct genl_socket *genl, struct diag *diag)
{
	int code = nl_connect(genl->sock, NETLINK_GENERIC);
	if (code >= 0)
		code = nl_socket_set_buffer_size(
			genl->sock, SOCKET_BUFFER_BYTES, SOCKET_BUFFER_BYTES);
	if (code < 0)
		return diag_fail(diag, -EIO, "netlink: %s", nl_geterror(code));
	int fd = nl_socket_get_fd(genl->sock);
	/* Optional: without these options texts are shorter and answers longer. */
	int on = 1;
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
	int bytes;
	socklen_t size = sizeof bytes;
	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &size) != 0)
		return diag_fail_errno(diag, -errno);
	genl->message_bytes_max = (size_t)bytes - SEND_OVERHEAD_BYTES;
	return 0;
}

static void socket_close(struct genl_socket *genl)
{
	nl_socket_free(genl->sock);
	genl->sock = NULL;
}

static int genl_reopen(struct genl_socket *genl, struct diag *diag)
{
	genl->sock = nl_socket_alloc();
	if (!genl->sock)
		return diag_fail_errno(diag, -ENOMEM);
	int error = genl_prepare(genl, diag);
	if (error)
		socket_close(genl);
	return error;
}

int genl_socket_open(struct genl_socket *genl, int timeout_ms, struct diag *diag)
{
	*genl = (struct genl_socket){.timeout_ms = timeout_ms ? timeout_ms : TIMEOUT_DEFAULT_MS};
	genl->buffer = secret_alloc(RECEIVE_BYTES);
	if (!genl->buffer)
		return diag_fail_errno(diag, -ENOMEM);
	int error = genl_reopen(genl, diag);
	if (error)
		genl_socket_close(genl);
	return error;
}

void genl_socket_close(struct genl_socket *genl)
{
	if (genl->sock)
		socket_close(genl);
	secret_free(genl->buffer, RECEIVE_BYTES);
	genl->buffer = NULL;
}

static int messages_send(
	struct genl_socket *genl, struct iovec *parts, size_t count, struct diag *diag)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const struct msghdr header = {.msg_name = &kernel,
		.msg_namelen = sizeof kernel,
		.msg_iov = parts,
		.msg_iovlen = count};
	ssize_t sent;
	genl->sent_count++;
	do
		sent = sendmsg(nl_socket_get_fd(genl->sock), &header, 0);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? diag_fail_errno(diag, -errno) : 0;
}

static int answer_wait(struct genl_socket *genl, struct deadline deadline, struct diag *diag)
{
	struct pollfd wait = {.fd = nl_socket_get_fd(genl->sock), .events = POLLIN};
	int ready;
	do
		ready = poll(&wait, 1, deadline_left_ms(deadline));
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return diag_fail_errno(diag, -errno);
	return ready ? 0 : diag_fail(diag, -ETIMEDOUT, "no answer from the kernel in time");
}

/* Receive one datagram. Returns -EAGAIN if none is waiting. */
static int answer_receive(struct genl_socket *genl, struct netlink_reply *reply, struct diag *diag)
{
	struct sockaddr_nl from = {0};
	struct iovec room = {.iov_base = genl->buffer, .iov_len = RECEIVE_BYTES};
	struct msghdr header = {
		.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &room, .msg_iovlen = 1};
	ssize_t length = recvmsg(nl_socket_get_fd(genl->sock), &header, MSG_DONTWAIT);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (length < 0)
		return diag_fail_errno(diag, -errno);
	if ((size_t)length > genl->received_max)
		genl->received_max = (size_t)length;
	/* Only the kernel sends from port 0. */
	if (from.nl_pid == 0)
		netlink_reply_take(
			reply, genl->buffer, (size_t)length, header.msg_flags & MSG_TRUNC);
	return 0;
}

/* Receive first and poll only when nothing is waiting: most of an answer is there already. */
static int answers_receive(struct genl_socket *genl, struct netlink_reply *reply, struct diag *diag)
{
	int error = 0;
	while (!error && !reply->is_done) {
		error = answer_receive(genl, reply, diag);
		if (error == -EAGAIN)
			error = answer_wait(genl, deadline_in(genl->timeout_ms), diag);
	}
	explicit_bzero(genl->buffer, genl->received_max);
	genl->received_max = 0;
	return error ? error : netlink_reply_result(reply);
}

/* Complete the message's header, and note the sequence number its answer will carry. */
static struct iovec message_complete(
	struct genl_socket *genl, struct nl_msg *message, struct netlink_reply *reply)
{
	nl_complete_msg(genl->sock, message);
	struct nlmsghdr *header = nlmsg_hdr(message);
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
static int genl_exchange(
	struct genl_socket *genl, struct nl_msg *message, struct netlink_reply *reply)
{
	int error = genl->sock ? 0 : genl_reopen(genl, reply->diag);
	if (error)
		return error;
	struct iovec part = message_complete(genl, message, reply);
	error = messages_send(genl, &part, 1, reply->diag);
	if (!error)
		error = answers_receive(genl, reply, reply->diag);
	if (is_broken_off(reply, error))
		socket_close(genl);
	return error;
}

int genl_socket_exchange(struct genl_socket *genl, struct nl_msg *message,
	const struct netlink_handler *handler, bool *ret_refused, struct diag *diag)
{
	struct netlink_reply reply = {
		.handler = handler ? *handler : (struct netlink_handler){0}, .diag = diag};
	int error = genl_exchange(genl, message, &reply);
	if (ret_refused)
		*ret_refused = reply.is_refused;
	return error;
}

/* The kernel answers in the order of the requests. */
void genl_socket_exchange_all(
	struct genl_socket *genl, struct netlink_request *requests, size_t count)
{
	struct netlink_reply replies[NETLINK_REQUESTS_MAX];
	struct iovec parts[NETLINK_REQUESTS_MAX];
	int error = count > NETLINK_REQUESTS_MAX ? -E2BIG
		    : genl->sock                 ? 0
						 : genl_reopen(genl, NULL);
	for (size_t i = 0; i < count && !error; i++) {
		replies[i] = (struct netlink_reply){.diag = &requests[i].diag};
		parts[i] = message_complete(genl, requests[i].message, &replies[i]);
	}
	if (!error)
		error = messages_send(genl, parts, count, NULL);
	size_t answered = 0;
	for (; answered < count && !error; answered++) {
		struct netlink_request *request = &requests[answered];
		request->error = answers_receive(genl, &replies[answered], &request->diag);
		request->is_refused = replies[answered].is_refused;
		if (is_broken_off(&replies[answered], request->error))
			error = request->error;
	}
	for (size_t i = answered; i < count; i++)
		requests[i].error = diag_fail_errno(&requests[i].diag, error);
	if (error && genl->sock)
		socket_close(genl);
}

int genl_socket_peek(struct genl_socket *genl, struct nl_msg *message,
	const struct netlink_handler *handler, struct diag *diag)
{
	struct netlink_reply reply = {.handler = *handler, .is_first_enough = true, .diag = diag};
	return genl_exchange(genl, message, &reply);
}

static int family_decode(void *impl, struct nlmsghdr *header)
{
	uint16_t *family = impl;
	struct nlattr *attributes[CTRL_ATTR_MAX + 1];
	static const struct nla_policy policy[CTRL_ATTR_MAX + 1] = {
		[CTRL_ATTR_FAMILY_ID] = {.type = NLA_U16},
	};
	if (nlmsg_parse(header, GENL_HDRLEN, attributes, CTRL_ATTR_MAX, policy) < 0 ||
		!attributes[CTRL_ATTR_FAMILY_ID])
		return -EIO;
	*family = nla_get_u16(attributes[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

int genl_socket_family(struct genl_socket *genl, const char *name, uint16_t *ret, struct diag *diag)
{
	uint16_t family = 0;
	struct nl_msg *message = nlmsg_alloc_size(FAMILY_REQUEST_BYTES);
	int error;
	if (message &&
		genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, GENL_ID_CTRL, 0, 0,
			CTRL_CMD_GETFAMILY, 1) &&
		nla_put_string(message, CTRL_ATTR_FAMILY_NAME, name) >= 0)
		error = genl_socket_exchange(genl, message,
			&(struct netlink_handler){family_decode, &family}, NULL, diag);
	else
		error = diag_fail_errno(diag, -ENOMEM);
	nlmsg_free(message);
	if (!error && family == 0)
		error = diag_fail(diag, -EIO, "netlink: a family without a number");
	if (!error)
		*ret = family;
	return error;
}
