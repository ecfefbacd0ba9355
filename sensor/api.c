/* SPDX-License-Identifier: Apache-2.0 */
/* See api.h. api_status.c tells of the sensor itself. */
#include <config.h>

#include "api.h"

#include <stdlib.h>
#include <string.h>

#include "http_request.h"
#include "json_writer.h"
#include "judge.h"
#include "output_json_internal.h"
#include "output_text.h"
#include "recent_flows.h"

/* Queries. */

enum { PARAMETER_LIMIT, PARAMETER_OFFSET, PARAMETER_NAMESPACE, PARAMETER_SEVERITY, PARAMETER_TYPE, PARAMETER_COUNT };

/* What each document takes, and its limits. */
static const struct {
	unsigned parameters; /* 1 << number */
	uint64_t limit, limit_max;
} documents[] = {
	[API_PAIRS] = { 1 << PARAMETER_LIMIT | 1 << PARAMETER_OFFSET | 1 << PARAMETER_NAMESPACE, 100, 10000 },
	[API_PAIR] = { 0, 0, 0 },
	[API_FINDINGS] = { 1 << PARAMETER_LIMIT | 1 << PARAMETER_OFFSET | 1 << PARAMETER_SEVERITY | 1 << PARAMETER_TYPE | 1 << PARAMETER_NAMESPACE, 100, 10000 },
	[API_FLOWS] = { 1 << PARAMETER_LIMIT, 100, 1000 },
	[API_STATUS] = { 0, 0, 0 },
};

static bool
read_severity(const struct http_parameter *p, struct api_query *q, char *error, size_t error_size)
{
	if (!p->given)
		return true;
	for (unsigned i = 0; i < SEVERITY_COUNT; i++)
		if (strcmp(p->value, severity_names[i]) == 0) {
			q->severity = (enum severity)i;
			q->has_severity = true;
			return true;
		}
	return http_parameter_refuse(p, p->value, "not one of info, low, medium, high, critical", error, error_size);
}

bool
api_query_read(struct api_query *q, enum api_document document, const char *query, char *error, size_t error_size)
{
	struct http_parameter p[PARAMETER_COUNT] = {
		[PARAMETER_LIMIT] = { .name = "limit" }, [PARAMETER_OFFSET] = { .name = "offset" }, [PARAMETER_NAMESPACE] = { .name = "namespace" },
		[PARAMETER_SEVERITY] = { .name = "severity" }, [PARAMETER_TYPE] = { .name = "type" },
	};

	*q = (struct api_query){ .status = 200 };
	if (!http_query_read(query, p, PARAMETER_COUNT, error, error_size))
		return false;
	for (unsigned i = 0; i < PARAMETER_COUNT; i++)
		if (p[i].given && (documents[document].parameters >> i & 1) == 0) {
			(void)snprintf(error, error_size, "%s is not a parameter of this document", p[i].name);
			return false;
		}
	for (unsigned i = PARAMETER_NAMESPACE; i < PARAMETER_COUNT; i++)
		if (p[i].given && p[i].value[0] == '\0')
			return http_parameter_refuse(&p[i], "", "no value: leave it out for all", error, error_size);
	(void)snprintf(q->namespace, sizeof(q->namespace), "%s", p[PARAMETER_NAMESPACE].value);
	(void)snprintf(q->type, sizeof(q->type), "%s", p[PARAMETER_TYPE].value);
	return http_parameter_number(&p[PARAMETER_LIMIT], 0, documents[document].limit_max, documents[document].limit, &q->limit, error, error_size) &&
	       http_parameter_number(&p[PARAMETER_OFFSET], 0, UINT32_MAX, 0, &q->offset, error, error_size) &&
	       read_severity(&p[PARAMETER_SEVERITY], q, error, error_size);
}

/* Documents. */

static void
open_document(struct json_writer *w)
{
	json_open(w, NULL, '{');
	json_text(w, "schema", "podwire.api/1");
}

static void
open_snapshot(struct json_writer *w, const struct snapshot *s)
{
	open_document(w);
	json_time(w, "time", s->now);
	json_count(w, "generation", s->generation);
}

static void
close_document(struct json_writer *w)
{
	json_close(w, '}');
	putc('\n', w->out);
}

/* What is left out of a list is told by its total. */
static void
put_range(struct json_writer *w, const struct api_query *q, uint64_t total)
{
	json_count(w, "total", total);
	json_count(w, "offset", q->offset);
	json_count(w, "limit", q->limit);
}

static bool
is_of(const struct pair *p, const char *namespace)
{
	return *namespace == '\0' || (p->source->namespace != NULL && strcmp(p->source->namespace, namespace) == 0) ||
	       (p->destination->namespace != NULL && strcmp(p->destination->namespace, namespace) == 0);
}

/* Whether item number index of a list is asked for. */
static bool
in_range(const struct api_query *q, uint64_t index)
{
	return index >= q->offset && index - q->offset < q->limit;
}

static void
close_list(struct json_writer *w)
{
	w->comma = false;
	json_line(w);
	json_close(w, ']');
}

