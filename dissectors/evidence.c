/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the evidence vocabulary, and the rules by which one claim replaces another. */
#include <config.h>

#include "evidence.h"

#include <stddef.h>
#include <string.h>

const char *const strength_names[STRENGTH_COUNT + 1] = {
	[STRENGTH_NONE] = "none",
	[STRENGTH_SIGNATURE] = "signature",
	[STRENGTH_STRUCTURE] = "structure",
	[STRENGTH_EXCHANGE] = "exchange",
};

const char *const encryption_state_names[ENCRYPTION_STATE_COUNT + 1] = {
	[ENCRYPTION_UNKNOWN] = "unknown",
	[ENCRYPTION_PLAINTEXT] = "plaintext",
	[ENCRYPTION_PARTIAL] = "partial",
	[ENCRYPTION_UPGRADED] = "upgraded",
	[ENCRYPTION_ENCRYPTED] = "encrypted",
};

const char *const mutual_names[MUTUAL_COUNT + 1] = {
	[MUTUAL_UNKNOWN] = "unknown",
	[MUTUAL_NO] = "no",
	[MUTUAL_REQUESTED] = "requested",
	[MUTUAL_YES] = "yes",
};

const char *const mutual_basis_names[MUTUAL_BASIS_COUNT + 1] = {
	[MUTUAL_BASIS_NONE] = "none",
	[MUTUAL_BASIS_HANDSHAKE] = "handshake",
	[MUTUAL_BASIS_RECORD_SIZES] = "record-sizes",
};

const char *const auth_result_names[AUTH_RESULT_COUNT + 1] = {
	[AUTH_UNKNOWN] = "unknown",
	[AUTH_NOT_APPLICABLE] = "not-applicable",
	[AUTH_NONE] = "none",
	[AUTH_ATTEMPTED] = "attempted",
	[AUTH_FAILURE] = "failure",
	[AUTH_SUCCESS] = "success",
};

const char *const note_names[NOTE_COUNT + 1] = {
	[NOTE_GAP] = "gap",
	[NOTE_TRUNCATED] = "truncated",
	[NOTE_MIDSTREAM] = "mid-stream",
	[NOTE_MALFORMED] = "malformed",
	[NOTE_BUDGET] = "budget-reached",
	[NOTE_NO_MEMORY] = "no-memory",
	[NOTE_UPGRADE_REFUSED] = "upgrade-refused",
	[NOTE_EARLY_DATA] = "data-before-upgrade",
	[NOTE_HANDSHAKE_FAILED] = "handshake-failed",
	[NOTE_CANCEL_REQUEST] = "cancel-request",
	[NOTE_REPLICATION] = "replication",
	[NOTE_TUNNEL] = "tunnel",
	[NOTE_DUPLICATES] = "duplicates",
	[NOTE_OTHER_PROTOCOL] = "other-protocol",
	[NOTE_TRANSPORT_REFUSED] = "refused",
	[NOTE_HALF_OPEN] = "half-open",
	[NOTE_RENEGOTIATION] = "renegotiation",
	[NOTE_SERVICE_ACCOUNT_TOKEN] = "service-account-token",
	[NOTE_NOT_PERMITTED] = "not-permitted",
	[NOTE_READABLE_TEXT] = "readable-text",
};

const char *const certificate_flag_names[CERTIFICATE_FLAG_COUNT + 1] = {
	"seen", "expired", "not-yet-valid", "self-signed", "name-mismatch", "ca-as-leaf", "unreadable",
	"chain-order",
};

const char *const encryption_flag_names[ENCRYPTION_FLAG_COUNT + 1] = {
	"encrypt-then-mac", "compression", "downgrade", "early-data", "ech", "raw-public-key",
};

/* Which outcome replaces which: see evidence_authentication(). */
static const uint8_t auth_rank[AUTH_RESULT_COUNT] = {
	[AUTH_UNKNOWN] = 0,
	[AUTH_NOT_APPLICABLE] = 1,
	[AUTH_ATTEMPTED] = 2,
	[AUTH_FAILURE] = 3,
	[AUTH_NONE] = 4,
	[AUTH_SUCCESS] = 5,
};

int
evidence_name_index(const char *const names[], const char *name)
{
	for (int i = 0; name != NULL && names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static void
set_basis(struct evidence *e, enum claim claim, enum strength strength, const char *clause, enum direction direction, uint64_t offset)
{
	e->basis[claim] = (struct basis){
		.clause = clause,
		.packet = e->packet,
		.file = e->file,
		.offset = offset,
		.direction = (uint8_t)direction,
		.strength = (uint8_t)strength,
	};
	evidence_strengthen(e, strength);
}

void
evidence_strengthen(struct evidence *e, enum strength strength)
{
	if (e->strength < strength)
		e->strength = (uint8_t)strength;
}

void
evidence_protocol(struct evidence *e, const char *protocol, enum strength strength, const char *clause, enum direction direction, uint64_t offset)
{
	if (e->protocol != NULL && e->basis[CLAIM_PROTOCOL].strength > strength)
		return;
	/* The first place that shows the same at the same strength is the one to open. */
	if (e->protocol == protocol && e->basis[CLAIM_PROTOCOL].strength == strength)
		return;
	e->protocol = protocol;
	set_basis(e, CLAIM_PROTOCOL, strength, clause, direction, offset);
}

void
evidence_encryption(struct evidence *e, enum encryption_state state, enum strength strength, const char *clause, enum direction direction, uint64_t offset)
{
	struct basis *basis = &e->basis[CLAIM_ENCRYPTION];

	if (e->encryption.state == state && basis->clause != NULL && basis->strength >= strength)
		return;
	e->encryption.state = (uint8_t)state;
	set_basis(e, CLAIM_ENCRYPTION, strength, clause, direction, offset);
}

void
evidence_plaintext(struct evidence *e, const char *protocol, enum strength strength, const char *clause, enum direction direction, uint64_t offset)
{
	evidence_protocol(e, protocol, strength, clause, direction, offset);
	evidence_encryption(e, ENCRYPTION_PLAINTEXT, strength, clause, direction, offset);
}

void
evidence_authentication(struct evidence *e, enum auth_result result, const char *method, enum strength strength, const char *clause, enum direction direction, uint64_t offset)
{
	struct authentication *a = &e->authentication;

	if (auth_rank[result] <= auth_rank[a->result])
		return;
	a->result = (uint8_t)result;
	if (method != NULL)
		a->method = method;
	set_basis(e, CLAIM_AUTHENTICATION, strength, clause, direction, offset);
}

void
evidence_doubt_failure(struct evidence *e)
{
	if (e->authentication.result == AUTH_FAILURE)
		e->authentication.result = AUTH_ATTEMPTED;
}

void
evidence_doubt_plaintext(struct evidence *e)
{
	if (e->encryption.state != ENCRYPTION_PLAINTEXT || e->encryption.by != NULL)
		return;
	e->encryption.state = ENCRYPTION_UNKNOWN;
	e->basis[CLAIM_ENCRYPTION] = (struct basis){ 0 };
}

void
evidence_principal(struct evidence *e, struct cursor name)
{
	if (e->want_principals && e->authentication.principal[0] == '\0')
		cursor_copy_text(&name, e->authentication.principal, sizeof(e->authentication.principal));
}

void
evidence_cleartext_credentials(struct evidence *e, const char *clause, enum direction direction, uint64_t offset)
{
	if (e->cleartext_credentials)
		return;
	e->cleartext_credentials = true;
	set_basis(e, CLAIM_CREDENTIALS, STRENGTH_STRUCTURE, clause, direction, offset);
}
