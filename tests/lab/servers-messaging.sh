# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# RabbitMQ in a pod, for the record-* scripts of message brokers. To be sourced behind lib.sh.

# RabbitMQ: POD LABEL PLUGINS, more of its configuration on standard input. The user rita, raw-rutabaga-7,
# may do everything with what is called fruit, and nothing else.
rabbitmq_run() {
	local pod=$1 label=$2 plugins=$3 directory=$LAB/rabbitmq-$2
	mkdir -p "$directory"/{mnesia,log,home}
	echo "[$plugins]." >"$directory/plugins"
	{
		printf 'default_user = rita\ndefault_pass = raw-rutabaga-7\ndefault_permissions.configure = .*\ndefault_permissions.read = ^(fruit|amq|mqtt|stomp).*\n'
		printf 'default_permissions.write = ^(fruit|amq|mqtt|stomp).*\nlog.console = true\nlog.file = false\ncluster_name = lab\n'
		printf 'vm_memory_calculation_strategy = erlang\n' # /proc is not of this PID namespace
		cat
	} >"$directory/rabbitmq.conf"
	chown -R rabbitmq:rabbitmq "$directory"
	pod_run "$pod" "$label" env HOME="$directory/home" RABBITMQ_MNESIA_BASE="$directory/mnesia" RABBITMQ_LOG_BASE="$directory/log" RABBITMQ_CONFIG_FILE="$directory/rabbitmq.conf" \
		RABBITMQ_ENABLED_PLUGINS_FILE="$directory/plugins" RABBITMQ_NODENAME=r@localhost RABBITMQ_PID_FILE="$directory/pid" \
		setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups /usr/lib/rabbitmq/bin/rabbitmq-server
	rabbitmq_wait "$LAB/log/$label"
}

# It takes a while: a minute and more.
rabbitmq_wait() {
	local try
	for ((try = 0; try < 1800; try++)); do
		if grep -q 'Server startup complete' "$1"; then
			return 0
		fi
		if grep -q 'Kernel pid terminated' "$1"; then
			break
		fi
		sleep 0.1
	done
	lab_fail "RabbitMQ does not start: $(tail -3 "$1")"
}
