# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Certificates for the lab, made by openssl under a CA of its own. They are valid from 2020 to
# 2050, so that captures do not age, unless told otherwise. Keys never leave the lab.

CERTIFICATE_START=20200101000000Z
CERTIFICATE_END=20500101000000Z

# A CA: NAME COMMON-NAME [KEY-ALGORITHM...].
ca_make() {
	local name=$1 subject=$2 directory=$LAB/tls/$1
	shift 2
	mkdir -p "$directory"
	: >"$directory/index"
	echo 1000 >"$directory/serial"
	cat >"$directory/ca.cnf" <<-CONF
		[ca]
		default_ca = lab
		[lab]
		dir = $directory
		new_certs_dir = $directory
		database = $directory/index
		serial = $directory/serial
		certificate = $directory/ca.crt
		private_key = $directory/ca.key
		default_md = sha256
		policy = any
		preserve = yes
		unique_subject = no
		[any]
		commonName = optional
		organizationName = optional
		organizationalUnitName = optional
	CONF
	key_make "$directory/ca.key" "$@"
	openssl req -new -key "$directory/ca.key" -subj "$subject" -out "$directory/ca.csr"
	printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' >"$directory/ca.ext"
	certificate_sign "$name" ca -selfsign
}

# A private key: FILE [GENPKEY-OPTIONS...], RSA of 2048 bits by default.
key_make() {
	local file=$1
	shift
	if [[ $# == 0 ]]; then
		set -- -algorithm RSA -pkeyopt rsa_keygen_bits:2048
	fi
	openssl genpkey -quiet "$@" -out "$file" 2>/dev/null || openssl genpkey "$@" -out "$file" 2>/dev/null
}

# Signs NAME.csr of a CA's folder with the extensions in NAME.ext.
certificate_sign() {
	local directory=$LAB/tls/$1 name=$2
	shift 2
	openssl ca -batch -notext -config "$directory/ca.cnf" -in "$directory/$name.csr" -out "$directory/$name.crt" -keyfile "$directory/ca.key" \
		-extfile "$directory/$name.ext" -startdate "$CERTIFICATE_START" -enddate "$CERTIFICATE_END" "$@" 2>"$LAB/log/openssl-ca" ||
		lab_fail "openssl ca: $(<"$LAB/log/openssl-ca")"
}

# A certificate of a CA: CA NAME SUBJECT SAN server|client [GENPKEY-OPTIONS...]. Gives NAME.key and
# NAME.crt in the CA's folder, and NAME.chain with the CA's own certificate behind it.
certificate_make() {
	local ca=$1 name=$2 subject=$3 san=$4 purpose=$5 directory=$LAB/tls/$1
	shift 5
	key_make "$directory/$name.key" "$@"
	openssl req -new -key "$directory/$name.key" -subj "$subject" -out "$directory/$name.csr"
	printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=%sAuth\nsubjectAltName=%s\n' "$purpose" "$san" >"$directory/$name.ext"
	certificate_sign "$ca" "$name"
	cat "$directory/$name.crt" "$directory/ca.crt" >"$directory/$name.chain"
	chmod a+r "$directory/$name.key"
}

# A self-signed certificate in a CA's folder: CA NAME SUBJECT SAN.
certificate_self_signed() {
	local directory=$LAB/tls/$1 name=$2 subject=$3 san=$4
	key_make "$directory/$name.key"
	openssl req -new -key "$directory/$name.key" -subj "$subject" -out "$directory/$name.csr"
	printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\nsubjectAltName=%s\n' "$san" >"$directory/$name.ext"
	openssl ca -batch -notext -config "$directory/ca.cnf" -in "$directory/$name.csr" -out "$directory/$name.crt" -keyfile "$directory/$name.key" -selfsign \
		-extfile "$directory/$name.ext" -startdate "$CERTIFICATE_START" -enddate "$CERTIFICATE_END" 2>"$LAB/log/openssl-ca" ||
		lab_fail "openssl ca: $(<"$LAB/log/openssl-ca")"
}
