/* SPDX-License-Identifier: Apache-2.0 */
/* The sensor's side of the dissector contract, in its plainest form. */
#include <config.h>

#include "conversation.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/certificate.h"

static const struct certificate *
parse_certificate(void *context, struct cursor der)
{
	struct conversation *c = context;
	struct certificate *certificate;

	if (c->certificate_count == sizeof(c->certificates) / sizeof(c->certificates[0]))
		return NULL;
	certificate = calloc(1, sizeof(*certificate));
	if (certificate == NULL || !certificate_parse(der, certificate)) {
		free(certificate);
		return NULL;
	}
	c->certificates[c->certificate_count++] = certificate;
	return certificate;
}

static void
keep_name(void *context, const uint8_t *address, size_t size, const char *name, uint32_t ttl)
{
	struct conversation *c = context;

	(void)ttl;
	c->names++;
	c->last_address_size = size;
	memcpy(c->last_address, address, size);
	strncpy(c->last_name, name, sizeof(c->last_name) - 1);
}

static void *
resize_memory(void *context, void *memory, size_t size)
{
	struct conversation *c = context;

	return dissection_memory_resize(&c->memory, &c->bound, memory, size);
}

static struct dissection_services
services_of(struct conversation *c)
{
	return (struct dissection_services){ .certificate = parse_certificate, .name = keep_name, .resize = resize_memory, .context = c };
}

static struct dissection
dissection_of(struct conversation *c, const struct dissection_services *services)
{
	return (struct dissection){
		.flow = &c->flow,
		.evidence = &c->evidence,
		.services = services,
		.state = c->state,
		.offset = { c->offset[0], c->offset[1] },
	};
}

void
conversation_init(struct conversation *c, const struct dissector *dissector)
{
	*c = (struct conversation){
		.flow = {
			.ip_protocol = dissector->ip_protocol,
			.client_port = 40000,
			.server_port = dissector->hint_ports[0],
			.handshake_seen = true,
			.roles_known = true,
			.time = 1750000000,
		},
		.dissector = dissector,
		.verdict = NEED_MORE,
		.bound.limit = DISSECTION_MEMORY_FLOW_MAX,
		.state = calloc(1, dissector->state_size + 1),
	};
}

void
conversation_init_midstream(struct conversation *c, const struct dissector *dissector)
{
	conversation_init(c, dissector);
	c->flow.handshake_seen = false;
}

void
conversation_clear(struct conversation *c)
{
	for (size_t i = 0; i < c->certificate_count; i++)
		free(c->certificates[i]);
	free(c->bytes[FROM_CLIENT]);
	free(c->bytes[FROM_SERVER]);
	dissection_memory_clear(&c->memory, &c->bound);
	free(c->state);
	memset(c, 0, sizeof(*c));
}

static void
append(struct conversation *c, enum direction from, const void *bytes, size_t size)
{
	uint8_t *grown = malloc(c->size[from] + size + (c->size[from] + size == 0));

	if (grown == NULL)
		abort();
	if (c->size[from] > 0)
		memcpy(grown, c->bytes[from], c->size[from]);
	if (size > 0)
		memcpy(grown + c->size[from], bytes, size);
	free(c->bytes[from]);
	c->bytes[from] = grown;
	c->size[from] += size;
}

static void
take(struct conversation *c, enum direction from, size_t size)
{
	size_t left = c->size[from] - size;
	uint8_t *rest = malloc(left + (left == 0));

	if (rest == NULL)
		abort();
	if (left > 0)
		memcpy(rest, c->bytes[from] + size, left);
	free(c->bytes[from]);
	c->bytes[from] = rest;
	c->size[from] = left;
	c->offset[from] += size;
}

static void
pass_over(struct conversation *c, enum direction from)
{
	size_t n = c->to_skip[from] < c->size[from] ? (size_t)c->to_skip[from] : c->size[from];

	if (n == 0)
		return;
	take(c, from, n);
	c->to_skip[from] -= n;
}

static void
upgrade(struct conversation *c, const struct dissection *d)
{
	const struct dissector *next = d->next;

	dissection_memory_clear(&c->memory, &c->bound);
	free(c->state);
	c->state = NULL;
	c->dissector = next;
	c->need[FROM_CLIENT] = c->need[FROM_SERVER] = 0;
	if (next == NULL) {
		c->upgraded_to_probe = true;
		c->over = true;
		return;
	}
	c->state = calloc(1, next->state_size + 1);
	if (c->state == NULL)
		abort();
	memcpy(c->state, d->handover, next->state_size < sizeof(d->handover) ? next->state_size : sizeof(d->handover));
}

