// SPDX-License-Identifier: Apache-2.0
// A client of node's TLS: HOST:PORT CA [CERTIFICATE KEY]. Says hello, prints what comes back.
'use strict';
const fs = require('fs');
const tls = require('tls');

const [address, ca, certificate, key] = process.argv.slice(2);
const [host, port] = address.split(':');
const socket = tls.connect({
  host, port: Number(port), servername: 'www.example', ca: fs.readFileSync(ca),
  cert: certificate && fs.readFileSync(certificate), key: key && fs.readFileSync(key),
}, () => socket.write('hello\n'));
socket.on('data', (data) => { process.stdout.write(data); socket.end(); });
socket.on('error', (error) => { console.log(error.code); process.exitCode = 1; });
