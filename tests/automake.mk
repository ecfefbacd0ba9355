EXTRA_DIST += %D%/fuzz/fuzz_dissector.c %D%/fuzz/run_files.c
# The recordings that tls_test replays.
EXTRA_DIST += %D%/dissectors/tls

# Programs and scripts that speak TAP; a library of what several of them use.
TEST_EXTENSIONS = .py .sh
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
LOG_COMPILER = sh $(top_srcdir)/%D%/scripts/run-unit-test
PY_LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_DRIVER = $(TAP_DRIVER)
PY_LOG_COMPILER = python3
SH_LOG_COMPILER = bash
AM_LOG_DRIVER_FLAGS = --merge
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	PODWIRE=$(abs_top_builddir)/podwire; export PODWIRE; \
	PODWIRE_SOURCE=$(abs_top_srcdir); export PODWIRE_SOURCE; \
	PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE;

if TESTS_POSSIBLE
check_LIBRARIES += libtesting.a
libtesting_a_SOURCES = \
	%D%/dissectors/buffer.h \
	%D%/dissectors/conversation.c %D%/dissectors/conversation.h \
	%D%/dissectors/scenario.c %D%/dissectors/scenario.h \
	%D%/dissectors/der_builder.c %D%/dissectors/der_builder.h \
	%D%/dissectors/expected.c %D%/dissectors/expected.h \
	%D%/dissectors/dtls_messages.c %D%/dissectors/dtls_messages.h \
	%D%/dissectors/quic_packets.c %D%/dissectors/quic_packets.h \
	%D%/dissectors/tls_messages.c %D%/dissectors/tls_messages.h \
	%D%/dissectors/tokens.h \
	%D%/policies/policy_cases.c %D%/policies/policy_cases.h \
	%D%/sensor/all_captures.c %D%/sensor/all_captures.h \
	%D%/sensor/cluster_text.h \
	%D%/sensor/frame_builder.c %D%/sensor/frame_builder.h \
	%D%/sensor/kube_table.c %D%/sensor/kube_table.h \
	%D%/sensor/made_up_report.c %D%/sensor/made_up_report.h \
	%D%/sensor/sample_report.c %D%/sensor/sample_report.h \
	%D%/bench/cost.h \
	%D%/sensor/worker_bench.h
libtesting_a_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS)

