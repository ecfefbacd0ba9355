/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about a service without encryption or authentication, in the words of its protocol's servers. */
#ifndef PODWIRE_ADVICE_H
#define PODWIRE_ADVICE_H

/* One line; general where the protocol is not known (or NULL). */
const char *advice_encrypt(const char *protocol);
const char *advice_authenticate(const char *protocol);

#endif
