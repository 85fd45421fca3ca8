// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"crypto/ed25519"
)

// step is one of a life, with nothing in it that depends on what came before: it can be taken out.
type step struct {
	do          string
	entry       entry   // add_peer, update_peer
	entries     []entry // configure_peers
	cancelAfter int
	key         int // remove_peer
	id          int // remove_peer_by_id
	answer      answer
	during      []step
	event       happening  // event
	envelopes   []envelope // deliver: one; stream
	cuts        uint64     // where a stream is cut
	by          int64      // advance
	change      change     // world
	fault       fault      // fail
	// What fails in this step: calls by their number, with an errno each.
	targets []target
	// The process dies after that many calls of this cycle; none: it does not.
	crashAfter int
}

type target struct {
	at    int
	errno string
}

// change is a change of the device by another program, or by a peer.
type change struct {
	kind      string
	key       int
	peer      wantedPeer // set_peer
	handshake int64      // of that peer: so long ago; none: not given
	bytes     uint64
	endpoint  int   // handshake: where it came from; 0: where the peer was
	clock     int64 // set_clock: to so many seconds after what it shows
	up        *bool
	mtu       int // 0: not given; the same for those below
	port      int
	private   int
	addresses uint
}

func quoted(text string) string {
	json, _ := json.Marshal(text)
	return string(json)
}

func timeText(now int64) string { return time.Unix(now, 0).UTC().Format(time.RFC3339) }

// object is a JSON object under construction.
type object struct{ members []string }

func (o *object) add(name, json string) { o.members = append(o.members, quoted(name)+": "+json) }

func (o *object) json() string { return "{" + strings.Join(o.members, ", ") + "}" }

