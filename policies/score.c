/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums are integers, so that the order of adding cannot show. They stop at a limit instead of
 * wrapping; that keeps the order out of it too, and counts that large come from damaged input only.
 */
#include <config.h>

#include "score.h"

static const uint64_t one = 1000000; /* a value of 1 in millionths */
static const uint64_t flows_max = UINT64_MAX / 1000000;

static uint64_t
add_up_to(uint64_t limit, uint64_t a, uint64_t b)
{
	return a > limit || b > limit - a ? limit : a + b;
}

static uint64_t
to_millionths(double value)
{
	if (!(value > 0))
		return 0;
	return value >= 1 ? one : (uint64_t)(value * (double)one + 0.5);
}

static void
add_policy(struct score_policy *to, const struct score_policy *from)
{
	to->flows = add_up_to(flows_max, to->flows, from->flows);
	to->millionths = add_up_to(flows_max * one, to->millionths, from->millionths);
	to->applicable = to->applicable || from->applicable;
	to->unobserved = add_up_to(flows_max, to->unobserved, from->unobserved);
	to->exempt = add_up_to(flows_max, to->exempt, from->exempt);
}

bool
score_add(struct score *score, const struct policy_set *set, const struct evidence_class *e, uint64_t count, const struct policy_peer *source, const struct policy_peer *destination, int64_t now)
{
	if (!policy_set_in_scope(set, source, destination, e))
		return false;
	count = add_up_to(flows_max, count, 0);
	if (evidence_class_is_recognised(e))
		score->recognised = add_up_to(flows_max, score->recognised, count);
	for (size_t i = 0; i < POLICY_COUNT; i++) {
		const struct exemption *exemption;
		struct policy_value v = policy_set_value(set, i, source, destination, e, now, &exemption);
		struct score_policy term = { .applicable = v.observation != NOT_APPLICABLE };

		if (exemption != NULL)
			term.exempt = count;
		if (v.observation == NOT_OBSERVED)
			term.unobserved = count;
		if (v.observation == OBSERVED) {
			term.flows = count;
			term.millionths = count * to_millionths(v.value);
		}
		add_policy(&score->policies[i], &term);
	}
	return true;
}

void
score_merge(struct score *to, const struct score *from)
{
	to->recognised = add_up_to(flows_max, to->recognised, from->recognised);
	for (size_t i = 0; i < POLICY_COUNT; i++)
		add_policy(&to->policies[i], &from->policies[i]);
}

bool
score_policy_value(const struct score *score, size_t policy, double *value)
{
	const struct score_policy *p = &score->policies[policy];

	if (score->recognised == 0 || p->flows == 0)
		return false;
	*value = (double)p->millionths / ((double)p->flows * (double)one);
	if (*value > 1) /* by rounding, of counts past 2^53 */
		*value = 1;
	return true;
}

bool
score_value(const struct score *score, const struct policy_set *set, double *value)
{
	double sum = 0, weights = 0;
	bool primary = false;

	for (size_t i = 0; i < POLICY_COUNT; i++) {
		const struct policy_setting *s = &set->settings[i];
		double c;

		if (!(s->weight > 0) || !score_policy_value(score, i, &c))
			continue;
		sum += s->weight * c;
		weights += s->weight;
		primary = primary || !s->policy->secondary;
	}
	if (primary)
		*value = sum / weights;
	return primary;
}

double
score_coverage(const struct score *score, const struct policy_set *set)
{
	double observed = 0, applicable = 0;

	for (size_t i = 0; i < POLICY_COUNT; i++) {
		double c;

		if (!score->policies[i].applicable)
			continue;
		applicable += set->settings[i].weight;
		if (score_policy_value(score, i, &c))
			observed += set->settings[i].weight;
	}
	return applicable > 0 ? observed / applicable : 0;
}
