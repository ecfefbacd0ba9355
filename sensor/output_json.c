/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as one JSON document and as JSON lines; docs/json.md has every field. Written as it is
 * gone through, an item a line: a report may hold more flows than memory holds their JSON.
 */
#include <config.h>

#include "output.h"

#include "output_json_internal.h"
#include "output_text.h"

static const char schema[] = "podwire.report/1";

/* Pieces that parts share. */

void
json_time(struct json_writer *w, const char *key, int64_t nanoseconds)
{
	char text[OUTPUT_TIME_SIZE];

	json_text(w, key, output_time(nanoseconds, text));
}

void
json_transport(struct json_writer *w, const char *key, uint8_t ip_protocol)
{
	char text[OUTPUT_TRANSPORT_SIZE];

	json_text(w, key, output_transport(ip_protocol, text));
}

void
json_file(struct json_writer *w, const char *key, const struct report *r, uint16_t file)
{
	json_text(w, key, file < r->file_count ? r->files[file].path : NULL);
}

void
json_by_direction(struct json_writer *w, const char *key, const uint64_t counts[2])
{
	json_open(w, key, '{');
	json_count(w, "client", counts[FROM_CLIENT]);
	json_count(w, "server", counts[FROM_SERVER]);
	json_close(w, '}');
}

void
json_bits(struct json_writer *w, const char *key, uint32_t bits, const char *const names[])
{
	json_open(w, key, '[');
	for (unsigned i = 0; names[i] != NULL; i++)
		if ((bits >> i & 1) != 0)
			json_text(w, NULL, names[i]);
	json_close(w, ']');
}

void
json_basis(struct json_writer *w, const struct report *r, enum claim claim, const struct example_basis *b)
{
	static const char *const claims[CLAIM_COUNT] = {
		[CLAIM_PROTOCOL] = "protocol",
		[CLAIM_ENCRYPTION] = "encryption",
		[CLAIM_AUTHENTICATION] = "authentication",
		[CLAIM_CREDENTIALS] = "credentials",
	};

	if (b->clause == NULL)
		return;
	json_open(w, claims[claim], '{');
	json_text(w, "clause", b->clause);
	json_file(w, "file", r, b->file);
	json_count(w, "packet", b->packet);
	json_count(w, "offset", b->offset);
	json_text(w, "direction", b->direction == FROM_CLIENT ? "client" : "server");
	json_text(w, "strength", strength_names[b->strength]);
	json_close(w, '}');
}

/* The input. */