void
api_pairs(FILE *out, const struct snapshot *s, void *query)
{
	struct json_writer w = { .out = out };
	const struct api_query *q = query;
	const struct report *r = s->report;
	uint64_t total = 0;

	open_snapshot(&w, s);
	json_open(&w, "pairs", '[');
	for (size_t i = 0; i < r->pair_count; i++) {
		if (!is_of(r->pairs[i], q->namespace) || !in_range(q, total++))
			continue;
		json_line(&w);
		json_pair(&w, NULL, r, r->pairs[i]);
	}
	close_list(&w);
	put_range(&w, q, total);
	close_document(&w);
}

static bool
is_found(const struct api_query *q, const struct finding *f)
{
	return (!q->has_severity || f->severity >= q->severity) && (*q->type == '\0' || strcmp(f->type, q->type) == 0) && is_of(f->pair, q->namespace);
}

void
api_findings(FILE *out, const struct snapshot *s, void *query)
{
	struct json_writer w = { .out = out };
	const struct api_query *q = query;
	const struct report *r = s->report;
	uint64_t total = 0;

	open_snapshot(&w, s);
	json_open(&w, "findings", '[');
	for (size_t i = 0; i < r->finding_count; i++) {
		if (!is_found(q, &r->findings[i]) || !in_range(q, total++))
			continue;
		json_line(&w);
		json_finding(&w, NULL, r, &r->findings[i]);
	}
	close_list(&w);
	put_range(&w, q, total);
	close_document(&w);
}

/* One pair, explained. */

/* What one policy says of one class of evidence. */
static void
put_term(struct json_writer *w, const struct report *r, const struct pair *p, size_t policy, size_t class)
{
	static const char *const observations[] = { [NOT_APPLICABLE] = "not-applicable", [NOT_OBSERVED] = "not-observed", [OBSERVED] = "observed" };
	char source_ip[ADDRESS_TEXT_SIZE], destination_ip[ADDRESS_TEXT_SIZE], expires[OUTPUT_TIME_SIZE];
	struct policy_peer source = report_policy_peer(p->source, source_ip), destination = report_policy_peer(p->destination, destination_ip);
	const struct evidence_count *e = &p->evidence[class];
	const struct exemption *exemption = NULL;
	struct policy_value v;
	bool in_scope = policy_set_in_scope(r->policies, &source, &destination, e->class);

	if (!in_scope)
		return;
	v = policy_set_value(r->policies, policy, &source, &destination, e->class, report_now(r), &exemption);
	json_open(w, NULL, '{');
	json_count(w, "evidence", class);
	json_count(w, "flows", e->flows);
	json_text(w, "observation", exemption != NULL ? "exempt" : observations[v.observation]);
	if (v.observation == OBSERVED)
		json_decimal(w, "value", v.value);
	else
		json_null(w, "value");
	if (exemption != NULL) {
		json_text(w, "reason", exemption->reason);
		json_text(w, "expires", output_time_seconds(exemption->expires, expires));
	}
	json_close(w, '}');
}

static void
put_policy(struct json_writer *w, const struct report *r, const struct pair *p, size_t policy)
{
	const struct policy_setting *s = &r->policies->settings[policy];
	const struct score_policy *sum = &p->score.policies[policy];
	double value;

	json_open(w, NULL, '{');
	json_text(w, "name", s->policy->name);
	json_text(w, "title", s->policy->title);
	json_decimal(w, "weight", s->weight);
	json_flag(w, "applicable", sum->applicable);
	json_decimal(w, "satisfied_flows", (double)sum->millionths / 1e6);
	json_count(w, "flows", sum->flows);
	if (score_policy_value(&p->score, policy, &value))
		json_decimal(w, "value", value);
	else
		json_null(w, "value");
	json_open(w, "terms", '[');
	for (size_t i = 0; i < p->evidence_count; i++)
		put_term(w, r, p, policy, i);
	json_close(w, ']');
	json_close(w, '}');
}

static const struct pair *
find_pair(const struct report *r, const char *wanted)
{
	char id[OUTPUT_ID_SIZE];

	for (size_t i = 0; i < r->pair_count; i++) {
		output_pair_id(r->pairs[i], id);
		if (strcmp(id, wanted) == 0)
			return r->pairs[i];
	}
	return NULL;
}

void
api_pair(FILE *out, const struct snapshot *s, void *query)
{
	struct json_writer w = { .out = out };
	struct api_query *q = query;
	const struct report *r = s->report;
	const struct pair *p = find_pair(r, q->id);

	q->status = p != NULL ? 200 : 404;
	if (p == NULL)
		return;
	open_snapshot(&w, s);
	json_pair(&w, "pair", r, p);
	json_open(&w, "explanation", '[');
	for (size_t i = 0; i < POLICY_COUNT; i++)
		put_policy(&w, r, p, i);
	json_close(&w, ']');
	json_open(&w, "findings", '[');
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].pair == p)
			json_finding(&w, NULL, r, &r->findings[i]);
	json_close(&w, ']');
	close_document(&w);
}

/* Flows. */

void
api_flows(FILE *out, const struct recent_flows *flows, const struct report *names, const struct api_query *q)
{
	struct json_writer w = { .out = out };
	size_t count = recent_flows_count(flows);

	open_document(&w);
	json_open(&w, "flows", '[');
	for (size_t i = 0; i < count && i < q->limit; i++) {
		json_line(&w);
		json_flow(&w, NULL, names, recent_flows_get(flows, i), &(struct output_options){ .principals = q->principals });
	}
	close_list(&w);
	json_count(&w, "total", count);
	json_count(&w, "limit", q->limit);
	close_document(&w);
}