LDADD = libtesting.a $(PODWIRE_LIBS) $(CMOCKA_LIBS)
UNIT_TESTS = \
	%D%/dissectors/ah_test \
	%D%/dissectors/amqp_test \
	%D%/dissectors/base64_test \
	%D%/dissectors/bson_test \
	%D%/dissectors/cassandra_test \
	%D%/dissectors/certificate_test \
	%D%/dissectors/crossing_test \
	%D%/dissectors/cursor_test \
	%D%/dissectors/dns_test \
	%D%/dissectors/dtls_test \
	%D%/dissectors/elasticsearch_test \
	%D%/dissectors/esp_test \
	%D%/dissectors/evidence_test \
	%D%/dissectors/ftp_test \
	%D%/dissectors/http_application_test \
	%D%/dissectors/http_auth_test \
	%D%/dissectors/http_test \
	%D%/dissectors/http2_test \
	%D%/dissectors/ike_test \
	%D%/dissectors/imap_test \
	%D%/dissectors/json_test \
	%D%/dissectors/jwt_test \
	%D%/dissectors/kafka_test \
	%D%/dissectors/kerberos_test \
	%D%/dissectors/ldap_test \
	%D%/dissectors/memcached_test \
	%D%/dissectors/mongodb_test \
	%D%/dissectors/mqtt_test \
	%D%/dissectors/mysql_test \
	%D%/dissectors/mysqlx_test \
	%D%/dissectors/nats_test \
	%D%/dissectors/pop3_test \
	%D%/dissectors/postgresql_test \
	%D%/dissectors/protobuf_test \
	%D%/dissectors/proxy_protocol_test \
	%D%/dissectors/quic_test \
	%D%/dissectors/readable_test \
	%D%/dissectors/redis_bus_test \
	%D%/dissectors/redis_test \
	%D%/dissectors/sasl_test \
	%D%/dissectors/smtp_test \
	%D%/dissectors/socks_test \
	%D%/dissectors/ssh_test \
	%D%/dissectors/stomp_test \
	%D%/dissectors/tls_hello_test \
	%D%/dissectors/tls_ja4_test \
	%D%/dissectors/tls_mesh_test \
	%D%/dissectors/tls_mutual_test \
	%D%/dissectors/tls_names_test \
	%D%/dissectors/tls_record_test \
	%D%/dissectors/tls_test \
	%D%/dissectors/tls13_test \
	%D%/dissectors/websocket_test \
	%D%/dissectors/wireguard_test \
	%D%/dissectors/xmpp_test \
	%D%/dissectors/zookeeper_test \
	%D%/policies/authentication_test \
	%D%/policies/certificate_test \
	%D%/policies/cipher_strength_test \
	%D%/policies/credential_exposure_test \
	%D%/policies/encryption_test \
	%D%/policies/evidence_class_test \
	%D%/policies/ip_prefix_test \
	%D%/policies/policy_set_test \
	%D%/policies/policy_test \
	%D%/policies/policy_yaml_test \
	%D%/policies/rfc3339_test \
	%D%/policies/score_test \
	%D%/policies/tls_version_test \
	%D%/policies/visibility_test \
	%D%/sensor/address_test \
	%D%/sensor/api_test \
	%D%/sensor/background_test \
	%D%/sensor/capture_counts_test \
	%D%/sensor/capture_file_test \
	%D%/sensor/capture_filter_test \
	%D%/sensor/capture_live_test \
	%D%/sensor/capture_plan_test \
	%D%/sensor/certificate_store_test \
	%D%/sensor/cluster_feed_test \
	%D%/sensor/cluster_json_test \
	%D%/sensor/cni_config_test \
	%D%/sensor/conntrack_test \
	%D%/sensor/dissection_memory_test \
	%D%/sensor/drop_watch_test \
	%D%/sensor/events_test \
	%D%/sensor/fixed_pool_test \
	%D%/sensor/flow_table_test \
	%D%/sensor/fragment_test \
	%D%/sensor/geoip_test \
	%D%/sensor/gzip_stream_test \
	%D%/sensor/http_request_test \
	%D%/sensor/inspection_test \
	%D%/sensor/inventory_live_test \
	%D%/sensor/inventory_policy_test \
	%D%/sensor/inventory_test \
	%D%/sensor/json_document_test \
	%D%/sensor/json_text_test \
	%D%/sensor/judge_test \
	%D%/sensor/log_test \
	%D%/sensor/links_test \
	%D%/sensor/kube_config_test \
	%D%/sensor/kube_http_test \
	%D%/sensor/kube_message_test \
	%D%/sensor/kube_reflector_test \
	%D%/sensor/kube_response_test \
	%D%/sensor/launcher_test \
	%D%/sensor/messages_test \
	%D%/sensor/metrics_test \
	%D%/sensor/output_explain_test \
	%D%/sensor/output_json_test \
	%D%/sensor/output_table_test \
	%D%/sensor/output_text_test \
	%D%/sensor/packet_test \
	%D%/sensor/pending_test \
	%D%/sensor/record_test \
	%D%/sensor/reload_test \
	%D%/sensor/report_merge_test \
	%D%/sensor/report_test \
	%D%/sensor/saved_result_test \
	%D%/sensor/series_test \
	%D%/sensor/state_file_test \
	%D%/sensor/stream_test \
	%D%/sensor/text_buffer_test \
	%D%/sensor/tls_sessions_test \
	%D%/sensor/window_test \
	%D%/sensor/worker_live_test \
	%D%/sensor/worker_parking_test \
	%D%/sensor/worker_share_test \
	%D%/sensor/worker_slow_test \
	%D%/sensor/worker_test \
	%D%/sensor/zero_packing_test
check_PROGRAMS += $(UNIT_TESTS) $(FUZZ_TARGETS)
TESTS += $(UNIT_TESTS) $(SCRIPT_TESTS)
if !FUZZERS
TESTS += $(FUZZ_TARGETS)
endif

