/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the certificates that a server sends (RFC 5246 7.4.2). */
#ifndef PODWIRE_CERTIFICATE_CHAIN_H
#define PODWIRE_CERTIFICATE_CHAIN_H

#include <stdbool.h>

#include "cursor.h"

/*
 * Whether list, certificates each with 24 bits of size before it, has the issuer of one of them in another
 * place than right behind it. An issuer that is not there is no disorder, nor is what nobody needs.
 */
bool certificate_chain_disordered(struct cursor list);

#endif
