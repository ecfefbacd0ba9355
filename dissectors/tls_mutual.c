/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's flight after the ServerHello is Finished alone, where no certificate was asked for; an
 * empty Certificate and Finished, where it has none to show; else Certificate, CertificateVerify and
 * Finished (RFC 8446 2, 4.4.2). Finished and the empty Certificate have exact sizes, and no certificate
 * is as short as they are.
 *
 * Most stacks write one record for each message. BoringSSL and NSS put the flight into one, JSSE pads
 * every record by 16 bytes; Chrome puts EncryptedExtensions in front. Other padding (RFC 8446 5.4) hides what the sizes would tell: then the
 * answer is unknown.
 */
#include <config.h>

#include "tls_mutual.h"

enum {
	HEADER_SIZE = 4,            /* of a handshake message */
	EMPTY_CERTIFICATE_SIZE = 8, /* header, no request context, an empty list */
	EMPTY_SETTINGS_SIZE = 10,   /* EncryptedExtensions with an empty application_settings (draft-vvv-tls-alps) */
	CONTENT_TYPE_SIZE = 1,      /* behind the content of each record (RFC 8446 5.2) */
	JSSE_PADDING = 16,
	/* A certificate with its signature is longer than Finished by more than this, padding or not. */
	CERTIFICATE_SIZE_MIN = 150,
	/* What is usually padded to a multiple of something is so to one of this. */
	BLOCK_SIZE = 64,
};

struct suite {
	uint16_t code;
	uint8_t hash; /* size of Finished's verify_data */
	uint8_t tag;  /* what the cipher adds to a record */
};

/* RFC 8446 B.4, RFC 8998 2. */
static const struct suite suites[] = {
	{ 0x1301, 32, 16 }, /* AES_128_GCM_SHA256 */
	{ 0x1302, 48, 16 }, /* AES_256_GCM_SHA384 */
	{ 0x1303, 32, 16 }, /* CHACHA20_POLY1305_SHA256 */
	{ 0x1304, 32, 16 }, /* AES_128_CCM_SHA256 */
	{ 0x1305, 32, 8 },  /* AES_128_CCM_8_SHA256 */
	{ 0x00c6, 32, 16 }, /* SM4_GCM_SM3 */
	{ 0x00c7, 32, 16 }, /* SM4_CCM_SM3 */
};

static const struct suite *
find_suite(uint16_t code)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (suites[i].code == code)
			return &suites[i];
	return NULL;
}

/*
 * A long first record: a Certificate, a part of it, or with it the whole flight; or a lone Finished padded
 * to fill a block. Then what follows is padded to multiples of that block, so that only a record which is
 * none rules it out.
 */
static enum mutual
judge_long(const struct suite *s, const struct tls_flight *f, bool *more)
{
	unsigned block = f->sizes[0] - (unsigned)s->tag;

	*more = false;
	/* Settings may be as long as a certificate. */
	if (f->application_settings || (f->count > 1 && block % BLOCK_SIZE == 0 && (f->sizes[1] - (unsigned)s->tag) % BLOCK_SIZE == 0))
		return MUTUAL_UNKNOWN;
	for (size_t i = 1; i < f->count; i++)
		if ((f->sizes[i] - (unsigned)s->tag) % block != 0)
			return MUTUAL_YES;
	*more = f->count < TLS_FLIGHT_RECORDS;
	return MUTUAL_UNKNOWN;
}

/* The whole flight without a certificate in one record; or Finished alone. */
static enum mutual
judge_short(const struct tls_flight *f, unsigned finished)
{
	unsigned first = f->sizes[0];

	if (first == finished || first == finished + JSSE_PADDING)
		return MUTUAL_NO;
	if (first == finished + EMPTY_CERTIFICATE_SIZE)
		return MUTUAL_REQUESTED;
	if (f->application_settings && first == finished + EMPTY_SETTINGS_SIZE)
		return MUTUAL_NO;
	if (f->application_settings && first == finished + EMPTY_SETTINGS_SIZE + EMPTY_CERTIFICATE_SIZE)
		return MUTUAL_REQUESTED;
	return MUTUAL_UNKNOWN;
}

enum mutual
tls_mutual_by_sizes(const struct tls_flight *f, bool *more)
{
	const struct suite *s = find_suite(f->cipher);
	unsigned finished, empty;

	*more = s != NULL && f->count == 0;
	if (s == NULL || f->count == 0)
		return MUTUAL_UNKNOWN;
	finished = HEADER_SIZE + (unsigned)s->hash + CONTENT_TYPE_SIZE + s->tag;
	empty = EMPTY_CERTIFICATE_SIZE + CONTENT_TYPE_SIZE + (unsigned)s->tag;
	if (f->sizes[0] >= finished + CERTIFICATE_SIZE_MIN)
		return judge_long(s, f, more);
	if (f->sizes[0] != empty && f->sizes[0] != empty + JSSE_PADDING)
		return judge_short(f, finished);
	*more = f->count == 1;
	return f->count > 1 && f->sizes[1] == finished + (f->sizes[0] - empty) ? MUTUAL_REQUESTED : MUTUAL_UNKNOWN;
}
