/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of links, kept by what the kernel multicasts and by dumps of all. One socket serves
 * both, so that what it says comes in the order in which it happened.
 */
#include <config.h>

#include "links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "links_internal.h"

enum {
	READS_MAX = 64,         /* of the socket, each time it is readable */
	SOCKET_BUFFER = 1 << 20,
	MESSAGE_MAX = 65536,    /* the kernel sends dumps in pieces of 32 KiB at most */
};

struct links {
	struct mnl_socket *socket;
	struct link_table table;
	uint32_t sequence;      /* of the last dump asked for */
	bool dumping, again;    /* again: once it has ended */
	_Alignas(struct nlmsghdr) char buffer[MESSAGE_MAX];
};

/* The table. */

/* Where a link with this index is, or would be. */
static size_t
table_place(const struct link_table *t, int index)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->links[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
table_has(const struct link_table *t, size_t place, int index)
{
	return place < t->count && t->links[place].index == index;
}

static bool
table_grow(struct link_table *t)
{
	size_t capacity = t->capacity == 0 ? 64 : t->capacity * 2;

	if (t->count < t->capacity)
		return true;
	if (t->count >= LINKS_MAX)
		return false;
	t->links = realloc(t->links, capacity * sizeof(*t->links));
	t->seen = realloc(t->seen, capacity * sizeof(*t->seen));
	if (t->links == NULL || t->seen == NULL)
		abort();
	t->capacity = capacity;
	return true;
}

static void
table_insert(struct link_table *t, size_t place, const struct link *l)
{
	if (!table_grow(t)) {
		t->omitted++;
		return;
	}
	memmove(t->links + place + 1, t->links + place, (t->count - place) * sizeof(*t->links));
	memmove(t->seen + place + 1, t->seen + place, (t->count - place) * sizeof(*t->seen));
	t->links[place] = *l;
	t->seen[place] = t->dump;
	t->count++;
	t->changed = true;
}

static void
table_remove(struct link_table *t, size_t place)
{
	t->count--;
	memmove(t->links + place, t->links + place + 1, (t->count - place) * sizeof(*t->links));
	memmove(t->seen + place, t->seen + place + 1, (t->count - place) * sizeof(*t->seen));
	t->changed = true;
}

/* Whether two states of a link differ in what a plan rests on. */
static bool
differs(const struct link *a, const struct link *b)
{
	return a->master != b->master || a->up != b->up || strcmp(a->name, b->name) != 0 || strcmp(a->kind, b->kind) != 0;
}

static void
table_set(struct link_table *t, const struct link *l)
{
	size_t place = table_place(t, l->index);

	if (!table_has(t, place, l->index)) {
		table_insert(t, place, l);
		return;
	}
	if (differs(&t->links[place], l))
		t->changed = true;
	t->links[place] = *l;
	t->seen[place] = t->dump;
}

void
link_table_dump_begins(struct link_table *t)
{
	t->dump++;
}

void
link_table_dump_ended(struct link_table *t)
{
	/* What neither the dump nor a message since its beginning told of is gone. */
	for (size_t i = t->count; i > 0; i--)
		if (t->seen[i - 1] != t->dump)
			table_remove(t, i - 1);
	if (!t->complete)
		t->changed = true;
	t->complete = true;
}

void
link_table_clear(struct link_table *t)
{
	free(t->links);
	free(t->seen);
	*t = (struct link_table){ .count = 0 };
}

/* Messages. */

static void
copy_text(char *out, size_t size, const struct nlattr *attribute)
{
	snprintf(out, size, "%.*s", (int)strnlen(mnl_attr_get_str(attribute), mnl_attr_get_payload_len(attribute)), mnl_attr_get_str(attribute));
}

static int
take_kind(const struct nlattr *attribute, void *link)
{
	struct link *l = link;

	if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
		copy_text(l->kind, sizeof(l->kind), attribute);
	return MNL_CB_OK;
}

static void
take_statistics(struct link *l, const struct nlattr *attribute)
{
	struct rtnl_link_stats64 statistics = { 0 };
	size_t size = mnl_attr_get_payload_len(attribute);

	/* Later kernels add members at the end. */
	memcpy(&statistics, mnl_attr_get_payload(attribute), size < sizeof(statistics) ? size : sizeof(statistics));
	l->dropped = statistics.rx_dropped + statistics.rx_missed_errors;
}

static int
take_attribute(const struct nlattr *attribute, void *link)
{
	struct link *l = link;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		copy_text(l->name, sizeof(l->name), attribute);
		break;
	case IFLA_MASTER:
		if (mnl_attr_get_payload_len(attribute) >= sizeof(uint32_t))
			l->master = (int)mnl_attr_get_u32(attribute);
		break;
	case IFLA_LINKINFO:
		(void)mnl_attr_parse_nested(attribute, take_kind, l);
		break;
	case IFLA_STATS64:
		take_statistics(l, attribute);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

void
link_table_take(struct link_table *t, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct link l;
	size_t place;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*info))
		return;
	/* A bridge tells of its ports in messages of its own family, where "deleted" means that a port left. */
	if (info->ifi_family != AF_UNSPEC || info->ifi_index <= 0)
		return;
	if (message->nlmsg_type == RTM_DELLINK) {
		place = table_place(t, info->ifi_index);
		if (table_has(t, place, info->ifi_index))
			table_remove(t, place);
		return;
	}
	l = (struct link){ .index = info->ifi_index, .up = (info->ifi_flags & IFF_UP) != 0 };
	(void)mnl_attr_parse(message, sizeof(*info), take_attribute, &l);
	if (l.name[0] != '\0')
		table_set(t, &l);
}

