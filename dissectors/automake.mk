noinst_LIBRARIES += libdissectors.a
libdissectors_a_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(NGHTTP2_CFLAGS)
libdissectors_a_SOURCES = \
	%D%/ah.c \
	%D%/amqp.c %D%/amqp.h \
	%D%/amqp091.c \
	%D%/amqp10.c \
	%D%/base64.c %D%/base64.h \
	%D%/ber.c %D%/ber.h \
	%D%/bson.c %D%/bson.h \
	%D%/cassandra.c \
	%D%/cassandra_frame.c %D%/cassandra_frame.h \
	%D%/cassandra_message.c %D%/cassandra_message.h \
	%D%/certificate.c %D%/certificate.h \
	%D%/certificate_chain.c %D%/certificate_chain.h \
	%D%/cursor.c %D%/cursor.h \
	%D%/dissector.c %D%/dissector.h \
	%D%/dns.c \
	%D%/dtls.c \
	%D%/dtls_record.c %D%/dtls_record.h \
	%D%/elasticsearch.c \
	%D%/esp.c \
	%D%/esp_survey.c %D%/esp_survey.h \
	%D%/evidence.c %D%/evidence.h \
	%D%/ftp.c \
	%D%/grpc.c %D%/grpc.h \
	%D%/gss.c %D%/gss.h \
	%D%/hpack.c %D%/hpack.h \
	%D%/http.c %D%/http_state.h \
	%D%/http_application.c %D%/http_application.h \
	%D%/http_auth.c %D%/http_auth.h \
	%D%/http_body.c \
	%D%/http_exchange.c %D%/http_exchange.h \
	%D%/http_head.c %D%/http_head.h \
	%D%/http_pairing.c \
	%D%/http2.c \
	%D%/http2_frame.c %D%/http2_frame.h \
	%D%/ike.c \
	%D%/ike_message.c %D%/ike_message.h \
	%D%/imap.c \
	%D%/json.c %D%/json.h \
	%D%/jwt.c %D%/jwt.h \
	%D%/kafka.c \
	%D%/kafka_message.c %D%/kafka_message.h \
	%D%/kerberos.c \
	%D%/ldap.c \
	%D%/ldap_message.c %D%/ldap_message.h \
	%D%/lz4.c %D%/lz4.h \
	%D%/mail.c %D%/mail.h \
	%D%/memcached.c \
	%D%/memcached_message.c %D%/memcached_message.h \
	%D%/mongodb.c \
	%D%/mongodb_message.c %D%/mongodb_message.h \
	%D%/mqtt.c \
	%D%/mqtt_packet.c %D%/mqtt_packet.h \
	%D%/mysql.c \
	%D%/mysql_midstream.c %D%/mysql_midstream.h \
	%D%/mysql_packet.c %D%/mysql_packet.h \
	%D%/mysqlx.c \
	%D%/nats.c \
	%D%/pop3.c \
	%D%/postgresql.c \
	%D%/postgresql_message.c %D%/postgresql_message.h \
	%D%/protobuf.c %D%/protobuf.h \
	%D%/proxy_protocol.c \
	%D%/quic.c \
	%D%/quic_crypto.c %D%/quic_crypto.h \
	%D%/quic_packet.c %D%/quic_packet.h \
	%D%/quic_short.c %D%/quic_short.h \
	%D%/readable.c %D%/readable.h \
	%D%/reassembly.c %D%/reassembly.h \
	%D%/redis.c \
	%D%/redis_bus.c \
	%D%/redis_message.c %D%/redis_message.h \
	%D%/sasl.c %D%/sasl.h \
	%D%/smtp.c \
	%D%/socks.c \
	%D%/ssh.c \
	%D%/ssh_algorithms.c %D%/ssh_algorithms.h \
	%D%/stomp.c \
	%D%/stun.c %D%/stun.h \
	%D%/tls.c %D%/tls_state.h \
	%D%/tls_handshake.c \
	%D%/tls_hello.c %D%/tls_hello.h \
	%D%/tls_ja4.c %D%/tls_ja4.h \
	%D%/tls_mesh.c %D%/tls_mesh.h \
	%D%/tls_mutual.c %D%/tls_mutual.h \
	%D%/tls_names.c %D%/tls_names.h \
	%D%/tls_probe.c \
	%D%/tls_record.c %D%/tls_record.h \
	%D%/tls_settle.c \
	%D%/tls_sslv2.c \
	%D%/websocket.c \
	%D%/wireguard.c \
	%D%/xmpp.c \
	%D%/zookeeper.c \
	%D%/zookeeper_message.c %D%/zookeeper_message.h \
	%D%/zookeeper_word.c %D%/zookeeper_word.h
