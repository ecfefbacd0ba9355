/* SPDX-License-Identifier: Apache-2.0 */
/* See metrics.h. Here: the formats, and what is told of pairs; metrics_sensor.c tells of the sensor itself. */
#include <config.h>

#include "metrics.h"

#include <stdlib.h>
#include <string.h>

#include "dissectors/evidence.h"
#include "http_request.h"
#include "judge.h"
#include "metrics_text.h"
#include "series.h"

void
metrics_write(FILE *out, const struct snapshot *snapshot, enum metrics_format format)
{
	struct metrics_text t;

	metrics_begin(&t, out, format);
	metrics_pairs(&t, snapshot);
	metrics_sensor(&t, snapshot);
	metrics_end(&t);
}

enum metrics_format
metrics_choose(const char *accept)
{
	int openmetrics = http_accept_weight(accept, "application/openmetrics-text", "version=1.0.0");
	int plain = http_accept_weight(accept, "text/plain", "version=0.0.4");

	/* Who takes anything gets what everybody reads. */
	return openmetrics > 0 && strcasestr(accept, "openmetrics") != NULL && openmetrics >= plain ? METRICS_OPENMETRICS : METRICS_PROMETHEUS;
}

const char *
metrics_content_type(enum metrics_format format)
{
	return format == METRICS_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
}

/* The labels of the ends of numbered pairs, laid out when first met: each pair is in many families. */
struct laid_out {
	struct metrics_labels text; /* of all of them */
	struct {
		size_t at, size;        /* size 0: not yet */
	} *pairs;
};

/* What is told in each family of a pass over the same items. */
struct pass {
	struct metrics_text *text;
	const struct metric_family *family;
	struct metrics_labels labels;
	struct laid_out ends;
	const struct snapshot *snapshot;
};

/* Labels. */

static void
begin_ends(struct pass *p, size_t pair_count)
{
	p->ends.pairs = calloc(pair_count + 1, sizeof(*p->ends.pairs));
	if (p->ends.pairs == NULL)
		abort();
}

static void
end_ends(struct pass *p)
{
	metrics_labels_free(&p->ends.text);
	free(p->ends.pairs);
	p->ends.pairs = NULL;
}

/* Begins the labels of something of a pair. */
static void
put_ends(struct pass *p, size_t pair, const struct series_labels *of)
{
	struct metrics_labels *l = &p->labels;
	size_t *size = &p->ends.pairs[pair].size;

	metrics_labels_clear(l);
	if (*size > 0) {
		metrics_labels_append(l, p->ends.text.data + p->ends.pairs[pair].at, *size);
		return;
	}
	metrics_label(l, "source_workload", of->source_workload);
	metrics_label(l, "source_workload_namespace", of->source_workload_namespace);
	metrics_label(l, "destination_workload", of->destination_workload);
	metrics_label(l, "destination_workload_namespace", of->destination_workload_namespace);
	*size = l->size;
	p->ends.pairs[pair].at = p->ends.text.size;
	metrics_labels_append(&p->ends.text, l->data, l->size);
}

static void
put_labels(struct pass *p, size_t pair, const struct series_labels *of)
{
	put_ends(p, pair, of);
	metrics_label(&p->labels, "destination_service", of->destination_service);
	metrics_label(&p->labels, "protocol", of->protocol);
}

static void
only_label(struct metrics_labels *l, const char *name, const char *value)
{
	metrics_labels_clear(l);
	metrics_label(l, name, value);
}

/* Scores. */

static const struct metric_family pair_score = { "podwire_pair_score", "Communication score C of a pair of workloads over the window, 0 to 1", NULL, METRIC_GAUGE };
static const struct metric_family pair_coverage = { "podwire_pair_coverage", "Share of the applicable policy weight that has a value for the pair", NULL, METRIC_GAUGE };
static const struct metric_family policy_value = { "podwire_policy_value", "Value C_j of a policy for a pair of workloads over the window, 0 to 1", NULL, METRIC_GAUGE };
static const struct metric_family policy_weight = { "podwire_policy_weight", "Weight W_j of a policy in force", NULL, METRIC_GAUGE };
static const struct metric_family namespace_score = { "podwire_namespace_score", "Communication score C of all pairs with an end in a namespace, over the window", NULL, METRIC_GAUGE };
static const struct metric_family namespace_coverage = { "podwire_namespace_coverage", "Share of the applicable policy weight that has a value for the namespace", NULL, METRIC_GAUGE };
static const struct metric_family cluster_score = { "podwire_cluster_score", "Communication score C of all pairs this sensor saw, over the window", NULL, METRIC_GAUGE };
static const struct metric_family cluster_coverage = { "podwire_cluster_coverage", "Share of the applicable policy weight that has a value for this sensor", NULL, METRIC_GAUGE };

static void
pair_gauge(struct pass *p, const struct series_scores *scores, const struct metric_family *family)
{
	metrics_family(p->text, family);
	for (size_t i = 0; i < scores->count; i++) {
		const struct series_score *s = &scores->items[i];

		if (family == &pair_score && !s->has_c)
			continue;
		put_ends(p, i, &s->labels);
		metrics_value(p->text, family, &p->labels, family == &pair_score ? s->c : s->coverage);
	}
}

static void
policy_values(struct pass *p, const struct series_scores *scores)
{
	const struct policy_set *set = p->snapshot->report->policies;

	metrics_family(p->text, &policy_value);
	for (size_t i = 0; i < scores->count; i++) {
		const struct series_score *s = &scores->items[i];
		size_t ends;

		put_ends(p, i, &s->labels);
		ends = p->labels.size;
		for (size_t j = 0; j < POLICY_COUNT; j++) {
			double value;

			if (!score_policy_value(&s->score, j, &value))
				continue;
			p->labels.size = ends;
			metrics_label(&p->labels, "policy", set->settings[j].policy->name);
			metrics_value(p->text, &policy_value, &p->labels, value);
		}
	}
}