/* The socket. */

static bool
ask_for_all(struct links *links)
{
	_Alignas(struct nlmsghdr) char request[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(request);
	struct ifinfomsg *info;

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = ++links->sequence;
	info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	links->again = false;
	links->dumping = mnl_socket_sendto(links->socket, message, message->nlmsg_len) >= 0;
	if (links->dumping)
		link_table_dump_begins(&links->table);
	return links->dumping; /* if not, the next refresh asks */
}

static struct mnl_socket *
open_socket(void)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int size = SOCKET_BUFFER;

	if (s == NULL)
		return NULL;
	/* As much as may be had: what is missed is asked for again. */
	(void)setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (mnl_socket_bind(s, RTMGRP_LINK, MNL_SOCKET_AUTOPID) == 0)
		return s;
	mnl_socket_close(s);
	return NULL;
}

struct links *
links_open(char *error, size_t error_size)
{
	struct links *links = calloc(1, sizeof(*links));

	if (links != NULL && (links->socket = open_socket()) != NULL && ask_for_all(links))
		return links;
	snprintf(error, error_size, "the list of network interfaces (rtnetlink): %s", strerror(errno));
	links_close(links);
	return NULL;
}

void
links_close(struct links *links)
{
	if (links == NULL)
		return;
	if (links->socket != NULL)
		mnl_socket_close(links->socket);
	link_table_clear(&links->table);
	free(links);
}

int
links_fd(const struct links *links)
{
	return mnl_socket_get_fd(links->socket);
}

/* A dump of ours has come to its end, or was refused. */
static void
end_dump(struct links *links, const struct nlmsghdr *message)
{
	if (!links->dumping || message->nlmsg_seq != links->sequence)
		return;
	links->dumping = false;
	if (message->nlmsg_type == NLMSG_DONE)
		link_table_dump_ended(&links->table);
	if (links->again)
		(void)ask_for_all(links);
}

static void
take_messages(struct links *links, int size)
{
	for (const struct nlmsghdr *message = (const void *)links->buffer; mnl_nlmsg_ok(message, size); message = mnl_nlmsg_next(message, &size)) {
		/* The table changed while it was dumped: something may have been left out. */
		if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0 && message->nlmsg_seq == links->sequence)
			links->again = true;
		if (message->nlmsg_type == RTM_NEWLINK || message->nlmsg_type == RTM_DELLINK)
			link_table_take(&links->table, message);
		else if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
			end_dump(links, message);
	}
}

/* What came before is in order, what comes next too; what is between is lost. */
static void
on_overrun(struct links *links)
{
	if (links->dumping)
		links->again = true;
	else
		(void)ask_for_all(links);
}

bool
links_read(struct links *links)
{
	links->table.changed = false;
	for (int i = 0; i < READS_MAX; i++) {
		ssize_t size = mnl_socket_recvfrom(links->socket, links->buffer, sizeof(links->buffer));

		if (size > 0) {
			take_messages(links, (int)size);
		} else if (size < 0 && errno == ENOBUFS) {
			on_overrun(links);
		} else if (size < 0 && errno != EINTR) {
			break;
		}
	}
	return links->table.complete && links->table.changed;
}

bool
links_ready(const struct links *links)
{
	return links->table.complete;
}

void
links_refresh(struct links *links)
{
	if (!links->dumping)
		(void)ask_for_all(links);
}

const struct link *
links_list(const struct links *links, size_t *count)
{
	*count = links->table.count;
	return links->table.links;
}

uint64_t
links_omitted(const struct links *links)
{
	return links->table.omitted;
}
