/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one pair's C came about: the evidence with the packets to open, numbered; each policy's value
 * made of it; the sum. Every number can be checked with a pencil.
 */
#include <config.h>

#include "output.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dissectors/evidence.h"
#include "json_writer.h"
#include "output_text.h"

enum { NUMBER_SIZE = 40 };

struct explanation {
	FILE *out;
	const struct report *report;
	const struct pair *pair;
	struct policy_peer source, destination;
	char source_ip[ADDRESS_TEXT_SIZE], destination_ip[ADDRESS_TEXT_SIZE];
	unsigned width;
	bool utf8, color;
};

/* Finding the pair. */

/* What a pattern may call an end: its whole name, the workload, the address, the name of the address. */
static bool
peer_matches(const char *pattern, const struct peer *p, bool globs)
{
	char whole[OUTPUT_NAME_SIZE], ip[ADDRESS_TEXT_SIZE], shown[OUTPUT_NAME_SIZE];
	const char *names[5];
	size_t count = 0;

	(void)snprintf(whole, sizeof(whole), "%s%s%s", p->namespace != NULL ? p->namespace : "", p->namespace != NULL ? "/" : "", p->workload != NULL ? p->workload : "");
	output_peer_name(p, shown, sizeof(shown));
	names[count++] = shown;
	if (p->workload != NULL) {
		names[count++] = whole;
		names[count++] = p->workload;
	}
	if (p->has_address)
		names[count++] = address_text(&p->address, ip);
	if (p->has_address && p->name != NULL)
		names[count++] = p->name;
	for (size_t i = 0; i < count; i++)
		if (globs ? fnmatch(pattern, names[i], 0) == 0 : strcmp(pattern, names[i]) == 0)
			return true;
	return false;
}

static void
pair_name(const struct pair *p, char *text, size_t size)
{
	char source[OUTPUT_NAME_SIZE], destination[OUTPUT_NAME_SIZE];

	output_peer_name(p->source, source, sizeof(source));
	output_peer_name(p->destination, destination, sizeof(destination));
	(void)snprintf(text, size, "%s -> %s", source, destination);
}

/* A pattern, taken apart. */
struct wanted {
	const char *whole;
	char *source, *destination; /* NULL: it is no two names */
	char *anywhere;             /* the pattern with a * at both ends */
};

static bool
trimmed_copy(const char *text, size_t size, char **out)
{
	while (size > 0 && text[0] == ' ') {
		text++;
		size--;
	}
	while (size > 0 && text[size - 1] == ' ')
		size--;
	*out = size > 0 ? strndup(text, size) : NULL;
	return *out != NULL;
}

static void
take_apart(const char *pattern, struct wanted *w)
{
	const char *arrow = strstr(pattern, "->"), *space = strchr(pattern, ' ');
	const char *at = arrow != NULL ? arrow : space;
	const char *rest = arrow != NULL ? arrow + 2 : space != NULL ? space + 1 : NULL;

	*w = (struct wanted){ .whole = pattern };
	if (asprintf(&w->anywhere, "*%s*", pattern) < 0)
		w->anywhere = NULL;
	if (at == NULL)
		return;
	if (trimmed_copy(pattern, (size_t)(at - pattern), &w->source) && trimmed_copy(rest, strlen(rest), &w->destination))
		return;
	free(w->source);
	free(w->destination);
	w->source = w->destination = NULL;
}

/* The ways in which a pattern may mean a pair, the surest first. */
enum way { BY_ID, BY_NAMES, BY_PATTERNS, BY_PART, WAY_COUNT };

static bool
means(const struct wanted *w, enum way way, const struct pair *p)
{
	char text[2 * OUTPUT_NAME_SIZE + 8];

	switch (way) {
	case BY_ID:
		output_pair_id(p, text);
		return strcmp(text, w->whole) == 0;
	case BY_NAMES:
	case BY_PATTERNS:
		return w->source != NULL && peer_matches(w->source, p->source, way == BY_PATTERNS) && peer_matches(w->destination, p->destination, way == BY_PATTERNS);
	default:
		pair_name(p, text, sizeof(text));
		return strstr(text, w->whole) != NULL || (w->anywhere != NULL && fnmatch(w->anywhere, text, 0) == 0);
	}
}

/* Adds " 'a -> b' (id)" to error. */
static void
offer(const struct pair *p, bool first, char *error, size_t size)
{
	char text[2 * OUTPUT_NAME_SIZE + 8], id[OUTPUT_ID_SIZE];
	size_t used = strlen(error);

	pair_name(p, text, sizeof(text));
	output_pair_id(p, id);
	(void)snprintf(error + used, size - used, "%s '%s' (%s)", first ? "" : ",", text, id);
}

