/* SPDX-License-Identifier: Apache-2.0 */
/* The differ of events.h: two ordered lists, of what was told and of what is, gone through side by side. */
#include <config.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "output_json_internal.h"
#include "output_text.h"
#include "report.h"

/* A score that moves less than this is the same: counts flow in and out of the window all the time. */
static const double step = 0.01;

struct told_pair {
	char id[OUTPUT_ID_SIZE];
	bool has_c;
	double c;
};

struct told_finding {
	char id[OUTPUT_ID_SIZE], pair[OUTPUT_ID_SIZE];
	const char *type; /* static */
	enum severity severity;
	uint64_t packet;
	uint16_t file;
};

struct event_memory {
	struct told_pair *pairs;
	size_t pair_count;
	struct told_finding *findings;
	size_t finding_count;
};

/* One comparison under way. */
struct comparison {
	struct event_memory *told;
	const struct report *report;
	int64_t now;
	bool (*emit)(void *context, const char *line, size_t size);
	void *context;
};

struct event_memory *
event_memory_new(void)
{
	struct event_memory *m = calloc(1, sizeof(*m));

	if (m == NULL)
		abort();
	return m;
}

void
event_memory_free(struct event_memory *m)
{
	if (m == NULL)
		return;
	free(m->pairs);
	free(m->findings);
	free(m);
}

/* Lines. */

struct line {
	struct json_writer w;
	char *text;
	size_t size;
};

static void
begin_line(struct line *l, const struct comparison *c, const char *type, const char *change)
{
	*l = (struct line){ .text = NULL };
	if ((l->w.out = open_memstream(&l->text, &l->size)) == NULL)
		abort();
	json_open(&l->w, NULL, '{');
	json_text(&l->w, "type", type);
	json_text(&l->w, "schema", EVENT_SCHEMA);
	json_time(&l->w, "time", c->now);
	json_text(&l->w, "change", change);
}

static bool
end_line(struct line *l, const struct comparison *c)
{
	bool taken;

	json_close(&l->w, '}');
	putc('\n', l->w.out);
	if (fclose(l->w.out) != 0)
		abort();
	taken = c->emit(c->context, l->text, l->size);
	free(l->text);
	return taken;
}

static void
put_c(struct json_writer *w, const char *key, bool has_c, double value)
{
	if (has_c)
		json_decimal(w, key, value);
	else
		json_null(w, key);
}

/* Pairs. */

/* Of the report, with its identifier made once. */
struct current_pair {
	char id[OUTPUT_ID_SIZE];
	const struct pair *pair;
};

