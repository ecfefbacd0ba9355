# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A network lab of real servers on one machine: a node, pods on a real CNI bridge, Services by the
# rules that kube-proxy writes, and tcpdump in the places where a sensor could listen. To be sourced
# by the record-* scripts beside it, which make the captures in pcaps/. Needs root and the Debian
# packages that README.md lists; the tests need neither, as the captures are in the tree.
#
# The whole lab lives in PID, network and mount namespaces of its own, with a /run of its own. When
# the script ends, for whatever reason, the kernel ends every process in it and forgets every
# interface, rule and file. Nothing of it is ever in the host's own network.

LAB=/run/lab            # all state, in a tmpfs of the lab's own
LAB_CNI=${LAB_CNI:-/usr/lib/cni}
POD_NETWORK=10.42.0.0/24
POD_GATEWAY=10.42.0.1
POD_NETWORK6=fd00:10:42::/64
POD_GATEWAY6=fd00:10:42::1
CLUSTER_NETWORKS=10.42.0.0/15 # pods 10.42.0.0/16 and Services 10.43.0.0/16
NODE_ADDRESS=172.20.0.11
NODE_ADDRESS6=fd00:172:20::11
OUTSIDE_ADDRESS=172.20.0.1

# Stops with a message.
lab_fail() {
	echo "${0##*/}: $*" >&2
	exit 1
}

lab_say() {
	echo "${0##*/}: $*" >&2
}

# Starts the calling script again inside the lab's namespaces; returns only there.
lab_enter() {
	if [[ ${LAB_INSIDE:-} != "$$" ]]; then
		[[ $(id -u) == 0 ]] || lab_fail "needs root: it makes network namespaces"
		exec unshare --mount --net --pid --fork --kill-child --mount-proc env LAB_INSIDE=1 "$BASH" "$0" "$@"
	fi
	trap 'exit 130' INT TERM HUP
	trap 'lab_say "line $LINENO: $BASH_COMMAND: failed"' ERR
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -p /run/netns "$LAB"/{log,pid,pod}
	ip link set lo up
	# One resolver configuration for all, as pods of one namespace have.
	printf 'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.43.0.10\noptions ndots:1 attempts:1\n' >"$LAB/resolv.conf"
	printf '127.0.0.1 localhost\n::1 localhost\n' >"$LAB/hosts"
	printf 'hosts: files dns\npasswd: files\ngroup: files\n' >"$LAB/nsswitch.conf"
	mount --bind "$LAB/resolv.conf" /etc/resolv.conf
	mount --bind "$LAB/hosts" /etc/hosts
	mount --bind "$LAB/nsswitch.conf" /etc/nsswitch.conf
}

# Stops unless every named program is there.
lab_require() {
	local program
	for program; do
		command -v "$program" >/dev/null || lab_fail "$program is not installed (tests/lab/README.md lists the packages)"
	done
}

# Waits up to ten seconds until the command succeeds.
lab_wait() {
	local try
	for ((try = 0; try < 200; try++)); do
		if "$@" >/dev/null 2>&1; then
			return 0
		fi
		sleep 0.05
	done
	lab_fail "waited too long for: $*"
}

#
# Namespaces: the outside, the node, the pods. Each is a network namespace of that name.
#

# A host outside the cluster that has the given addresses (ADDRESS/LENGTH) besides its own.
outside_up() {
	local address
	ip netns add outside
	ip -n outside link set lo up
	for address; do
		ip -n outside address add "$address" dev lo
	done
}

# The node: a namespace with forwarding on and an uplink to the outside where there is one.
node_up() {
	NODE=$1
	ip netns add "$NODE"
	ip -n "$NODE" link set lo up
	ip netns exec "$NODE" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0 \
		net.ipv6.conf.default.accept_dad=0 net.ipv4.conf.default.rp_filter=0
	[[ -e /run/netns/outside ]] || ip netns add outside
	ip -n "$NODE" link add eth0 type veth peer name eth0 netns outside
	ip -n "$NODE" address add "$NODE_ADDRESS/24" dev eth0
	ip -n "$NODE" address add "$NODE_ADDRESS6/64" dev eth0 nodad
	ip -n outside address add "$OUTSIDE_ADDRESS/24" dev eth0
	ip -n outside address add fd00:172:20::1/64 dev eth0 nodad
	ip -n "$NODE" link set eth0 up
	ip -n outside link set eth0 up
	ip -n "$NODE" route add default via "$OUTSIDE_ADDRESS"
	ip -n "$NODE" route add default via fd00:172:20::1
	service_chains
}