static const struct pair *
find_pair(const struct report *r, const char *pattern, char *error, size_t error_size)
{
	const struct pair *found[8];
	struct wanted w;
	size_t count = 0, offered;

	take_apart(pattern, &w);
	for (enum way way = 0; way < WAY_COUNT && count == 0; way++)
		for (size_t i = 0; i < r->pair_count; i++)
			if (means(&w, way, r->pairs[i]) && count++ < sizeof(found) / sizeof(found[0]))
				found[count - 1] = r->pairs[i];
	free(w.source);
	free(w.destination);
	free(w.anywhere);
	if (count == 1)
		return found[0];
	(void)snprintf(error, error_size, "%s pair matches '%s'", count == 0 ? "no" : "more than one", pattern);
	if (error_size > 0 && count == 0 && r->pair_count > 0)
		(void)snprintf(error + strlen(error), error_size - strlen(error), "; there %s", r->pair_count == 1 ? "is" : "are");
	else if (error_size > 0 && count > 0)
		(void)snprintf(error + strlen(error), error_size - strlen(error), ":");
	offered = count > 0 ? count : r->pair_count;
	for (size_t i = 0; error_size > 0 && i < offered && i < sizeof(found) / sizeof(found[0]); i++)
		offer(count > 0 ? found[i] : r->pairs[i], i == 0, error, error_size);
	if (error_size > 0 && offered > sizeof(found) / sizeof(found[0]))
		(void)snprintf(error + strlen(error), error_size - strlen(error), " and %zu more", offered - sizeof(found) / sizeof(found[0]));
	if (error_size > 0)
		output_clean(error, output_is_utf8());
	return NULL;
}

/* Writing. */

static void
put_title(const struct explanation *x, const char *title)
{
	fprintf(x->out, "\n%s%s%s\n", x->color ? "\033[1m" : "", title, x->color ? "\033[0m" : "");
}

static void
put_line(const struct explanation *x, const char *lead, const char *text)
{
	output_wrapped(x->out, lead, text, x->width, x->utf8);
}

/* A line that is to be copied whole: never broken. */
static void
put_whole(const struct explanation *x, const char *lead, char *text)
{
	output_clean(text, x->utf8);
	fprintf(x->out, "%s%s\n", lead, text);
}

/* As a word of a POSIX shell. */
static void
quote(const char *text, char *out, size_t size)
{
	const char *const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./,:=@%+";
	size_t at = 0;

	if (*text != '\0' && *text != '-' && text[strspn(text, plain)] == '\0') {
		(void)snprintf(out, size, "%s", text);
		return;
	}
	/* What would be taken for an option is a file of this directory all the same. */
	at = (size_t)snprintf(out, size, "'%s", *text == '-' ? "./" : "");
	for (; *text != '\0' && at + 6 < size; text++)
		at += (size_t)snprintf(out + at, size - at, *text == '\'' ? "'\\''" : "%c", *text);
	(void)snprintf(out + at, size - at, "'");
}

/* The evidence. */

/* Adds the names of the bits that are set to text. */
static void
put_flags(char *text, size_t size, unsigned bits, const char *const names[])
{
	for (unsigned i = 0; names[i] != NULL; i++)
		if ((bits >> i & 1) != 0)
			(void)snprintf(text + strlen(text), size - strlen(text), "%s%s", *text != '\0' ? " " : "", names[i]);
}

