/* SPDX-License-Identifier: Apache-2.0 */
/* One message of IKE, version 1 (RFC 2408, 2409) or 2 (RFC 7296), read whole into plain values. */
#ifndef PODWIRE_IKE_MESSAGE_H
#define PODWIRE_IKE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"

enum ike_exchange {
	IKE1_BASE = 1,
	IKE1_MAIN = 2,         /* "identity protection" */
	IKE1_AUTHENTICATION_ONLY = 3,
	IKE1_AGGRESSIVE = 4,
	IKE1_INFORMATIONAL = 5,
	IKE1_TRANSACTION = 6,  /* XAUTH, mode config */
	IKE1_QUICK = 32,
	IKE1_NEW_GROUP = 33,
	IKE2_SA_INIT = 34,
	IKE2_AUTH = 35,
	IKE2_CREATE_CHILD_SA = 36,
	IKE2_INFORMATIONAL = 37,
	IKE2_SESSION_RESUME = 38,
	IKE2_INTERMEDIATE = 43,
	IKE2_FOLLOWUP_KE = 44,
};

/* What a notification that is an error tells, of those that stop the negotiation. */
enum ike_refusal { IKE_NOT_REFUSED, IKE_REFUSED_PROPOSAL, IKE_REFUSED_PEER };

struct ike_message {
	uint64_t initiator_spi, responder_spi; /* the cookies of version 1 */
	uint8_t version;             /* 1 or 2 */
	uint8_t exchange;            /* enum ike_exchange */
	uint32_t id;
	bool encrypted;              /* all that bears on authentication */
	bool from_initiator;         /* version 2: who opened the SA sent it */
	bool response;               /* version 2 */
	bool has_sa;
	bool has_key;                /* a key exchange payload */
	const char *method;          /* version 1: how the SA payload says to authenticate; NULL: not, or several */
	enum ike_refusal refusal;    /* in the clear */
};

/* Reads a datagram that is one message to its last byte; false where it is none. */
bool ike_message_read(struct cursor, struct ike_message *);

#endif