# Whether bridged frames pass iptables: on (the usual setting of a cluster) or off.
node_bridge_netfilter() {
	local value=0
	[[ $1 == off ]] || value=1
	ip netns exec "$NODE" sysctl -qw net.bridge.bridge-nf-call-iptables=$value net.bridge.bridge-nf-call-ip6tables=$value
}

# Runs the CNI plugin in the node: COMMAND POD [ADDRESS ADDRESS6].
cni() {
	local command=$1 pod=$2 address=${3:-} address6=${4:-} arguments='IgnoreUnknown=1'
	ip netns exec "$NODE" env CNI_COMMAND="$command" CNI_CONTAINERID="lab-$pod" CNI_NETNS="/run/netns/$pod" \
		CNI_IFNAME=eth0 CNI_PATH="$LAB_CNI" CNI_ARGS="$arguments" "$LAB_CNI/bridge" <<-JSON
		{ "cniVersion": "0.4.0", "name": "lab", "type": "bridge", "bridge": "cni0",
		  "isDefaultGateway": true, "hairpinMode": true, "ipMasq": false,
		  "args": { "cni": { "ips": [ "$address", "$address6" ] } },
		  "ipam": { "type": "host-local", "dataDir": "$LAB/cni",
		    "ranges": [ [ { "subnet": "$POD_NETWORK", "gateway": "$POD_GATEWAY" } ],
		                [ { "subnet": "$POD_NETWORK6", "gateway": "$POD_GATEWAY6" } ] ] } }
	JSON
}

# A pod NAME with the address 10.42.0.HOST and fd00:10:42::HOST (HOST in decimal in both).
pod_add() {
	local pod=$1 host=$2
	ip netns add "$pod"
	ip -n "$pod" link set lo up
	ip netns exec "$pod" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
	cni ADD "$pod" "10.42.0.$host" "fd00:10:42::$host" >"$LAB/pod/$pod.cni" ||
		lab_fail "CNI: $(cat "$LAB/pod/$pod.cni")"
	printf '%s\n' "10.42.0.$host" >"$LAB/pod/$pod.address"
	printf '%s\n' "fd00:10:42::$host" >"$LAB/pod/$pod.address6"
	date -u +%Y-%m-%dT%H:%M:%SZ >"$LAB/pod/$pod.started"
}

# Takes the pod's address back and ends it. Its servers must have been stopped.
pod_delete() {
	local pod=$1
	date -u +%Y-%m-%dT%H:%M:%SZ >"$LAB/pod/$pod.finished"
	cni DEL "$pod" "$(<"$LAB/pod/$pod.address")" "$(<"$LAB/pod/$pod.address6")"
	ip netns delete "$pod"
}

# Name of the bridge's port that leads to the pod.
pod_port() {
	local index
	index=$(ip netns exec "$1" cat /sys/class/net/eth0/iflink)
	ip -n "$NODE" -o link show | sed -n "s/^$index: \([^@:]*\).*/\1/p"
}

pod_exec() {
	local pod=$1
	shift
	ip netns exec "$pod" "$@"
}

# Answers from this pod's port go through the gateway although the peer is on the same bridge, so
# that a Service works without br_netfilter: PROTOCOL PORT.
pod_answer_by_gateway() {
	local pod=$1 protocol=$2 port=$3
	ip -n "$pod" rule add ipproto "$protocol" sport "$port" table 100
	ip -n "$pod" route replace default via "$POD_GATEWAY" table 100
}

# The same for everything the pod says.
pod_route_by_gateway() {
	local pod=$1
	ip -n "$pod" route add "$POD_GATEWAY" dev eth0
	ip -n "$pod" route delete "$POD_NETWORK"
}

# Opens the next connections of a pod from exactly this source port, so that the truth can name it.
pod_source_port() {
	pod_exec "$1" sysctl -qw "net.ipv4.ip_local_port_range=$2 ${3:-$2}"
}

# Starts a server: POD LABEL COMMAND... in a PID namespace of its own, output to the lab's log.
pod_run() {
	local pod=$1 label=$2
	shift 2
	ip netns exec "$pod" unshare --pid --fork --kill-child "$@" >"$LAB/log/$label" 2>&1 </dev/null &
	echo $! >"$LAB/pid/$label"
}

# Stops a server by its label. The first process of its PID namespace is ended: the wrapper's death
# alone would leave a server that has changed its user.
pod_stop() {
	local label=$1 wrapper child
	wrapper=$(<"$LAB/pid/$label")
	for child in $(<"/proc/$wrapper/task/$wrapper/children"); do
		kill -KILL "$child"
	done
	wait "$wrapper" 2>/dev/null || true
	rm "$LAB/pid/$label"
}

# Waits until something listens on the port: POD PORT [udp].
pod_wait_port() {
	local pod=$1 port=$2 kind=-t
	[[ ${3:-tcp} == tcp ]] || kind=-u
	lab_wait ip netns exec "$pod" bash -c "ss -Hln $kind 'sport = :$port' | grep -q ."
}

