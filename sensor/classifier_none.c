/* SPDX-License-Identifier: Apache-2.0 */
/* The classifier of a build without nDPI: it labels nothing. */
#include <config.h>

#include "classifier.h"

#include <stdio.h>

struct classifier *
classifier_new(char *error, size_t error_size)
{
	snprintf(error, error_size, "podwire was built without nDPI");
	return NULL;
}

void
classifier_free(struct classifier *c)
{
	(void)c;
}

const char *
classifier_version(void)
{
	return "none";
}

struct classifier_flow *
classifier_flow_new(struct classifier *c)
{
	(void)c;
	return NULL;
}

bool
classifier_packet(struct classifier *c, struct classifier_flow *f, const uint8_t *ip, size_t size, uint64_t milliseconds, bool from_client)
{
	(void)c, (void)f, (void)ip, (void)size, (void)milliseconds, (void)from_client;
	return false;
}

void
classifier_flow_end(struct classifier *c, struct classifier_flow *f, struct classifier_label *out)
{
	(void)c, (void)f;
	*out = (struct classifier_label){ 0 };
}
