/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of GSS-API (RFC 2743 3.1) and of what negotiates it: which mechanism they are of, and
 * whether messages wrapped afterwards are sealed. For protocols that carry them.
 */
#ifndef PODWIRE_GSS_H
#define PODWIRE_GSS_H

#include "cursor.h"

enum gss_mechanism {
	GSS_UNKNOWN,
	GSS_SPNEGO,  /* RFC 4178, with nothing inside that says more */
	GSS_KERBEROS, /* RFC 4121 */
	GSS_NTLM,    /* MS-NLMP */
};

/* The mechanism of a token that sets up a context, by either side. The token's end may be missing. */
enum gss_mechanism gss_mechanism(struct cursor token);

enum gss_wrapping {
	GSS_NOT_WRAPPED, /* no token of a known form */
	GSS_SIGNED,      /* protected from change, readable */
	GSS_SEALED,      /* encrypted */
};

/* How a token that carries a message is protected, by its first 32 bytes or more. */
enum gss_wrapping gss_wrapping(struct cursor token);

#endif
