/* SPDX-License-Identifier: Apache-2.0 */
/* The series in a state file: pairs, and what counts for them by their number. */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/evidence.h"
#include "series_internal.h"
#include "state_internal.h"

enum { NAME_LIMIT = 512 };

/* Out. */

/* The next item stands on a line of its own. */
static void
next_line(struct json_writer *w)
{
	if (w->comma)
		json_line(w);
}

/* An empty text is as good as none. */
static void
write_name(struct json_writer *w, const char *key, const char *name)
{
	json_text(w, key, *name != '\0' ? name : NULL);
}

static void
write_pairs(struct json_writer *w, const struct series *s, int64_t now)
{
	json_open(w, state_member_names[STATE_PAIRS], '[');
	for (const struct series_pair *p = series_first(&s->pairs); p != NULL; p = series_next(&p->item)) {
		next_line(w);
		json_open(w, NULL, '{');
		write_name(w, "source_workload", p->ends.source_workload);
		write_name(w, "source_workload_namespace", p->ends.source_namespace);
		write_name(w, "destination_workload", p->ends.destination_workload);
		write_name(w, "destination_workload_namespace", p->ends.destination_namespace);
		json_count(w, "unseen", now > p->last_seen ? (uint64_t)(now - p->last_seen) : 0);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void
write_traffic(struct json_writer *w, const struct series *s)
{
	json_open(w, state_member_names[STATE_TRAFFIC], '[');
	for (const struct traffic_row *row = series_first(&s->traffic); row != NULL; row = series_next(&row->item)) {
		next_line(w);
		json_open(w, NULL, '{');
		json_count(w, "pair", row->pair->number);
		write_name(w, "service", row->service);
		write_name(w, "protocol", row->protocol);
		json_text(w, "encryption", encryption_state_names[row->encryption]);
		json_text(w, "authentication", auth_result_names[row->authentication]);
		json_count(w, "flows", row->flows);
		json_count(w, "bytes", row->bytes);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void
write_findings(struct json_writer *w, const struct series *s)
{
	json_open(w, state_member_names[STATE_FINDINGS], '[');
	for (const struct finding_row *row = series_first(&s->findings); row != NULL; row = series_next(&row->item)) {
		next_line(w);
		json_open(w, NULL, '{');
		json_count(w, "pair", row->pair->number);
		write_name(w, "service", row->service);
		write_name(w, "protocol", row->protocol);
		write_name(w, "type", row->type);
		json_text(w, "severity", severity_names[row->severity]);
		json_count(w, "count", row->count);
		json_close(w, '}');
	}
	json_close(w, ']');
	json_line(w);
	json_open(w, state_member_names[STATE_KNOWN], '[');
	for (const struct known_finding *k = series_first(&s->known); k != NULL; k = series_next(&k->item)) {
		char id[17];

		(void)snprintf(id, sizeof(id), "%016" PRIx64, k->id);
		next_line(w);
		json_open(w, NULL, '{');
		json_count(w, "pair", k->pair->number);
		json_text(w, "id", id);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void
write_namespaces(struct json_writer *w, const struct series *s, int64_t now)
{
	json_open(w, state_member_names[STATE_NAMESPACES], '[');
	for (const struct namespace_row *n = series_first(&s->namespaces); n != NULL; n = series_next(&n->item)) {
		next_line(w);
		json_open(w, NULL, '{');
		write_name(w, "namespace", n->namespace);
		json_count(w, "unseen", now > n->last_seen ? (uint64_t)(now - n->last_seen) : 0);
		json_open(w, "policies", '[');
		for (size_t i = 0; i < POLICY_COUNT; i++) {
			json_open(w, NULL, '{');
			json_text(w, "name", policies[i]->name);
			json_count(w, "observed", n->observed[i]);
			json_count(w, "satisfied_millionths", n->millionths[i]);
			json_close(w, '}');
		}
		json_close(w, ']');
		json_close(w, '}');
	}
	json_close(w, ']');
}

void
state_write_series(struct json_writer *w, const struct series *s, int64_t now)
{
	write_pairs(w, s, now);
	json_line(w);
	write_traffic(w, s);
	json_line(w);
	write_findings(w, s);
	json_line(w);
	write_namespaces(w, s, now);
}

/* In. */

/* The pairs by their number; NULL: expired. */
struct pairs {
	struct series_pair **items;
	size_t count, capacity;
};

static const char *
read_name(struct state_reader *r, const struct json_spot *spot, const char *key)
{
	const char *text = json_read_text(&r->document, spot, key, JSON_MAY, NAME_LIMIT, true);

	return text != NULL ? text : "";
}

static uint64_t
read_count(struct state_reader *r, const struct json_spot *spot, const char *key)
{
	return json_read_count(&r->document, spot, key, JSON_MUST, 0, INT64_MAX);
}

/* When it was last seen, by the clock of now; false where that is too long ago. */
static bool
read_last_seen(struct state_reader *r, const struct json_spot *spot, int64_t *out)
{
	uint64_t unseen = read_count(r, spot, "unseen");

	if (r->document.failed || unseen >= (uint64_t)r->state->series->expire || r->away >= r->state->series->expire - (int64_t)unseen)
		return false;
	*out = r->now - r->away - (int64_t)unseen;
	return true;
}

static void
read_pair(struct state_reader *r, struct json_spot *spot, void *context)
{
	struct pairs *pairs = context;
	struct series_ends ends = {
		.source_workload = read_name(r, spot, "source_workload"),
		.source_namespace = read_name(r, spot, "source_workload_namespace"),
		.destination_workload = read_name(r, spot, "destination_workload"),
		.destination_namespace = read_name(r, spot, "destination_workload_namespace"),
	};
	int64_t last_seen;
	bool alive = read_last_seen(r, spot, &last_seen);

	if (pairs->count == pairs->capacity) {
		pairs->capacity = pairs->capacity == 0 ? 64 : pairs->capacity * 2;
		pairs->items = realloc(pairs->items, pairs->capacity * sizeof(struct series_pair *));
		if (pairs->items == NULL)
			abort();
	}
	pairs->items[pairs->count] = NULL;
	if (alive) {
		struct series_pair *p = series_take_pair(r->state->series, &ends);

		if (last_seen > p->last_seen || p->last_seen == 0)
			p->last_seen = last_seen;
		pairs->items[pairs->count] = p;
	}
	pairs->count++;
}

/* The pair that a row names; NULL where it expired, and after an error. */
static struct series_pair *
pair_of(struct state_reader *r, const struct json_spot *spot, const struct pairs *pairs)
{
	uint64_t number = read_count(r, spot, "pair");

	if (!r->document.failed && number >= pairs->count)
		json_fail(&r->document, &(struct json_spot){ .parent = spot, .key = "pair" }, "found %ju, expected less than %zu", (uintmax_t)number, pairs->count);
	return r->document.failed ? NULL : pairs->items[number];
}

static void
read_traffic(struct state_reader *r, struct json_spot *spot, void *context)
{
	struct series_pair *p = pair_of(r, spot, context);
	const char *service = read_name(r, spot, "service"), *protocol = read_name(r, spot, "protocol");
	uint8_t encryption = (uint8_t)json_read_word(&r->document, spot, "encryption", JSON_MUST, encryption_state_names);
	uint8_t authentication = (uint8_t)json_read_word(&r->document, spot, "authentication", JSON_MUST, auth_result_names);
	uint64_t flows = read_count(r, spot, "flows"), bytes = read_count(r, spot, "bytes");
	struct traffic_row *row;

	if (p == NULL || r->document.failed)
		return;
	row = series_take_traffic(r->state->series, p, service, protocol, encryption, authentication);
	series_count(&row->flows, flows);
	series_count(&row->bytes, bytes);
}

static void
read_finding(struct state_reader *r, struct json_spot *spot, void *context)
{
	struct series_pair *p = pair_of(r, spot, context);
	const char *service = read_name(r, spot, "service"), *protocol = read_name(r, spot, "protocol"), *type = read_name(r, spot, "type");
	enum severity severity = (enum severity)json_read_word(&r->document, spot, "severity", JSON_MUST, severity_names);
	uint64_t count = read_count(r, spot, "count");

	if (p != NULL && !r->document.failed)
		series_count(&series_take_finding(r->state->series, p, service, protocol, type, severity)->count, count);
}

static void
read_known(struct state_reader *r, struct json_spot *spot, void *context)
{
	struct series_pair *p = pair_of(r, spot, context);
	const char *id = json_read_text(&r->document, spot, "id", JSON_MUST, 16, true);
	bool full;

	if (id == NULL)
		return;
	if (strlen(id) != 16 || strspn(id, "0123456789abcdef") != 16)
		json_fail(&r->document, &(struct json_spot){ .parent = spot, .key = "id" }, "found \"%s\", expected 16 hexadecimal digits", id);
	else if (p != NULL)
		(void)series_remember(r->state->series, p, strtoull(id, NULL, 16), &full);
}

static void
read_namespace(struct state_reader *r, struct json_spot *spot, void *context)
{
	const char *name = read_name(r, spot, "namespace");
	struct namespace_row *n = NULL;
	struct json_spot list, item;
	int64_t last_seen;

	(void)context;
	if (read_last_seen(r, spot, &last_seen)) {
		n = series_take_namespace(r->state->series, name);
		n->last_seen = last_seen;
	}
	if (!json_member(&r->document, spot, "policies", JSON_VALUE_ARRAY, JSON_MUST, &list))
		return;
	for (size_t i = 0; i < json_count_of(&list) && !r->document.failed; i++) {
		const char *policy;
		uint64_t observed, millionths;

		if (!json_element(&r->document, &list, i, JSON_VALUE_OBJECT, JSON_MUST, &item))
			return;
		policy = read_name(r, &item, "name");
		observed = read_count(r, &item, "observed");
		millionths = read_count(r, &item, "satisfied_millionths");
		/* Of a policy of another version nothing is kept. */
		for (size_t j = 0; n != NULL && j < POLICY_COUNT; j++) {
			if (strcmp(policies[j]->name, policy) != 0)
				continue;
			n->observed[j] = observed;
			n->millionths[j] = millionths;
		}
	}
}

bool
state_read_series(struct state_reader *r)
{
	struct pairs pairs = { 0 };
	bool done = state_each(r, STATE_PAIRS, read_pair, &pairs) && state_each(r, STATE_TRAFFIC, read_traffic, &pairs) &&
	            state_each(r, STATE_FINDINGS, read_finding, &pairs) && state_each(r, STATE_KNOWN, read_known, &pairs) &&
	            state_each(r, STATE_NAMESPACES, read_namespace, NULL);

	free(pairs.items);
	return done;
}
