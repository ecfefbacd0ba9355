/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ESP by its protocol number, 50 (RFC 4303). IP's header names it; whether it encrypts is told by
 * esp_survey.c. Who authenticated to whom is IKE's, not to be seen here.
 */
#include <config.h>

#include <assert.h>
#include <netinet/in.h>

#include "dissector.h"
#include "esp_survey.h"

static_assert(sizeof(struct esp_survey) <= DISSECTOR_STATE_MAX, "the sensor's limit");

static enum verdict
esp_probe(const struct flow_view *flow, enum direction from, struct cursor bytes, enum strength *strength)
{
	(void)flow, (void)from;
	if (cursor_left(&bytes) < ESP_HEADER_SIZE)
		return NO_MATCH;
	*strength = STRENGTH_SIGNATURE;
	return MATCH;
}

static enum verdict
esp_dissect(struct dissection *d, enum direction from, struct cursor *bytes)
{
	struct esp_survey *s = d->state;

	esp_survey_tell(esp_survey_packet(s, from, *bytes), d->evidence, from, d->offset[from]);
	cursor_skip(bytes, cursor_left(bytes));
	return esp_survey_is_over(s) ? DONE : MATCH;
}

const struct dissector esp_dissector = {
	.name = "esp",
	.specification = "RFC 4303",
	.ip_protocol = IPPROTO_ESP,
	.state_size = sizeof(struct esp_survey),
	.probe = esp_probe,
	.dissect = esp_dissect,
};
