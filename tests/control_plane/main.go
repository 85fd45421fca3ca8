// SPDX-License-Identifier: Apache-2.0

// A control plane for tests: the API that plexwg uses, for any number of nodes, from memory, and an
// admin interface through which a test sets its answers and its faults.
//
//	control_plane [--listen HOST:PORT]... [--tls DIR [--cert-hosts H,H]] [--admin HOST:PORT]
//	              [--join-token TEXT] [--store FILE] [--ping 15s] [--psk]
//
// When it listens it prints one line, {"api": ["https://HOST:PORT"], "admin": "http://HOST:PORT",
// "ca_file", "signing_public_key"}, and runs until it is killed. Port 0 is any free port. With
// --tls there is an authority in DIR/ca.pem, made if need be, and a certificate for the hosts that
// it listens on, or for --cert-hosts. With --store nodes, events and keys outlive it. With --psk
// every pair of nodes has a preshared key.
//
// The admin interface takes and gives JSON; an error is a status of 400 with the reason as text.
//
//	GET    /nodes              all nodes, tokens included
//	PUT    /nodes/ID           {token, public_key, mesh_ip, endpoint, allowed_ips,
//	                           persistent_keepalive}: makes it or changes what is given; a new
//	                           one has the token "token-ID" and the next free mesh IP
//	DELETE /nodes/ID           removes it
//	GET    /nodes/ID/state     the state document it gets; unless one was set, all other nodes
//	                           that have a public key: the full mesh
//	PUT    /nodes/ID/state     it gets these bytes, unchanged
//	DELETE /nodes/ID/state     it gets the full mesh again
//	POST   /orders             {node, reconcile, rotate_keys}: the answer to its next heartbeat
//	POST   /events             {nodes, event_type, payload, event_id, issued_at, offset_s, nonce,
//	                           signature}: signs an event and sends it to these nodes, or all.
//	                           Only the type is needed. `offset_s` moves issued_at; `signature` is
//	                           "forged", "foreign" (another key's), "previous" (the previous
//	                           key's) or "missing". Answers the envelope
//	POST   /announce           {event_type, node}: an event about a node, to all others, its
//	                           payload as their state documents have it
//	POST   /raw                {nodes, text}: these bytes on their open streams. Answers on how many
//	POST   /rotate             {keep_s, announce}: a new signing key; the old one counts for so
//	                           long; announced by an event signed by the old key
//	POST   /cut                {node}: breaks the open streams, all of them without a node
//	POST   /end                {node}: ends them properly, between two events
//	POST   /faults             see faults.go: sets how requests are answered
//	DELETE /faults             correct answers again
//	POST   /down, /up          nothing listens and all connections are closed; it is back
//	GET    /requests           the latest 10000 requests, bodies included; filtered by
//	                           ?endpoint=state&node=ID
//	GET    /counters           {"requests": {"state 200": 3}, "streams": 1, "connections": 2}:
//	                           by endpoint and status
//	DELETE /counters           clears both
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

type addresses []string

func (list *addresses) String() string {
	return strings.Join(*list, ",")
}

func (list *addresses) Set(address string) error {
	*list = append(*list, address)
	return nil
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "control_plane:", err)
		os.Exit(1)
	}
}

func main() {
	var listen addresses
	flag.Var(&listen, "listen", "")
	tlsDirectory := flag.String("tls", "", "")
	certHosts := flag.String("cert-hosts", "", "")
	admin := flag.String("admin", "127.0.0.1:0", "")
	joinToken := flag.String("join-token", "join-token", "")
	store := flag.String("store", "", "")
	ping := flag.Duration("ping", 15*time.Second, "")
	psk := flag.Bool("psk", false, "")
	flag.Parse()
	if len(listen) == 0 {
		listen = addresses{"127.0.0.1:0"}
	}

	world, err := newWorld(*store, *psk)
	fatal(err)
	plane := newPlane(world, *joinToken, *ping)
	front := &front{handler: http.HandlerFunc(plane.serve)}
	if *tlsDirectory != "" {
		front.tls, err = serverTLS(*tlsDirectory, hostsOf(listen, *certHosts))
		fatal(err)
	}
	fatal(front.open(listen))
	back, err := listenOnly(*admin)
	fatal(err)

	ready := map[string]any{
		"api":                front.urls(),
		"admin":              "http://" + back.Addr().String(),
		"signing_public_key": world.publicKey(),
	}
	if *tlsDirectory != "" {
		ready["ca_file"] = authorityPath(*tlsDirectory)
	}
	fatal(json.NewEncoder(os.Stdout).Encode(ready))
	fatal(http.Serve(back, &adminHandler{plane: plane, front: front}))
}
