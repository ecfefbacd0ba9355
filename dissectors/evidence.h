/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence: what was seen of one flow, never what is thought of it. Closed sets are enums, with
 * their names in outputs beside them; open sets (protocol, cipher, method ...) are static strings
 * of the dissector that saw them, never bytes from the wire, since those could hold a secret.
 */
#ifndef PODWIRE_EVIDENCE_H
#define PODWIRE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"

/* Who sent the bytes. Roles, concluded from evidence (RFC 5103 calls the opener the initiator). */
enum direction { FROM_CLIENT, FROM_SERVER };

/* How much a claim rests on; the stronger overrules the weaker. */
enum strength {
	STRENGTH_NONE,
	STRENGTH_SIGNATURE, /* fixed bytes seen */
	STRENGTH_STRUCTURE, /* a message parsed to its end, all lengths agree */
	STRENGTH_EXCHANGE,  /* an answer fits its question */
	STRENGTH_COUNT
};

enum encryption_state {
	ENCRYPTION_UNKNOWN,   /* no payload seen, or bytes nobody recognises */
	ENCRYPTION_PLAINTEXT, /* application bytes were readable */
	ENCRYPTION_PARTIAL,   /* a part stays readable, by design or by use */
	ENCRYPTION_UPGRADED,  /* switched to TLS before any credential or data */
	ENCRYPTION_ENCRYPTED, /* protected from the first application byte */
	ENCRYPTION_STATE_COUNT
};

/* Whether the client showed a certificate. */
enum mutual { MUTUAL_UNKNOWN, MUTUAL_NO, MUTUAL_REQUESTED, MUTUAL_YES, MUTUAL_COUNT };

enum mutual_basis { MUTUAL_BASIS_NONE, MUTUAL_BASIS_HANDSHAKE, MUTUAL_BASIS_RECORD_SIZES, MUTUAL_BASIS_COUNT };

enum auth_result {
	AUTH_UNKNOWN,        /* not observable, or not observed */
	AUTH_NOT_APPLICABLE, /* a protocol without client authentication in normal use */
	AUTH_NONE,           /* the server served the client and nothing authenticated it */
	AUTH_ATTEMPTED,      /* begun, or a credential sent, outcome not seen */
	AUTH_FAILURE,
	AUTH_SUCCESS,
	AUTH_RESULT_COUNT
};

/* Names in JSON, metrics and docs; NULL-terminated, indexed by the enums above. */
extern const char *const strength_names[];
extern const char *const encryption_state_names[];
extern const char *const mutual_names[];
extern const char *const mutual_basis_names[];
extern const char *const auth_result_names[];

/* The index of name in one of the lists above, or -1. */
int evidence_name_index(const char *const names[], const char *name);

/* The four claims of a flow, each of which is traced to bytes. */
enum claim { CLAIM_PROTOCOL, CLAIM_ENCRYPTION, CLAIM_AUTHENTICATION, CLAIM_CREDENTIALS, CLAIM_COUNT };

/* Where a claim rests: what a person can check by hand. */
struct basis {
	const char *clause; /* static: "RFC 8446 4.1.3 ServerHello"; NULL where nothing is claimed */
	uint64_t packet;    /* number in its file, from 1, of the packet that completed the bytes */
	uint64_t offset;    /* of the message in the byte stream of its direction */
	uint16_t file;      /* index of the capture file */
	uint8_t direction;  /* enum direction */
	uint8_t strength;   /* enum strength */
};

/* Things worth telling that are no verdict; shown as words in the flow's "notes". */
enum note {
	NOTE_GAP,                 /* segments were lost inside what was dissected */
	NOTE_TRUNCATED,           /* the capture kept less than the wire carried (snapshot length) */
	NOTE_MIDSTREAM,           /* the beginning was not captured */
	NOTE_MALFORMED,           /* the protocol broke its specification */
	NOTE_BUDGET,              /* the dissection budget ended before the flow did */
	NOTE_NO_MEMORY,           /* a buffer pool was full: bytes were not looked at */
	NOTE_UPGRADE_REFUSED,     /* encryption was asked for and refused */
	NOTE_EARLY_DATA,          /* data or a secret before the upgrade */
	NOTE_HANDSHAKE_FAILED,    /* a fatal alert, or the end, before the handshake completed */
	NOTE_CANCEL_REQUEST,      /* PostgreSQL cancel: a key that can be replayed, no login */
	NOTE_REPLICATION,         /* a replication connection */
	NOTE_TUNNEL,              /* the flow was found inside a tunnel */
	NOTE_DUPLICATES,          /* the same packet seen more than once, counted once */
	NOTE_OTHER_PROTOCOL,      /* another dissector matched too, with weaker evidence */
	NOTE_TRANSPORT_REFUSED,   /* answered by RST or ICMP unreachable */
	NOTE_HALF_OPEN,           /* never answered */
	NOTE_RENEGOTIATION,       /* a second TLS handshake inside the session: not visible */
	NOTE_SERVICE_ACCOUNT_TOKEN, /* a Kubernetes service-account token crossed in the clear */
	NOTE_NOT_PERMITTED,       /* authenticated, then refused by authorization */
	NOTE_READABLE_TEXT,       /* nobody's protocol, but readable text: a weak word */
	NOTE_COUNT
};
extern const char *const note_names[];

