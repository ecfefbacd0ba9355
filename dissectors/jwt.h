/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells a JSON Web Token (RFC 7519, compact JWS of RFC 7515) by its structure, and a Kubernetes
 * service-account token among them by its claims. Nothing is verified, and nothing of a token is
 * kept but the "sub" claim of a service account.
 */
#ifndef PODWIRE_JWT_H
#define PODWIRE_JWT_H

#include <stdbool.h>

#include "cursor.h"
#include "evidence.h"

/* Whether token, all of it, is a JWT. */
bool jwt_matches(struct cursor token);

/* Where token is that of a Kubernetes service account: says so, with its subject, in the evidence. */
void jwt_report_service_account(struct cursor token, struct evidence *);

#endif