#
# Services: nat rules in the shape of kube-proxy's iptables mode.
#

service_chains() {
	local tables
	for tables in iptables ip6tables; do
		ip netns exec "$NODE" "$tables-restore" --noflush <<-RULES
			*nat
			:KUBE-SERVICES - [0:0]
			:KUBE-NODEPORTS - [0:0]
			:KUBE-POSTROUTING - [0:0]
			:KUBE-MARK-MASQ - [0:0]
			-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
			-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
			-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
			-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
			-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
			-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE
			-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
			COMMIT
		RULES
	done
	# What leaves the cluster leaves with the node's address.
	ip netns exec "$NODE" iptables -t nat -A POSTROUTING -s "$POD_NETWORK" ! -d "$CLUSTER_NETWORKS" -o eth0 -j MASQUERADE
}

# A Service: NAMESPACE/NAME[:PORTNAME] CLUSTERIP PORT ENDPOINT ENDPOINTPORT [PROTOCOL [NODEPORT]].
service_add() {
	local name=$1 cluster_ip=$2 port=$3 endpoint=$4 endpoint_port=$5 protocol=${6:-tcp} node_port=${7:-} hash tables=iptables to
	hash=$(printf '%s' "$name$cluster_ip$protocol" | sha256sum | tr a-f A-F | cut -c1-16)
	to=$endpoint:$endpoint_port
	if [[ $cluster_ip == *:* ]]; then
		tables=ip6tables
		to="[$endpoint]:$endpoint_port"
	fi
	ip netns exec "$NODE" "$tables-restore" --noflush <<-RULES
		*nat
		:KUBE-SVC-$hash - [0:0]
		:KUBE-SEP-$hash - [0:0]
		-A KUBE-SERVICES -d $cluster_ip -p $protocol -m $protocol --dport $port -m comment --comment "$name cluster IP" -j KUBE-SVC-$hash
		-A KUBE-SVC-$hash -m comment --comment "$name -> $to" -j KUBE-SEP-$hash
		-A KUBE-SEP-$hash -s $endpoint -m comment --comment "$name" -j KUBE-MARK-MASQ
		-A KUBE-SEP-$hash -p $protocol -m $protocol -m comment --comment "$name" -j DNAT --to-destination $to
		COMMIT
	RULES
	if [[ -n $node_port ]]; then
		ip netns exec "$NODE" "$tables-restore" --noflush <<-RULES
			*nat
			:KUBE-EXT-$hash - [0:0]
			-A KUBE-SERVICES -d $NODE_ADDRESS -p $protocol -m $protocol --dport $node_port -m comment --comment "$name" -j KUBE-EXT-$hash
			-A KUBE-EXT-$hash -m comment --comment "masquerade traffic for $name external destinations" -j KUBE-MARK-MASQ
			-A KUBE-EXT-$hash -j KUBE-SVC-$hash
			COMMIT
		RULES
	fi
}

# kube-proxy --masquerade-all: whatever goes to a Service gets the node's address as its source.
service_masquerade_all() {
	ip netns exec "$NODE" iptables -t nat -I KUBE-SERVICES 1 -d 10.43.0.0/16 -j KUBE-MARK-MASQ
}

#
# Captures. Everything is recorded with full length; files are written as they come.
#

# Starts tcpdump: LABEL FILE NAMESPACE TCPDUMP-OPTIONS... and waits until it listens.
capture_start() {
	local label=$1 file=$2 namespace=$3
	shift 3
	rm -f "$LAB/log/capture-$label" # an earlier one's would say that it listens
	ip netns exec "$namespace" tcpdump -Z root -s 0 -B 65536 -n -U --immediate-mode -w "$file" "$@" 2>"$LAB/log/capture-$label" &
	echo $! >"$LAB/pid/capture-$label"
	lab_wait grep -q 'listening on' "$LAB/log/capture-$label"
}

# On the bridge, which tcpdump makes promiscuous.
capture_bridge() {
	capture_start "$1" "$2" "$NODE" -i cni0 "${@:3}"
}

# On the node's end of a pod's veth pair.
capture_port() {
	capture_start "$1" "$2" "$NODE" -i "$(pod_port "$3")" "${@:4}"
}

# Inside a pod.
capture_pod() {
	capture_start "$1" "$2" "$3" -i eth0 "${@:4}"
}

# Ends a capture; one that lost packets is no use.
capture_stop() {
	local label=$1 pid
	sleep 0.5
	pid=$(<"$LAB/pid/capture-$label")
	kill -INT "$pid"
	wait "$pid" || lab_fail "tcpdump: $(<"$LAB/log/capture-$label")"
	rm "$LAB/pid/capture-$label"
	grep -q '^0 packets dropped by kernel' "$LAB/log/capture-$label" || lab_fail "capture $label: $(tail -1 "$LAB/log/capture-$label")"
}