/* What was wrong, if anything, with the certificate the server showed. */
enum certificate_flag {
	CERTIFICATE_SEEN = 1 << 0,
	CERTIFICATE_EXPIRED = 1 << 1,       /* at the time of the packet */
	CERTIFICATE_NOT_YET_VALID = 1 << 2, /* at the time of the packet */
	CERTIFICATE_SELF_SIGNED = 1 << 3,
	CERTIFICATE_NAME_MISMATCH = 1 << 4, /* no SAN matches the SNI (RFC 9525) */
	CERTIFICATE_CA = 1 << 5,            /* a CA certificate used as leaf */
	CERTIFICATE_UNREADABLE = 1 << 6,    /* not parsed by OpenSSL */
	CERTIFICATE_CHAIN_ORDER = 1 << 7,   /* those sent with it do not follow, each the issuer of the one before */
	CERTIFICATE_FLAG_COUNT = 8
};
extern const char *const certificate_flag_names[];

/* What else was agreed on, or offered, that makes the encryption better or worse. */
enum encryption_flag {
	ENCRYPTION_ENCRYPT_THEN_MAC = 1 << 0, /* of a suite with CBC (RFC 7366) */
	ENCRYPTION_COMPRESSION = 1 << 1,      /* what is encrypted is compressed: its size tells of it (CRIME) */
	ENCRYPTION_DOWNGRADE = 1 << 2,        /* both ends can do better; the server's random says so (RFC 8446 4.1.3) */
	ENCRYPTION_EARLY_DATA = 1 << 3,       /* data that can be replayed went with the first hello */
	ENCRYPTION_ECH = 1 << 4,              /* the client's hello may hide another, with another server name */
	ENCRYPTION_RAW_PUBLIC_KEY = 1 << 5,   /* the server showed a bare key, no certificate (RFC 7250) */
	ENCRYPTION_FLAG_COUNT = 6
};
extern const char *const encryption_flag_names[];

struct certificate;

struct encryption {
	uint8_t state;        /* enum encryption_state */
	uint8_t mutual;       /* enum mutual */
	uint8_t mutual_basis; /* enum mutual_basis */
	bool resumed;
	uint16_t certificate_flags; /* enum certificate_flag */
	uint16_t flags;       /* enum encryption_flag */
	const char *by;       /* "tls", "ssh" ...: static, or NULL */
	const char *version;  /* "TLS1.3" ...: static, or NULL */
	const char *cipher;   /* IANA name: static, or NULL */
	const char *group;    /* key exchange group, IANA name: static, or NULL */
	const char *resumption; /* "ticket", "session-id", "psk": static, or NULL */
	const char *mesh;     /* the service mesh whose proxies made it, "istio", "linkerd" ...: static, or NULL */
	char ja4[40];         /* fingerprint of the client's hello, or "" */
	char sni[256];
	char alpn[32];        /* the protocol the server chose */
	char alpn_offered[64]; /* what the client offered, comma-separated, cut to fit */
	const char *alert;    /* name of the first fatal alert: static, or NULL */
	const struct certificate *certificate;        /* the server's leaf: borrowed for the flow's life */
	const struct certificate *client_certificate; /* the client's leaf: likewise */
};

struct authentication {
	uint8_t result;     /* enum auth_result */
	const char *method; /* static, or NULL */
	char principal[128]; /* user name: filled only where principals were asked for */
	char subject[192];  /* unverified "sub" of a service-account JWT seen in plaintext */
};

struct evidence {
	uint8_t strength;     /* enum strength: of the whole */
	const char *protocol; /* static, or NULL */
	struct encryption encryption;
	struct authentication authentication;
	const char *application; /* the software behind HTTP, where it shows: static, or NULL */
	char rpc_service[96]; /* the gRPC service that was called, the first of several: letters, digits, '_' and '.' */
	bool cleartext_credentials;
	bool want_principals; /* the user asked for --show-principals */
	uint32_t notes;       /* 1 << enum note */
	struct basis basis[CLAIM_COUNT];
	/* Set by the sensor before each call of a dissector: the packet being looked at. */
	uint64_t packet;
	uint16_t file;
};

/* Raises the strength of the whole to at least this. */
void evidence_strengthen(struct evidence *, enum strength);

/* Names the protocol (a static string) and where it shows; a weaker claim than the present one is ignored. */
void evidence_protocol(struct evidence *, const char *protocol, enum strength, const char *clause, enum direction, uint64_t offset);

/* States how the flow is encrypted and where it shows; the caller's word replaces the earlier one. */
void evidence_encryption(struct evidence *, enum encryption_state, enum strength, const char *clause, enum direction, uint64_t offset);

/* Both at once of a protocol that was read as it is: its name, and that nothing hides it. */
void evidence_plaintext(struct evidence *, const char *protocol, enum strength, const char *clause, enum direction, uint64_t offset);

/*
 * States an outcome of authentication by method (static, or NULL: leave the present one). An outcome
 * further on in this order replaces one before it, and an equal one adds nothing:
 * unknown, not-applicable, attempted, failure, none, success. So a connection that was served
 * without login stays "none" whatever failed on it, and one success makes it "success".
 */
void evidence_authentication(struct evidence *, enum auth_result, const char *method, enum strength, const char *clause, enum direction, uint64_t offset);

/*
 * For where bytes are missing. What was lost after a refusal may have been a success: there was an
 * attempt at least. What was lost before anything but the beginning was seen may have been an
 * upgrade: what was readable does not tell how the rest is protected.
 */
void evidence_doubt_failure(struct evidence *);
void evidence_doubt_plaintext(struct evidence *);

/* Names who logs in, where names were asked for; the first name is the one kept. */
void evidence_principal(struct evidence *, struct cursor name);

/* A secret that can be replayed crossed in the clear; the first is the one kept. */
void evidence_cleartext_credentials(struct evidence *, const char *clause, enum direction, uint64_t offset);

/* A note, once said, stays. */
static inline void
evidence_note(struct evidence *e, enum note note)
{
	e->notes |= 1u << note;
}

static inline bool
evidence_has_note(const struct evidence *e, enum note note)
{
	return (e->notes >> note & 1u) != 0;
}

#endif
