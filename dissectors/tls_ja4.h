/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JA4, a fingerprint of the software that wrote a ClientHello, as FoxIO specifies it
 * (technical_details/JA4.md of their repository; BSD 3-clause). Only that of TLS clients.
 */
#ifndef PODWIRE_TLS_JA4_H
#define PODWIRE_TLS_JA4_H

#include "cursor.h"

enum { TLS_JA4_SIZE = 40 };

/* Which transport the hello came over: the letters that begin the fingerprint. */
enum ja4_transport { JA4_TLS = 't', JA4_QUIC = 'q', JA4_DTLS = 'd' };

/*
 * The fingerprint of the body of a ClientHello (that of DTLS with its cookie field); "" where it is
 * damaged, or longer than any real one: more than 256 cipher suites, extensions or signature algorithms.
 */
void tls_ja4(struct cursor body, enum ja4_transport, char out[TLS_JA4_SIZE]);

#endif