static void
put_class(const struct explanation *x, const struct evidence_class *e)
{
	char service[OUTPUT_NAME_SIZE], encryption[512], text[4 * OUTPUT_NAME_SIZE];

	output_service(e, service, sizeof(service));
	(void)snprintf(text, sizeof(text), "%s%s%s%s", service, e->service != NULL ? " of Service " : "", e->service != NULL ? e->service : "", e->payload ? "" : ", no payload seen");
	put_line(x, "      service         ", text);
	output_encryption(e, encryption, sizeof(encryption));
	(void)snprintf(text, sizeof(text), "%s%s%s%s", encryption, e->cipher != NULL ? ", " : "", e->cipher != NULL ? e->cipher : "", e->resumed ? ", session resumed" : "");
	put_line(x, "      encryption      ", text);
	if (evidence_class_is_tls(e)) {
		(void)snprintf(text, sizeof(text), "client certificate: %s%s%s", mutual_names[e->mutual], e->mutual_basis != MUTUAL_BASIS_NONE ? ", by " : "",
			e->mutual_basis != MUTUAL_BASIS_NONE ? mutual_basis_names[e->mutual_basis] : "");
		put_line(x, "                      ", text);
	}
	if (e->mesh != NULL || e->encryption_flags != 0) {
		(void)snprintf(text, sizeof(text), "%s%s%s", e->mesh != NULL ? "by the proxies of " : "", e->mesh != NULL ? e->mesh : "", e->mesh != NULL && e->encryption_flags != 0 ? ";" : "");
		put_flags(text, sizeof(text), e->encryption_flags, encryption_flag_names);
		put_line(x, "                      ", text);
	}
	if (e->certificate_flags != 0) {
		(void)snprintf(text, sizeof(text), "server certificate:");
		put_flags(text, sizeof(text), e->certificate_flags, certificate_flag_names);
		if (e->key_type != NULL)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), ", %s %u bits", e->key_type, e->key_bits);
		if (e->signature != NULL)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), ", %s", e->signature);
		put_line(x, "                      ", text);
	}
	(void)snprintf(text, sizeof(text), "%s%s%s%s%s", auth_result_names[e->result], e->method != NULL ? ", " : "", e->method != NULL ? e->method : "",
		e->cleartext_credentials ? ", a secret that can be replayed in clear" : "", e->service_account_token ? ", a service account's token in clear" : "");
	put_line(x, "      authentication  ", text);
}

static const char *const service_basis_lines[SERVICE_BASIS_COUNT] = {
	[SERVICE_BASIS_WIRE] = "known from the wire: its address was in a packet",
	[SERVICE_BASIS_ENDPOINTS] = "known from its endpoints: its slices or selector name the server",
	[SERVICE_BASIS_CONNTRACK] = "known from the node's connection tracking",
};

static void
put_example(const struct explanation *x, const struct example *e)
{
	static const char *const claims[CLAIM_COUNT] = {
		[CLAIM_PROTOCOL] = "protocol",
		[CLAIM_ENCRYPTION] = "encryption",
		[CLAIM_AUTHENTICATION] = "authentication",
		[CLAIM_CREDENTIALS] = "credentials",
	};
	const struct report *r = x->report;
	char client[ADDRESS_TEXT_SIZE + 8], server[ADDRESS_TEXT_SIZE + 8], time[OUTPUT_TIME_SIZE], filter[OUTPUT_FILTER_SIZE], path[4096], text[8192], lead[32];

	output_socket(&e->client, e->client_port, e->ip_protocol, client, sizeof(client));
	output_socket(&e->server, e->server_port, e->ip_protocol, server, sizeof(server));
	(void)snprintf(text, sizeof(text), "%s -> %s, from packet %" PRIu64 " of %s on, %s", client, server, e->first_packet, output_path(r, e->file), output_time(e->first_seen, time));
	put_line(x, "      example         ", text);
	for (enum claim claim = 0; claim < CLAIM_COUNT; claim++) {
		const struct example_basis *b = &e->basis[claim];

		if (b->clause == NULL)
			continue;
		(void)snprintf(lead, sizeof(lead), "       %-14s ", claims[claim]);
		(void)snprintf(text, sizeof(text), "packet %" PRIu64 "%s%s, %s, from the %s at byte %" PRIu64 " of its stream (%s)", b->packet,
			b->file != e->file ? " of " : "", b->file != e->file ? output_path(r, b->file) : "", b->clause,
			b->direction == FROM_CLIENT ? "client" : "server", b->offset, strength_names[b->strength]);
		put_line(x, lead, text);
	}
	if (e->ja4 != NULL)
		put_line(x, "       JA4            ", e->ja4);
	if (e->service_basis != SERVICE_BASIS_NONE)
		put_line(x, "       Service        ", service_basis_lines[e->service_basis]);
	if (e->file >= r->file_count)
		return;
	report_display_filter(e, filter, sizeof(filter));
	if (report_is_live(r)) {
		put_whole(x, "       display filter ", filter);
		return;
	}
	quote(r->files[e->file].path, path, sizeof(path));
	(void)snprintf(text, sizeof(text), "tshark -r %s -Y '%s'", path, filter);
	put_whole(x, "       ", text);
}

