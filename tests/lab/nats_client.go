// SPDX-License-Identifier: Apache-2.0

// A NATS client on nats.go, and the maker of the keys and tokens that it and the server need.
// usage: nats_client -make FOLDER, or nats_client [-user U -pass P] [-token T] [-nkey SEED] [-jwt FILE [-nkey SEED]] [-ca F] [-cert F -key F] [-subject S] URL
package main

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

func must(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func write(folder, name, text string) {
	must(os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
}

func key(folder, name string, pair nkeys.KeyPair, err error) (nkeys.KeyPair, string) {
	must(err)
	seed, err := pair.Seed()
	must(err)
	public, err := pair.PublicKey()
	must(err)
	write(folder, name+".seed", string(seed))
	write(folder, name+".public", public)
	return pair, public
}

// A token of NATS: its claims, signed by issuer.
func token(issuer nkeys.KeyPair, subject, name, kind string, nats map[string]interface{}) string {
	public, err := issuer.PublicKey()
	must(err)
	nats["type"], nats["version"] = kind, 2
	claims, err := json.Marshal(map[string]interface{}{"jti": "LAB" + strings.ToUpper(name), "iat": 1600000000, "iss": public, "name": name, "sub": subject, "nats": nats})
	must(err)
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"ed25519-nkey"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	signature, err := issuer.Sign([]byte(text))
	must(err)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func makeAll(folder string) {
	none := map[string]interface{}{}
	key2 := func(name string, create func() (nkeys.KeyPair, error)) (nkeys.KeyPair, string) {
		pair, err := create()
		return key(folder, name, pair, err)
	}
	operator, operatorKey := key2("operator", nkeys.CreateOperator)
	account, accountKey := key2("account", nkeys.CreateAccount)
	_, userKey := key2("user", nkeys.CreateUser)
	_, _ = key2("stranger", nkeys.CreateUser)
	limits := map[string]interface{}{"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1}
	write(folder, "operator.jwt", token(operator, operatorKey, "operator", "operator", map[string]interface{}{}))
	write(folder, "account.jwt", token(operator, accountKey, "account", "account", map[string]interface{}{"limits": limits, "default_permissions": map[string]interface{}{"pub": none, "sub": none}}))
	user := func(bearer bool) map[string]interface{} {
		return map[string]interface{}{"pub": none, "sub": none, "subs": -1, "data": -1, "payload": -1, "bearer_token": bearer}
	}
	write(folder, "user.jwt", token(account, userKey, "user", "user", user(false)))
	write(folder, "bearer.jwt", token(account, userKey, "bearer", "user", user(true)))
}

func signer(file string) nats.SignatureHandler {
	return func(nonce []byte) ([]byte, error) {
		if file == "" {
			return nil, nil
		}
		seed, err := os.ReadFile(file)
		must(err)
		pair, err := nkeys.FromSeed(seed)
		must(err)
		return pair.Sign(nonce)
	}
}

func main() {
	folder, user, pass, token := flag.String("make", "", ""), flag.String("user", "", ""), flag.String("pass", "", ""), flag.String("token", "", "")
	seed, jwt, subject := flag.String("nkey", "", ""), flag.String("jwt", "", ""), flag.String("subject", "news.fruit", "")
	ca, certificate, certificateKey := flag.String("ca", "", ""), flag.String("cert", "", ""), flag.String("key", "", "")
	flag.Parse()
	if *folder != "" {
		makeAll(*folder)
		return
	}
	failed := make(chan error, 8)
	options := []nats.Option{nats.NoReconnect(), nats.Name("lab"), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { failed <- err })}
	if *user != "" {
		options = append(options, nats.UserInfo(*user, *pass))
	}
	if *token != "" {
		options = append(options, nats.Token(*token))
	}
	if *jwt != "" {
		text, err := os.ReadFile(*jwt)
		must(err)
		options = append(options, nats.UserJWT(func() (string, error) { return string(text), nil }, signer(*seed)))
	} else if *seed != "" {
		public, err := os.ReadFile(strings.TrimSuffix(*seed, ".seed") + ".public")
		must(err)
		options = append(options, nats.Nkey(string(public), signer(*seed)))
	}
	if *ca != "" {
		options = append(options, nats.RootCAs(*ca))
	}
	if *certificate != "" {
		options = append(options, nats.ClientCert(*certificate, *certificateKey))
	}
	connection, err := nats.Connect(flag.Arg(0), options...)
	must(err)
	subscription, err := connection.SubscribeSync(*subject)
	must(err)
	must(connection.Publish(*subject, []byte("ripe")))
	must(connection.Flush())
	message, err := subscription.NextMsg(time.Second)
	select {
	case refused := <-failed:
		fmt.Println(refused)
	default:
		must(err)
		fmt.Println("received", string(message.Data))
	}
	connection.Close()
}
