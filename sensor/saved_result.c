/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what output_json_pair.c writes; docs/json.md has every field. Only what was observed is
 * taken: input, warnings and the pairs' evidence. Scores and findings are made anew from it. All
 * is read into a batch before the report gets any of it.
 */
#include <config.h>

#include "saved_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "dissectors/evidence.h"
#include "json_document.h"
#include "output_text.h"
#include "read_file.h"

static const char schema[] = "podwire.report/1";

/* Whole numbers that every reader of JSON keeps exact (RFC 8259 6); sums of them do not wrap. */
static const uint64_t count_limit = UINT64_C(1) << 53;

static const size_t text_limit = UINT32_MAX - 16; /* with what reading adds, it fits a size_t anywhere */

static const struct json_rules rules = {
	.piece_limit = (size_t)256 << 20,
	.depth_limit = 512,
	.flaws = {
		JSON_FLAWS_IN_OUR_OWN,
		[JSON_TOO_DEEP] = "found too deep a nesting, expected a saved result",
		[JSON_TOO_LARGE] = "found a value of more than 256 MiB, expected a smaller one",
	},
};

enum {
	NAME_LIMIT = 512,  /* Kubernetes: 253 for a name, two of them for a Service */
	LINE_LIMIT = 4096,
	PATH_LIMIT = 4 * 4096, /* each byte may be written as \xNN */
	NO_FILE = UINT16_MAX,
};

/* One evidence class of a pair, with its counts. */
struct saved_evidence {
	struct saved_evidence *next;
	struct evidence_class *class;
	struct evidence_count count;
};

struct saved_pair {
	struct saved_pair *next;
	struct peer source, destination;
	struct saved_evidence *first, **last;
};

struct saved_file {
	const char *path; /* the batch's */
	const char *error;
	unsigned state;
	uint64_t packets, bytes;
	uint16_t index;
};

struct batch {
	struct json_document document;
	struct arena *arena;
	size_t files_before; /* files of the report */
	struct saved_file *files, *by_path; /* in order; by path, then index */
	size_t file_count;
	const char **warnings;
	size_t warning_count;
	struct worker_counters counters;
	uint64_t folded_pairs;
	struct saved_pair *first, **last;
};

/* Texts. */

/* A copy that lives as long as the batch. */
static const char *
keep(struct batch *b, const char *text)
{
	return text != NULL ? arena_text(b->arena, text) : NULL;
}

static const char *
name(struct batch *b, const struct json_spot *parent, const char *key, enum json_presence presence)
{
	return keep(b, json_read_text(&b->document, parent, key, presence, NAME_LIMIT, true));
}

static int64_t
read_time(struct batch *b, const struct json_spot *parent, const char *key)
{
	const char *text = json_read_text(&b->document, parent, key, JSON_MUST, NAME_LIMIT, false);
	int64_t time = 0;

	if (text != NULL && !output_time_parse(text, &time))
		json_fail(&b->document, &(struct json_spot){ .parent = parent, .key = key }, "found \"%.40s\", expected a time like 2026-01-31T12:00:00.000000000Z", text);
	return time;
}

/* The input. */

static void
read_input_file(struct batch *b, const struct json_spot *spot, struct saved_file *f)
{
	struct json_document *d = &b->document;

	f->path = keep(b, json_read_text(d, spot, "path", JSON_MUST, PATH_LIMIT, false));
	f->error = keep(b, json_read_text(d, spot, "error", JSON_MAY, LINE_LIMIT, false));
	f->state = json_read_word(d, spot, "state", JSON_MUST, file_state_names);
	f->packets = json_read_count(d, spot, "packets", JSON_MUST, 0, count_limit);
	f->bytes = json_read_count(d, spot, "bytes", JSON_MUST, 0, count_limit);
}

