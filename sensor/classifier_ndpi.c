/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nDPI adapter: the only file that knows its types. Its interface changed with nearly every
 * release from 4.2 to 6.0; what is there is found by configure's feature checks, not by version
 * numbers. Protocols are chosen and told by name, since their numbers were reused.
 */
#include <config.h>

#include "classifier.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ndpi_api.h>

/* The names of sensor/ndpi-protocols.txt, as strings, each with a comma. */
static const char *const allowed[] = {
#include "sensor/ndpi_protocols.inc"
	NULL
};

struct classifier {
	struct ndpi_detection_module_struct *module;
};

struct classifier_flow {
	struct ndpi_flow_struct *ndpi;
	ndpi_protocol result;
};

#ifdef HAVE_NDPI_PROTOCOL_PROTO_MASTER_PROTOCOL
#define MASTER(result) ((result).proto.master_protocol)
#define APPLICATION(result) ((result).proto.app_protocol)
#else
#define MASTER(result) ((result).master_protocol)
#define APPLICATION(result) ((result).app_protocol)
#endif

const char *
classifier_version(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "nDPI %s", ndpi_revision());
	return text;
}

static bool
is_allowed(const char *name)
{
	for (size_t i = 0; allowed[i] != NULL; i++)
		if (strcasecmp(allowed[i], name) == 0)
			return true;
	return false;
}

static struct ndpi_detection_module_struct *
new_module(void)
{
#ifdef HAVE_ENUM_NDPI_LICENSE_TYPE
	/* podwire may be run by anybody, for profit too: it must do without what the other licences add. */
	return ndpi_init_detection_module(NULL, NDPI_LICENSE_FOR_PROFIT_LGPL);
#elif HAVE_DECL_NDPI_SET_CONFIG
	return ndpi_init_detection_module(NULL);
#else
	return ndpi_init_detection_module(ndpi_dont_load_tor_hosts);
#endif
}

#if HAVE_DECL_NDPI_SET_CONFIG
/* What costs time and is not used; a release that does not know a knob refuses it, which is no matter. */
static void
configure_lean(struct ndpi_detection_module_struct *module)
{
	static const char *const off[] = {
		"dpi.guess_on_giveup", "dpi.compute_entropy", "fpc", "metadata.tcp_fingerprint",
		"flow_risk_lists.load", "flow_risk.all", "flow_risk.any",
	};

	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		(void)ndpi_set_config(module, NULL, off[i], "0");
	(void)ndpi_set_config(module, "any", "ip_list.load", "0");
}
#endif

#if HAVE_DECL_NDPI_SET_PROTOCOL_DETECTION_BITMASK2
/* Its macro narrows a mask of its own, which gcc sees under sanitizers. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
static void
choose_protocols(struct ndpi_detection_module_struct *module)
{
	NDPI_PROTOCOL_BITMASK chosen;

	NDPI_BITMASK_RESET(chosen);
	for (u_int16_t id = 1; id < (u_int16_t)ndpi_get_num_supported_protocols(module); id++)
		if (is_allowed(ndpi_get_proto_name(module, id)))
			NDPI_BITMASK_ADD(chosen, id);
	(void)ndpi_set_protocol_detection_bitmask2(module, &chosen);
}
#pragma GCC diagnostic pop
#else
static void
choose_protocols(struct ndpi_detection_module_struct *module)
{
	(void)ndpi_set_config(module, "any", "enable", "disable");
	for (size_t i = 0; allowed[i] != NULL; i++)
		(void)ndpi_set_config(module, allowed[i], "enable", "enable");
}
#endif

struct classifier *
classifier_new(char *error, size_t error_size)
{
	struct classifier *c;

	/* Releases of one soname differ in the layout of the flow: a mismatch would corrupt memory. */
	if (ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(struct ndpi_flow_struct)) {
		snprintf(error, error_size, "nDPI %s has flows of %u bytes, podwire was built for %zu: rebuild it, or use --ndpi=off",
			ndpi_revision(), ndpi_detection_get_sizeof_ndpi_flow_struct(), sizeof(struct ndpi_flow_struct));
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL || (c->module = new_module()) == NULL) {
		snprintf(error, error_size, "nDPI %s cannot be started: out of memory", ndpi_revision());
		free(c);
		return NULL;
	}
#if HAVE_DECL_NDPI_SET_CONFIG
	configure_lean(c->module);