# Each fuzz target replays its seeds in `make check`; with --enable-fuzzers they are fuzzers instead.
FUZZ_TARGETS = \
	%D%/fuzz/fuzz_ah \
	%D%/fuzz/fuzz_amqp \
	%D%/fuzz/fuzz_capture_pcapng \
	%D%/fuzz/fuzz_cassandra \
	%D%/fuzz/fuzz_cluster_json \
	%D%/fuzz/fuzz_cni_config \
	%D%/fuzz/fuzz_conntrack \
	%D%/fuzz/fuzz_dns \
	%D%/fuzz/fuzz_dns_tcp \
	%D%/fuzz/fuzz_dtls \
	%D%/fuzz/fuzz_elasticsearch \
	%D%/fuzz/fuzz_esp \
	%D%/fuzz/fuzz_ftp \
	%D%/fuzz/fuzz_http \
	%D%/fuzz/fuzz_http_request \
	%D%/fuzz/fuzz_http2 \
	%D%/fuzz/fuzz_ike \
	%D%/fuzz/fuzz_imap \
	%D%/fuzz/fuzz_kafka \
	%D%/fuzz/fuzz_kerberos \
	%D%/fuzz/fuzz_kerberos_udp \
	%D%/fuzz/fuzz_kube_reflector \
	%D%/fuzz/fuzz_ldap \
	%D%/fuzz/fuzz_memcached \
	%D%/fuzz/fuzz_memcached_udp \
	%D%/fuzz/fuzz_messages \
	%D%/fuzz/fuzz_mongodb \
	%D%/fuzz/fuzz_mqtt \
	%D%/fuzz/fuzz_mysql \
	%D%/fuzz/fuzz_mysqlx \
	%D%/fuzz/fuzz_nats \
	%D%/fuzz/fuzz_packet \
	%D%/fuzz/fuzz_policy_yaml \
	%D%/fuzz/fuzz_pop3 \
	%D%/fuzz/fuzz_postgresql \
	%D%/fuzz/fuzz_proxy_protocol \
	%D%/fuzz/fuzz_quic \
	%D%/fuzz/fuzz_redis \
	%D%/fuzz/fuzz_redis_bus \
	%D%/fuzz/fuzz_saved_result \
	%D%/fuzz/fuzz_smtp \
	%D%/fuzz/fuzz_socks \
	%D%/fuzz/fuzz_ssh \
	%D%/fuzz/fuzz_stomp \
	%D%/fuzz/fuzz_state_file \
	%D%/fuzz/fuzz_stream \
	%D%/fuzz/fuzz_tls \
	%D%/fuzz/fuzz_websocket \
	%D%/fuzz/fuzz_wireguard \
	%D%/fuzz/fuzz_worker \
	%D%/fuzz/fuzz_xmpp \
	%D%/fuzz/fuzz_zookeeper
