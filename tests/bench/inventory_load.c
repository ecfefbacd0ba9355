/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the inventory of a cluster costs in memory and time: so many pods of both address families,
 * with four labels, two named ports and an owner. Usage: inventory_load [PODS]
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/cluster_json.h"
#include "sensor/inventory.h"
#include "tests/bench/cost.h"

enum { LOOKUPS = 1000000 };
static const int64_t start = INT64_C(1767225600) * 1000000000, minute = INT64_C(60) * 1000000000;

static void
add_pod(struct inventory *inv, unsigned i)
{
	char text[1536], error[256], ip[32];
	int size;

	(void)snprintf(ip, sizeof(ip), "10.%u.%u.%u", i >> 16 & 0xff, i >> 8 & 0xff, i & 0xff);
	size = snprintf(text, sizeof(text),
		"{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"service-%u-7d9f8b6c5-%05x\",\"namespace\":\"team-%u\",\"uid\":\"%08x-0000-4000-8000-000000000000\","
		"\"resourceVersion\":\"%u\",\"labels\":{\"app\":\"service-%u\",\"tier\":\"backend\",\"version\":\"v1\",\"pod-template-hash\":\"7d9f8b6c5\"},"
		"\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"name\":\"service-%u-7d9f8b6c5\",\"uid\":\"r%u\",\"controller\":true}]},"
		"\"spec\":{\"nodeName\":\"node-%u\",\"containers\":[{\"name\":\"main\",\"ports\":[{\"name\":\"http\",\"containerPort\":8080},{\"name\":\"metrics\",\"containerPort\":9090}]}]},"
		"\"status\":{\"phase\":\"Running\",\"startTime\":\"2025-12-31T00:00:00Z\",\"podIP\":\"%s\",\"podIPs\":[{\"ip\":\"%s\"},{\"ip\":\"fd00::%x:%x\"}]}}",
		i / 10, i, i / 200, i, i + 1, i / 10, i / 10, i / 10, i / 30, ip, ip, i >> 16, i & 0xffff);
	if (!cluster_json_read_object(inv, "Pod", start, text, (size_t)size, NULL, error, sizeof(error))) {
		fprintf(stderr, "inventory_load: %s\n", error);
		exit(1);
	}
}

/* Addresses in no order, as packets have them. */
static void
look_up(const struct inventory *inv, unsigned pods)
{
	struct endpoint who;
	unsigned found = 0;
	double before = milliseconds();

	for (unsigned i = 0, pod = 0; i < LOOKUPS; i++) {
		uint8_t bytes[4];
		struct address a;

		pod = (pod * 1664525 + 1013904223) & 0x7fffffff;
		bytes[0] = 10;
		bytes[1] = (uint8_t)(pod % pods >> 16);
		bytes[2] = (uint8_t)(pod % pods >> 8);
		bytes[3] = (uint8_t)(pod % pods);
		a = address_from_v4(bytes);
		inventory_find(inv, &a, start + minute, &who);
		found += who.kind == ENDPOINT_WORKLOAD;
	}
	printf("one address of %u found in %.0f ns\n", found, (milliseconds() - before) * 1e6 / LOOKUPS);
}

int
main(int argc, char **argv)
{
	unsigned pods = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
	struct inventory *inv = inventory_new(), *copy;
	double used = mebibytes(), before = milliseconds();

	if (pods == 0 || pods > 1 << 24) {
		fprintf(stderr, "usage: inventory_load [PODS]\n");
		return 1;
	}
	for (unsigned i = 0; i < pods; i++)
		add_pod(inv, i);
	printf("%u pods: %.1f MiB, read in %.0f ms\n", pods, mebibytes() - used, milliseconds() - before);
	look_up(inv, pods);
	before = milliseconds();
	copy = inventory_compacted(inv, start);
	printf("moved to a new inventory in %.1f ms\n", milliseconds() - before);
	inventory_free(inv);
	inventory_free(copy);
	return 0;
}
