# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The lab's real servers: how each is started in a pod with nothing but its own files. All users,
# passwords and tokens are made up.

POSTGRESQL_BIN=${POSTGRESQL_BIN:-/usr/lib/postgresql/15/bin}
MARIADB_INSTALL=${MARIADB_INSTALL:-mariadb-install-db}

# A server of nginx: POD LABEL PORT, its http{} content on standard input.
nginx_run() {
	local pod=$1 label=$2 port=$3 directory=$LAB/nginx-$2
	mkdir -p "$directory"
	{
		cat <<-CONF
			daemon off; user nobody nogroup; worker_processes 1; pid $directory/pid; error_log stderr;
			events { worker_connections 64; }
			http {
				access_log off; server_tokens off; map_hash_bucket_size 2048; default_type application/json; keepalive_timeout 5s;
				client_body_temp_path $directory/body; proxy_temp_path $directory/proxy; fastcgi_temp_path $directory/fastcgi;
				uwsgi_temp_path $directory/uwsgi; scgi_temp_path $directory/scgi;
		CONF
		cat
		echo '}'
	} >"$directory/nginx.conf"
	pod_exec "$pod" nginx -t -q -c "$directory/nginx.conf" 2>"$LAB/log/nginx-$label" || lab_fail "nginx: $(<"$LAB/log/nginx-$label")"
	pod_run "$pod" "$label" nginx -c "$directory/nginx.conf"
	pod_wait_port "$pod" "$port"
}

# The directives of a TLS server: CA NAME PROTOCOLS [CIPHERS].
nginx_tls() {
	local directory=$LAB/tls/$1 name=$2 protocols=$3 ciphers=${4:-}
	echo "ssl_certificate $directory/$name.crt; ssl_certificate_key $directory/$name.key; ssl_protocols $protocols;"
	if [[ -n $ciphers ]]; then
		echo "ssl_ciphers '$ciphers';"
	fi
}

# A file of users for HTTP Basic: FILE USER PASSWORD...
htpasswd_make() {
	local file=$1
	shift
	: >"$file"
	while (($#)); do
		printf '%s:%s\n' "$1" "$(openssl passwd -apr1 "$2")" >>"$file"
		shift 2
	done
	chmod a+r "$file"
}

# PostgreSQL: POD LABEL PORT [-c OPTION...], pg_hba.conf on standard input; SQL by postgresql_sql POD LABEL PORT.
postgresql_run() {
	local pod=$1 label=$2 port=$3 directory=$LAB/postgresql-$2
	shift 3
	install -d -o postgres -g postgres "$directory"
	setpriv --reuid=postgres --regid=postgres --clear-groups "$POSTGRESQL_BIN/initdb" -D "$directory/data" -A trust --no-sync -E UTF8 --locale=C >"$LAB/log/initdb-$label" 2>&1 ||
		lab_fail "initdb: $(<"$LAB/log/initdb-$label")"
	{
		echo 'local all all trust'
		cat
	} >"$directory/data/pg_hba.conf"
	pod_run "$pod" "$label" setpriv --reuid=postgres --regid=postgres --clear-groups "$POSTGRESQL_BIN/postgres" -D "$directory/data" \
		-c listen_addresses='*' -c unix_socket_directories="$directory" -c port="$port" -c fsync=off -c max_connections=20 "$@"
	lab_wait pod_exec "$pod" psql -h "$directory" -p "$port" -U postgres -c 'select 1' postgres
}

# Runs SQL on standard input as the superuser: POD LABEL PORT.
postgresql_sql() {
	pod_exec "$1" psql -qX -v ON_ERROR_STOP=1 -h "$LAB/postgresql-$2" -p "$3" -U postgres postgres >/dev/null
}

# A key that PostgreSQL and MariaDB agree to read: CA NAME OWNER; prints its path.
server_key() {
	local key=$LAB/tls/$1/$2.$3.key
	install -m 600 -o "$3" -g "$3" "$LAB/tls/$1/$2.key" "$key"
	echo "$key"
}

# redis-server: POD LABEL PORT [OPTIONS...].
redis_run() {
	local pod=$1 label=$2 port=$3 directory=$LAB/redis-$2
	shift 3
	mkdir -p "$directory"
	pod_run "$pod" "$label" redis-server --port "$port" --bind '0.0.0.0 ::' --protected-mode no --save '' --appendonly no --dir "$directory" "$@"
	[[ $port == 0 ]] || pod_wait_port "$pod" "$port"
}

# MariaDB: POD LABEL [OPTIONS...]; SQL by mariadb_sql.
mariadb_run() {
	local pod=$1 label=$2 directory=$LAB/mariadb-$2
	shift 2
	install -d -o mysql -g mysql "$directory"
	"$MARIADB_INSTALL" --no-defaults --user=mysql --datadir="$directory/data" --auth-root-authentication-method=normal --skip-test-db >"$LAB/log/install-$label" 2>&1 ||
		lab_fail "mariadb-install-db: $(<"$LAB/log/install-$label")"
	pod_run "$pod" "$label" mariadbd --no-defaults --user=mysql --datadir="$directory/data" --socket="$directory/socket" --pid-file="$directory/pid" \
		--skip-name-resolve --bind-address='*' "$@"
	lab_wait pod_exec "$pod" mariadb --no-defaults -S "$directory/socket" -u root -e 'select 1'
}

mariadb_sql() {
	pod_exec "$1" mariadb --no-defaults -S "$LAB/mariadb-$2/socket" -u root
}

# A name server that knows only what it is told: POD LABEL DNSMASQ-OPTIONS...
dnsmasq_run() {
	local pod=$1 label=$2
	shift 2
	pod_run "$pod" "$label" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --no-daemon --user=root --pid-file= --log-facility=- "$@"
	pod_wait_port "$pod" 53 udp
}

base64url() {
	base64 -w0 | tr '+/' '-_' | tr -d '='
}

# A JSON web token in the shape of a Kubernetes service account's, signed by nobody: NAMESPACE ACCOUNT POD.
jwt_made_up() {
	local namespace=$1 account=$2 pod=$3 header payload
	header='{"alg":"RS256","kid":"lab-key-of-nobody"}'
	payload=$(printf '{"aud":["https://kubernetes.default.svc.cluster.local"],"exp":2524608000,"iat":1577836800,"iss":"https://kubernetes.default.svc.cluster.local","kubernetes.io":{"namespace":"%s","node":{"name":"node-1"},"pod":{"name":"%s"},"serviceaccount":{"name":"%s"}},"nbf":1577836800,"sub":"system:serviceaccount:%s:%s"}' \
		"$namespace" "$pod" "$account" "$namespace" "$account")
	printf '%s.%s.%s' "$(printf '%s' "$header" | base64url)" "$(printf '%s' "$payload" | base64url)" "$(head -c 256 /dev/urandom | base64url)"
}