if FUZZERS
FUZZ_MAIN =
else
FUZZ_MAIN = %D%/fuzz/run_files.c
endif
%C%_fuzz_fuzz_ah_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_ah_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"ah\" -DFUZZ_DISSECTOR=ah_dissector
%C%_fuzz_fuzz_ah_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_amqp_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_amqp_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"amqp\" -DFUZZ_DISSECTOR=amqp_dissector
%C%_fuzz_fuzz_amqp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_capture_pcapng_SOURCES = %D%/fuzz/fuzz_capture_pcapng.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_capture_pcapng_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"capture_pcapng\"
%C%_fuzz_fuzz_capture_pcapng_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_cassandra_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_cassandra_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"cassandra\" -DFUZZ_DISSECTOR=cassandra_dissector
%C%_fuzz_fuzz_cassandra_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_cluster_json_SOURCES = %D%/fuzz/fuzz_cluster_json.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_cluster_json_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"cluster_json\"
%C%_fuzz_fuzz_cluster_json_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_conntrack_SOURCES = %D%/fuzz/fuzz_conntrack.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_conntrack_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"conntrack\"
%C%_fuzz_fuzz_conntrack_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_cni_config_SOURCES = %D%/fuzz/fuzz_cni_config.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_cni_config_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"cni_config\"
%C%_fuzz_fuzz_cni_config_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_dns_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_dns_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"dns\" -DFUZZ_DISSECTOR=dns_dissector
%C%_fuzz_fuzz_dns_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_dns_tcp_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_dns_tcp_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"dns_tcp\" -DFUZZ_DISSECTOR=dns_tcp_dissector
%C%_fuzz_fuzz_dns_tcp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_ftp_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_ftp_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"ftp\" -DFUZZ_DISSECTOR=ftp_dissector
%C%_fuzz_fuzz_ftp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_esp_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_esp_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"esp\" -DFUZZ_DISSECTOR=esp_dissector
%C%_fuzz_fuzz_esp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_dtls_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_dtls_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"dtls\" -DFUZZ_DISSECTOR=dtls_dissector
%C%_fuzz_fuzz_dtls_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_elasticsearch_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_elasticsearch_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"elasticsearch\" -DFUZZ_DISSECTOR=elasticsearch_dissector
%C%_fuzz_fuzz_elasticsearch_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_http_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_http_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"http\" -DFUZZ_DISSECTOR=http_dissector
%C%_fuzz_fuzz_http_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_http_request_SOURCES = %D%/fuzz/fuzz_http_request.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_http_request_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"http_request\"
%C%_fuzz_fuzz_http_request_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_http2_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_http2_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"http2\" -DFUZZ_DISSECTOR=http2_dissector
%C%_fuzz_fuzz_http2_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_memcached_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_memcached_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"memcached\" -DFUZZ_DISSECTOR=memcached_dissector
%C%_fuzz_fuzz_memcached_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_memcached_udp_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_memcached_udp_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"memcached_udp\" -DFUZZ_DISSECTOR=memcached_udp_dissector
%C%_fuzz_fuzz_memcached_udp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_messages_SOURCES = %D%/fuzz/fuzz_messages.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_messages_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"messages\"
%C%_fuzz_fuzz_messages_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_mongodb_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_mongodb_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"mongodb\" -DFUZZ_DISSECTOR=mongodb_dissector
%C%_fuzz_fuzz_mongodb_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_mqtt_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_mqtt_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"mqtt\" -DFUZZ_DISSECTOR=mqtt_dissector
%C%_fuzz_fuzz_mqtt_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_kafka_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_kafka_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"kafka\" -DFUZZ_DISSECTOR=kafka_dissector
%C%_fuzz_fuzz_kafka_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_ike_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_ike_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"ike\" -DFUZZ_DISSECTOR=ike_dissector
%C%_fuzz_fuzz_ike_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_kube_reflector_SOURCES = %D%/fuzz/fuzz_kube_reflector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_kube_reflector_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"kube_reflector\"
%C%_fuzz_fuzz_kube_reflector_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_ldap_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_ldap_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"ldap\" -DFUZZ_DISSECTOR=ldap_dissector
%C%_fuzz_fuzz_ldap_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_imap_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_imap_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"imap\" -DFUZZ_DISSECTOR=imap_dissector
%C%_fuzz_fuzz_imap_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_kerberos_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_kerberos_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"kerberos\" -DFUZZ_DISSECTOR=kerberos_dissector
%C%_fuzz_fuzz_kerberos_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_kerberos_udp_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_kerberos_udp_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"kerberos_udp\" -DFUZZ_DISSECTOR=kerberos_udp_dissector
%C%_fuzz_fuzz_kerberos_udp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_mysql_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_mysql_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"mysql\" -DFUZZ_DISSECTOR=mysql_dissector
%C%_fuzz_fuzz_mysql_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_nats_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_nats_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"nats\" -DFUZZ_DISSECTOR=nats_dissector
%C%_fuzz_fuzz_nats_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_mysqlx_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_mysqlx_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"mysqlx\" -DFUZZ_DISSECTOR=mysqlx_dissector
%C%_fuzz_fuzz_mysqlx_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_packet_SOURCES = %D%/fuzz/fuzz_packet.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_packet_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"packet\"
%C%_fuzz_fuzz_packet_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_policy_yaml_SOURCES = %D%/fuzz/fuzz_policy_yaml.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_policy_yaml_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"policy_yaml\"
%C%_fuzz_fuzz_policy_yaml_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_pop3_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_pop3_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"pop3\" -DFUZZ_DISSECTOR=pop3_dissector
%C%_fuzz_fuzz_pop3_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_postgresql_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_postgresql_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"postgresql\" -DFUZZ_DISSECTOR=postgresql_dissector
%C%_fuzz_fuzz_postgresql_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_quic_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_quic_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"quic\" -DFUZZ_DISSECTOR=quic_dissector
%C%_fuzz_fuzz_quic_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_proxy_protocol_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_proxy_protocol_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"proxy_protocol\" -DFUZZ_DISSECTOR=proxy_protocol_dissector
%C%_fuzz_fuzz_proxy_protocol_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_redis_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_redis_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"redis\" -DFUZZ_DISSECTOR=redis_dissector
%C%_fuzz_fuzz_redis_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_ssh_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_ssh_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"ssh\" -DFUZZ_DISSECTOR=ssh_dissector
%C%_fuzz_fuzz_ssh_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_redis_bus_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_redis_bus_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"redis_bus\" -DFUZZ_DISSECTOR=redis_bus_dissector
%C%_fuzz_fuzz_redis_bus_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_state_file_SOURCES = %D%/fuzz/fuzz_state_file.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_state_file_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"state_file\"
%C%_fuzz_fuzz_state_file_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_saved_result_SOURCES = %D%/fuzz/fuzz_saved_result.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_saved_result_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"saved_result\"
%C%_fuzz_fuzz_saved_result_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_stomp_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_stomp_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"stomp\" -DFUZZ_DISSECTOR=stomp_dissector
%C%_fuzz_fuzz_stomp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_smtp_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_smtp_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"smtp\" -DFUZZ_DISSECTOR=smtp_dissector
%C%_fuzz_fuzz_smtp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_socks_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_socks_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"socks\" -DFUZZ_DISSECTOR=socks_dissector
%C%_fuzz_fuzz_socks_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_stream_SOURCES = %D%/fuzz/fuzz_stream.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_stream_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"stream\"
%C%_fuzz_fuzz_stream_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_tls_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_tls_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"tls\" -DFUZZ_DISSECTOR=tls_dissector
%C%_fuzz_fuzz_tls_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_websocket_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_websocket_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"websocket\" -DFUZZ_DISSECTOR=websocket_dissector
%C%_fuzz_fuzz_websocket_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_wireguard_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_wireguard_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"wireguard\" -DFUZZ_DISSECTOR=wireguard_dissector
%C%_fuzz_fuzz_wireguard_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_worker_SOURCES = %D%/fuzz/fuzz_worker.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_worker_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"worker\"
%C%_fuzz_fuzz_worker_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_xmpp_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_xmpp_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"xmpp\" -DFUZZ_DISSECTOR=xmpp_dissector
%C%_fuzz_fuzz_xmpp_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
%C%_fuzz_fuzz_zookeeper_SOURCES = %D%/fuzz/fuzz_dissector.c $(FUZZ_MAIN)
%C%_fuzz_fuzz_zookeeper_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_SEEDS=\"zookeeper\" -DFUZZ_DISSECTOR=zookeeper_dissector
%C%_fuzz_fuzz_zookeeper_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

