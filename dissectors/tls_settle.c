/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two directions of a TLS stream have shown so far, put together. A conclusion from something
 * that is absent ("no client certificate", "resumed") is drawn only where that direction was seen
 * without a gap since its hello.
 */
#include <config.h>

#include "tls_state.h"

#include <string.h>

#include "certificate.h"
#include "tls_mesh.h"

static const char record_clause[] = "RFC 8446 5.1 records";
static const char certificate_clause[] = "RFC 5246 7.4.6 client Certificate";
static const char accepted_clause[] = "RFC 5246 7.4.8 CertificateVerify, and the server goes on";
static const char refused_clause[] = "RFC 5246 7.2.2 fatal alert after the client's Certificate";

static const char resumed_clause[] = "RFC 5246 F.1.4 resumption of a session whose client was authenticated";
static const char key_clause[] = "RFC 4279 2 ClientKeyExchange with an identity";
static const char key_accepted_clause[] = "RFC 4279 2 the server takes the client's Finished";
static const char key_refused_clause[] = "RFC 4279 2 fatal alert after the client's identity";

static const char method[] = "tls-client-cert", key_method[] = "tls-psk";

/* What TLS makes of this flow. */
static enum encryption_state
protected_state(const struct reading *r)
{
	if (r->s->cipher != NULL && tls_cipher_is_null(r->s->cipher))
		return ENCRYPTION_PLAINTEXT;
	if (!r->s->upgraded)
		return ENCRYPTION_ENCRYPTED;
	return evidence_has_note(r->e, NOTE_EARLY_DATA) || r->e->cleartext_credentials ? ENCRYPTION_PARTIAL : ENCRYPTION_UPGRADED;
}

/* What protects the flow, as outputs spell it. */
static const char *
carrier(const struct reading *r)
{
	return r->s->dtls ? "dtls" : "tls";
}

/* The application inside: by the ALPN the server chose, else by the port of a service; else by what carries it. */
static const char *
application(const struct reading *r)
{
	const char *name = r->e->encryption.alpn[0] != '\0' ? tls_alpn_application(r->e->encryption.alpn) : tls_port_application(r->d->flow->server_port);

	return name != NULL ? name : carrier(r);
}

void
tls_claim(struct reading *r, enum strength strength, const char *clause)
{
	if (!r->s->upgraded)
		evidence_protocol(r->e, application(r), strength, clause, r->from, r->at);
	evidence_encryption(r->e, protected_state(r), strength, clause, r->from, r->at);
	r->e->encryption.by = carrier(r);
}

/* Records alone show TLS joined in the middle once two have been followed. */
void
tls_claim_records(struct reading *r)
{
	const struct tls_state *s = r->s;

	if (s->sides[FROM_CLIENT].hello || s->sides[FROM_SERVER].hello)
		return;
	tls_claim(r, s->joined || s->whole_records >= 2 ? STRENGTH_STRUCTURE : STRENGTH_SIGNATURE, record_clause);
}

void
tls_set_mutual(struct reading *r, enum mutual mutual, enum mutual_basis basis)
{
	r->e->encryption.mutual = (uint8_t)mutual;
	r->e->encryption.mutual_basis = (uint8_t)(mutual == MUTUAL_UNKNOWN ? MUTUAL_BASIS_NONE : basis);
}

/*
 * In TLS 1.3 the client's flight is encrypted, and only its record sizes tell. They mean nothing where a
 * pre-shared key stands for the certificates of an earlier handshake, or with early data among them.
 */
static void
settle_sizes(struct reading *r)
{
	struct tls_state *s = r->s;
	const struct tls_server_hello *hello = &s->server_hello;

	s->sizes_open = hello->version == TLS_VERSION_13 && !hello->psk && !hello->damaged && !s->client_hello.damaged && !s->early_data &&
	               s->sides[FROM_CLIENT].hello && s->sides[FROM_CLIENT].unbroken;
	if (!s->sizes_open || hello->retry)
		return;
	s->flight.cipher = hello->cipher;
	s->flight.application_settings = s->client_hello.application_settings;
	tls_set_mutual(r, tls_mutual_by_sizes(&s->flight, &s->sizes_open), MUTUAL_BASIS_RECORD_SIZES);
}

void
tls_settle_size(struct reading *r, size_t size)
{
	struct tls_state *s = r->s;

	if (s->early_data && !s->sides[FROM_SERVER].hello)
		r->e->encryption.flags |= ENCRYPTION_EARLY_DATA;
	if (s->flight.count < TLS_FLIGHT_RECORDS)
		s->flight.sizes[s->flight.count++] = (uint16_t)size;
	if (s->sizes_open)
		settle_sizes(r);
}

/*
 * Whether the client showed a certificate, up to TLS 1.2. A client that is asked answers with a
 * Certificate before its ClientKeyExchange, so one that sent none was not asked (RFC 5246 7.4.6).
 */
void
tls_settle_mutual(struct reading *r)
{
	const struct tls_state *s = r->s;
	const struct side *client = &s->sides[FROM_CLIENT], *server = &s->sides[FROM_SERVER];

	if (s->is_13)
		settle_sizes(r);
	else if (s->client_certificate || s->verified)
		tls_set_mutual(r, MUTUAL_YES, MUTUAL_BASIS_HANDSHAKE);
	else if (s->declined)
		tls_set_mutual(r, MUTUAL_REQUESTED, MUTUAL_BASIS_HANDSHAKE);
	else if (s->key_exchange && client->hello && client->unbroken)
		tls_set_mutual(r, s->requested ? MUTUAL_REQUESTED : MUTUAL_NO, MUTUAL_BASIS_HANDSHAKE);
	else if (s->hello_done && server->hello && server->unbroken && !s->requested)
		tls_set_mutual(r, MUTUAL_NO, MUTUAL_BASIS_HANDSHAKE);
}

