/* SPDX-License-Identifier: Apache-2.0 */
/* A paused connection to a Kubernetes API tells of nothing that came, and of all of it afterwards; by TLS, whose handshake reads by itself. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/kube_http.h"

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

struct place {
	struct event_base *base;
	EVP_PKEY *key;
	X509 *certificate;
	SSL_CTX *context; /* the server's */
	struct evconnlistener *listener;
	struct bufferevent *server;
	struct kube_config config;
	struct kube_http *http;
	int answers, heads, ends;
	size_t body;
};

/* The server. */

static void
make_certificate(struct place *p)
{
	X509_EXTENSION *name;

	p->key = EVP_EC_gen("P-256");
	p->certificate = X509_new();
	assert_non_null(p->key);
	assert_non_null(p->certificate);
	(void)X509_set_version(p->certificate, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(p->certificate), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(p->certificate), -3600);
	(void)X509_gmtime_adj(X509_getm_notAfter(p->certificate), 3600);
	(void)X509_NAME_add_entry_by_txt(X509_get_subject_name(p->certificate), "CN", MBSTRING_ASC, (const unsigned char *)"api", -1, -1, 0);
	(void)X509_set_issuer_name(p->certificate, X509_get_subject_name(p->certificate));
	(void)X509_set_pubkey(p->certificate, p->key);
	name = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
	assert_non_null(name);
	(void)X509_add_ext(p->certificate, name, -1);
	X509_EXTENSION_free(name);
	assert_true(X509_sign(p->certificate, p->key, EVP_sha256()) > 0);
}

static char *
pem_of(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes, *text;
	long size;

	assert_non_null(bio);
	assert_int_equal(PEM_write_bio_X509(bio, certificate), 1);
	size = BIO_get_mem_data(bio, &bytes);
	text = strndup(bytes, (size_t)size);
	assert_non_null(text);
	BIO_free(bio);
	return text;
}

static void
on_request(struct bufferevent *b, void *context)
{
	struct place *p = context;
	struct evbuffer *input = bufferevent_get_input(b);

	if (evbuffer_search(input, "\r\n\r\n", 4, NULL).pos < 0)
		return;
	(void)evbuffer_drain(input, evbuffer_get_length(input));
	(void)bufferevent_write(b, answer, sizeof(answer) - 1);
	p->answers++;
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size, void *context)
{
	struct place *p = context;

	(void)listener;
	(void)address;
	(void)size;
	p->server = bufferevent_openssl_socket_new(p->base, fd, SSL_new(p->context), BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	assert_non_null(p->server);
	bufferevent_setcb(p->server, on_request, NULL, NULL, p);
	(void)bufferevent_enable(p->server, EV_READ | EV_WRITE);
}

/* The client. */

static void
on_head(void *context, const struct kube_head *head)
{
	struct place *p = context;

	assert_int_equal(head->status, 200);
	p->heads++;
}

static bool
on_body(void *context, const char *bytes, size_t size)
{
	struct place *p = context;

	(void)bytes;
	p->body += size;
	return true;
}

static void
on_ended(void *context, enum kube_end how, const char *why)
{
	struct place *p = context;

	(void)why;
	assert_int_equal(how, KUBE_END_COMPLETE);
	p->ends++;
}

static void
listen_there(struct place *p)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	p->listener = evconnlistener_new_bind(p->base, on_accept, p, LEV_OPT_CLOSE_ON_FREE, 1, (struct sockaddr *)&address, sizeof(address));
	assert_non_null(p->listener);
	assert_int_equal(getsockname(evconnlistener_get_fd(p->listener), (struct sockaddr *)&address, &size), 0);
	p->config = (struct kube_config){ .host = "127.0.0.1", .port = ntohs(address.sin_port), .tls = true, .ca_data = pem_of(p->certificate) };
}

static void
set_up(struct place *p)
{
	const struct kube_http_callbacks callbacks = { .head = on_head, .body = on_body, .ended = on_ended, .context = p };

	*p = (struct place){ .base = event_base_new(), .context = SSL_CTX_new(TLS_server_method()) };
	assert_non_null(p->base);
	assert_non_null(p->context);
	make_certificate(p);
	assert_int_equal(SSL_CTX_use_certificate(p->context, p->certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(p->context, p->key), 1);
	listen_there(p);
	p->http = kube_http_new(p->base, NULL, &p->config, &callbacks);
	assert_non_null(p->http);
}

static void
tear_down(struct place *p)
{
	kube_http_free(p->http);
	kube_config_clear(&p->config);
	if (p->server != NULL)
		bufferevent_free(p->server);
	evconnlistener_free(p->listener);
	SSL_CTX_free(p->context);
	X509_free(p->certificate);
	EVP_PKEY_free(p->key);
	event_base_free(p->base);
}

static void
ask(struct place *p)
{
	char error[256] = "";

	assert_true(kube_http_get(p->http, "/api", NULL, error, sizeof(error)));
}

/* Turns the loop until something was counted. */
static void
turn_until(const struct place *p, const int *counter, int wanted)
{
	while (*counter < wanted)
		assert_int_equal(event_base_loop(p->base, EVLOOP_ONCE), 0);
}

/* And for a while, in which something might come. */
static void
turn_on(const struct place *p)
{
	const struct timeval while_ = { .tv_usec = 100000 };

	(void)event_base_loopexit(p->base, &while_);
	(void)event_base_dispatch(p->base);
}

static void
assert_told(const struct place *p, int answers)
{
	assert_int_equal(p->heads, answers);
	assert_int_equal(p->ends, answers);
	assert_int_equal(p->body, 2 * (size_t)answers);
}

/* The pause may come at any step. */
static void
paused_in_handshake(void **state)
{
	(void)state;
	for (unsigned steps = 0; steps < 12; steps++) {
		struct place p;

		set_up(&p);
		ask(&p);
		for (unsigned i = 0; i < steps && p.answers == 0; i++)
			(void)event_base_loop(p.base, EVLOOP_ONCE);
		kube_http_pause(p.http, true);
		if (p.ends == 0) {
			turn_on(&p);
			assert_told(&p, 0);
		}
		kube_http_pause(p.http, false);
		turn_until(&p, &p.ends, 1);
		assert_told(&p, 1);
		tear_down(&p);
	}
}

/* What is answered meanwhile is told afterwards, and not before; so many were told until now. */
static void
ask_while_paused(struct place *p, int told)
{
	kube_http_pause(p->http, true);
	ask(p);
	turn_until(p, &p->answers, told + 1);
	turn_on(p);
	assert_told(p, told);
	kube_http_pause(p->http, false);
	turn_until(p, &p->ends, told + 1);
	assert_told(p, told + 1);
}

/* A connection that begins meanwhile is made, and asked by, but not heard. */
static void
paused_before(void **state)
{
	struct place p;

	(void)state;
	set_up(&p);
	ask_while_paused(&p, 0);
	tear_down(&p);
}

static void
paused_between(void **state)
{
	struct place p;

	(void)state;
	set_up(&p);
	ask(&p);
	turn_until(&p, &p.ends, 1);
	ask_while_paused(&p, 1); /* by the connection that is open */
	tear_down(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(paused_in_handshake), cmocka_unit_test(paused_before), cmocka_unit_test(paused_between) };

	return cmocka_run_group_tests_name("kube_http", tests, NULL, NULL);
}