SCRIPT_TESTS = \
	%D%/scripts/analyze_test.py \
	%D%/scripts/capture_live_test.py \
	%D%/scripts/captures_test.py \
	%D%/scripts/commands_test.py \
	%D%/scripts/conntrack_test.py \
	%D%/scripts/deploy_test.py \
	%D%/scripts/http_test.py \
	%D%/scripts/kube_client_test.py \
	%D%/scripts/live_duplicates_test.py \
	%D%/scripts/live_interfaces_test.py \
	%D%/scripts/live_offline_test.py \
	%D%/scripts/live_replay_test.py \
	%D%/scripts/live_topologies_test.py \
	%D%/scripts/monitor_test.py \
	%D%/scripts/processes_test.py \
	%D%/scripts/prometheus_test.py \
	%D%/scripts/robustness_test.py \
	%D%/scripts/secrets_live_test.py \
	%D%/scripts/shared_captures_test.py
EXTRA_DIST += %D%/deploy/render_chart.go %D%/scripts/image_test.py
# The namespace lab of the live tests; the rest of tests/lab records captures and is not needed to test.
EXTRA_DIST += %D%/lab/live_lab.py %D%/lab/live_packets.py %D%/lab/live_sensor.py %D%/lab/live_shop.py
EXTRA_DIST += $(SCRIPT_TESTS) %D%/lab/kube_replay.py deploy/prometheus/podwire-rules.yaml %D%/scripts/network.py %D%/scripts/packets.py %D%/scripts/replay_lane.py \
	%D%/scripts/pages.py %D%/scripts/podwire-rules-test.yaml %D%/scripts/tap.py %D%/scripts/truth.py