/* A full handshake under a pre-shared key: who knows it not cannot write the Finished that the server waits for. */
static bool
is_by_key(const struct tls_state *s)
{
	return !s->is_13 && s->key_exchange && s->cipher != NULL && tls_cipher_is_psk(s->cipher) && s->sides[FROM_SERVER].hello;
}

static void
settle_key(struct reading *r)
{
	const struct side *server = &r->s->sides[FROM_SERVER];

	evidence_authentication(r->e, AUTH_ATTEMPTED, key_method, STRENGTH_STRUCTURE, key_clause, r->from, r->at);
	if (r->s->hello_done && server->unbroken && server->changed)
		evidence_authentication(r->e, AUTH_SUCCESS, key_method, STRENGTH_EXCHANGE, key_accepted_clause, r->from, r->at);
}

/* A session is known again by its id, and is the one if version and suite are what they were (RFC 5246 F.1.4). */
static bool
is_recalled(const struct tls_state *s)
{
	return s->recalled && s->session.version == s->server_hello.version && s->session.cipher == s->server_hello.cipher;
}

void
tls_remember(struct reading *r, struct cursor id)
{
	const struct tls_state *s = r->s;
	const struct encryption *e = &r->e->encryption;
	const struct side *server = &s->sides[FROM_SERVER];
	struct tls_session session = {
		.certificate = e->certificate,
		.client_certificate = e->client_certificate,
		.version = s->server_hello.version,
		.cipher = s->server_hello.cipher,
		.mutual = e->mutual,
		.authenticated = s->client_certificate && s->verified,
		.chain_disordered = (e->certificate_flags & CERTIFICATE_CHAIN_ORDER) != 0,
	};

	if (r->d->services->remember == NULL || s->is_13 || !server->hello || !server->unbroken || id.left == 0)
		return;
	if (!s->hello_done && !is_recalled(s))
		return;
	r->d->services->remember(r->d->services->context, id, s->hello_done ? &session : &s->session);
}

void
tls_settle_resumption(struct reading *r)
{
	struct tls_state *s = r->s;
	struct encryption *e = &r->e->encryption;

	if (!is_recalled(s))
		return;
	s->inherited = true;
	e->certificate = s->session.certificate;
	e->client_certificate = s->session.client_certificate;
	if (s->session.chain_disordered)
		e->certificate_flags |= CERTIFICATE_CHAIN_ORDER;
	tls_settle_certificate(r);
	tls_set_mutual(r, (enum mutual)s->session.mutual, MUTUAL_BASIS_HANDSHAKE);
	tls_settle_mesh(r);
}

/* The server takes the client's proof of its key by going on: by its ChangeCipherSpec or data. */
void
tls_settle_authentication(struct reading *r)
{
	const struct tls_state *s = r->s;

	if (is_by_key(s))
		settle_key(r);
	/* The client has shown that the session is its own by its Finished, which the server has taken once it serves. */
	if (s->inherited && s->session.authenticated && s->sides[FROM_CLIENT].changed && s->server_served)
		evidence_authentication(r->e, AUTH_SUCCESS, method, STRENGTH_EXCHANGE, resumed_clause, r->from, r->at);
	if (s->is_13 || !s->client_certificate)
		return;
	evidence_authentication(r->e, AUTH_ATTEMPTED, method, STRENGTH_STRUCTURE, certificate_clause, r->from, r->at);
	if (s->verified && (s->sides[FROM_SERVER].changed || s->server_served))
		evidence_authentication(r->e, AUTH_SUCCESS, method, STRENGTH_EXCHANGE, accepted_clause, r->from, r->at);
}

/* The server's certificate against the time and the name asked for. */
void
tls_settle_certificate(struct reading *r)
{
	struct encryption *encryption = &r->e->encryption;

	if (encryption->certificate != NULL)
		encryption->certificate_flags = (encryption->certificate_flags & CERTIFICATE_CHAIN_ORDER) | certificate_flags(encryption->certificate, r->d->flow->time, encryption->sni);
}

void
tls_settle_mesh(struct reading *r)
{
	if (r->e->encryption.mesh == NULL)
		r->e->encryption.mesh = tls_mesh(&r->e->encryption);
}

/* What the hellos say together; either may come first where a capture is out of order. */
void
tls_settle_hellos(struct reading *r, const char *clause)
{
	struct tls_state *s = r->s;
	bool both = s->sides[FROM_CLIENT].hello && s->sides[FROM_SERVER].hello;

	if (both && tls_hellos_downgraded(&s->client_hello, &s->server_hello))
		r->e->encryption.flags |= ENCRYPTION_DOWNGRADE;
	tls_claim(r, both && tls_hellos_fit(&s->client_hello, &s->server_hello) ? STRENGTH_EXCHANGE : STRENGTH_STRUCTURE, clause);
}

/* A fatal alert of the server's after the client's Certificate, empty or not, refuses the client. */
void
tls_settle_refusal(struct reading *r)
{
	const struct tls_state *s = r->s;

	if (r->from == FROM_SERVER && is_by_key(s) && !s->sides[FROM_SERVER].changed)
		evidence_authentication(r->e, AUTH_FAILURE, key_method, STRENGTH_EXCHANGE, key_refused_clause, r->from, r->at);
	if (r->from == FROM_SERVER && !s->is_13 && !s->sides[FROM_SERVER].changed && (s->client_certificate || (s->requested && s->declined)))
		evidence_authentication(r->e, AUTH_FAILURE, method, STRENGTH_EXCHANGE, refused_clause, r->from, r->at);
}