static int
compare_files(const void *a, const void *b)
{
	const struct saved_file *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static void
read_files(struct batch *b, const struct json_spot *input)
{
	struct json_document *d = &b->document;
	struct json_spot files, file;
	size_t count;

	if (!json_member(d, input, "files", JSON_VALUE_ARRAY, JSON_MUST, &files))
		return;
	count = json_count_of(&files);
	if (count > NO_FILE - b->files_before) {
		json_fail(d, &files, "found %zu files, expected at most %zu with those read before", count, NO_FILE - b->files_before);
		return;
	}
	b->files = arena_alloc(b->arena, (count + 1) * sizeof(*b->files));
	b->by_path = arena_alloc(b->arena, (count + 1) * sizeof(*b->by_path));
	for (size_t i = 0; i < count && !d->failed; i++) {
		b->files[i].index = (uint16_t)(b->files_before + i);
		if (json_element(d, &files, i, JSON_VALUE_OBJECT, JSON_MUST, &file))
			read_input_file(b, &file, &b->files[i]);
	}
	if (d->failed)
		return;
	b->file_count = count;
	memcpy(b->by_path, b->files, count * sizeof(*b->files));
	qsort(b->by_path, count, sizeof(*b->by_path), compare_files);
}

static void
read_input(struct batch *b, const struct json_spot *input)
{
	struct json_document *d = &b->document;
	struct worker_counters *c = &b->counters;
	struct json_spot decode, drops;

	read_files(b, input);
	c->frames = json_read_count(d, input, "packets", JSON_MUST, 0, count_limit);
	c->bytes = json_read_count(d, input, "bytes", JSON_MUST, 0, count_limit);
	(void)json_member(d, input, "decode", JSON_VALUE_OBJECT, JSON_MUST, &decode);
	for (unsigned i = 0; i < PACKET_RESULT_COUNT; i++)
		c->results[i] = json_read_count(d, &decode, packet_result_names[i], JSON_MAY, 0, count_limit);
	(void)json_member(d, input, "drops", JSON_VALUE_OBJECT, JSON_MUST, &drops);
	c->duplicates = json_read_count(d, &drops, "duplicates", JSON_MAY, 0, count_limit);
	c->table.evicted = json_read_count(d, &drops, "evicted_flows", JSON_MAY, 0, count_limit);
	c->inspector.refused = json_read_count(d, &drops, "not_inspected", JSON_MAY, 0, count_limit);
	c->inspector.no_memory = json_read_count(d, &drops, "no_memory", JSON_MAY, 0, count_limit);
	b->folded_pairs = json_read_count(d, input, "folded_pairs", JSON_MAY, 0, count_limit);
}

/* The index, in the report to be, of the first file with the path that parent names. */
static uint16_t
read_file_index(struct batch *b, const struct json_spot *parent)
{
	const char *path = json_read_text(&b->document, parent, "file", JSON_MAY, PATH_LIMIT, false);
	size_t low = 0, high = b->file_count;

	if (path == NULL)
		return NO_FILE;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(b->by_path[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < b->file_count && strcmp(b->by_path[low].path, path) == 0)
		return b->by_path[low].index;
	json_fail(&b->document, &(struct json_spot){ .parent = parent, .key = "file" }, "found \"%.80s\", expected one of input.files", path);
	return NO_FILE;
}

static void
read_warnings(struct batch *b, const struct json_spot *warnings)
{
	struct json_document *d = &b->document;
	size_t count = json_count_of(warnings);

	if (!json_is(warnings, JSON_VALUE_ARRAY)) {
		json_fail(d, warnings, "found something else, expected an array");
		return;
	}
	b->warnings = arena_alloc(b->arena, (count + 1) * sizeof(*b->warnings));
	for (size_t i = 0; i < count; i++) {
		struct json_spot item;

		if (!json_element(d, warnings, i, JSON_VALUE_STRING, JSON_MUST, &item))
			return;
		if (strlen(json_string_of(&item)) > LINE_LIMIT) {
			json_fail(d, &item, "found a text of %zu bytes, expected at most %d", strlen(json_string_of(&item)), LINE_LIMIT);
			return;
		}
		b->warnings[i] = keep(b, json_string_of(&item));
	}
	b->warning_count = count;
}

/* Ends. */

static void
read_ip(struct batch *b, const struct json_spot *parent, struct address *out)
{
	const char *text = json_read_text(&b->document, parent, "ip", JSON_MUST, ADDRESS_TEXT_SIZE, true);

	if (text != NULL && !address_parse(text, out))
		json_fail(&b->document, &(struct json_spot){ .parent = parent, .key = "ip" }, "found \"%s\", expected an IP address", text);
}

static void
read_country(struct batch *b, const struct json_spot *parent, struct peer *p)
{
	const char *text = json_read_text(&b->document, parent, "country", JSON_MAY, NAME_LIMIT, true);

	if (text == NULL)
		return;
	if (strlen(text) == 2 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2)
		memcpy(p->country, text, sizeof(p->country));
	else
		json_fail(&b->document, &(struct json_spot){ .parent = parent, .key = "country" }, "found \"%.20s\", expected two capital letters", text);
}

static void
read_peer(struct batch *b, const struct json_spot *pair, const char *key, struct peer *p)
{
	struct json_document *d = &b->document;
	struct json_spot spot, ip;

	if (!json_member(d, pair, key, JSON_VALUE_OBJECT, JSON_MUST, &spot))
		return;
	p->workload = name(b, &spot, "workload", JSON_MAY);
	p->has_address = json_find(&spot, "ip", &ip);
	if (p->has_address == (p->workload != NULL)) {
		json_fail(d, &spot, "found %s, expected either ip or workload", p->has_address ? "both" : "neither");
		return;
	}
	if (p->has_address) {
		read_ip(b, &spot, &p->address);
		p->name = name(b, &spot, "name", JSON_MAY);
		read_country(b, &spot, p);
		p->asn = (uint32_t)json_read_count(d, &spot, "asn", JSON_MAY, 1, UINT32_MAX);
		p->organization = name(b, &spot, "organization", JSON_MAY);
	} else {
		p->namespace = name(b, &spot, "namespace", JSON_MAY);
		p->kind = name(b, &spot, "kind", JSON_MAY);
	}
}

/* Evidence. */

static uint8_t
read_transport(struct batch *b, const struct json_spot *parent)
{
	const char *text = json_read_text(&b->document, parent, "transport", JSON_MUST, NAME_LIMIT, true);
	int number = text != NULL ? output_transport_number(text) : 0;

	if (number < 0)
		json_fail(&b->document, &(struct json_spot){ .parent = parent, .key = "transport" }, "found \"%.20s\", expected tcp, udp, icmp, icmpv6, esp, ah, sctp or a number up to 255", text);
	return number < 0 ? 0 : (uint8_t)number;
}

static uint16_t
read_port(struct batch *b, const struct json_spot *parent)
{
	return (uint16_t)json_read_count(&b->document, parent, "port", JSON_MUST, 0, UINT16_MAX);
}

static void
read_certificate(struct batch *b, const struct json_spot *encryption, struct evidence_class *e)
{
	struct json_document *d = &b->document;
	struct json_spot certificate, flags, flag;

	if (!json_member(d, encryption, "certificate", JSON_VALUE_OBJECT, JSON_MAY, &certificate))
		return;
	e->key_type = name(b, &certificate, "key_type", JSON_MAY);
	e->key_bits = (uint16_t)json_read_count(d, &certificate, "key_bits", JSON_MUST, 0, UINT16_MAX);
	e->signature = name(b, &certificate, "signature", JSON_MAY);
	if (!json_member(d, &certificate, "flags", JSON_VALUE_ARRAY, JSON_MUST, &flags))
		return;
	for (size_t i = 0; i < json_count_of(&flags) && !d->failed; i++)
		if (json_element(d, &flags, i, JSON_VALUE_STRING, JSON_MUST, &flag))
			e->certificate_flags = (uint16_t)(e->certificate_flags | 1u << json_word(d, &flag, certificate_flag_names));
}

/* Flags of the encryption; documents of before they were there have none. */
static void
read_encryption_flags(struct batch *b, const struct json_spot *encryption, struct evidence_class *e)
{
	struct json_document *d = &b->document;
	struct json_spot flags, flag;

	if (!json_member(d, encryption, "flags", JSON_VALUE_ARRAY, JSON_MAY, &flags))
		return;
	for (size_t i = 0; i < json_count_of(&flags) && !d->failed; i++)
		if (json_element(d, &flags, i, JSON_VALUE_STRING, JSON_MUST, &flag))
			e->encryption_flags = (uint16_t)(e->encryption_flags | 1u << json_word(d, &flag, encryption_flag_names));
}

static void
read_encryption(struct batch *b, const struct json_spot *evidence, struct evidence_class *e)
{
	struct json_document *d = &b->document;
	struct json_spot spot;

	if (!json_member(d, evidence, "encryption", JSON_VALUE_OBJECT, JSON_MUST, &spot))
		return;
	e->state = (uint8_t)json_read_word(d, &spot, "state", JSON_MUST, encryption_state_names);
	e->by = name(b, &spot, "by", JSON_MAY);
	e->version = name(b, &spot, "version", JSON_MAY);
	e->cipher = name(b, &spot, "cipher", JSON_MAY);
	e->mutual = (uint8_t)json_read_word(d, &spot, "mutual", JSON_MUST, mutual_names);
	e->mutual_basis = (uint8_t)json_read_word(d, &spot, "mutual_basis", JSON_MAY, mutual_basis_names);
	e->resumed = json_read_flag(d, &spot, "resumed", JSON_MUST);
	e->mesh = name(b, &spot, "mesh", JSON_MAY);
	read_encryption_flags(b, &spot, e);
	read_certificate(b, &spot, e);
}

static void
read_class(struct batch *b, const struct json_spot *spot, struct evidence_class *e)
{
	struct json_document *d = &b->document;
	struct json_spot authentication;

	e->protocol = name(b, spot, "protocol", JSON_MUST);
	if (e->protocol != NULL && strcmp(e->protocol, "unknown") == 0)
		e->protocol = NULL;
	e->service = name(b, spot, "service", JSON_MAY);
	e->server_port = read_port(b, spot);
	e->ip_protocol = read_transport(b, spot);
	read_encryption(b, spot, e);
	if (json_member(d, spot, "authentication", JSON_VALUE_OBJECT, JSON_MUST, &authentication)) {
		e->result = (uint8_t)json_read_word(d, &authentication, "result", JSON_MUST, auth_result_names);
		e->method = name(b, &authentication, "method", JSON_MAY);
	}
	e->cleartext_credentials = json_read_flag(d, spot, "cleartext_credentials", JSON_MUST);
	e->service_account_token = json_read_flag(d, spot, "service_account_token", JSON_MUST);
	e->tunnel = name(b, spot, "tunnel", JSON_MAY);
	e->tunnel_encrypted = json_read_flag(d, spot, "tunnel_encrypted", JSON_MUST);
	e->payload = json_read_flag(d, spot, "payload", JSON_MUST);
	e->strength = (uint8_t)json_read_word(d, spot, "strength", JSON_MUST, strength_names);
}

static void
read_basis(struct batch *b, const struct json_spot *basis, const char *key, struct example_basis *out)
{
	static const char *const directions[] = { [FROM_CLIENT] = "client", [FROM_SERVER] = "server", NULL };
	struct json_document *d = &b->document;
	struct json_spot spot;

	if (!json_member(d, basis, key, JSON_VALUE_OBJECT, JSON_MAY, &spot))
		return;
	out->clause = name(b, &spot, "clause", JSON_MUST);
	out->file = read_file_index(b, &spot);
	out->packet = json_read_count(d, &spot, "packet", JSON_MUST, 0, count_limit);
	out->offset = json_read_count(d, &spot, "offset", JSON_MUST, 0, count_limit);
	out->direction = (uint8_t)json_read_word(d, &spot, "direction", JSON_MUST, directions);
	out->strength = (uint8_t)json_read_word(d, &spot, "strength", JSON_MUST, strength_names);
}

static void
read_socket(struct batch *b, const struct json_spot *example, const char *key, struct address *address, uint16_t *port)
{
	struct json_spot spot;

	if (!json_member(&b->document, example, key, JSON_VALUE_OBJECT, JSON_MUST, &spot))
		return;
	read_ip(b, &spot, address);
	*port = read_port(b, &spot);
}

static void
read_example(struct batch *b, const struct json_spot *evidence, struct example *e)
{
	static const char *const claims[CLAIM_COUNT] = {
		[CLAIM_PROTOCOL] = "protocol",
		[CLAIM_ENCRYPTION] = "encryption",
		[CLAIM_AUTHENTICATION] = "authentication",
		[CLAIM_CREDENTIALS] = "credentials",
	};
	struct json_document *d = &b->document;
	struct json_spot spot, basis;

	if (!json_member(d, evidence, "example", JSON_VALUE_OBJECT, JSON_MUST, &spot))
		return;
	e->file = read_file_index(b, &spot);
	e->first_packet = json_read_count(d, &spot, "packet", JSON_MUST, 0, count_limit);
	e->first_seen = read_time(b, &spot, "first_seen");
	read_socket(b, &spot, "client", &e->client, &e->client_port);
	read_socket(b, &spot, "server", &e->server, &e->server_port);
	e->ip_protocol = read_transport(b, &spot);
	e->ja4 = name(b, &spot, "ja4", JSON_MAY);
	e->service_basis = (uint8_t)json_read_word(d, &spot, "service_basis", JSON_MAY, service_basis_names);
	(void)json_member(d, &spot, "basis", JSON_VALUE_OBJECT, JSON_MUST, &basis);
	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++)
		read_basis(b, &basis, claims[claim], &e->basis[claim]);
}

static void
read_by_direction(struct batch *b, const struct json_spot *evidence, const char *key, uint64_t counts[2])
{
	struct json_spot spot;

	if (!json_member(&b->document, evidence, key, JSON_VALUE_OBJECT, JSON_MUST, &spot))
		return;
	counts[FROM_CLIENT] = json_read_count(&b->document, &spot, "client", JSON_MUST, 0, count_limit);
	counts[FROM_SERVER] = json_read_count(&b->document, &spot, "server", JSON_MUST, 0, count_limit);
}

static void
read_evidence(struct batch *b, const struct json_spot *spot, struct saved_pair *pair)
{
	struct saved_evidence *e = arena_alloc(b->arena, sizeof(*e));
	struct evidence_count *n = &e->count;

	e->class = arena_alloc(b->arena, sizeof(*e->class));
	read_class(b, spot, e->class);
	n->flows = json_read_count(&b->document, spot, "flows", JSON_MUST, 0, count_limit);
	read_by_direction(b, spot, "packets", n->packets);
	read_by_direction(b, spot, "bytes", n->bytes);
	n->first_seen = read_time(b, spot, "first_seen");
	n->last_seen = read_time(b, spot, "last_seen");
	read_example(b, spot, &n->example);
	if (n->last_seen < n->first_seen)
		json_fail(&b->document, &(struct json_spot){ .parent = spot, .key = "last_seen" }, "found a time before first_seen, expected none");
	if (n->example.first_seen < n->first_seen || n->example.first_seen > n->last_seen)
		json_fail(&b->document, spot, "found an example.first_seen that is not from first_seen to last_seen, expected one that is");
	*pair->last = e;
	pair->last = &e->next;
}

static void
read_pair(struct batch *b, struct json_spot *spot)
{
	struct json_document *d = &b->document;
	struct json_spot evidence, item;
	struct saved_pair *p = arena_alloc(b->arena, sizeof(*p));

	if (!json_is(spot, JSON_VALUE_OBJECT)) {
		json_fail(d, spot, "found something else, expected an object");
		return;
	}
	p->last = &p->first;
	read_peer(b, spot, "source", &p->source);
	read_peer(b, spot, "destination", &p->destination);
	if (!json_member(d, spot, "evidence", JSON_VALUE_ARRAY, JSON_MUST, &evidence))
		return;
	for (size_t i = 0; i < json_count_of(&evidence) && !d->failed; i++)
		if (json_element(d, &evidence, i, JSON_VALUE_OBJECT, JSON_MUST, &item))
			read_evidence(b, &item, p);
	*b->last = p;
	b->last = &p->next;
}

/* The document. */

enum member { SCHEMA, INPUT, WARNINGS, PAIRS, FINDINGS, MEMBER_COUNT };

static const char *const member_names[MEMBER_COUNT + 1] = {
	[SCHEMA] = "schema",
	[INPUT] = "input",
	[WARNINGS] = "warnings",
	[PAIRS] = "pairs",
	[FINDINGS] = "findings",
};

static void
read_schema(struct batch *b, const struct json_spot *spot)
{
	const char *text = json_string_of(spot);

	if (text == NULL || strcmp(text, schema) != 0)
		json_fail(&b->document, spot, "found %s%.40s%s, expected \"%s\"", text != NULL ? "\"" : "", text != NULL ? text : "no string", text != NULL ? "\"" : "", schema);
}

static void
read_input_object(struct batch *b, const struct json_spot *spot)
{
	if (json_is(spot, JSON_VALUE_OBJECT))
		read_input(b, spot);
	else
		json_fail(&b->document, spot, "found something else, expected an object");
}

static void
read_member(struct batch *b, const struct json_piece pieces[], enum member m, void (*read)(struct batch *, const struct json_spot *))
{
	struct json_spot spot = { .key = member_names[m] };

	if (pieces[m].size == 0)
		json_fail(&b->document, &spot, "found nothing, expected it in a document of schema %s", schema);
	if (json_parse_piece(&b->document, pieces[m], &spot))
		read(b, &spot);
	json_release(&spot);
}

static void
read_items(struct batch *b, const struct json_piece pieces[], enum member m, void (*read)(struct batch *, struct json_spot *))
{
	struct json_spot array = { .key = member_names[m] }, item = { .parent = &array };
	size_t at = 0;

	if (pieces[m].size == 0)
		json_fail(&b->document, &array, "found nothing, expected an array");
	while (json_next_item(&b->document, pieces[m], &at, &item)) {
		read(b, &item);
		json_release(&item);
	}
}

/* Findings are made anew: that they are there and whole says that the document is. */
static void
check_finding(struct batch *b, struct json_spot *spot)
{
	if (!json_is(spot, JSON_VALUE_OBJECT))
		json_fail(&b->document, spot, "found something else, expected an object");
}

static bool
read_document(struct batch *b)
{
	struct json_piece pieces[MEMBER_COUNT];

	if (!json_find_members(&b->document, member_names, pieces))
		return false;
	read_member(b, pieces, SCHEMA, read_schema);
	read_member(b, pieces, INPUT, read_input_object);
	read_member(b, pieces, WARNINGS, read_warnings);
	read_items(b, pieces, PAIRS, read_pair);
	read_items(b, pieces, FINDINGS, check_finding);
	return !b->document.failed;
}

/* The report. */

static void
warn_of_repeated(struct report *to, const struct batch *b, const struct saved_file *f)
{
	char text[LINE_LIMIT];

	for (size_t i = 0; i < b->files_before; i++) {
		const struct input_file *known = &to->files[i];

		/* A sensor does not count by interface, and the next node's has the same name. */
		if (f->packets == 0 || strcmp(known->path, f->path) != 0 || known->packets != f->packets || known->bytes != f->bytes)
			continue;
		(void)snprintf(text, sizeof(text), "%s: %s is also in a result read before: its flows are counted twice", b->document.name, f->path);
		report_add_warning(to, text);
		return;
	}
}

static void
add_files(struct report *to, const struct batch *b)
{
	for (size_t i = 0; i < b->file_count; i++) {
		const struct saved_file *f = &b->files[i];
		struct input_file *file;

		warn_of_repeated(to, b, f);
		file = report_add_file(to, f->path);
		file->error = report_text(to, f->error);
		file->state = (enum file_state)f->state;
		file->packets = f->packets;
		file->bytes = f->bytes;
	}
}

static void
add_counters(struct worker_counters *to, const struct worker_counters *more)
{
	to->frames += more->frames;
	to->bytes += more->bytes;
	for (unsigned i = 0; i < PACKET_RESULT_COUNT; i++)
		to->results[i] += more->results[i];
	to->duplicates += more->duplicates;
	to->table.evicted += more->table.evicted;
	to->inspector.refused += more->inspector.refused;
	to->inspector.no_memory += more->inspector.no_memory;
}

static void
add_batch(struct report *to, const struct batch *b)
{
	add_files(to, b);
	add_counters(&to->counters, &b->counters);
	to->folded_pairs += b->folded_pairs;
	for (size_t i = 0; i < b->warning_count; i++)
		report_add_warning(to, b->warnings[i]);
	for (const struct saved_pair *p = b->first; p != NULL; p = p->next) {
		const struct peer *source = report_peer(to, &p->source), *destination = report_peer(to, &p->destination);

		for (const struct saved_evidence *e = p->first; e != NULL; e = e->next)
			report_add_evidence(to, source, destination, e->class, &e->count);
	}
}

bool
saved_result_read(struct report *to, const char *source, const char *text, size_t size, char *error, size_t error_size)
{
	struct batch b = {
		.document = { .rules = &rules, .name = source, .text = text, .size = size, .error = error, .error_size = error_size },
		.arena = arena_new(),
		.files_before = to->file_count,
	};
	bool done;

	b.last = &b.first;
	done = read_document(&b);
	if (done)
		add_batch(to, &b);
	arena_free(b.arena);
	return done;
}

bool
saved_result_load(struct report *to, const char *path, char *error, size_t error_size)
{
	size_t size;
	char *text = read_file(path, text_limit, &size, error, error_size);
	bool done = text != NULL && saved_result_read(to, path, text, size, error, error_size);

	free(text);
	return done;
}