# The runner's own count, for people and for CI: one line over all programs and scripts.
check-count: check
	@cd $(top_builddir) && cat $(TEST_LOGS:.log=.trs) | sh $(abs_top_srcdir)/%D%/scripts/count-tests

# For conntrack_test.py.
check_PROGRAMS += %D%/tools/conntrack_probe
# The pages with made-up pairs, for the scripts that use real clients.
check_PROGRAMS += %D%/sensor/pages_server

check_PROGRAMS += %D%/sensor/launcher_tool
check_PROGRAMS += %D%/bench/bare_loop %D%/bench/inventory_load %D%/bench/window_load
# What kube_client_test.py runs.
check_PROGRAMS += %D%/sensor/kube_tool
# What capture_live_test.py runs.
check_PROGRAMS += %D%/sensor/live_capture_tool
%C%_sensor_live_capture_tool_LDADD = $(PODWIRE_LIBS)

check_PROGRAMS += %D%/bench/worker_memory
%C%_bench_bare_loop_LDADD = $(PCAP_LIBS)
check_PROGRAMS += %D%/bench/live_rings
%C%_bench_live_rings_LDADD = $(PCAP_LIBS)
check_PROGRAMS += %D%/bench/packet_sender
%C%_bench_packet_sender_SOURCES = %D%/bench/packet_sender.c %D%/bench/packet_injector.c %D%/bench/packet_injector.h
%C%_bench_packet_sender_LDADD = $(PCAP_LIBS)
EXTRA_DIST += %D%/bench/live_bench.py %D%/bench/bench.py %D%/bench/make_captures.py %D%/bench/rate_bench.py %D%/bench/sensor_bench.py %D%/bench/sensor_place.py

FUZZ_SECONDS = 600
fuzz: $(FUZZ_TARGETS)
	sh $(top_srcdir)/%D%/scripts/run-fuzzers $(FUZZ_SECONDS) $(srcdir)/%D%/fuzz/seeds $(FUZZ_TARGETS)

# The lab anew, with secrets of this run: needs root and the lab's servers.
check-live: podwire
	PODWIRE_LIVE=1 PODWIRE=./podwire PODWIRE_SOURCE=$(abs_top_srcdir) PYTHONDONTWRITEBYTECODE=1 python3 $(top_srcdir)/%D%/scripts/secrets_live_test.py

# The image's steps without a container engine: needs root, a Debian mirror and some minutes.
check-image: podwire
	PODWIRE=./podwire PODWIRE_SOURCE=$(abs_top_srcdir) PYTHONDONTWRITEBYTECODE=1 python3 $(top_srcdir)/%D%/scripts/image_test.py

coverage: check
	cd $(top_srcdir) && gcovr --root . --filter 'dissectors/' --filter 'policies/' --exclude 'tests/' --print-summary --fail-under-line 90 $(abs_top_builddir)

bench: podwire %D%/bench/bare_loop
	python3 $(top_srcdir)/%D%/bench/bench.py --podwire ./podwire --bare %D%/bench/bare_loop --pcaps $(top_srcdir)/pcaps

# The sensor under load: needs root, some 25 minutes for the rates and half an hour for the soak.
bench-live: podwire %D%/bench/packet_sender
	mkdir -p bench-captures
	python3 $(top_srcdir)/%D%/bench/make_captures.py $(top_srcdir)/pcaps bench-captures
	PYTHONDONTWRITEBYTECODE=1 python3 $(top_srcdir)/%D%/bench/sensor_bench.py rate memory idle soak --podwire ./podwire --sender %D%/bench/packet_sender --captures bench-captures
	rm -rf bench-captures

leaks: podwire
	sh $(top_srcdir)/%D%/scripts/check-leaks ./podwire $(top_srcdir)/pcaps
endif
