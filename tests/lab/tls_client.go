// SPDX-License-Identifier: Apache-2.0

// A client of Go's TLS: HOST:PORT CA [CERTIFICATE KEY]. Says hello, prints what comes back.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	pool := x509.NewCertPool()
	pem, err := os.ReadFile(os.Args[2])
	check(err)
	pool.AppendCertsFromPEM(pem)
	config := &tls.Config{RootCAs: pool, ServerName: "www.example"}
	if len(os.Args) > 4 {
		certificate, err := tls.LoadX509KeyPair(os.Args[3], os.Args[4])
		check(err)
		config.Certificates = []tls.Certificate{certificate}
	}
	connection, err := tls.Dial("tcp", os.Args[1], config)
	check(err)
	_, err = connection.Write([]byte("hello\n"))
	check(err)
	answer := make([]byte, 64)
	n, err := connection.Read(answer)
	check(err)
	os.Stdout.Write(answer[:n])
	connection.Close()
}
