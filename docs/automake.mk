dist_man_MANS = %D%/podwire.1
EXTRA_DIST += \
	%D%/adding-a-protocol.md \
	%D%/architecture.md \
	%D%/dependencies.md \
	%D%/inventory.md \
	%D%/json.md \
	%D%/monitor.md \
	%D%/performance.md \
	%D%/policies.md \
	%D%/protocols.md \
	%D%/protocols/cassandra.md \
	%D%/protocols/ftp.md \
	%D%/protocols/http2.md \
	%D%/protocols/kafka.md \
	%D%/protocols/kerberos.md \
	%D%/protocols/ldap.md \
	%D%/protocols/memcached.md \
	%D%/protocols/mongodb.md \
	%D%/protocols/socks.md \
	%D%/protocols/ssh.md \
	%D%/protocols/tls.md \
	%D%/protocols/zookeeper.md
