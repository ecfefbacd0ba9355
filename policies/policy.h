/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy is. One file per check, one descriptor at its end, one row in the table of
 * policy.c. A policy is a pure function from an evidence class to a value in [0,1], or to "does not
 * apply" or "was not observed".
 */
#ifndef PODWIRE_POLICY_H
#define PODWIRE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evidence_class.h"

enum severity { SEVERITY_INFO, SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL, SEVERITY_COUNT };
extern const char *const severity_names[];

enum observation { NOT_APPLICABLE, NOT_OBSERVED, OBSERVED };

/* What a policy says of one class. */
struct policy_value {
	enum observation observation;
	double value; /* in [0,1], where observed */
};

#define POLICY_NOT_APPLICABLE ((struct policy_value){ .observation = NOT_APPLICABLE })
#define POLICY_NOT_OBSERVED ((struct policy_value){ .observation = NOT_OBSERVED })
#define POLICY_OBSERVED(v) ((struct policy_value){ .observation = OBSERVED, .value = (v) })

/* A name and its number, in tables that end with a NULL name. */
struct named_value {
	const char *name;
	double value;
};

/*
 * A parameter that a policy set may give: a number, one of some words, or a table from name to
 * number ("TLS1.2: 1"). The schema of the YAML is made of these, and its errors too.
 */
enum parameter_type { PARAMETER_NUMBER, PARAMETER_WORD, PARAMETER_TABLE };

struct parameter {
	const char *name;
	enum parameter_type type;
	double minimum, maximum;         /* of a number, and of a table's values */
	double number;                   /* default */
	const char *const *words;        /* of a word: the choices, NULL-terminated; the first is the default */
	const struct named_value *table; /* of a table: the default; a set replaces entries one by one */
	bool open_table;                 /* a set may add names to it */
	const char *meaning;             /* one line for documentation */
};

enum { POLICY_PARAMETERS_MAX = 10 };

struct table_entry {
	char *name;
	double value;
	int line; /* where the policy set's file gives it; 0: the default */
};

/* A parameter's value in a policy set. */
struct parameter_value {
	double number;
	const char *word;
	struct table_entry *table; /* owned by the set; ordered by name */
	size_t table_size;
};

struct policy;

/* One policy of a policy set, with its weight and parameters; parameters[i] belongs to policy->parameters[i]. */
struct policy_setting {
	const struct policy *policy;
	double weight; /* >= 0; 0 switches it off */
	enum severity severity; /* of its findings */
	struct parameter_value parameters[POLICY_PARAMETERS_MAX];
};

/* One thing that is wrong with a class that got a low value; all static text. */
struct violation {
	const char *type;   /* stable: "plaintext-service" */
	const char *advice; /* one line that says what to do */
	int severity_shift; /* added to the setting's severity, e.g. -1 for a lesser form */
};

enum { POLICY_VIOLATIONS_MAX = 8 };

struct policy {
	const char *name;   /* "tls-version" */
	const char *pillar; /* "encryption", "authentication", "hardening" */
	const char *title;  /* one line for a person */
	double weight;      /* default */
	enum severity severity; /* default */
	bool secondary;     /* a value of this policy alone makes no C */
	struct parameter parameters[POLICY_PARAMETERS_MAX + 1]; /* ended by a NULL name */
	struct policy_value (*value)(const struct policy_setting *, const struct evidence_class *);
	/* The findings for a class whose value was below 1: how many, at most one of each type. Ask policy_violations(). */
	size_t (*violations)(const struct policy_setting *, const struct evidence_class *, struct violation out[POLICY_VIOLATIONS_MAX]);
};

/* All policies, NULL-terminated, in the order outputs use. */
extern const struct policy *const policies[];
enum { POLICY_COUNT = 7 };

extern const struct policy encryption_policy;
extern const struct policy tls_version_policy;
extern const struct policy cipher_strength_policy;
extern const struct policy certificate_policy;
extern const struct policy authentication_policy;
extern const struct policy credential_exposure_policy;
extern const struct policy visibility_policy;

/* The findings this setting has for a class: 0 where it is off, did not observe, or is satisfied. */
size_t policy_violations(const struct policy_setting *, const struct evidence_class *, struct violation out[POLICY_VIOLATIONS_MAX]);

/* How severe a violation is under this setting. */
enum severity policy_severity(const struct policy_setting *, const struct violation *);

/* The value of name in a table parameter, or otherwise where it is not there (or name is NULL). */
double policy_table_value(const struct parameter_value *, const char *name, double otherwise);

/* Sets name in a table, which keeps a copy of it. False: out of memory. */
bool policy_table_put(struct parameter_value *, const char *name, double value, int line);

#endif
