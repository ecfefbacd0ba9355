/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a client of TLS 1.3 showed a certificate, told by the sizes of its encrypted handshake
 * records: all that remains to be seen of them.
 */
#ifndef PODWIRE_TLS_MUTUAL_H
#define PODWIRE_TLS_MUTUAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evidence.h"

enum { TLS_FLIGHT_RECORDS = 8 };

/* What of a client's encrypted flight can be seen. */
struct tls_flight {
	uint16_t cipher;           /* of the ServerHello */
	bool application_settings; /* the client offered that extension: EncryptedExtensions of its own may begin the flight */
	uint8_t count;
	/* Lengths, in order, of the application_data records since its ClientHello, none missing; later ones may be left out. */
	uint16_t sizes[TLS_FLIGHT_RECORDS];
};

/*
 * Only for a full handshake: the server chose no pre-shared key, and the client offered no early data.
 * MUTUAL_UNKNOWN where the sizes fit no known way of writing the flight; *more tells whether further
 * records can change that.
 */
enum mutual tls_mutual_by_sizes(const struct tls_flight *, bool *more);

#endif
