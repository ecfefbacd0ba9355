/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kafka conversations, from the protocol's specification: outcomes of SASL with and without headers,
 * authorization, pairing by correlation ids, losses, and what Kafka must not be taken for.
 */
#include <config.h>

#include "scenario.h"
#include "dissectors/kafka_message.h"

#define API_VERSIONS "\000\000\000\016\000\022\000\000\000\000\000\001\000\004unit"
#define API_VERSIONS_ANSWER "\000\000\0004\000\000\000\001\000\000\000\000\000\007\000\000\000\000\000\011\000\001\000\000\000\014\000\003\000\000\000\011\000\010\000\000\000\010\000\021\000\000\000\001\000\022\000\000\000\003\000$\000\000\000\002"
#define API_VERSIONS3 "\000\000\000\035\000\022\000\003\000\000\000\001\000\004unit\000\011unit-lib\0041.0\000"
#define API_VERSIONS3_ANSWER "\000\000\000=\000\000\000\001\000\000\010\000\000\000\000\000\011\000\000\001\000\000\000\014\000\000\003\000\000\000\011\000\000\010\000\000\000\010\000\000\021\000\000\000\001\000\000\022\000\000\000\003\000\000$\000\000\000\002\000\000\000\000\000\000"
#define API_VERSIONS_TOO_NEW "\000\000\000\020\000\000\000\001\000#\000\000\000\001\000\022\000\000\000\002"
#define METADATA "\000\000\000\030\000\003\000\001\000\000\000\002\000\004unit\000\000\000\001\000\004news"
#define METADATA_ANSWER "\000\000\000I\000\000\000\002\000\000\000\001\000\000\000\001\000\006broker\000\000#\204\377\377\000\000\000\001\000\000\000\001\000\000\000\004news\000\000\000\000\001\000\000\000\000\000\000\000\000\000\001\000\000\000\001\000\000\000\001\000\000\000\001\000\000\000\001"
#define METADATA_REFUSED "\000\000\000/\000\000\000\002\000\000\000\001\000\000\000\001\000\006broker\000\000#\204\377\377\000\000\000\001\000\000\000\001\000\035\000\004news\000\000\000\000\000"
#define METADATA12 "\000\000\000)\000\003\000\014\000\000\000\002\000\004unit\000\002\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\005news\000\001\000\000"
#define METADATA12_ANSWER "\000\000\000a\000\000\000\002\000\000\000\000\000\002\000\000\000\001\007broker\000\000#\204\000\000\010cluster\000\000\000\001\002\000\000\005news\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001\000\002\000\000\000\000\000\000\000\000\000\001\000\000\000\000\002\000\000\000\001\002\000\000\000\001\001\000\377\377\377\377\000\000"
#define PRODUCE "\000\000\0006\000\000\000\007\000\000\000\003\000\004unit\377\377\000\001\000\000\003\350\000\000\000\001\000\004news\000\000\000\001\000\000\000\000\000\000\000\0120123456789"
#define PRODUCE_ANSWER "\000\000\0004\000\000\000\003\000\000\000\001\000\004news\000\000\000\001\000\000\000\000\000\000\000\000\000\000\000\000\000\005\377\377\377\377\377\377\377\377\000\000\000\000\000\000\000\000\000\000\000\000"
#define PRODUCE_REFUSED "\000\000\0004\000\000\000\003\000\000\000\001\000\004news\000\000\000\001\000\000\000\000\000\035\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\000\000\000\000\000\000\000\000\000\000\000\000"
#define PRODUCE_NO_ACKS "\000\000\0006\000\000\000\007\000\000\000\004\000\004unit\377\377\000\000\000\000\003\350\000\000\000\001\000\004news\000\000\000\001\000\000\000\000\000\000\000\0120123456789"
#define FETCH "\000\000\000W\000\001\000\013\000\000\000\005\000\004unit\377\377\377\377\000\000\001\364\000\000\000\001\000\020\000\000\000\000\000\000\000\377\377\377\377\000\000\000\001\000\004news\000\000\000\001\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\377\377\377\377\377\377\377\377\000\020\000\000\000\000\000\000\000\000"
#define FETCH_ANSWER "\000\000\000I\000\000\000\005\000\000\000\000\000\000\000\000\000\000\000\000\000\001\000\004news\000\000\000\001\000\000\000\000\000\000\000\000\000\000\000\000\000\001\000\000\000\000\000\000\000\001\000\000\000\000\000\000\000\000\000\000\000\000\377\377\377\377\000\000\000\003abc"
#define HEARTBEAT_REFUSED "\000\000\000\006\000\000\000\006\000\036"
#define HEARTBEAT "\000\000\000\030\000\014\000\000\000\000\000\006\000\004unit\000\001g\000\000\000\001\000\001m"
#define DESCRIBE_GROUPS "\000\000\000\025\000\017\000\000\000\000\000\007\000\004unit\000\000\000\001\000\001g"
#define DESCRIBE_GROUPS_ANSWER "\000\000\000$\000\000\000\007\000\000\000\001\000\000\000\001g\000\005Empty\000\010consumer\000\000\000\000\000\000"
#define HANDSHAKE_PLAIN "\000\000\000\025\000\021\000\001\000\000\000\012\000\004unit\000\005PLAIN"
#define HANDSHAKE0_PLAIN "\000\000\000\025\000\021\000\000\000\000\000\012\000\004unit\000\005PLAIN"
#define HANDSHAKE_SCRAM "\000\000\000\035\000\021\000\001\000\000\000\012\000\004unit\000\015SCRAM-SHA-256"
#define HANDSHAKE0_SCRAM "\000\000\000\035\000\021\000\000\000\000\000\012\000\004unit\000\015SCRAM-SHA-256"
#define HANDSHAKE_OAUTH "\000\000\000\033\000\021\000\001\000\000\000\012\000\004unit\000\013OAUTHBEARER"
#define HANDSHAKE0_OAUTH "\000\000\000\033\000\021\000\000\000\000\000\012\000\004unit\000\013OAUTHBEARER"
#define HANDSHAKE_GSSAPI "\000\000\000\026\000\021\000\001\000\000\000\012\000\004unit\000\006GSSAPI"
#define HANDSHAKE0_GSSAPI "\000\000\000\026\000\021\000\000\000\000\000\012\000\004unit\000\006GSSAPI"
#define HANDSHAKE_IAM "\000\000\000\033\000\021\000\001\000\000\000\012\000\004unit\000\013AWS_MSK_IAM"
#define HANDSHAKE0_IAM "\000\000\000\033\000\021\000\000\000\000\000\012\000\004unit\000\013AWS_MSK_IAM"
#define HANDSHAKE_OTHER "\000\000\000\027\000\021\000\001\000\000\000\012\000\004unit\000\007MADE-UP"
#define HANDSHAKE0_OTHER "\000\000\000\027\000\021\000\000\000\000\000\012\000\004unit\000\007MADE-UP"
#define HANDSHAKE_ANSWER "\000\000\0005\000\000\000\012\000\000\000\000\000\004\000\005PLAIN\000\015SCRAM-SHA-256\000\006GSSAPI\000\013OAUTHBEARER"
#define HANDSHAKE_REFUSED "\000\000\0005\000\000\000\012\000!\000\000\000\004\000\005PLAIN\000\015SCRAM-SHA-256\000\006GSSAPI\000\013OAUTHBEARER"
#define HANDSHAKE_NO_SASL "\000\000\000\012\000\000\000\012\000\"\000\000\000\000"
#define HANDSHAKE_ERROR "\000\000\000\012\000\000\000\012\377\377\000\000\000\000"
#define AUTH_PLAIN "\000\000\000\036\000$\000\000\000\000\000\013\000\004unit\000\000\000\014\000ann\000example"
#define AUTH_ANSWER "\000\000\000\014\000\000\000\013\000\000\377\377\000\000\000\000"
#define AUTH_WRONG "\000\000\000!\000\000\000\013\000:\000\025Authentication failed\000\000\000\000"
#define AUTH_STATE "\000\000\000\021\000\000\000\013\000\"\000\005state\000\000\000\000"
#define AUTH_ODD "\000\000\000\017\000\000\000\013\000*\000\003odd\000\000\000\000"
#define AUTH2_PLAIN "\000\000\000\035\000$\000\002\000\000\000\013\000\004unit\000\015\000ann\000example\000"
#define AUTH2_ANSWER "\000\000\000\022\000\000\000\013\000\000\000\000\001\000\000\000\000\000\000\000\000\000"
#define AUTH2_WRONG "\000\000\000'\000\000\000\013\000\000:\026Authentication failed\001\000\000\000\000\000\000\000\000\000"
#define AUTH_SCRAM1 "\000\000\000(\000$\000\001\000\000\000\013\000\004unit\000\000\000\026n,,n=ann,r=clientnonce"
#define AUTH_SCRAM1_TOKEN "\000\000\0007\000$\000\001\000\000\000\013\000\004unit\000\000\000%n,,n=ann,r=clientnonce,tokenauth=true"
#define AUTH_SCRAM1_ANSWER "\000\000\0009\000\000\000\013\000\000\377\377\000\000\000%r=clientnonceserver,s=c2FsdA==,i=4096\000\000\000\000\000\000\000\000"
#define AUTH_SCRAM2 "\000\000\0007\000$\000\001\000\000\000\014\000\004unit\000\000\000%c=biws,r=clientnonceserver,p=cHJvb2Y="
#define AUTH_SCRAM2_ANSWER "\000\000\000\"\000\000\000\014\000\000\377\377\000\000\000\016v=c2lnbmF0dXJl\000\000\000\000\000\000\000\000"
#define AUTH_SCRAM2_WRONG "\000\000\000\027\000\000\000\014\000:\000\003bad\000\000\000\000\000\000\000\000\000\000\000\000"
#define AUTH_SCRAM2_ERROR "\000\000\000#\000\000\000\014\000\000\377\377\000\000\000\017e=invalid-proof\000\000\000\000\000\000\000\000"
#define AUTH_OAUTH "\000\000\0002\000$\000\001\000\000\000\013\000\004unit\000\000\000 n,,\001auth=Bearer opaque-example\001\001"
#define AUTH_OAUTH_ANSWER "\000\000\000\024\000\000\000\013\000\000\377\377\000\000\000\000\000\000\000\000\000\000\000\000"
#define AUTH_OAUTH_ERROR "\000\000\000.\000\000\000\013\000\000\377\377\000\000\000\032{\"status\":\"invalid_token\"}\000\000\000\000\000\000\000\000"
#define AUTH_OAUTH2 "\000\000\000\023\000$\000\001\000\000\000\014\000\004unit\000\000\000\001\001"
#define AUTH_OAUTH2_WRONG "\000\000\000.\000\000\000\014\000:\000\032{\"status\":\"invalid_token\"}\000\000\000\000\000\000\000\000\000\000\000\000"
#define AUTH_IAM "\000\000\000*\000$\000\001\000\000\000\013\000\004unit\000\000\000\030{\"version\":\"2020_10_22\"}"
#define AUTH_IAM_ANSWER "\000\000\000=\000\000\000\013\000\000\377\377\000\000\000){\"version\":\"2020_10_22\",\"request-id\":\"1\"}\000\000\000\000\000\000\000\000"
#define AUTH_GSS1 "\000\000\000\036\000$\000\001\000\000\000\013\000\004unit\000\000\000\014`\202\001\002\006\011ticket"
#define AUTH_GSS1_ANSWER "\000\000\000\033\000\000\000\013\000\000\377\377\000\000\000\007`\012reply\000\000\000\000\000\000\000\000"
#define AUTH_GSS2 "\000\000\000\022\000$\000\001\000\000\000\014\000\004unit\000\000\000\000"
#define AUTH_GSS2_ANSWER "\000\000\000\033\000\000\000\014\000\000\377\377\000\000\000\007\005\004layer\000\000\000\000\000\000\000\000"
#define AUTH_GSS3 "\000\000\000\033\000$\000\001\000\000\000\015\000\004unit\000\000\000\011\005\004wrapped"
#define AUTH_GSS3_ANSWER "\000\000\000\024\000\000\000\015\000\000\377\377\000\000\000\000\000\000\000\000\000\000\000\000"
#define RAW_PLAIN "\000\000\000\014\000ann\000example"
#define RAW_EMPTY "\000\000\000\000"
#define RAW_ODD "\000\000\000\003odd"
#define RAW_SCRAM1 "\000\000\000\026n,,n=ann,r=clientnonce"
#define RAW_SCRAM1_ANSWER "\000\000\000%r=clientnonceserver,s=c2FsdA==,i=4096"
#define RAW_SCRAM2 "\000\000\000%c=biws,r=clientnonceserver,p=cHJvb2Y="
#define RAW_SCRAM2_ANSWER "\000\000\000\016v=c2lnbmF0dXJl"
#define RAW_SCRAM2_ERROR "\000\000\000\017e=invalid-proof"
#define RAW_GSS1 "\000\000\000\014`\202\001\002\006\011ticket"
#define RAW_GSS1_ANSWER "\000\000\000\007`\012reply"
#define RAW_GSS2 "\000\000\000\011\005\004wrapped"
#define RAW_OAUTH "\000\000\000 n,,\001auth=Bearer opaque-example\001\001"
#define SHUTDOWN0 "\000\000\000\014\000\007\000\000\000\000\000\024\000\000\000\001"
#define SHUTDOWN0_ANSWER "\000\000\000\012\000\000\000\024\000\000\000\000\000\000"