static void
put_evidence(const struct explanation *x)
{
	const struct pair *p = x->pair;
	char number[OUTPUT_AMOUNT_SIZE];

	put_title(x, "EVIDENCE: flows that look alike, and the first of each");
	for (size_t i = 0; i < p->evidence_count; i++) {
		const struct evidence_count *e = &p->evidence[i];
		bool scored = policy_set_in_scope(x->report->policies, &x->source, &x->destination, e->class);

		fprintf(x->out, "  [%zu] %s%s\n", i + 1, output_quantity(e->flows, "flow", "flows", number), scored ? "" : ", outside the policy set's scope: not scored");
		put_class(x, e->class);
		put_example(x, &e->example);
	}
}

/* Policies. */

static const char *
number_text(double value, char text[NUMBER_SIZE])
{
	json_decimal_text(value, text, NUMBER_SIZE);
	return text;
}

/* Why a policy that applies could say nothing of a class. */
static const char *
why_not_observed(const struct policy *policy, const struct evidence_class *e)
{
	if (e->state == ENCRYPTION_UNKNOWN)
		return "nothing in it was recognised";
	if (policy == &certificate_policy && (e->certificate_flags & CERTIFICATE_UNREADABLE) != 0)
		return "the server's certificate could not be parsed";
	if (policy == &certificate_policy)
		return e->resumed ? "a resumed session shows no certificate" : "the server's certificate was not seen: TLS 1.3 and QUIC encrypt it, or the capture missed it";
	if (policy == &tls_version_policy || policy == &cipher_strength_policy)
		return "the handshake was not captured";
	if (policy == &authentication_policy && e->result == AUTH_FAILURE)
		return "the login was refused, and nothing else was served";
	if (policy == &authentication_policy && e->result == AUTH_ATTEMPTED)
		return "how the login ended was not seen";
	if (policy == &authentication_policy)
		return e->state == ENCRYPTION_ENCRYPTED || e->state == ENCRYPTION_UPGRADED ? "it would be inside the encryption" : "neither a login nor an answer was seen";
	return "not seen";
}

/* One class under one policy. */
static void
put_term(const struct explanation *x, size_t policy, size_t class)
{
	const struct evidence_count *e = &x->pair->evidence[class];
	const struct exemption *exemption;
	struct policy_value v;
	char lead[64], text[1024], number[NUMBER_SIZE], amount[OUTPUT_AMOUNT_SIZE], time[OUTPUT_TIME_SIZE];

	if (!policy_set_in_scope(x->report->policies, &x->source, &x->destination, e->class))
		return;
	v = policy_set_value(x->report->policies, policy, &x->source, &x->destination, e->class, report_now(x->report), &exemption);
	if (exemption != NULL) {
		const char *expires = output_time_seconds(exemption->expires, time);

		(void)snprintf(text, sizeof(text), "exempt until %s: %s", expires != NULL ? expires : "ever", exemption->reason);
	} else if (v.observation == OBSERVED) {
		(void)snprintf(text, sizeof(text), "value %s", number_text(v.value, number));
	} else if (v.observation == NOT_OBSERVED) {
		(void)snprintf(text, sizeof(text), "not observed: %s", why_not_observed(x->report->policies->settings[policy].policy, e->class));
	} else {
		return;
	}
	(void)snprintf(lead, sizeof(lead), "      [%zu] %s: ", class + 1, output_quantity(e->flows, "flow", "flows", amount));
	put_line(x, lead, text);
}

static void
put_policy(const struct explanation *x, size_t policy)
{
	const struct policy_setting *s = &x->report->policies->settings[policy];
	const struct score_policy *p = &x->pair->score.policies[policy];
	char weight[NUMBER_SIZE], value[NUMBER_SIZE], product[NUMBER_SIZE], sum[NUMBER_SIZE];
	double c;

	fprintf(x->out, "  %s%-20s%s weight %s, ", x->color ? "\033[1m" : "", s->policy->name, x->color ? "\033[0m" : "", number_text(s->weight, weight));
	if (!(s->weight > 0)) {
		fputs("switched off\n", x->out);
		return;
	}
	if (score_policy_value(&x->pair->score, policy, &c))
		fprintf(x->out, "C_j = %s / %" PRIu64 " = %s, %s x %s = %s\n", number_text((double)p->millionths / 1e6, sum), p->flows, number_text(c, value), weight, value,
			number_text(s->weight * c, product));
	else
		fputs(p->applicable ? "not observed\n" : p->exempt > 0 ? "exempt\n" : "not applicable\n", x->out);
	for (size_t i = 0; i < x->pair->evidence_count; i++)
		put_term(x, policy, i);
}