#
# Truth: one row for each flow, in the columns of pcaps/README.md.
#

TRUTH_COLUMNS='file	source	proto	client	server	transport	encrypted	tls_version	cipher	client_auth	auth_method	cleartext_credentials	notes	mutual'

# Begins the truth of the captures in a folder.
truth_begin() {
	TRUTH=$1
	printf '%s\n' "$TRUTH_COLUMNS" >"$TRUTH"
	FLOW_PORT=${2:-41000}
}

# Names the capture that the next flows are in.
truth_capture() {
	CAPTURE_NAME=$1
}

# Reads KEY=VALUE arguments up to -- into IS, FLOW_ARGUMENTS is their count.
flow_read() {
	FLOW_ARGUMENTS=0
	IS=([transport]=tcp [encrypted]=no [version]=- [cipher]=- [auth]=none [method]=- [clear]=no [mutual]=- [note]='' [status]=0 [says]='' [from]='' [in]='')
	while (($#)) && [[ $1 != -- ]]; do
		IS[${1%%=*}]=${1#*=}
		shift
		FLOW_ARGUMENTS=$((FLOW_ARGUMENTS + 1))
	done
}

# Writes a row: FILE CLIENT KEY=VALUE...
truth_row() {
	local file=$1 client=$2
	shift 2
	local -A IS
	flow_read "$@"
	truth_print "$file" "$client"
}

truth_print() {
	local IFS=$'\t'
	local columns=("$1" "podwire:tests/lab/${0##*/}" "${IS[proto]}" "$2" "${IS[server]}" "${IS[transport]}" "${IS[encrypted]}" "${IS[version]}" "${IS[cipher]}"
		"${IS[auth]}" "${IS[method]}" "${IS[clear]}" "${IS[note]}" "${IS[mutual]}")
	printf '%s\n' "${columns[*]}" >>"$TRUTH"
}

# Runs a client and writes what is true of its connection:
#   flow KEY=VALUE... -- COMMAND...
# client (pod) and server (ip:port) say who; proto, transport, encrypted, version, cipher, auth, method,
# clear, mutual, note are the columns; status is the exit status that the command must have, says
# a text that its output must hold; in is a namespace to run in instead of the client's, from the address there.
# The client's source port is the next one of the lab: FLOW_PORT afterwards.
flow() {
	local -A IS
	local status=0 address output where
	flow_read "$@"
	shift $((FLOW_ARGUMENTS + 1))
	FLOW_PORT=$((FLOW_PORT + 1))
	where=${IS[in]:-${IS[client]}}
	pod_source_port "$where" "$FLOW_PORT"
	output=$(pod_exec "$where" "$@" 2>&1 </dev/null | tr -d '\000'; exit "${PIPESTATUS[0]}") || status=$?
	[[ $status == "${IS[status]}" ]] || lab_fail "exit $status instead of ${IS[status]} of: $* :: $output"
	[[ $output == *"${IS[says]}"* ]] || lab_fail "no '${IS[says]}' in what $* says: $output"
	address=${IS[from]:-$(<"$LAB/pod/${IS[client]}.address")}
	if [[ ${IS[server]} == \[* && -z ${IS[from]} ]]; then
		address="[$(<"$LAB/pod/${IS[client]}.address6")]"
	fi
	truth_print "$CAPTURE_NAME" "$address:$FLOW_PORT"
}

#
# Folders of many small captures: two pods that talk by their addresses, one capture for each case.
#

# The pods client (10.42.0.31) and server (10.42.0.32); captures and truth go to the folder when done.
pair_begin() {
	PAIR_OUT=$1
	mkdir -p "$PAIR_OUT" "$LAB/out"
	node_up node-1
	node_bridge_netfilter off
	pod_add client 31
	pod_add server 32
	truth_begin "$LAB/out/truth.tsv" "$2"
}

# Begins and ends the capture NAME.pcap, which holds TCP alone.
case_begin() {
	truth_capture "$1.pcap"
	capture_bridge "$1" "$LAB/out/$1.pcap" tcp
}

case_end() {
	capture_stop "${CAPTURE_NAME%.pcap}"
}

# A capture of one flow of the client: NAME FLOW-ARGUMENTS...
case_flow() {
	case_begin "$1"
	shift
	flow client=client "$@"
	case_end
}

pair_end() {
	cp "$LAB"/out/* "$PAIR_OUT/"
	lab_say "$(($(wc -l <"$TRUTH") - 1)) flows"
}
