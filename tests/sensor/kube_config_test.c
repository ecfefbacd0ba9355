/* SPDX-License-Identifier: Apache-2.0 */
/* Where the API is: URLs, a pod's environment, kubeconfig files; and the token's file as it is replaced. */
#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sensor/kube_config.h"
#include "sensor/kube_token.h"

static char directory[64], error[512];

static const char *
path_of(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static const char *
write_file(const char *name, const char *text)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return path;
}

static int
make_directory(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "%s", "/tmp/kube_config_test.XXXXXX");
	return mkdtemp(directory) == NULL;
}

static int
remove_directory(void **state)
{
	static const char *const names[] = { "token", "ca.crt", "config", "certificate.pem", "key.pem" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(names[i]));
	return rmdir(directory);
}

static void
urls(void **state)
{
	static const struct {
		const char *url, *authority, *prefix;
		bool tls;
	} good[] = {
		{ "https://10.96.0.1", "10.96.0.1:443", "", true },
		{ "https://10.96.0.1:6443/", "10.96.0.1:6443", "", true },
		{ "https://[2001:db8::1]:6443", "[2001:db8::1]:6443", "", true },
		{ "https://[::1]", "[::1]:443", "", true },
		{ "https://rancher.example.com/k8s/clusters/c-1/", "rancher.example.com:443", "/k8s/clusters/c-1", true },
		{ "http://127.0.0.1:8001", "127.0.0.1:8001", "", false },
		{ "http://localhost:8001", "localhost:8001", "", false },
	};
	static const char *const bad[] = {
		"", "10.96.0.1", "ftp://x", "https://", "https://:443", "https://a:0", "https://a:65536", "https://a:b", "https://a:", "https://[::1", "https://[::1]x", "https://::1", "https://user:secret@a",
		"https://a b", "https://a/b c", "https://a/?x", "https://a#x", "http://10.96.0.1", "http://example.com", "http://127.0.0.1.example.com", "https://a\r\nX: y",
	};
	struct kube_config c = { .port = 0 };
	char authority[300];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(kube_config_read_url(&c, good[i].url, error, sizeof(error)));
		kube_config_authority(&c, authority, sizeof(authority));
		assert_string_equal(authority, good[i].authority);
		assert_string_equal(c.prefix, good[i].prefix);
		assert_int_equal(c.tls, good[i].tls);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (kube_config_read_url(&c, bad[i], error, sizeof(error)))
			fail_msg("%s", bad[i]);
		assert_null(strstr(error, "secret"));
	}
}

static void
in_cluster(void **state)
{
	struct kube_config c;
	char authority[300];

	(void)state;
	(void)unsetenv("KUBERNETES_SERVICE_HOST");
	(void)setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	assert_false(kube_config_in_cluster(&c, directory, error, sizeof(error)));
	assert_non_null(strstr(error, "not in a pod"));
	(void)setenv("KUBERNETES_SERVICE_HOST", "fd00:10:96::1", 1);
	assert_false(kube_config_in_cluster(&c, directory, error, sizeof(error)));
	assert_non_null(strstr(error, "/token: No such file"));
	(void)write_file("token", "x");
	assert_false(kube_config_in_cluster(&c, directory, error, sizeof(error)));
	assert_non_null(strstr(error, "/ca.crt: No such file"));
	(void)write_file("ca.crt", "x");
	assert_true(kube_config_in_cluster(&c, directory, error, sizeof(error)));
	kube_config_authority(&c, authority, sizeof(authority));
	assert_string_equal(authority, "[fd00:10:96::1]:443");
	assert_string_equal(c.token_file, path_of("token"));
	kube_config_clear(&c);
	(void)setenv("KUBERNETES_SERVICE_PORT", "tcp://", 1);
	assert_false(kube_config_in_cluster(&c, directory, error, sizeof(error)));
	(void)unsetenv("KUBERNETES_SERVICE_HOST");
	(void)unsetenv("KUBERNETES_SERVICE_PORT");
}

