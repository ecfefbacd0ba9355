/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For conntrack_test.py: opens connection tracking, gives up all privileges, says "ready", and answers
 * lines "CLIENT PORT SERVER PORT" of TCP connections seen with the address that was asked for.
 */
#include <config.h>

#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sensor/conntrack.h"

static bool
give_up_privileges(void)
{
	return geteuid() != 0 || (setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
}

/* Within two seconds. */
static bool
find(struct conntrack *c, int fd, const struct conntrack_end *client, const struct conntrack_end *server, struct conntrack_end *asked)
{
	for (int i = 0; i < 20; i++) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (conntrack_find(c, IPPROTO_TCP, client, server, asked))
			return true;
		if (poll(&p, 1, 100) > 0)
			conntrack_read(c);
	}
	return false;
}

int
main(void)
{
	char line[256], from[64], to[64], text[ADDRESS_TEXT_SIZE], error[256];
	struct conntrack_end client, server, asked;
	int fd = conntrack_open(error, sizeof(error));
	struct conntrack *c;

	if (fd < 0) {
		printf("%s\n", error);
		return EXIT_FAILURE;
	}
	if (!give_up_privileges())
		return EXIT_FAILURE;
	c = conntrack_new(fd);
	printf("ready\n");
	(void)fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (sscanf(line, "%63s %hu %63s %hu", from, &client.port, to, &server.port) != 4 || !address_parse(from, &client.address) || !address_parse(to, &server.address))
			break;
		if (find(c, fd, &client, &server, &asked))
			printf("%s %u\n", address_text(&asked.address, text), asked.port);
		else
			printf("none\n");
		(void)fflush(stdout);
	}
	conntrack_free(c);
	return EXIT_SUCCESS;
}
