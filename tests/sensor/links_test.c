/* SPDX-License-Identifier: Apache-2.0 */
/* The table of links from messages made here, and the socket's from this machine's kernel. */
#include <config.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "sensor/links_internal.h"

enum { UP = 1 /* IFF_UP */ };

static void
tell(struct link_table *t, uint16_t type, uint8_t family, const struct link *l)
{
	_Alignas(struct nlmsghdr) char buffer[1024] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;
	struct rtnl_link_stats64 statistics = { .rx_dropped = l->dropped, .rx_missed_errors = 100 };
	struct nlattr *nested;

	message->nlmsg_type = type;
	info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	info->ifi_family = family;
	info->ifi_index = l->index;
	info->ifi_flags = l->up ? UP : 0;
	if (l->name[0] != '\0')
		mnl_attr_put_strz(message, IFLA_IFNAME, l->name);
	if (l->master != 0)
		mnl_attr_put_u32(message, IFLA_MASTER, (uint32_t)l->master);
	mnl_attr_put(message, IFLA_STATS64, sizeof(statistics) - 8, &statistics);
	if (l->kind[0] != '\0') {
		nested = mnl_attr_nest_start(message, IFLA_LINKINFO);
		mnl_attr_put_strz(message, IFLA_INFO_KIND, l->kind);
		mnl_attr_nest_end(message, nested);
	}
	t->changed = false;
	link_table_take(t, message);
}

static const struct link bridge = { .index = 5, .name = "cni0", .kind = "bridge", .up = true }, port = { .index = 9, .master = 5, .name = "veth9", .kind = "veth" };

static void
test_come_and_go(void **state)
{
	struct link_table t = { .count = 0 };
	struct link l = port;

	(void)state;
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &port);
	assert_true(t.changed);
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &bridge);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.links[0].index, 5);
	assert_string_equal(t.links[0].kind, "bridge");
	assert_true(t.links[0].up);
	assert_int_equal(t.links[1].master, 5);
	assert_string_equal(t.links[1].name, "veth9");
	assert_false(t.links[1].up);
	assert_int_equal(t.links[1].dropped, 100);
	/* The same again, or with other counters, is no news; another name or master is. */
	l.dropped = 7;
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &l);
	assert_false(t.changed);
	assert_int_equal(t.links[1].dropped, 107);
	strcpy(l.name, "other");
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &l);
	assert_true(t.changed);
	l.master = 0;
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &l);
	assert_true(t.changed);
	assert_int_equal(t.links[1].master, 0);
	tell(&t, RTM_DELLINK, AF_UNSPEC, &l);
	assert_true(t.changed);
	assert_int_equal(t.count, 1);
	tell(&t, RTM_DELLINK, AF_UNSPEC, &l);
	assert_false(t.changed);
	link_table_clear(&t);
}

/* A port that leaves its bridge is not gone. */
static void
test_family_of_bridges(void **state)
{
	struct link_table t = { .count = 0 };

	(void)state;
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &port);
	tell(&t, RTM_DELLINK, AF_BRIDGE, &port);
	assert_false(t.changed);
	assert_int_equal(t.count, 1);
	link_table_clear(&t);
}

static void
test_dumps(void **state)
{
	struct link_table t = { .count = 0 };
	struct link late = { .index = 20, .name = "late" };

	(void)state;
	link_table_dump_begins(&t);
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &bridge);
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &port);
	assert_false(t.complete);
	link_table_dump_ended(&t);
	assert_true(t.complete);
	assert_true(t.changed);
	/* In the second one is missing, and one came meanwhile. */
	link_table_dump_begins(&t);
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &late);
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &bridge);
	assert_false(t.changed);
	link_table_dump_ended(&t);
	assert_true(t.changed);
	assert_int_equal(t.count, 2);
	assert_int_equal(t.links[0].index, 5);
	assert_int_equal(t.links[1].index, 20);
	t.changed = false;
	link_table_dump_begins(&t);
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &late);
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &bridge);
	link_table_dump_ended(&t);
	assert_false(t.changed);
	link_table_clear(&t);
}

static void
test_bounds(void **state)
{
	struct link_table t = { .count = 0 };
	struct link l = { .name = "x" };

	(void)state;
	for (l.index = LINKS_MAX + 10; l.index > 0; l.index -= 1)
		tell(&t, RTM_NEWLINK, AF_UNSPEC, &l);
	assert_int_equal(t.count, LINKS_MAX);
	assert_int_equal(t.omitted, 10);
	for (size_t i = 1; i < t.count; i++)
		assert_true(t.links[i - 1].index < t.links[i].index);
	link_table_clear(&t);
	/* Without a name, without an index. */
	l = (struct link){ .index = 3 };
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &l);
	l = (struct link){ .index = 0, .name = "x" };
	tell(&t, RTM_NEWLINK, AF_UNSPEC, &l);
	assert_int_equal(t.count, 0);
	link_table_clear(&t);
}

static void
wait_for_dump(struct links *links)
{
	struct pollfd fd = { .fd = links_fd(links), .events = POLLIN };

	while (!links_ready(links)) {
		assert_int_equal(poll(&fd, 1, 60000), 1);
		links_read(links);
	}
}

static void
test_this_machine(void **state)
{
	char error[256] = "";
	struct links *links = links_open(error, sizeof(error));
	const struct link *list;
	size_t count;
	bool loopback = false;

	(void)state;
	assert_string_equal(error, "");
	assert_non_null(links);
	wait_for_dump(links);
	list = links_list(links, &count);
	for (size_t i = 0; i < count; i++)
		loopback |= strcmp(list[i].name, "lo") == 0;
	assert_true(loopback);
	/* Asked for again, nothing is lost or new. */
	links_refresh(links);
	links_refresh(links);
	(void)poll(&(struct pollfd){ .fd = links_fd(links), .events = POLLIN }, 1, 60000);
	links_read(links);
	list = links_list(links, &count);
	assert_true(count > 0);
	assert_int_equal(links_omitted(links), 0);
	links_close(links);
	links_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_come_and_go),
		cmocka_unit_test(test_family_of_bridges),
		cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
