/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cluster's JSON: reads the input into an inventory, twice, and asks it about an address that
 * the seeds use. An error must be one line of visible text, and leave the inventory empty.
 */
#include <config.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/cluster_json.h"

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
	struct service_name service;
	struct endpoint endpoint;

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
	return 0;
}
