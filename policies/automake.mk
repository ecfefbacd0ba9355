dist_pkgdata_DATA = %D%/default.yaml

noinst_LIBRARIES += libpolicies.a
libpolicies_a_CFLAGS = $(AM_CFLAGS) $(YAML_CFLAGS)
libpolicies_a_SOURCES = \
	%D%/advice.c %D%/advice.h \
	%D%/authentication.c \
	%D%/certificate.c \
	%D%/cipher_strength.c \
	%D%/credential_exposure.c \
	%D%/encryption.c \
	%D%/evidence_class.c %D%/evidence_class.h \
	%D%/ip_prefix.c %D%/ip_prefix.h \
	%D%/policy.c %D%/policy.h \
	%D%/policy_set.c %D%/policy_set.h \
	%D%/policy_yaml.c \
	%D%/rfc3339.c %D%/rfc3339.h \
	%D%/score.c %D%/score.h \
	%D%/tls_version.c \
	%D%/visibility.c \
	%D%/yaml_reader.c %D%/yaml_reader.h