static int
compare_current_pairs(const void *a, const void *b)
{
	const struct current_pair *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static bool
tell_pair(const struct comparison *c, const struct current_pair *now, const struct told_pair *before)
{
	struct line l;

	begin_line(&l, c, "pair", before == NULL ? "new" : "changed");
	if (before != NULL)
		put_c(&l.w, "previous_c", before->has_c, before->c);
	json_pair_summary(&l.w, "pair", c->report, now->pair);
	return end_line(&l, c);
}

static bool
moved(const struct told_pair *before, const struct pair *now)
{
	return before->has_c != now->has_c || (now->has_c && fabs(before->c - now->c) >= step - 1e-9);
}

static void
compare_pairs(struct comparison *c)
{
	const struct report *r = c->report;
	struct event_memory *m = c->told;
	struct current_pair *current = calloc(r->pair_count + 1, sizeof(*current));
	struct told_pair *next = calloc(r->pair_count + 1, sizeof(*next));
	size_t count = 0, at = 0;

	if (current == NULL || next == NULL)
		abort();
	for (size_t i = 0; i < r->pair_count; i++) {
		output_pair_id(r->pairs[i], current[i].id);
		current[i].pair = r->pairs[i];
	}
	qsort(current, r->pair_count, sizeof(*current), compare_current_pairs);
	for (size_t i = 0; i < r->pair_count; i++) {
		const struct pair *p = current[i].pair;
		const struct told_pair *before;

		while (at < m->pair_count && strcmp(m->pairs[at].id, current[i].id) < 0)
			at++;
		before = at < m->pair_count && strcmp(m->pairs[at].id, current[i].id) == 0 ? &m->pairs[at] : NULL;
		if (before != NULL && !moved(before, p))
			next[count++] = *before; /* what was told, not what is: small steps add up */
		else if (tell_pair(c, &current[i], before)) {
			memcpy(next[count].id, current[i].id, OUTPUT_ID_SIZE);
			next[count].has_c = p->has_c;
			next[count++].c = p->c;
		} else if (before != NULL)
			next[count++] = *before;
	}
	free(current);
	free(m->pairs);
	m->pairs = next;
	m->pair_count = count;
}

/* Findings. */

static int
compare_finding_pointers(const void *a, const void *b)
{
	return strcmp((*(const struct finding *const *)a)->id, (*(const struct finding *const *)b)->id);
}

static bool
tell_finding(const struct comparison *c, const struct finding *now, const struct told_finding *before)
{
	struct line l;

	begin_line(&l, c, "finding", before == NULL ? "new" : "changed");
	if (before != NULL)
		json_text(&l.w, "previous_severity", severity_names[before->severity]);
	json_finding(&l.w, "finding", c->report, now);
	return end_line(&l, c);
}

static bool
tell_gone(const struct comparison *c, const struct told_finding *before)
{
	struct line l;

	begin_line(&l, c, "finding", "gone");
	json_open(&l.w, "finding", '{');
	json_text(&l.w, "id", before->id);
	json_text(&l.w, "type", before->type);
	json_text(&l.w, "severity", severity_names[before->severity]);
	json_text(&l.w, "pair", before->pair);
	json_close(&l.w, '}');
	return end_line(&l, c);
}

static void
remember_finding(struct told_finding *t, const struct finding *f)
{
	memcpy(t->id, f->id, sizeof(t->id));
	output_pair_id(f->pair, t->pair);
	t->type = f->type;
	t->severity = f->severity;
	t->packet = f->packet;
	t->file = f->file;
}

static void
compare_findings(struct comparison *c)
{
	const struct report *r = c->report;
	struct event_memory *m = c->told;
	const struct finding **current = calloc(r->finding_count + 1, sizeof(*current));
	struct told_finding *next = calloc(r->finding_count + m->finding_count + 1, sizeof(*next));
	size_t count = 0, i = 0, at = 0;

	if (current == NULL || next == NULL)
		abort();
	for (size_t n = 0; n < r->finding_count; n++)
		current[n] = &r->findings[n];
	qsort(current, r->finding_count, sizeof(*current), compare_finding_pointers);
	while (i < r->finding_count || at < m->finding_count) {
		const struct finding *now = i < r->finding_count ? current[i] : NULL;
		const struct told_finding *before = at < m->finding_count ? &m->findings[at] : NULL;
		int order = now == NULL ? 1 : before == NULL ? -1 : strcmp(now->id, before->id);

		i += order <= 0;
		at += order >= 0;
		if (order > 0) {
			if (!tell_gone(c, before))
				next[count++] = *before;
		} else if (order < 0) {
			if (tell_finding(c, now, NULL))
				remember_finding(&next[count++], now);
		} else if ((before->severity == now->severity && before->packet == now->packet && before->file == now->file) || !tell_finding(c, now, before)) {
			next[count++] = *before;
		} else {
			remember_finding(&next[count++], now);
		}
	}
	free(current);
	free(m->findings);
	m->findings = next;
	m->finding_count = count;
}

void
event_memory_compare(struct event_memory *m, const struct report *r, int64_t now, bool (*emit)(void *context, const char *line, size_t size), void *context)
{
	struct comparison c = { .told = m, .report = r, .now = now, .emit = emit, .context = context };

	compare_findings(&c);
	compare_pairs(&c);
}
