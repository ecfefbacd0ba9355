# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A Kerberos realm, EXAMPLE.ORG, of MIT krb5: KDC, changes of passwords. Nothing of the host's own
# configuration is read. All users and passwords are made up.

# The realm's files; KRB5_CONFIG for the lab: POD-ADDRESS. More of [libdefaults] and [realms] on standard input is the KDC's alone.
realm_make() {
	local address=$1 directory=$LAB/krb5
	mkdir -p "$directory"
	cat >"$directory/krb5.conf" <<-CONF
		[libdefaults]
		default_realm = EXAMPLE.ORG
		dns_lookup_kdc = false
		dns_lookup_realm = false
		dns_canonicalize_hostname = false
		rdns = false
		[realms]
		EXAMPLE.ORG = {
		  kdc = $address
		  kpasswd_server = $address
		  pkinit_anchors = FILE:$LAB/tls/kdc/ca.crt
		}
	CONF
	cat >"$directory/kdc.conf" <<-CONF
		[kdcdefaults]
		kdc_listen = $address:88
		kdc_tcp_listen = $address:88
		[realms]
		EXAMPLE.ORG = {
		  database_name = $directory/principal
		  key_stash_file = $directory/stash
		  acl_file = $directory/acl
		  kadmind_listen = $address:749
		  kpasswd_listen = $address:464
		  supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha256-128:normal
		$(cat)
		}
	CONF
	: >"$directory/acl"
	export KRB5_CONFIG=$directory/krb5.conf KRB5_KDC_PROFILE=$directory/kdc.conf KRB5RCACHETYPE=none KRB5CCNAME=FILE:$directory/cache
	kdb5_util create -s -P "$(head -c 12 /dev/urandom | base64)" >"$LAB/log/kdb5_util" 2>&1 || lab_fail "kdb5_util: $(<"$LAB/log/kdb5_util")"
}

# Commands of kadmin.local, one each: COMMAND...
realm_commands() {
	local command
	for command; do
		kadmin.local -q "$command" >"$LAB/log/kadmin.local" 2>&1 || lab_fail "kadmin.local: $(<"$LAB/log/kadmin.local")"
	done
}

# Starts the KDC and, where its second argument says so, the server that changes passwords: POD [kadmind].
realm_run() {
	pod_run "$1" krb5kdc krb5kdc -n
	pod_wait_port "$1" 88
	if [[ ${2:-} == kadmind ]]; then
		pod_run "$1" kadmind kadmind -nofork
		pod_wait_port "$1" 464
	fi
}
