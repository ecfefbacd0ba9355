/* SPDX-License-Identifier: Apache-2.0 */
/* What the sensor does for the dissector that has the flow being looked at: certificates, sessions of TLS, names, memory. */
#include <config.h>

#include "inspection_internal.h"

#include <string.h>

static const struct certificate *
take_certificate(void *context, struct cursor der)
{
	struct inspector *in = context;
	struct inspection *ins = in->inspection;
	const struct certificate *certificate;

	if (ins->certificate_count == sizeof(ins->certificates) / sizeof(ins->certificates[0]))
		return NULL;
	certificate = certificate_store_take(in->certificates, der);
	if (certificate != NULL)
		ins->certificates[ins->certificate_count++] = certificate;
	return certificate;
}

static bool
hold_certificate(struct inspector *in, const struct certificate *certificate)
{
	struct inspection *ins = in->inspection;

	if (certificate == NULL)
		return true;
	if (ins->certificate_count == sizeof(ins->certificates) / sizeof(ins->certificates[0]))
		return false;
	certificate_store_hold(in->certificates, certificate);
	ins->certificates[ins->certificate_count++] = certificate;
	return true;
}

static void
remember_session(void *context, struct cursor id, const struct tls_session *session)
{
	struct inspector *in = context;
	unsigned server = 1u - in->flow->client_side;

	tls_sessions_put(in->sessions, &in->flow->key.address[server], in->flow->key.port[server], id, session);
}

static bool
recall_session(void *context, struct cursor id, struct tls_session *session)
{
	struct inspector *in = context;
	unsigned server = 1u - in->flow->client_side;

	return tls_sessions_get(in->sessions, &in->flow->key.address[server], in->flow->key.port[server], id, session)
	    && hold_certificate(in, session->certificate) && hold_certificate(in, session->client_certificate);
}

static void
tell_name(void *context, const uint8_t *address, size_t size, const char *name, uint32_t ttl)
{
	struct inspector *in = context;
	struct name_record record = { .time = in->time, .ttl = ttl };

	if (in->sink->name == NULL || (size != 4 && size != 16))
		return;
	record.address = size == 4 ? address_from_v4(address) : address_from_v6(address);
	strncpy(record.name, name, sizeof(record.name) - 1);
	in->sink->name(in->sink->context, &record);
}

static void *
resize_memory(void *context, void *memory, size_t size)
{
	struct inspector *in = context;
	void *resized = dissection_memory_resize(&in->inspection->memory, &in->memory, memory, size);

	if (resized == NULL && size > 0) {
		in->counters.no_memory++;
		evidence_note(&in->inspection->evidence, NOTE_NO_MEMORY);
	}
	return resized;
}

struct dissection_services
inspection_services(struct inspector *in)
{
	return (struct dissection_services){
		.certificate = take_certificate,
		.name = tell_name,
		.resize = resize_memory,
		.remember = remember_session,
		.recall = recall_session,
		.context = in,
	};
}