static void
json_files(struct json_writer *w, const struct report *r)
{
	json_open(w, "files", '[');
	for (size_t i = 0; i < r->file_count; i++) {
		const struct input_file *f = &r->files[i];

		json_open(w, NULL, '{');
		json_text(w, "path", f->path);
		json_text(w, "state", file_state_names[f->state]);
		json_text(w, "error", f->error);
		json_count(w, "packets", f->packets);
		json_count(w, "bytes", f->bytes);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void
json_input(struct json_writer *w, const struct report *r)
{
	const struct worker_counters *c = &r->counters;

	json_open(w, "input", '{');
	json_files(w, r);
	json_count(w, "packets", c->frames);
	json_count(w, "bytes", c->bytes);
	if (r->flows > 0) {
		json_time(w, "first_seen", r->first_seen);
		json_time(w, "last_seen", r->last_seen);
	} else {
		json_null(w, "first_seen");
		json_null(w, "last_seen");
	}
	json_open(w, "decode", '{');
	for (unsigned i = 0; i < PACKET_RESULT_COUNT; i++)
		json_count(w, packet_result_names[i], c->results[i]);
	json_close(w, '}');
	json_open(w, "drops", '{');
	json_count(w, "duplicates", c->duplicates);
	json_count(w, "evicted_flows", c->table.evicted);
	json_count(w, "not_inspected", c->inspector.refused);
	json_count(w, "no_memory", c->inspector.no_memory);
	json_close(w, '}');
	json_count(w, "flows", r->flows);
	json_count(w, "folded_pairs", r->folded_pairs);
	json_close(w, '}');
}

/* The policy set. */

static void
json_parameter(struct json_writer *w, const struct parameter *p, const struct parameter_value *v)
{
	if (p->type == PARAMETER_NUMBER)
		json_decimal(w, p->name, v->number);
	if (p->type == PARAMETER_WORD)
		json_text(w, p->name, v->word);
	if (p->type != PARAMETER_TABLE)
		return;
	/* The names are what somebody wrote: values rather than keys. */
	json_open(w, p->name, '[');
	for (size_t i = 0; i < v->table_size; i++) {
		json_open(w, NULL, '{');
		json_text(w, "name", v->table[i].name);
		json_decimal(w, "value", v->table[i].value);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void
json_setting(struct json_writer *w, const struct policy_setting *s)
{
	json_open(w, NULL, '{');
	json_text(w, "name", s->policy->name);
	json_text(w, "pillar", s->policy->pillar);
	json_text(w, "title", s->policy->title);
	json_decimal(w, "weight", s->weight);
	json_text(w, "severity", severity_names[s->severity]);
	json_open(w, "parameters", '{');
	for (size_t i = 0; s->policy->parameters[i].name != NULL; i++)
		json_parameter(w, &s->policy->parameters[i], &s->parameters[i]);
	json_close(w, '}');
	json_close(w, '}');
}

static void
json_exemption(struct json_writer *w, const struct exemption *x)
{
	char text[OUTPUT_TIME_SIZE];

	json_open(w, NULL, '{');
	json_open(w, "policies", '[');
	for (size_t i = 0; i < x->policy_count; i++)
		json_text(w, NULL, x->policies[i]->name);
	json_close(w, ']');
	json_text(w, "reason", x->reason);
	json_text(w, "expires", output_time_seconds(x->expires, text));
	json_close(w, '}');
}

static void
json_policy_set(struct json_writer *w, const struct policy_set *set)
{
	json_open(w, "policy", '{');
	json_text(w, "name", set->name);
	json_open(w, "policies", '[');
	for (size_t i = 0; i < POLICY_COUNT; i++)
		json_setting(w, &set->settings[i]);
	json_close(w, ']');
	json_open(w, "exemptions", '[');
	for (size_t i = 0; i < set->exemption_count; i++)
		json_exemption(w, &set->exemptions[i]);
	json_close(w, ']');
	json_close(w, '}');
}

/* Scores of more than a pair. */

static void
json_c(struct json_writer *w, bool has_c, double c, double coverage)
{
	if (has_c)
		json_decimal(w, "c", c);
	else
		json_null(w, "c");
	json_decimal(w, "coverage", coverage);
}

static void
json_cluster(struct json_writer *w, const struct report *r)
{
	json_open(w, "cluster", '{');
	json_c(w, r->has_c, r->c, r->coverage);
	json_close(w, '}');
}

static void
json_namespaces(struct json_writer *w, const struct report *r)
{
	json_open(w, "namespaces", '[');
	for (size_t i = 0; i < r->namespace_count; i++) {
		const struct namespace_score *n = &r->namespaces[i];

		json_open(w, NULL, '{');
		json_text(w, "namespace", n->namespace);
		json_c(w, n->has_c, n->c, n->coverage);
		json_close(w, '}');
	}
	json_close(w, ']');
}

static void
json_warnings(struct json_writer *w, const struct report *r)
{
	json_open(w, "warnings", '[');
	for (size_t i = 0; i < r->warning_count; i++)
		json_text(w, NULL, r->warnings[i]);
	json_close(w, ']');
}

/* One document. */

/* Ends a list whose items stand on lines of their own. */
static void
close_list(struct json_writer *w, size_t count)
{
	if (count > 0) {
		w->comma = false;
		json_line(w);
	}
	json_close(w, ']');
}

static void
json_findings(struct json_writer *w, const struct report *r, const struct output_options *options)
{
	size_t count = options->without_findings ? 0 : r->finding_count;

	json_open(w, "findings", '[');
	for (size_t i = 0; i < count; i++) {
		json_line(w);
		json_finding(w, NULL, r, &r->findings[i]);
	}
	close_list(w, count);
}

void
output_json(FILE *out, const struct report *r, const struct output_options *options)
{
	output_json_more(out, r, options, NULL, NULL);
}

void
output_json_more(FILE *out, const struct report *r, const struct output_options *options, void (*more)(struct json_writer *, void *context), void *context)
{
	struct json_writer w = { .out = out };

	json_open(&w, NULL, '{');
	json_line(&w);
	json_text(&w, "schema", schema);
	json_line(&w);
	json_input(&w, r);
	json_line(&w);
	json_policy_set(&w, r->policies);
	json_line(&w);
	json_cluster(&w, r);
	json_line(&w);
	json_namespaces(&w, r);
	json_line(&w);
	json_open(&w, "pairs", '[');
	for (size_t i = 0; i < r->pair_count; i++) {
		json_line(&w);
		json_pair(&w, NULL, r, r->pairs[i]);
	}
	close_list(&w, r->pair_count);
	json_line(&w);
	json_findings(&w, r, options);
	json_line(&w);
	json_warnings(&w, r);
	if (options->flows) {
		json_line(&w);
		json_open(&w, "flows", '[');
		for (size_t i = 0; i < r->record_count; i++) {
			json_line(&w);
			json_flow(&w, NULL, r, r->records[i], options);
		}
		close_list(&w, r->record_count);
	}
	if (more != NULL) {
		json_line(&w);
		more(&w, context);
	}
	w.comma = false;
	json_line(&w);
	json_close(&w, '}');
	putc('\n', out);
}

/* Lines: the item is a member named as its type, because a finding has a type of its own. */

static void
open_line(struct json_writer *w, const char *type)
{
	w->comma = false;
	json_open(w, NULL, '{');
	json_text(w, "type", type);
}

static void
close_line(struct json_writer *w)
{
	json_close(w, '}');
	putc('\n', w->out);
}

void
output_ndjson(FILE *out, const struct report *r, const struct output_options *options)
{
	struct json_writer w = { .out = out };

	open_line(&w, "input");
	json_text(&w, "schema", schema);
	json_input(&w, r);
	json_policy_set(&w, r->policies);
	json_cluster(&w, r);
	json_namespaces(&w, r);
	json_warnings(&w, r);
	close_line(&w);
	for (size_t i = 0; options->flows && i < r->record_count; i++) {
		open_line(&w, "flow");
		json_flow(&w, "flow", r, r->records[i], options);
		close_line(&w);
	}
	for (size_t i = 0; i < r->pair_count; i++) {
		open_line(&w, "pair");
		json_pair(&w, "pair", r, r->pairs[i]);
		close_line(&w);
	}
	for (size_t i = 0; i < r->finding_count; i++) {
		open_line(&w, "finding");
		json_finding(&w, "finding", r, &r->findings[i]);
		close_line(&w);
	}
}
