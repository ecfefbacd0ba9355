/* SPDX-License-Identifier: Apache-2.0 */
/* nDPI: who is shown to it, and what it says of them. It is made ready when the first flow wants a label. */
#include <config.h>

#include "inspection_internal.h"

#include <stdlib.h>

bool
inspection_open_classifier(struct inspector *in)
{
	char error[256];

	if (in->classifier == NULL && !in->classifier_failed) {
		in->classifier = classifier_new(error, sizeof(error));
		in->classifier_failed = in->classifier == NULL;
	}
	return in->classifier != NULL;
}

bool
inspection_wants_label(const struct inspector *in, const struct inspection *ins)
{
	if (ins->label_over)
		return false;
	return in->options.ndpi == NDPI_ALWAYS || ((ins->over || ins->text != NULL || ins->unknown_datagrams > 0) && ins->evidence.protocol == NULL);
}

void
inspection_finish_label(struct inspector *in, struct inspection *ins)
{
	struct classifier_label label;

	ins->label_over = true;
	if (ins->label == NULL)
		return;
	classifier_flow_end(in->classifier, ins->label, &label);
	ins->label = NULL;
	if (label.master[0] == '\0' && label.application[0] == '\0' && label.category[0] == '\0')
		return;
	ins->named = malloc(sizeof(*ins->named));
	if (ins->named != NULL)
		*ins->named = label;
}

void
inspection_label_packet(struct inspector *in, struct inspection *ins, unsigned side, const struct packet *p)
{
	if (p->truncated || p->payload_captured == 0 || p->ip_captured < p->ip_size)
		return;
	if (ins->label == NULL) {
		if (!inspection_open_classifier(in) || (ins->label = classifier_flow_new(in->classifier)) == NULL) {
			ins->label_over = true;
			return;
		}
		in->counters.labelled++;
	}
	if (!classifier_packet(in->classifier, ins->label, p->ip, p->ip_captured, (uint64_t)(p->frame->time / 1000000), side == in->flow->client_side) || ++ins->label_packets >= CLASSIFIER_PACKETS_MAX)
		inspection_finish_label(in, ins);
}

void
inspection_add_label(const struct inspector *in, const struct inspection *ins, struct flow_record *record)
{
	if (ins->named == NULL || (in->options.ndpi != NDPI_ALWAYS && ins->evidence.protocol != NULL))
		return;
	record->ndpi_master = record_add_text(record, ins->named->master);
	record->ndpi_application = record_add_text(record, ins->named->application);
	record->ndpi_category = record_add_text(record, ins->named->category);
}
