#!/bin/sh
# Makes configure and Makefile.in from configure.ac and Makefile.am.
set -eu
cd "$(dirname "$0")"
for tool in autoreconf automake pkg-config; do
	command -v "$tool" >/dev/null || {
		echo "autogen.sh: $tool was not found: on Debian, apt-get install autoconf automake pkg-config" >&2
		exit 1
	}
done
exec autoreconf --install --force
