/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of connection tracking: one datagram, whose connections must be found again. */
#include <config.h>

#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/conntrack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conntrack *c;
	struct conntrack_entry e;
	struct conntrack_end asked;
	void *copy = malloc(size + (size == 0));

	if (copy == NULL)
		abort();
	if (c == NULL)
		c = conntrack_new(-1);
	memcpy(copy, data, size);
	conntrack_take(c, copy, size);
	/* The only one of the datagram. */
	if (size <= 512 && mnl_nlmsg_ok(copy, (int)size) && ((struct nlmsghdr *)copy)->nlmsg_len == size && conntrack_parse(copy, &e) &&
	    (e.asked.port != e.server.port || !address_equal(&e.asked.address, &e.server.address)) &&
	    (!conntrack_find(c, e.ip_protocol, &e.client, &e.server, &asked) || asked.port != e.asked.port))
		abort();
	free(copy);
	return 0;
}
