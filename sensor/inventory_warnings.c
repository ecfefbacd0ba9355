/* SPDX-License-Identifier: Apache-2.0 */
/* What in a cluster contradicts itself or is missing, so that an answer may be less than it could be. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory_internal.h"

enum { WARNINGS_OF_A_KIND = 20, WARNING_SIZE = 1024 };

void
inventory_forget_warnings(struct warnings *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->lines[i]);
	free(w->lines);
	*w = (struct warnings){ 0 };
}

static void
warn(struct warnings *w, const char *line)
{
	if (w->count == w->room) {
		w->room = w->room == 0 ? 16 : w->room * 2;
		w->lines = realloc(w->lines, w->room * sizeof(*w->lines));
		if (w->lines == NULL)
			abort();
	}
	w->lines[w->count] = strdup(line);
	if (w->lines[w->count++] == NULL)
		abort();
}

/* Running pods, one row for each address of each. */
struct holder {
	struct address address;
	const struct pod *pod;
};

static int
compare_names(const struct object *a, const struct object *b)
{
	int order = strcmp(a->namespace, b->namespace);

	if (order == 0)
		order = strcmp(a->name, b->name);
	return order != 0 ? order : strcmp(a->uid, b->uid);
}

static int
compare_holders(const void *a, const void *b)
{
	const struct holder *left = a, *right = b;
	int order = address_compare(&left->address, &right->address);

	return order != 0 ? order : compare_names(&left->pod->object, &right->pod->object);
}

static bool
holds_now(const struct pod *pod)
{
	return pod->object.state == OBJECT_CURRENT && !pod->finished && !pod->host_network;
}

/* Returns owned. */
static struct holder *
running_holders(const struct inventory *inv, size_t *count)
{
	struct holder *holders;
	size_t room = 0;

	*count = 0;
	for (const struct object *o = inv->all[OBJECT_POD]; o != NULL; o = o->next)
		room += ((const struct pod *)o)->addresses.count;
	holders = calloc(room + 1, sizeof(*holders));
	if (holders == NULL)
		abort();
	for (const struct object *o = inv->all[OBJECT_POD]; o != NULL; o = o->next) {
		const struct pod *pod = (const struct pod *)o;

		for (size_t i = 0; holds_now(pod) && i < pod->addresses.count; i++)
			holders[(*count)++] = (struct holder){ pod->addresses.items[i], pod };
	}
	qsort(holders, *count, sizeof(*holders), compare_holders);
	return holders;
}

/* Says how many more there were than are listed. */
static void
warn_of_rest(struct warnings *w, size_t count, const char *what)
{
	char line[WARNING_SIZE];

	if (count <= WARNINGS_OF_A_KIND)
		return;
	(void)snprintf(line, sizeof(line), "%zu more %s", count - WARNINGS_OF_A_KIND, what);
	warn(w, line);
}

static void
warn_of_shared(struct warnings *w, const struct holder *holders, size_t count)
{
	char text[ADDRESS_TEXT_SIZE], line[WARNING_SIZE];
	size_t shared = 0, end;

	for (size_t i = 0; i < count; i = end) {
		const struct object *a = &holders[i].pod->object, *b;

		for (end = i + 1; end < count && address_equal(&holders[i].address, &holders[end].address); end++)
			;
		if (end - i < 2 || ++shared > WARNINGS_OF_A_KIND)
			continue;
		b = &holders[i + 1].pod->object;
		(void)snprintf(line, sizeof(line), "%s: %zu pods that have not finished claim it, among them %s/%s and %s/%s; the one that started last is taken to have it", address_text(&holders[i].address, text), end - i, a->namespace, a->name, b->namespace, b->name);
		warn(w, line);
	}
	warn_of_rest(w, shared, "addresses are claimed by several pods that have not finished");
}