static void
policy_weights(struct pass *p)
{
	const struct policy_set *set = p->snapshot->report->policies;

	metrics_family(p->text, &policy_weight);
	for (size_t j = 0; j < POLICY_COUNT; j++) {
		only_label(&p->labels, "policy", set->settings[j].policy->name);
		metrics_value(p->text, &policy_weight, &p->labels, set->settings[j].weight);
	}
}

static void
totals(struct pass *p)
{
	const struct report *r = p->snapshot->report;

	metrics_family(p->text, &namespace_score);
	for (size_t i = 0; i < r->namespace_count; i++) {
		only_label(&p->labels, "namespace", r->namespaces[i].namespace);
		if (r->namespaces[i].has_c)
			metrics_value(p->text, &namespace_score, &p->labels, r->namespaces[i].c);
	}
	metrics_family(p->text, &namespace_coverage);
	for (size_t i = 0; i < r->namespace_count; i++) {
		only_label(&p->labels, "namespace", r->namespaces[i].namespace);
		metrics_value(p->text, &namespace_coverage, &p->labels, r->namespaces[i].coverage);
	}
	metrics_family(p->text, &cluster_score);
	if (r->has_c)
		metrics_value(p->text, &cluster_score, NULL, r->c);
	metrics_family(p->text, &cluster_coverage);
	metrics_value(p->text, &cluster_coverage, NULL, r->coverage);
}

static void
scores(struct pass *p)
{
	struct series_scores *all = series_scores_new(p->snapshot->report);

	begin_ends(p, all->count);
	pair_gauge(p, all, &pair_score);
	pair_gauge(p, all, &pair_coverage);
	policy_values(p, all);
	end_ends(p);
	series_scores_free(all);
	policy_weights(p);
	totals(p);
}

/* Traffic. */

static const struct metric_family flows_total = { "podwire_flows", "Flows, by what was seen of their encryption and authentication", NULL, METRIC_COUNTER };
static const struct metric_family bytes_total = { "podwire_bytes", "Bytes of IP packets, by what was seen of the encryption and authentication of their flow", "bytes", METRIC_COUNTER };
static const struct metric_family findings_total = { "podwire_findings", "Findings, each counted when first made", NULL, METRIC_COUNTER };
static const struct metric_family open_findings = { "podwire_open_findings", "Findings within the window", NULL, METRIC_GAUGE };
static const struct metric_family policy_observed = { "podwire_policy_observed_flows", "Flows for which a policy has a value: the sum of n_e", NULL, METRIC_COUNTER };
static const struct metric_family policy_satisfied = { "podwire_policy_satisfied_flows", "The same flows, each counted by its value: the sum of n_e v_j(e)", NULL, METRIC_COUNTER };

static void
each_traffic(void *context, const struct series_traffic *s)
{
	struct pass *p = context;

	put_labels(p, s->pair, &s->labels);
	metrics_label(&p->labels, "encryption", encryption_state_names[s->encryption]);
	metrics_label(&p->labels, "authentication", auth_result_names[s->authentication]);
	metrics_count(p->text, p->family, &p->labels, p->family == &flows_total ? s->flows : s->bytes);
}

static void
each_finding(void *context, const struct series_finding *s)
{
	struct pass *p = context;

	put_labels(p, s->pair, &s->labels);
	metrics_label(&p->labels, "type", s->type);
	metrics_label(&p->labels, "severity", severity_names[s->severity]);
	metrics_count(p->text, p->family, &p->labels, s->count);
}

static void
each_policy(void *context, const struct series_policy *s)
{
	struct pass *p = context;

	only_label(&p->labels, "policy", s->policy);
	metrics_label(&p->labels, "destination_workload_namespace", s->destination_workload_namespace);
	if (p->family == &policy_observed)
		metrics_count(p->text, p->family, &p->labels, s->observed);
	else
		metrics_value(p->text, p->family, &p->labels, s->satisfied);
}

static void
begin(struct pass *p, const struct metric_family *family)
{
	p->family = family;
	metrics_family(p->text, family);
}

/* Findings of one type and severity stand together: they are sorted by both. */
static void
count_open(struct pass *p)
{
	const struct report *r = p->snapshot->report;

	begin(p, &open_findings);
	for (size_t i = 0, j; i < r->finding_count; i = j) {
		const struct finding *f = &r->findings[i];

		for (j = i + 1; j < r->finding_count && r->findings[j].severity == f->severity && strcmp(r->findings[j].type, f->type) == 0; j++)
			;
		only_label(&p->labels, "type", f->type);
		metrics_label(&p->labels, "severity", severity_names[f->severity]);
		metrics_count(p->text, p->family, &p->labels, j - i);
	}
}

static void
traffic(struct pass *p)
{
	const struct series *s = p->snapshot->series;
	struct series_totals totals;

	series_totals(s, &totals);
	begin_ends(p, totals.pairs);
	begin(p, &flows_total);
	series_each_traffic(s, each_traffic, p);
	begin(p, &bytes_total);
	series_each_traffic(s, each_traffic, p);
	begin(p, &findings_total);
	series_each_finding(s, each_finding, p);
	end_ends(p);
	count_open(p);
	begin(p, &policy_observed);
	series_each_policy(s, each_policy, p);
	begin(p, &policy_satisfied);
	series_each_policy(s, each_policy, p);
}

void
metrics_pairs(struct metrics_text *t, const struct snapshot *snapshot)
{
	struct pass p = { .text = t, .snapshot = snapshot };

	scores(&p);
	traffic(&p);
	metrics_labels_free(&p.labels);
}