static void
overrides(void **state)
{
	struct kube_config c = { .port = 0 };
	char token[128];

	(void)state;
	assert_false(kube_config_override(&c, NULL, NULL, NULL, error, sizeof(error)));
	(void)snprintf(token, sizeof(token), "%s", write_file("token", "x"));
	assert_true(kube_config_override(&c, "https://192.0.2.1", NULL, token, error, sizeof(error)));
	assert_string_equal(c.token_file, token);
	assert_true(kube_config_override(&c, NULL, token, NULL, error, sizeof(error)));
	assert_string_equal(c.ca_file, token);
	/* Another server gets none of it. */
	assert_true(kube_config_override(&c, "https://192.0.2.2", NULL, NULL, error, sizeof(error)));
	assert_null(c.token_file);
	assert_null(c.ca_file);
	assert_false(kube_config_override(&c, NULL, "/nonexistent/ca", NULL, error, sizeof(error)));
	assert_string_equal(error, "/nonexistent/ca: No such file or directory");
	kube_config_clear(&c);
	assert_false(kube_config_override(&c, "http://127.0.0.1:8001", NULL, token, error, sizeof(error)));
	assert_non_null(strstr(error, "not sent without TLS"));
	kube_config_clear(&c);
}

#define TOP "apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts:\n- {name: other, context: {cluster: x, user: y}}\n- {name: here, context: {cluster: c, user: u}}\n"
#define CLUSTER "clusters:\n- {name: c, cluster: {server: \"https://192.0.2.1:6443\", certificate-authority: pki/ca.crt}}\n"

static void
kubeconfig(void **state)
{
	struct kube_config c;
	char want[128];

	(void)state;
	assert_true(kube_config_load(&c, write_file("config", TOP CLUSTER "users:\n- {name: u, user: {token: abc.def}}\n"), error, sizeof(error)));
	assert_string_equal(c.host, "192.0.2.1");
	assert_int_equal(c.port, 6443);
	assert_string_equal(c.token, "abc.def");
	(void)snprintf(want, sizeof(want), "%s/pki/ca.crt", directory);
	assert_string_equal(c.ca_file, want);
	kube_config_clear(&c);
	assert_true(kube_config_load(&c,
		write_file("config", TOP "clusters:\n- name: c\n  cluster: {server: \"https://[::1]:6443\", tls-server-name: api.example, certificate-authority-data: UEVN, certificate-authority: x}\n"
					 "users:\n- name: u\n  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}\n"),
		error, sizeof(error)));
	assert_string_equal(c.host, "::1");
	assert_string_equal(c.server_name, "api.example");
	assert_string_equal(c.ca_data, "PEM");
	assert_null(c.ca_file);
	assert_string_equal(c.certificate_data, "CERT");
	assert_string_equal(c.key_data, "KEY");
	kube_config_clear(&c);
	assert_true(kube_config_load(&c, write_file("config", TOP CLUSTER "users:\n- {name: u, user: {tokenFile: /run/token, client-certificate: /c, client-key: k}}\n"), error, sizeof(error)));
	assert_string_equal(c.token_file, "/run/token");
	assert_string_equal(c.certificate_file, "/c");
	(void)snprintf(want, sizeof(want), "%s/k", directory);
	assert_string_equal(c.key_file, want);
	kube_config_clear(&c);
}

