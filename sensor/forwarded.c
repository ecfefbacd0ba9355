/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as datagrams between workers. */
#include <config.h>

#include "forwarded.h"

#include <string.h>
#include <sys/socket.h>

#include "capture_plan.h"

bool
forwarded_send(int fd, const struct frame *frame)
{
	struct forwarded_header header = {
		.time = frame->time,
		.number = frame->number,
		.original = frame->original,
		.link_type = frame->link_type,
		.slot = frame->file,
		.tunnel = frame->tunnel,
	};
	struct iovec parts[2] = {
		{ .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)(uintptr_t)frame->bytes, .iov_len = frame->captured },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	return frame->captured <= FORWARDED_BYTES_MAX && sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

bool
forwarded_read(const uint8_t *datagram, size_t size, int64_t now, struct frame *out)
{
	static const int64_t PAST = INT64_C(120000000000), FUTURE = INT64_C(1000000000);
	struct forwarded_header header;

	if (size <= sizeof(header) || size > FORWARDED_SIZE_MAX)
		return false;
	memcpy(&header, datagram, sizeof(header));
	*out = (struct frame){
		.time = header.time,
		.number = header.number,
		.file = (uint16_t)header.slot,
		.link_type = header.link_type,
		.tunnel = (uint8_t)header.tunnel,
		.bytes = datagram + sizeof(header),
		.captured = (uint32_t)(size - sizeof(header)),
		.original = header.original,
	};
	return header.slot < SLOTS_MAX && header.tunnel < TUNNEL_COUNT && out->original >= out->captured && packet_link_supported(out->link_type) &&
	       out->time > now - PAST && out->time < now + FUTURE;
}