static void
warn_of_pods_with_node_address(const struct inventory *inv, struct warnings *w, const struct holder *holders, size_t count)
{
	char text[ADDRESS_TEXT_SIZE], line[WARNING_SIZE];
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const struct object *o = &holders[i].pod->object;
		bool several;
		const char *name = inventory_sure_node(inv, &holders[i].address, INT64_MAX, &several);

		if (name == NULL || several || ++found > WARNINGS_OF_A_KIND)
			continue;
		(void)snprintf(line, sizeof(line), "%s: claimed by pod %s/%s, which is not on the host network, and by node %s; taken for the node", address_text(&holders[i].address, text), o->namespace, o->name, name);
		warn(w, line);
	}
	warn_of_rest(w, found, "pods have the address of a node");
}

static int
compare_claims_by_address(const void *a, const void *b)
{
	const struct node_claim *left = *(const struct node_claim *const *)a, *right = *(const struct node_claim *const *)b;
	int order = address_compare(&left->address, &right->address);

	if (order == 0)
		order = (left->basis > right->basis) - (left->basis < right->basis);
	return order != 0 ? order : strcmp(left->name, right->name);
}

static bool
disagree(const struct node_claim *a, const struct node_claim *b)
{
	return a->basis == b->basis && a->name != b->name && address_equal(&a->address, &b->address);
}

static void
warn_of_shared_nodes(const struct inventory *inv, struct warnings *w)
{
	const struct node_claim **claims = calloc(inv->nodes.count + 1, sizeof(*claims));
	char text[ADDRESS_TEXT_SIZE], line[WARNING_SIZE];
	size_t count = 0, found = 0;

	if (claims == NULL)
		abort();
	for (size_t i = 0; i < inv->nodes.bucket_count; i++) {
		for (const struct arena_entry *e = inv->nodes.buckets[i]; e != NULL; e = e->next) {
			const struct node_claim *claim = e->value;

			if (node_claim_counts(claim, INT64_MAX))
				claims[count++] = claim;
		}
	}
	qsort(claims, count, sizeof(*claims), compare_claims_by_address);
	for (size_t i = 1; i < count; i++) {
		if (!disagree(claims[i - 1], claims[i]) || ++found > WARNINGS_OF_A_KIND)
			continue;
		(void)snprintf(line, sizeof(line), "%s: claimed by the nodes %s and %s; taken for neither", address_text(&claims[i]->address, text), claims[i - 1]->name, claims[i]->name);
		warn(w, line);
	}
	warn_of_rest(w, found, "addresses are claimed by several nodes");
	free(claims);
}

static void
warn_of_missing_starts(const struct inventory *inv, struct warnings *w)
{
	char line[WARNING_SIZE];
	size_t count = 0;

	for (const struct object *o = inv->all[OBJECT_POD]; o != NULL; o = o->next) {
		const struct pod *pod = (const struct pod *)o;

		if (holds_now(pod) && pod->addresses.count > 0 && pod->start == INVENTORY_TIME_OPEN)
			count++;
	}
	if (count == 0)
		return;
	(void)snprintf(line, sizeof(line), "%zu pods have no start time (status.startTime, metadata.creationTimestamp); each is taken to have had its address all along", count);
	warn(w, line);
}

static const struct warnings *
warnings_of(const struct inventory *inv)
{
	struct warnings *w = inv->warnings;
	struct holder *holders;
	size_t count;

	if (w->made)
		return w;
	holders = running_holders(inv, &count);
	warn_of_shared(w, holders, count);
	warn_of_pods_with_node_address(inv, w, holders, count);
	warn_of_shared_nodes(inv, w);
	warn_of_missing_starts(inv, w);
	free(holders);
	w->made = true;
	return w;
}

size_t
inventory_warning_count(const struct inventory *inv)
{
	return warnings_of(inv)->count;
}

const char *
inventory_warning(const struct inventory *inv, size_t index)
{
	const struct warnings *w = warnings_of(inv);

	return index < w->count ? w->lines[index] : "";
}