func array[T any](from []T, json func(T) string) string {
	list := make([]string, len(from))
	for i := range from {
		list[i] = json(from[i])
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func prefixesJSON(set uint) string {
	var list []string
	for i := range prefixes {
		if set>>i&1 == 1 {
			list = append(list, prefixes[i][0])
		}
	}
	return array(list, quoted)
}

func addressesJSON(set uint) string {
	var list []string
	for i, address := range addresses {
		if set>>i&1 == 1 {
			list = append(list, address)
		}
	}
	return array(list, quoted)
}

func privateJSON(private int) string {
	return quoted([]string{"", repeated(0x01), repeated(0x77)}[private])
}

func pskJSON(psk int) string {
	if psk == 0 {
		return "null"
	}
	return quoted(psks[psk])
}

func (h *happening) payload() string {
	switch h.eventType {
	case "peer_removed":
		return `{"peer_id": ` + idsJSON[h.entry.id] + "}"
	case "signing_key_rotated":
		return h.keys.json()
	}
	return h.entry.json()
}

// json is the envelope as delivered at that time: Go's encoding of it is what is signed.
func (e *envelope) json(now int64) string {
	part := struct {
		EventType string          `json:"event_type"`
		EventID   string          `json:"event_id"`
		IssuedAt  time.Time       `json:"issued_at"`
		Nonce     string          `json:"nonce"`
		Payload   json.RawMessage `json:"payload"`
	}{e.eventType, "event-" + e.nonce, time.Unix(now+e.issued, 0).UTC(), e.nonce,
		json.RawMessage(e.payload())}
	message, err := json.Marshal(part)
	if err != nil {
		panic(err)
	}
	signature := ""
	if e.signer != 0 {
		signed := ed25519.Sign(signers[e.signer], message)
		signature = base64.StdEncoding.EncodeToString(signed)
	}
	if e.forged {
		part.EventID += "!"
	}
	o := object{}
	for _, member := range []struct{ name, json string }{
		{"event_type", quoted(part.EventType)},
		{"event_id", quoted(part.EventID)},
		{"issued_at", quoted(timeText(now + e.issued))},
		{"nonce", quoted(part.Nonce)},
		{"payload", e.payload()},
		{"signature", quoted(signature)},
	} {
		if member.name != e.lacks {
			o.add(member.name, member.json)
		}
	}
	return o.json()
}

// chunks is the stream of the events, cut.
func (s *step) chunks(now int64) []string {
	c := newChance(s.cuts)
	text := ": hello\n\n"
	for i := range s.envelopes {
		end := pick(c, []string{"\n", "\r\n", "\r"})
		text += "event: " + s.envelopes[i].eventType + end
		for _, line := range strings.Split(s.envelopes[i].json(now), "\n") {
			text += "data: " + line + end
		}
		text += end
	}
	var chunks []string
	for len(text) > 0 {
		length := 1 + c.below(len(text))
		chunks = append(chunks, text[:length])
		text = text[length:]
	}
	return chunks
}

func (f *fault) json() string {
	o := object{}
	o.add("do", `"fail"`)
	o.add("op", quoted(f.op))
	o.add("error", quoted(f.errno))
	o.add("times", fmt.Sprint(f.times))
	if f.key != none {
		o.add("public_key", quoted(keys[f.key]))
	}
	return o.json()
}

func (c *change) interfaceJSON() string {
	o := object{}
	if c.up != nil {
		o.add("up", fmt.Sprint(*c.up))
	}
	if c.mtu != 0 {
		o.add("mtu", fmt.Sprint(c.mtu))
	}
	if c.port != 0 {
		o.add("listen_port", fmt.Sprint(c.port))
	}
	if c.private != privateNone {
		o.add("private_key", privateJSON(c.private))
	}
	if c.addresses != 0 {
		o.add("addresses", addressesJSON(c.addresses))
	}
	return o.json()
}

func (c *change) peerJSON(now int64) string {
	o := object{}
	o.add("public_key", quoted(keys[c.peer.key]))
	if c.peer.endpoint != 0 {
		o.add("endpoint", quoted(endpoints[c.peer.endpoint][0]))
	}
	o.add("allowed_ips", prefixesJSON(c.peer.prefixes))
	o.add("psk", pskJSON(c.peer.psk))
	o.add("persistent_keepalive", fmt.Sprint(c.peer.keepalive))
	if c.handshake != none {
		o.add("last_handshake", quoted(timeText(now-c.handshake)))
		o.add("tx_bytes", fmt.Sprint(c.bytes))
	}
	return o.json()
}

func (c *change) json(now int64) string {
	value := ""
	key := object{}
	key.add("public_key", quoted(keys[c.key]))
	switch c.kind {
	case "remove_peer":
		value = quoted(keys[c.key])
	case "set_peer":
		value = c.peerJSON(now)
	case "delete_interface":
		value = "true"
	case "set_interface":
		value = c.interfaceJSON()
	case "handshake":
		if c.endpoint != 0 {
			key.add("endpoint", quoted(endpoints[c.endpoint][0]))
		}
		value = key.json()
	case "set_clock":
		value = quoted(timeText(now + c.clock))
	case "sent":
		key.add("bytes", fmt.Sprint(c.bytes))
		value = key.json()
	}
	return `{"do": "world", ` + quoted(c.kind) + ": " + value + "}"
}

// apply makes the change in the world.
func (c *change) apply(w *world) {
	w.now.wall += c.clock
	d := &w.device
	if !d.there {
		return
	}
	there := &d.peers[c.key]
	switch c.kind {
	case "remove_peer":
		d.removePeer(c.key)
	case "set_peer":
		d.setPeer(&c.peer, fieldsAll, true)
		if there = &d.peers[c.peer.key]; there.there && c.handshake != none {
			there.handshake, there.tx = w.now.wall-c.handshake, c.bytes
		}
	case "delete_interface":
		*d = device{}
	case "set_interface":
		c.applyInterface(d)
	case "handshake":
		if there.there {
			there.handshake = w.now.wall
			if c.endpoint != 0 {
				there.endpoint = c.endpoint
			}
		}
	case "sent":
		if there.there {
			there.tx += c.bytes
		}
	}
}

func (c *change) applyInterface(d *device) {
	if c.private != privateNone {
		d.setPrivate(c.private)
	}
	if c.up != nil {
		d.up = *c.up
	}
	if c.mtu != 0 {
		d.mtu = c.mtu
	}
	if c.port != 0 {
		d.port = c.port
	}
	if c.addresses != 0 {
		d.addresses = c.addresses
	}
}