static void
refused_kubeconfigs(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "there is no current-context" },
		{ "a: [", "did not find" },
		{ "[]", "there is no current-context" },
		{ "current-context: x\n", "contexts has no \"x\"" },
		{ TOP, "clusters has no \"c\"" },
		{ TOP CLUSTER, "users has no \"u\"" },
		{ TOP CLUSTER "users:\n- {name: u, user: {exec: {command: aws}}}\n", "exec: no program is run" },
		{ TOP CLUSTER "users:\n- {name: u, user: {auth-provider: {name: gcp}}}\n", "auth-provider: no program is run" },
		{ TOP CLUSTER "users:\n- {name: u, user: {username: me, password: hunter2}}\n", "username: passwords are not supported" },
		{ TOP CLUSTER "users:\n- {name: u, user: {token: \"hunter2\\r\\nX\"}}\n", "token has characters" },
		{ TOP CLUSTER "users:\n- {name: u, user: {client-certificate: x}}\n", "must be given together" },
		{ TOP CLUSTER "users:\n- {name: u, user: {client-certificate-data: \"*\", client-key-data: S0VZ}}\n", "client-certificate-data is no base64" },
		{ TOP CLUSTER "users:\n- {name: u, user: {token: [hunter2]}}\n", "token is no text" },
		{ TOP CLUSTER "users:\n- {name: u, user: {as: root}}\n", "acting as somebody else" },
		{ TOP "clusters:\n- {name: c, cluster: {server: \"https://a\", insecure-skip-tls-verify: true}}\nusers:\n- {name: u, user: {token: x}}\n", "always checked" },
		{ TOP "clusters:\n- {name: c, cluster: {server: \"http://a\"}}\nusers:\n- {name: u, user: {token: x}}\n", "must be https" },
		{ TOP "clusters:\n- {name: c, cluster: {server: \"http://127.0.0.1\"}}\nusers:\n- {name: u, user: {token: x}}\n", "without TLS" },
		{ TOP "clusters:\n- {name: c, cluster: {}}\nusers:\n- {name: u, user: {token: x}}\n", "no server" },
		{ "a: &a [*a]\ncurrent-context: *a\n", "current-context is no text" },
	};
	struct kube_config c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(kube_config_load(&c, write_file("config", bad[i].text), error, sizeof(error)));
		if (strstr(error, bad[i].why) == NULL || strstr(error, "hunter2") != NULL || strchr(error, '\n') != NULL)
			fail_msg("\"%s\", not \"%s\"", error, bad[i].why);
		assert_null(c.token);
	}
}

/* Those of a kubeconfig are not read with it: that they are there is asked apart, and which is not is said. */
static void
files(void **state)
{
	struct kube_config c;

	(void)state;
	(void)unlink(path_of("key.pem"));
	(void)write_file("certificate.pem", "x");
	assert_true(kube_config_load(&c, write_file("config", TOP "clusters:\n- {name: c, cluster: {server: \"https://192.0.2.1\"}}\nusers:\n- {name: u, user: {client-certificate: certificate.pem, client-key: key.pem}}\n"), error, sizeof(error)));
	assert_false(kube_config_check_files(&c, error, sizeof(error)));
	assert_non_null(strstr(error, "/key.pem: No such file"));
	(void)write_file("key.pem", "x");
	assert_true(kube_config_check_files(&c, error, sizeof(error)));
	kube_config_clear(&c);
}

static void
token_file(void **state)
{
	struct kube_token t = { .path = NULL, .lifetime = 60 };
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s", path_of("token"));
	(void)unlink(path);
	t.path = path;
	assert_null(kube_token_get(&t, 1000));
	(void)write_file("token", "first\n");
	assert_null(kube_token_get(&t, 1059));
	assert_string_equal(kube_token_get(&t, 1060), "first");
	(void)write_file("token", "second\r\n\n");
	assert_string_equal(kube_token_get(&t, 1119), "first");
	assert_string_equal(kube_token_get(&t, 1120), "second");
	/* Refused: at once. */
	(void)write_file("token", "third");
	kube_token_forget(&t);
	assert_string_equal(kube_token_get(&t, 1121), "third");
	/* Empty, gone, or what no header may have: the one before. */
	(void)write_file("token", "\n");
	kube_token_forget(&t);
	assert_string_equal(kube_token_get(&t, 1122), "third");
	(void)write_file("token", "a\r\nX-Y: z");
	kube_token_forget(&t);
	assert_string_equal(kube_token_get(&t, 1123), "third");
	(void)unlink(path);
	kube_token_forget(&t);
	assert_string_equal(kube_token_get(&t, 1124), "third");
	kube_token_clear(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls), cmocka_unit_test(in_cluster), cmocka_unit_test(overrides), cmocka_unit_test(kubeconfig), cmocka_unit_test(refused_kubeconfigs), cmocka_unit_test(files), cmocka_unit_test(token_file),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