static void
append(char **at, const char *end, const char *separator, const char *text, bool *first)
{
	int n = snprintf(*at, (size_t)(end - *at), "%s%s", *first ? "" : separator, text);

	*at += n > 0 && n < end - *at ? n : 0;
	*first = false;
}

/* "(3.0 x 0.5 + 1.0 x 1.0) / (3.0 + 1.0) = 2.5 / 4.0 = 0.625" and what coverage is made of. */
static void
put_sum(const struct explanation *x)
{
	const struct report *r = x->report;
	char terms[1024], weights[512], applicable[512], text[4096], a[NUMBER_SIZE], b[NUMBER_SIZE], c_text[NUMBER_SIZE];
	char *term = terms, *weight = weights, *all = applicable;
	bool first_term = true, first_weight = true, first_all = true;
	double sum = 0, observed = 0, total = 0;

	*terms = *weights = *applicable = '\0';
	for (size_t i = 0; i < POLICY_COUNT; i++) {
		double w = r->policies->settings[i].weight, c;

		if (!x->pair->score.policies[i].applicable)
			continue;
		total += w;
		append(&all, applicable + sizeof(applicable), " + ", number_text(w, a), &first_all);
		if (!score_policy_value(&x->pair->score, i, &c))
			continue;
		sum += w * c;
		observed += w;
		(void)snprintf(text, sizeof(text), "%s x %s", number_text(w, a), number_text(c, b));
		append(&term, terms + sizeof(terms), " + ", text, &first_term);
		append(&weight, weights + sizeof(weights), " + ", number_text(w, a), &first_weight);
	}
	put_title(x, "SUM");
	if (x->pair->has_c) {
		(void)snprintf(text, sizeof(text), "(%s) / (%s) = %s / %s = %s", terms, weights, number_text(sum, a), number_text(observed, b), number_text(x->pair->c, c_text));
		put_line(x, "  C = ", text);
	} else {
		put_line(x, "  ", "There is no C: nothing was observed that tells how this pair protects its traffic.");
	}
	if (total > 0) {
		(void)snprintf(text, sizeof(text), "(%s) / (%s) = %s / %s = %s of the applicable weight", *weights != '\0' ? weights : "0", applicable, number_text(observed, a), number_text(total, b),
			number_text(x->pair->coverage, c_text));
		put_line(x, "  coverage = ", text);
	}
}

static void
put_head(const struct explanation *x)
{
	const struct pair *p = x->pair;
	const char *kinds[2] = { p->source->kind, p->destination->kind };
	char name[2 * OUTPUT_NAME_SIZE + 8], id[OUTPUT_ID_SIZE], flows[OUTPUT_AMOUNT_SIZE], classes[OUTPUT_AMOUNT_SIZE], number[NUMBER_SIZE];

	pair_name(p, name, sizeof(name));
	output_pair_id(p, id);
	put_line(x, "", name);
	fprintf(x->out, "pair %s", id);
	if (kinds[0] != NULL || kinds[1] != NULL) {
		(void)snprintf(name, sizeof(name), ", %s to %s", kinds[0] != NULL ? kinds[0] : "address", kinds[1] != NULL ? kinds[1] : "address");
		output_clean(name, x->utf8);
		fputs(name, x->out);
	}
	fprintf(x->out, ", %s in %s\n", output_quantity(p->flows, "flow", "flows", flows), output_quantity(p->evidence_count, "evidence class", "evidence classes", classes));
	if (p->has_c)
		fprintf(x->out, "C = %s", number_text(p->c, number));
	else
		fputs("no C", x->out);
	fprintf(x->out, ", coverage %s", number_text(p->coverage, number));
	(void)snprintf(name, sizeof(name), ", policy set %s", x->report->policies->name);
	output_clean(name, x->utf8);
	fprintf(x->out, "%s\n", name);
}

bool
output_explain(FILE *out, const struct report *r, const char *pattern, const struct output_options *options, char *error, size_t error_size)
{
	struct explanation x = { .out = out, .report = r, .width = options->width, .utf8 = output_is_utf8(), .color = options->color };

	x.pair = find_pair(r, pattern, error, error_size);
	if (x.pair == NULL)
		return false;
	x.source = report_policy_peer(x.pair->source, x.source_ip);
	x.destination = report_policy_peer(x.pair->destination, x.destination_ip);
	put_head(&x);
	put_evidence(&x);
	put_title(&x, "POLICIES: C_j is the sum of flows x value over the flows that have a value");
	for (size_t i = 0; i < POLICY_COUNT; i++)
		put_policy(&x, i);
	put_sum(&x);
	return true;
}
