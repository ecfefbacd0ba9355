/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subject and issuer of each certificate of a chain, as the bytes they are (RFC 5280 4.1), compared. A
 * client that builds paths itself makes do with any order; others refuse.
 */
#include <config.h>

#include "certificate_chain.h"

#include <string.h>

enum {
	CHAIN_MAX = 8, /* longer ones are not looked at */
	TAG_SEQUENCE = 0x30,
	TAG_INTEGER = 0x02,
	TAG_VERSION = 0xa0,
};

struct names {
	struct cursor subject, issuer;
};

/* The content of the next element, whose tag must be that (X.690 8.1); what it began with is *whole. */
static struct cursor
take_element(struct cursor *c, uint8_t tag, struct cursor *whole)
{
	struct cursor start = *c;
	size_t size;
	uint8_t first;

	if (cursor_u8(c) != tag)
		cursor_fail(c);
	first = cursor_u8(c);
	size = first;
	if (first > 0x80) {
		if (first > 0x83)
			cursor_fail(c);
		for (size = 0; first > 0x80; first--)
			size = size << 8 | cursor_u8(c);
	} else if (first == 0x80) {
		cursor_fail(c);
	}
	struct cursor content = cursor_sub(c, size);

	if (whole != NULL)
		*whole = cursor_sub(&start, cursor_ok(c) ? start.left - c->left : 0);
	return content;
}

/* Certificate: TBSCertificate: version, serialNumber, signature, issuer, validity, subject. */
static bool
read_names(struct cursor der, struct names *out)
{
	struct cursor certificate = take_element(&der, TAG_SEQUENCE, NULL), tbs = take_element(&certificate, TAG_SEQUENCE, NULL);

	if (cursor_peek(&tbs, 0) == TAG_VERSION)
		(void)take_element(&tbs, TAG_VERSION, NULL);
	(void)take_element(&tbs, TAG_INTEGER, NULL);
	(void)take_element(&tbs, TAG_SEQUENCE, NULL);
	(void)take_element(&tbs, TAG_SEQUENCE, &out->issuer);
	(void)take_element(&tbs, TAG_SEQUENCE, NULL);
	(void)take_element(&tbs, TAG_SEQUENCE, &out->subject);
	return cursor_ok(&tbs);
}

static bool
same(struct cursor a, struct cursor b)
{
	return a.left == b.left && memcmp(a.at, b.at, a.left) == 0;
}

bool
certificate_chain_disordered(struct cursor list)
{
	struct names names[CHAIN_MAX];
	size_t count = 0;

	while (cursor_left(&list) > 0) {
		struct cursor der = cursor_sub(&list, cursor_u24(&list));

		if (count == CHAIN_MAX || !cursor_ok(&der) || !read_names(der, &names[count]))
			return false;
		count++;
	}
	for (size_t i = 0; i < count; i++) {
		if (same(names[i].issuer, names[i].subject) || (i + 1 < count && same(names[i].issuer, names[i + 1].subject)))
			continue;
		for (size_t k = 0; k < count; k++)
			if (k != i + 1 && same(names[i].issuer, names[k].subject))
				return true;
	}
	return false;
}