static bool
call(struct conversation *c, enum direction from)
{
	struct dissection_services services = services_of(c);
	struct dissection d = dissection_of(c, &services);
	struct cursor bytes;
	size_t taken;

	pass_over(c, from);
	if (c->over || c->size[from] == 0 || c->size[from] < c->need[from])
		return false;
	bytes = cursor_over(c->bytes[from], c->size[from]);
	d.offset[from] = c->offset[from]; /* pass_over() may have moved it */
	c->evidence.packet = c->packet;
	c->need[from] = 0;
	c->verdict = c->dissector->dissect(&d, c->turned ? 1 - from : from, &bytes);
	c->turned ^= d.turn_roles;
	taken = (size_t)(bytes.at - c->bytes[from]);
	if (taken > c->size[from])
		abort(); /* the cursor left its bytes */
	take(c, from, taken);
	if (c->flow.ip_protocol != IPPROTO_TCP)
		take(c, from, c->size[from]); /* a datagram is shown once */
	c->to_skip[from] += d.skip;
	pass_over(c, from);
	switch (c->verdict) {
	case UPGRADE:
		c->preamble = d.preamble;
		upgrade(c, &d);
		return true;
	case MATCH:
		return taken > 0 || d.skip > 0;
	case NEED_MORE:
		c->need[from] = d.need;
		return taken > 0;
	default:
		c->over = true;
		return false;
	}
}

void
conversation_send(struct conversation *c, enum direction from, const void *bytes, size_t size)
{
	bool again = true;

	if (c->over)
		return;
	c->packet++;
	append(c, from, bytes, size);
	while (again && !c->over) {
		again = call(c, from);
		again |= call(c, from == FROM_CLIENT ? FROM_SERVER : FROM_CLIENT);
	}
}

void
conversation_gap(struct conversation *c, enum direction from, uint64_t size)
{
	struct dissection_services services = services_of(c);
	struct dissection d = dissection_of(c, &services);

	if (c->over)
		return;
	evidence_note(&c->evidence, NOTE_GAP);
	if (c->to_skip[from] > 0 && c->size[from] == 0) {
		uint64_t within = size < c->to_skip[from] ? size : c->to_skip[from];

		c->to_skip[from] -= within;
		c->offset[from] += within;
		size -= within;
		if (size == 0)
			return;
	}
	take(c, from, c->size[from]);
	c->offset[from] += size;
	c->need[from] = 0;
	d.offset[from] = c->offset[from];
	if (c->dissector->gap == NULL) {
		c->over = true;
		return;
	}
	c->verdict = c->dissector->gap(&d, from, size);
	if (c->verdict != MATCH && c->verdict != NEED_MORE)
		c->over = true;
}

void
conversation_end(struct conversation *c)
{
	struct dissection_services services = services_of(c);
	struct dissection d = dissection_of(c, &services);

	if (c->dissector != NULL && c->dissector->finish != NULL)
		c->dissector->finish(&d);
	c->over = true;
}

void
conversation_run(struct conversation *c, const struct message *messages, size_t count, size_t chunk)
{
	for (size_t i = 0; i < count; i++) {
		const struct message *m = &messages[i];
		size_t step = chunk == 0 ? m->size : chunk;

		for (size_t at = 0; at < m->size; at += step)
			conversation_send(c, m->from, (const uint8_t *)m->bytes + at, m->size - at < step ? m->size - at : step);
	}
	conversation_end(c);
}

void
conversation_each_prefix(const struct dissector *dissector, const struct message *messages, size_t count, void (*check)(const struct conversation *, size_t given))
{
	size_t given = 0;

	for (size_t last = 0; last < count; last++) {
		for (size_t cut = 0; cut < messages[last].size; cut++) {
			struct conversation c;

			conversation_init(&c, dissector);
			for (size_t i = 0; i < last; i++)
				conversation_send(&c, messages[i].from, messages[i].bytes, messages[i].size);
			conversation_send(&c, messages[last].from, messages[last].bytes, cut);
			conversation_end(&c);
			if (check != NULL)
				check(&c, given + cut);
			conversation_clear(&c);
		}
		given += messages[last].size;
	}
}