#endif
	choose_protocols(c->module);
	(void)ndpi_finalize_initialization(c->module);
	return c;
}

void
classifier_free(struct classifier *c)
{
	ndpi_exit_detection_module(c->module);
	free(c);
}

struct classifier_flow *
classifier_flow_new(struct classifier *c)
{
	struct classifier_flow *f = calloc(1, sizeof(*f));

	(void)c;
	if (f == NULL || (f->ndpi = ndpi_flow_malloc(sizeof(*f->ndpi))) == NULL) {
		free(f);
		return NULL;
	}
	memset(f->ndpi, 0, sizeof(*f->ndpi));
	return f;
}

bool
classifier_packet(struct classifier *c, struct classifier_flow *f, const uint8_t *ip, size_t size, uint64_t milliseconds, bool from_client)
{
	if (size > UINT16_MAX)
		return true; /* longer than its interface can say */
#ifdef HAVE_STRUCT_NDPI_FLOW_INPUT_INFO
	struct ndpi_flow_input_info info = {
		.in_pkt_dir = from_client ? NDPI_IN_PKT_DIR_C_TO_S : NDPI_IN_PKT_DIR_S_TO_C,
		.seen_flow_beginning = NDPI_FLOW_BEGINNING_SEEN,
	};

	f->result = ndpi_detection_process_packet(c->module, f->ndpi, ip, (u_int16_t)size, milliseconds, &info);
#else
	(void)from_client;
	f->result = ndpi_detection_process_packet(c->module, f->ndpi, ip, (u_int16_t)size, milliseconds);
#endif
	/* The name is all that is wanted: no second look for more. */
	return MASTER(f->result) == NDPI_PROTOCOL_UNKNOWN && APPLICATION(f->result) == NDPI_PROTOCOL_UNKNOWN;
}

/* Lower case and printable, as outputs spell protocols. */
static void
copy_name(char *out, size_t size, const char *name)
{
	size_t n = 0;

	for (; name != NULL && name[n] != '\0' && n + 1 < size; n++)
		out[n] = isalnum((unsigned char)name[n]) || strchr("._-", name[n]) != NULL ? (char)tolower((unsigned char)name[n]) : '_';
	out[n] = '\0';
}

static void
give_up(struct classifier *c, struct classifier_flow *f)
{
#if !HAVE_DECL_NDPI_SET_CONFIG
	u_int8_t guessed;

	f->result = ndpi_detection_giveup(c->module, f->ndpi, 0, &guessed);
#elif HAVE_DECL_NDPI_SET_PROTOCOL_DETECTION_BITMASK2
	u_int8_t guessed;

	f->result = ndpi_detection_giveup(c->module, f->ndpi, &guessed);
#else
	f->result = ndpi_detection_giveup(c->module, f->ndpi);
#endif
}

/* The protocol itself, without the service that addresses or names may tell: TLS of "TLS.Google". */
static const char *
base_name(struct classifier *c, const struct classifier_flow *f)
{
	return ndpi_get_proto_name(c->module, MASTER(f->result) != NDPI_PROTOCOL_UNKNOWN ? MASTER(f->result) : APPLICATION(f->result));
}

void
classifier_flow_end(struct classifier *c, struct classifier_flow *f, struct classifier_label *out)
{
	*out = (struct classifier_label){ 0 };
	if (MASTER(f->result) == NDPI_PROTOCOL_UNKNOWN && APPLICATION(f->result) == NDPI_PROTOCOL_UNKNOWN)
		give_up(c, f);
	/* By port, by address or from a cache of other flows is no inspection of this one. */
	if (f->ndpi->confidence == NDPI_CONFIDENCE_DPI && is_allowed(base_name(c, f))) {
		if (MASTER(f->result) != NDPI_PROTOCOL_UNKNOWN)
			copy_name(out->master, sizeof(out->master), ndpi_get_proto_name(c->module, MASTER(f->result)));
		if (APPLICATION(f->result) != NDPI_PROTOCOL_UNKNOWN)
			copy_name(out->application, sizeof(out->application), ndpi_get_proto_name(c->module, APPLICATION(f->result)));
		copy_name(out->category, sizeof(out->category), ndpi_category_get_name(c->module, f->result.category));
	}
	/* It holds user names and passwords as it found them. */
	ndpi_free_flow_data(f->ndpi);
	memset(f->ndpi, 0, sizeof(*f->ndpi));
	ndpi_flow_free(f->ndpi);
	free(f);
}