#define ZOOKEEPER_CONNECT "\000\000\000\055\000\000\000\000\000\000\000\000\000\000\000\000\000\000\165\060\000\000\000\000\000\000\000\000\000\000\000\020\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"

static const struct scenario scenarios[] = {
#define HELLO CLIENT(API_VERSIONS3), SERVER(API_VERSIONS3_ANSWER)
#define ASK CLIENT(METADATA), SERVER(METADATA_ANSWER)
	{ "served", { HELLO, ASK }, AUTH_NONE, NULL, false },
	{ "served, flexible", { HELLO, CLIENT(METADATA12), SERVER(METADATA12_ANSWER) }, AUTH_NONE, NULL, false },
	{ "versions alone are for anybody", { CLIENT(API_VERSIONS), SERVER(API_VERSIONS_ANSWER), CLIENT(METADATA) }, AUTH_UNKNOWN, NULL, false },
	{ "versions refused", { CLIENT(API_VERSIONS3), SERVER(API_VERSIONS_TOO_NEW), CLIENT(API_VERSIONS), SERVER(API_VERSIONS_ANSWER) }, AUTH_UNKNOWN, NULL, false },
	{ "produced", { CLIENT(PRODUCE), SERVER(PRODUCE_ANSWER) }, AUTH_NONE, NULL, false },
	{ "produced without acks", { CLIENT(PRODUCE_NO_ACKS PRODUCE_NO_ACKS) }, AUTH_UNKNOWN, NULL, false },
	{ "fetched", { CLIENT(PRODUCE_NO_ACKS FETCH), SERVER(FETCH_ANSWER) }, AUTH_NONE, NULL, false },
	{ "answers out of order", { CLIENT(PRODUCE FETCH), SERVER(FETCH_ANSWER PRODUCE_REFUSED) }, AUTH_NONE, NULL, false },
	{ "described", { CLIENT(DESCRIBE_GROUPS), SERVER(DESCRIBE_GROUPS_ANSWER) }, AUTH_NONE, NULL, false },
	{ "header of version 0", { CLIENT(API_VERSIONS SHUTDOWN0), SERVER(API_VERSIONS_ANSWER SHUTDOWN0_ANSWER) }, AUTH_NONE, NULL, false },
	{ "anonymous, topic refused", { HELLO, CLIENT(METADATA), SERVER(METADATA_REFUSED), CLIENT(PRODUCE), SERVER(PRODUCE_REFUSED) }, AUTH_FAILURE, NULL, false },
	{ "anonymous, group refused", { CLIENT(HEARTBEAT), SERVER(HEARTBEAT_REFUSED) }, AUTH_FAILURE, NULL, false },
	{ "PLAIN", { HELLO, CLIENT(HANDSHAKE_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_PLAIN), SERVER(AUTH_ANSWER), ASK }, AUTH_SUCCESS, "sasl-plain", true },
	{ "PLAIN, flexible", { HELLO, CLIENT(HANDSHAKE_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH2_PLAIN), SERVER(AUTH2_ANSWER), ASK }, AUTH_SUCCESS, "sasl-plain", true },
	{ "PLAIN unanswered", { HELLO, CLIENT(HANDSHAKE_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_PLAIN) }, AUTH_ATTEMPTED, "sasl-plain", true },
	{ "PLAIN wrong", { HELLO, CLIENT(HANDSHAKE_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_PLAIN), SERVER(AUTH_WRONG) }, AUTH_FAILURE, "sasl-plain", true },
	{ "PLAIN wrong, flexible", { HELLO, CLIENT(HANDSHAKE_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH2_PLAIN), SERVER(AUTH2_WRONG) }, AUTH_FAILURE, "sasl-plain", true },
	{ "PLAIN in the wrong state", { HELLO, CLIENT(HANDSHAKE_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_PLAIN), SERVER(AUTH_STATE) }, AUTH_FAILURE, "sasl-plain", true },
	{ "PLAIN, another error", { HELLO, CLIENT(HANDSHAKE_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_PLAIN), SERVER(AUTH_ODD) }, AUTH_ATTEMPTED, "sasl-plain", true },
	{ "PLAIN, then refused", { CLIENT(HANDSHAKE_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_PLAIN), SERVER(AUTH_ANSWER), CLIENT(PRODUCE), SERVER(PRODUCE_REFUSED) }, AUTH_SUCCESS, "sasl-plain", true, NOTE(NOT_PERMITTED) },
	{ "PLAIN again on the same connection", { CLIENT(HANDSHAKE_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_PLAIN), SERVER(AUTH_ANSWER), ASK, CLIENT(HANDSHAKE_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_PLAIN), SERVER(AUTH_WRONG) }, AUTH_SUCCESS, "sasl-plain", true },
	{ "mechanism refused", { CLIENT(HANDSHAKE_SCRAM), SERVER(HANDSHAKE_REFUSED) }, AUTH_FAILURE, "scram-sha-256", false },
	{ "no SASL here, then served", { CLIENT(HANDSHAKE_SCRAM), SERVER(HANDSHAKE_NO_SASL), ASK }, AUTH_NONE, "scram-sha-256", false },
	{ "no SASL here", { CLIENT(HANDSHAKE_SCRAM), SERVER(HANDSHAKE_NO_SASL) }, AUTH_FAILURE, "scram-sha-256", false },
	{ "handshake failed", { CLIENT(HANDSHAKE0_SCRAM), SERVER(HANDSHAKE_ERROR) }, AUTH_ATTEMPTED, "scram-sha-256", false },
	{ "SCRAM", { CLIENT(HANDSHAKE_SCRAM), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_SCRAM1), SERVER(AUTH_SCRAM1_ANSWER), CLIENT(AUTH_SCRAM2), SERVER(AUTH_SCRAM2_ANSWER) }, AUTH_SUCCESS, "scram-sha-256", false },
	{ "SCRAM, half", { CLIENT(HANDSHAKE_SCRAM), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_SCRAM1), SERVER(AUTH_SCRAM1_ANSWER), CLIENT(AUTH_SCRAM2) }, AUTH_ATTEMPTED, "scram-sha-256", false },
	{ "SCRAM, delegation token", { CLIENT(HANDSHAKE_SCRAM), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_SCRAM1_TOKEN), SERVER(AUTH_SCRAM1_ANSWER), CLIENT(AUTH_SCRAM2), SERVER(AUTH_SCRAM2_ANSWER) }, AUTH_SUCCESS, "scram-sha-256", false },
	{ "SCRAM wrong", { CLIENT(HANDSHAKE_SCRAM), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_SCRAM1), SERVER(AUTH_SCRAM1_ANSWER), CLIENT(AUTH_SCRAM2), SERVER(AUTH_SCRAM2_WRONG) }, AUTH_FAILURE, "scram-sha-256", false },
	{ "SCRAM, server-error", { CLIENT(HANDSHAKE_SCRAM), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_SCRAM1), SERVER(AUTH_SCRAM1_ANSWER), CLIENT(AUTH_SCRAM2), SERVER(AUTH_SCRAM2_ERROR) }, AUTH_FAILURE, "scram-sha-256", false },
	{ "OAUTHBEARER", { CLIENT(HANDSHAKE_OAUTH), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_OAUTH), SERVER(AUTH_OAUTH_ANSWER) }, AUTH_SUCCESS, "sasl-oauthbearer", true },
	{ "OAUTHBEARER wrong", { CLIENT(HANDSHAKE_OAUTH), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_OAUTH), SERVER(AUTH_OAUTH_ERROR), CLIENT(AUTH_OAUTH2), SERVER(AUTH_OAUTH2_WRONG) }, AUTH_FAILURE, "sasl-oauthbearer", true },
	{ "OAUTHBEARER, error and no end", { CLIENT(HANDSHAKE_OAUTH), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_OAUTH), SERVER(AUTH_OAUTH_ERROR) }, AUTH_ATTEMPTED, "sasl-oauthbearer", true },
	{ "AWS_MSK_IAM", { CLIENT(HANDSHAKE_IAM), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_IAM), SERVER(AUTH_IAM_ANSWER) }, AUTH_SUCCESS, "sasl-aws_msk_iam", false },
	{ "GSSAPI, not yet", { CLIENT(HANDSHAKE_GSSAPI), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_GSS1), SERVER(AUTH_GSS1_ANSWER), CLIENT(AUTH_GSS2), SERVER(AUTH_GSS2_ANSWER), CLIENT(AUTH_GSS3), SERVER(AUTH_GSS3_ANSWER) }, AUTH_ATTEMPTED, "sasl-gssapi", false },
	{ "GSSAPI, served", { CLIENT(HANDSHAKE_GSSAPI), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_GSS1), SERVER(AUTH_GSS1_ANSWER), CLIENT(AUTH_GSS3), SERVER(AUTH_GSS3_ANSWER), ASK }, AUTH_SUCCESS, "sasl-gssapi", false },
	{ "GSSAPI, refused a topic", { CLIENT(HANDSHAKE_GSSAPI), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_GSS1), SERVER(AUTH_GSS1_ANSWER), CLIENT(PRODUCE), SERVER(PRODUCE_REFUSED) }, AUTH_SUCCESS, "sasl-gssapi", false, NOTE(NOT_PERMITTED) },
	{ "mechanism of its own", { CLIENT(HANDSHAKE_OTHER), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_PLAIN), SERVER(AUTH_ANSWER), ASK }, AUTH_SUCCESS, "sasl-other", false },
	{ "no token, served", { CLIENT(HANDSHAKE_PLAIN), SERVER(HANDSHAKE_ANSWER), ASK }, AUTH_ATTEMPTED, "sasl-plain", false },
	{ "old PLAIN", { CLIENT(HANDSHAKE0_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(RAW_PLAIN), SERVER(RAW_EMPTY), ASK }, AUTH_SUCCESS, "sasl-plain", true },
	{ "old PLAIN, closed", { CLIENT(HANDSHAKE0_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(RAW_PLAIN) }, AUTH_ATTEMPTED, "sasl-plain", true },
	{ "old PLAIN, odd answer", { CLIENT(HANDSHAKE0_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(RAW_PLAIN), SERVER(RAW_ODD) }, AUTH_ATTEMPTED, "sasl-plain", true },
	{ "old SCRAM", { CLIENT(HANDSHAKE0_SCRAM), SERVER(HANDSHAKE_ANSWER), CLIENT(RAW_SCRAM1), SERVER(RAW_SCRAM1_ANSWER), CLIENT(RAW_SCRAM2), SERVER(RAW_SCRAM2_ANSWER), ASK }, AUTH_SUCCESS, "scram-sha-256", false },
	{ "old SCRAM, wrong", { CLIENT(HANDSHAKE0_SCRAM), SERVER(HANDSHAKE_ANSWER), CLIENT(RAW_SCRAM1), SERVER(RAW_SCRAM1_ANSWER), CLIENT(RAW_SCRAM2), SERVER(RAW_SCRAM2_ERROR) }, AUTH_FAILURE, "scram-sha-256", false },
	{ "old GSSAPI", { CLIENT(HANDSHAKE0_GSSAPI), SERVER(HANDSHAKE_ANSWER), CLIENT(RAW_GSS1), SERVER(RAW_GSS1_ANSWER), CLIENT(RAW_GSS2), ASK }, AUTH_SUCCESS, "sasl-gssapi", false },
	{ "old GSSAPI, closed", { CLIENT(HANDSHAKE0_GSSAPI), SERVER(HANDSHAKE_ANSWER), CLIENT(RAW_GSS1), SERVER(RAW_GSS1_ANSWER) }, AUTH_ATTEMPTED, "sasl-gssapi", false },
	{ "old OAUTHBEARER", { CLIENT(HANDSHAKE0_OAUTH), SERVER(HANDSHAKE_ANSWER), CLIENT(RAW_OAUTH), SERVER(RAW_EMPTY), ASK }, AUTH_SUCCESS, "sasl-oauthbearer", true },
};

static void
outcomes(void **state)
{
	(void)state;
	scenarios_check(&kafka_dissector, "kafka", scenarios, COUNT_OF(scenarios));
}

static void
probes(void **state)
{
	static const struct flow_view roles_known = { .roles_known = true }, roles_unknown = { .roles_known = false };
	static const struct probe_case list[] = {
		{ BYTES(API_VERSIONS), FROM_CLIENT, MATCH },
		{ BYTES(API_VERSIONS3 METADATA), FROM_CLIENT, MATCH },
		{ BYTES(DESCRIBE_GROUPS), FROM_CLIENT, MATCH },
		{ BYTES(PRODUCE), FROM_CLIENT, MATCH },
		{ BYTES(HANDSHAKE_OTHER), FROM_CLIENT, MATCH },
		{ BYTES("\000\000\000\012\000\022\000\000\000\000\000\001\377\377"), FROM_CLIENT, MATCH },
		{ BYTES(""), FROM_CLIENT, NEED_MORE },
		{ BYTES("\000\000"), FROM_CLIENT, NEED_MORE },
		{ BYTES("\000\000\000\016\000\022\000\000"), FROM_CLIENT, NEED_MORE },
		{ BYTES("\000\000\007\016\000\017\000\000\000\000\000\001\000\004unit\000\000"), FROM_CLIENT, NEED_MORE },
		{ BYTES("\000\010\007\016\000\017\000\000\000\000\000\001\000\004unit\000\000"), FROM_CLIENT, NEED_MORE },
		/* Of an api whose fields are not known, without a name: too little. */
		{ BYTES("\000\000\000\016\000\017\000\000\000\000\000\001\377\377\000\000\000\000"), FROM_CLIENT, NO_MATCH },
		/* Small numbers and zeros. */
		{ BYTES("\000\000\000\014\000\012\000\000\014\002\003\000\000\000\000\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\012\000\022\000\000\000\000\000\001\000\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\056\000\000\000\001\000\000\000\000\000\006\000\000\000\000\000\001\000\000\000\000\000\001\000\000\000\000\000\001\000\000\000\000\000\001\000\000\000\000\000\001\000\000\000\000\000\001"), FROM_SERVER, NEED_MORE },
		{ BYTES("\000\000\000\013\000\022\000\000\000\000\000\001\377\377x"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\012\000\022\000\011\000\000\000\001\377\377"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\012\000\377\000\000\000\000\000\001\377\377"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\012\000\022\000\000\000\000\000\001\377\376"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\012\000\022\000\000\000\000\000\001\000\001"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\016\000\021\000\001\000\000\000\001\377\377\000\002a b"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\004\000\022\000\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES(ZOOKEEPER_CONNECT), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\016\000\000\000\001\000\000\000\003\000\000\000\001/\000"), FROM_CLIENT, NO_MATCH }, /* ZooKeeper exists */
		{ BYTES("\000\000\000\010\004\322\026\057"), FROM_CLIENT, NO_MATCH }, /* PostgreSQL SSLRequest */
		{ BYTES("\000\000\000\051\000\003\000\000user\000postgres\000database\000postgres\000\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\035\022\064\001\000\000\001\000\000\000\000\000\000\007example\003com\000\000\001\000\001"), FROM_CLIENT, NO_MATCH }, /* DNS */
		{ BYTES("\000\035\000\000\000\000\000\001\000\000\000\000\000\000\007example\003com\000\000\001\000\001"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\000\000\021\200\001\000\001\000\000\000\004ping\000\000\000\001\000"), FROM_CLIENT, NO_MATCH }, /* Thrift, framed */
		{ BYTES("\000\000\000\043\000\000\000\002\000\000\000\000\000\000\000\001smppclient\000password\000\000\064\000\000\000"), FROM_CLIENT, NO_MATCH }, /* SMPP */
		{ BYTES("\000\000\000\021\000\000\000\015\010\002\022\011\012\0052.8.0\040\000"), FROM_CLIENT, NO_MATCH }, /* Pulsar */
		{ BYTES("\000\000\000\105\376SMB"), FROM_CLIENT, NO_MATCH },
		{ BYTES("\000\001\000\000\000\006\001\003\000\000\000\012"), FROM_CLIENT, NO_MATCH }, /* Modbus */
		{ BYTES("\026\003\001\000"), FROM_CLIENT, NO_MATCH },
		{ BYTES("GET / HTTP/1.1\r\n"), FROM_CLIENT, NO_MATCH },
		{ BYTES(API_VERSIONS_ANSWER), FROM_SERVER, MATCH },
		{ BYTES(API_VERSIONS3_ANSWER), FROM_SERVER, MATCH },
		{ BYTES(HANDSHAKE_ANSWER), FROM_SERVER, MATCH },
		{ BYTES(METADATA_ANSWER), FROM_SERVER, NEED_MORE },
		{ BYTES("\000\000\000"), FROM_SERVER, NEED_MORE },
		{ BYTES("\000\000\000\012\000\000\000\001\000\000\000\000\000\000"), FROM_SERVER, NEED_MORE },
		{ BYTES("\000\000\000\002\000\000"), FROM_SERVER, NO_MATCH },
		{ BYTES("HTTP/1.1 200 OK\r\n"), FROM_SERVER, NO_MATCH },
	};

	(void)state;
	probes_check_in(&kafka_dissector, &roles_known, list, COUNT_OF(list));
	/* With unknown roles, a client that is taken for the server says that it is none. */
	assert_int_equal(probe_bytes(&kafka_dissector, &roles_unknown, FROM_SERVER, BYTES(METADATA), NULL), NO_MATCH);
}

static void
principals(void **state)
{
	static const struct scenario list[] = {
		{ "PLAIN", { CLIENT(HANDSHAKE_PLAIN), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_PLAIN) }, .principal = "ann" },
		{ "SCRAM", { CLIENT(HANDSHAKE_SCRAM), SERVER(HANDSHAKE_ANSWER), CLIENT(AUTH_SCRAM1) }, .principal = "ann" },
	};

	(void)state;
	principals_check(&kafka_dissector, list, COUNT_OF(list));
}

static void
midstream(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init_midstream(&c, &kafka_dissector);
	SAY(&c, FROM_SERVER, "the rest of an answer");
	SAY(&c, FROM_CLIENT, METADATA);
	SAY(&c, FROM_SERVER, METADATA_ANSWER);
	assert_string_equal(c.evidence.protocol, "kafka");
	assert_int_equal(c.evidence.strength, STRENGTH_EXCHANGE);
	/* There may have been a login before. */
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	SAY(&c, FROM_CLIENT, PRODUCE);
	SAY(&c, FROM_SERVER, PRODUCE_REFUSED);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	assert_true(evidence_has_note(&c.evidence, NOTE_NOT_PERMITTED));
	conversation_clear(&c);

	/* After the handshake: tokens that speak for themselves. */
	conversation_init_midstream(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, AUTH_PLAIN);
	SAY(&c, FROM_SERVER, AUTH_ANSWER);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	assert_string_equal(c.evidence.authentication.method, "sasl-plain");
	assert_true(c.evidence.cleartext_credentials);
	conversation_clear(&c);
	conversation_init_midstream(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, AUTH_OAUTH);
	assert_string_equal(c.evidence.authentication.method, "sasl-oauthbearer");
	conversation_clear(&c);
	conversation_init_midstream(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, AUTH_SCRAM2);
	SAY(&c, FROM_SERVER, AUTH_SCRAM2_ANSWER);
	assert_int_equal(c.evidence.authentication.result, AUTH_ATTEMPTED);
	assert_null(c.evidence.authentication.method);
	assert_false(c.evidence.cleartext_credentials);
	conversation_clear(&c);
}

/* One direction alone. */
static void
one_direction(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &kafka_dissector);
	SAY(&c, FROM_SERVER, API_VERSIONS_ANSWER HANDSHAKE_ANSWER);
	assert_string_equal(c.evidence.protocol, "kafka");
	assert_int_equal(c.evidence.encryption.state, ENCRYPTION_PLAINTEXT);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	/* The requests come late. */
	SAY(&c, FROM_CLIENT, API_VERSIONS HANDSHAKE_PLAIN AUTH_PLAIN);
	SAY(&c, FROM_SERVER, AUTH_ANSWER);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static void
gaps(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, API_VERSIONS);
	conversation_gap(&c, FROM_CLIENT, 100);
	SAY(&c, FROM_CLIENT, "rest");
	SAY(&c, FROM_CLIENT, METADATA);
	conversation_gap(&c, FROM_SERVER, 100);
	SAY(&c, FROM_SERVER, "rest");
	SAY(&c, FROM_SERVER, METADATA_ANSWER);
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	/* What is served after tokens was let in, whatever was lost. */
	conversation_init(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, HANDSHAKE_SCRAM);
	SAY(&c, FROM_SERVER, HANDSHAKE_ANSWER);
	SAY(&c, FROM_CLIENT, AUTH_SCRAM1 AUTH_SCRAM2);
	conversation_gap(&c, FROM_SERVER, 100);
	SAY(&c, FROM_CLIENT, METADATA);
	SAY(&c, FROM_SERVER, METADATA_ANSWER);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static void
not_kafka(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, "\000\000\000\004abcd");
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	conversation_init(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, "\100\000\000\004abcd");
	assert_int_equal(c.verdict, NO_MATCH);
	conversation_clear(&c);
	/* Known, then odd: what was seen stands, nothing is added. */
	conversation_init(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, API_VERSIONS);
	SAY(&c, FROM_CLIENT, "\000\000\000\004abcd");
	SAY(&c, FROM_SERVER, "\000\000\000\006\377\377\377\377\000\000");
	SAY(&c, FROM_SERVER, "\000\000\000\002\000\000");
	assert_string_equal(c.evidence.protocol, "kafka");
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
	/* An answer whose fields do not fit serves nobody. */
	conversation_init(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, METADATA);
	SAY(&c, FROM_SERVER, "\000\000\000\010\000\000\000\002abcd");
	assert_int_equal(c.evidence.authentication.result, AUTH_UNKNOWN);
	conversation_clear(&c);
}

/* Records are passed over. */
static void
large_messages(void **state)
{
	static uint8_t message[300000];
	struct conversation c;

	(void)state;
	memcpy(message, PRODUCE, sizeof(PRODUCE) - 1);
	message[1] = 4;
	message[2] = 0;
	message[3] = 0;
	message[45] = 3; /* the size of the records */
	conversation_init(&c, &kafka_dissector);
	conversation_send(&c, FROM_CLIENT, message, 20000);
	assert_true(c.to_skip[FROM_CLIENT] == 4 + 0x40000 - 20000);
	assert_int_equal(c.evidence.strength, STRENGTH_STRUCTURE);
	conversation_gap(&c, FROM_CLIENT, 4 + 0x40000 - 20000);
	SAY(&c, FROM_SERVER, PRODUCE_ANSWER);
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	conversation_clear(&c);
	/* An answer that is long is an answer. */
	conversation_init(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, FETCH);
	memcpy(message, "\000\004\000\000\000\000\000\005", 8);
	conversation_send(&c, FROM_SERVER, message, 20000);
	assert_int_equal(c.evidence.authentication.result, AUTH_NONE);
	conversation_clear(&c);
	/* A token that is too long to be kept. */
	conversation_init(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, HANDSHAKE0_GSSAPI);
	SAY(&c, FROM_SERVER, HANDSHAKE_ANSWER);
	memset(message, 0x60, sizeof(message));
	memcpy(message, "\000\001\000\000", 4);
	conversation_send(&c, FROM_CLIENT, message, 4 + 65536);
	SAY(&c, FROM_SERVER, RAW_GSS1_ANSWER);
	SAY(&c, FROM_CLIENT, METADATA);
	SAY(&c, FROM_SERVER, METADATA_ANSWER);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static void
ends_when_nothing_more_comes(void **state)
{
	struct conversation c;

	(void)state;
	conversation_init(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, METADATA);
	SAY(&c, FROM_SERVER, METADATA_ANSWER);
	assert_int_equal(c.verdict, DONE);
	conversation_clear(&c);
	conversation_init(&c, &kafka_dissector);
	SAY(&c, FROM_CLIENT, HANDSHAKE_PLAIN AUTH_PLAIN);
	SAY(&c, FROM_SERVER, HANDSHAKE_ANSWER AUTH_ANSWER);
	for (int i = 0; i < 40; i++) {
		SAY(&c, FROM_CLIENT, METADATA);
		SAY(&c, FROM_SERVER, METADATA_ANSWER);
	}
	assert_int_equal(c.verdict, DONE);
	assert_int_equal(c.evidence.authentication.result, AUTH_SUCCESS);
	conversation_clear(&c);
}

static void
fields(void **state)
{
	struct cursor c = cursor_over("\002\001\001x\005abcd", 9);
	struct cursor bad = cursor_over("\377\377\377\377\377\377", 6);
	struct kafka_errors errors;

	(void)state;
	kafka_skip_tags(&c);
	assert_false(cursor_ok(&c)); /* the second tag goes past the end */
	kafka_skip_tags(&bad);
	assert_false(cursor_ok(&bad));
	bad = cursor_over("\200\000\000\001x", 5);
	(void)kafka_take_bytes(&bad, false);
	assert_false(cursor_ok(&bad));
	assert_true(kafka_is_flexible(3, 9));
	assert_false(kafka_is_flexible(3, 8));
	assert_false(kafka_is_flexible(17, 1));
	assert_false(kafka_is_flexible(-1, 0));
	assert_int_equal(kafka_read_response(cursor_over("\000\000\000\000\000\000\000", 7), 62, 0, &errors), KAFKA_NOT);
	assert_int_equal(kafka_read_response(cursor_over("\000\000\000\000\000\000\037", 7), 60, 0, &errors), KAFKA_HEADER);
	assert_int_equal(errors.refused, 1);
	assert_int_equal(kafka_read_response(cursor_over("\000\000\000\000\000\000\037", 7), 92, 0, &errors), KAFKA_HEADER);
	assert_int_equal(kafka_read_response(cursor_over("\000\000\000\000\000\037", 6), 29, 0, &errors), KAFKA_HEADER);
	assert_int_equal(errors.refused, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(probes),
		cmocka_unit_test(principals),
		cmocka_unit_test(midstream),
		cmocka_unit_test(one_direction),
		cmocka_unit_test(gaps),
		cmocka_unit_test(not_kafka),
		cmocka_unit_test(large_messages),
		cmocka_unit_test(ends_when_nothing_more_comes),
		cmocka_unit_test(fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
