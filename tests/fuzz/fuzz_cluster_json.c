/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cluster's JSON: reads the input into an inventory, twice, and asks it about an address that
 * the seeds use. An error must be one line of visible text, and leave the inventory empty. Then the
 * same as an answer of the API server, of each kind, between the ends of a list.
 */
#include <config.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/cluster_json.h"
#include "sensor/inventory_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_line(const char *line)
{
	if (line[0] == '\0')
		abort();
	for (; *line != '\0'; line++)
		if (*line < ' ' || *line > '~')
			abort();
}

static void
ask(const struct inventory *inv)
{
	static const uint8_t bytes[4] = { 10, 42, 0, 5 };
	static const int64_t time = INT64_C(1767225600) * 1000000000; /* 2026-01-01 */
	const struct address a = address_from_v4(bytes);
	struct address others[3] = { a, a, a };
	struct service_name service;
	struct endpoint endpoint;
	struct network_answer answer;

	others[1].bytes[15]++;
	others[2].bytes[12] = 9; /* public */
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		inventory_policy_verdict(inv, &others[i], &a, 8080, IPPROTO_TCP, time, &answer);
		if ((answer.policy[0] != '\0') != (answer.verdict == NETWORK_ALLOWED || answer.verdict == NETWORK_DENIED))
			abort();
		if (answer.policy[0] != '\0')
			check_line(answer.policy);
		inventory_policy_verdict(inv, &a, &others[i], 53, IPPROTO_UDP, time, &answer);
	}
	inventory_find(inv, &a, time, &endpoint);
	if (endpoint.kind == ENDPOINT_WORKLOAD || endpoint.kind == ENDPOINT_NODE)
		check_line(endpoint.workload);
	if (inventory_service_at(inv, &a, 80, IPPROTO_TCP, time, &service))
		check_line(service.name);
	if (inventory_service_behind(inv, &a, 8080, IPPROTO_TCP, time, &service))
		check_line(service.name);
	for (size_t i = 0; i < inventory_warning_count(inv); i++)
		check_line(inventory_warning(inv, i));
}

static void
follow(const char *data, size_t size)
{
	static const char *const kinds[] = { "Pod", "Service", "EndpointSlice", "Node", "Namespace", "NetworkPolicy", "ReplicaSet" };
	static const int64_t time = INT64_C(1767225600) * 1000000000;
	struct inventory *inv = inventory_new(), *copy;
	struct cluster_page page;
	struct cluster_object_id id;
	char error[256] = "";

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			inventory_relist_begin(inv, OBJECT_POD);
			if (cluster_json_read_page(inv, kinds[i], time + round, data, size, &page, error, sizeof(error))) {
				if (page.version[0] != '\0')
					check_line(page.version);
			} else {
				check_line(error);
			}
			if (cluster_json_read_object(inv, kinds[i], time + round, data, size, &id, error, sizeof(error)))
				check_line(id.uid);
			ask(inv);
			if (round == 1 && !cluster_json_remove_object(inv, kinds[i], time, data, size, &id, error, sizeof(error)))
				check_line(error);
			ask(inv);
		}
		copy = inventory_compacted(inv, time);
		if (inventory_garbage(copy) != 0)
			abort();
		ask(copy);
		inventory_free(copy);
		inventory_relist_end(inv, OBJECT_POD, time + round);
	}
	ask(inv);
	inventory_free(inv);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inventory *inv = inventory_new();
	char error[256] = "";

	for (int round = 0; round < 2; round++) {
		bool done = cluster_json_read(inv, "input", (const char *)data, size, error, sizeof(error));

		if (!done) {
			check_line(error);
			if (inventory_has_objects(inv))
				abort();
		}
		ask(inv);
	}
	inventory_free(inv);
	follow((const char *)data, size);
	return 0;
}
