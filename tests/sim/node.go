// SPDX-License-Identifier: Apache-2.0

package main

import "math"

// node is what a process knows. A new one knows the signing keys of its file, and of one before it
// those in force and which events were handled.
type node struct {
	ownID       int    // none: one that no entry has
	state       string // of the interface
	index       [8]int // the key of each id, or none
	endpoints   [keyCount]endpointMemory
	order       int // counts events and fetches
	events      [8]event
	document    *document // the last good one; nil: none yet
	fetch       int       // when the current fetch began
	conflicts   map[string]bool
	repeated    [keyCount]repeatedCall
	keys        signingKeys
	keysChanged int // when an event last did
	nonces      []nonce
	swept       int64         // when those that are past were last forgotten, by the boot clock
	newest      [8 + 1]moment // when the newest event about each id is stale, and about the keys
}

const (
	aboutKeys = 8
	unissued  = math.MaxInt64
)

// event is the pending event of an id, until a fetch that began after it succeeds.
type event struct {
	there   bool
	order   int
	removed bool
	entry   entry
}

// repeatedCall is an operation that succeeded in the last cycle.
type repeatedCall struct {
	kind   string
	fields int
	wanted wantedPeer
	cycles int
}

type nonce struct {
	text  string
	until moment
}

func newNode(l *life) node {
	n := node{ownID: l.ownID, state: "absent", keys: l.keys.effective()}
	for i := range n.index {
		n.index[i] = none
	}
	return n
}

// restarted is the process after this one.
func (n *node) restarted(l *life) node {
	next := newNode(l)
	if !wrong.restartsForget {
		next.keys, next.nonces, next.swept, next.newest = n.keys, n.nonces, n.swept, n.newest
	}
	return next
}

// nameOf is the first id that has the key, or none.
func (n *node) nameOf(key int) int {
	for _, id := range idsInOrder {
		if n.index[id] == key {
			return id
		}
	}
	return none
}

// note records the result of an operation; a missing link is lost.
func (n *node) note(errno string) {
	if errno == "ENODEV" {
		n.state = "absent"
	}
}

// Setup, as a table: the action in each state, and the state after it.
var setupSteps = map[string]struct {
	act func(w *world) string
	to  string
}{
	"absent":  {(*world).createInterface, "created"},
	"created": {(*world).configureAddress, "addressed"},
	"addressed": {func(w *world) string {
		if w.mtu == 0 {
			return ""
		}
		return w.setMTU()
	}, "sized"},
	"sized": {(*world).setUp, "up"},
}

// Every call of the engine returns "" or a part of its error text.

func (w *world) setup() string {
	n := &w.node
	for n.state != "up" {
		step := setupSteps[n.state]
		if errno := step.act(w); errno != "" {
			n.note(errno)
			return "wireguard: setup: "
		}
		n.state = step.to
		if n.state == "created" {
			n.repeated = [keyCount]repeatedCall{} // a new device may need all of it again
		}
	}
	return ""
}

func (w *world) teardown() string {
	if errno := w.deleteInterface(); errno != "" {
		w.node.note(errno)
		return "wireguard: teardown: "
	}
	w.node.state = "absent"
	return ""
}

// putPeer is AddPeer and UpdatePeer.
func (w *world) putPeer(e *entry) string {
	if !e.isUsable() {
		return "wireguard: "
	}
	n := &w.node
	if n.isNamesake(e) {
		return "wireguard: peer " + ids[e.id]
	}
	if e.key == ownKey {
		return ""
	}
	old := n.index[e.id]
	if old != none && old != e.key && !n.hasOther(e.id, old) {
		errno := w.removePeer(old)
		n.note(errno)
		if errno == "" {
			n.endpoints[old] = endpointMemory{}
			n.index[e.id] = none
		}
	}
	wanted := e.wanted()
	if wanted.prefixes>>ownPrefix&1 == 1 {
		wanted.prefixes &^= 1 << ownPrefix
		w.conflicts++
	}
	errno := w.addPeer(&wanted, fieldsAll, true)
	if errno != "" {
		n.note(errno)
		n.endpoints[e.key].failed(e.endpoint)
		return "peer " + ids[e.id]
	}
	n.endpoints[e.key].applied(e.endpoint, false)
	n.index[e.id] = e.key
	return ""
}

// isNamesake returns whether the entry has the node's id, and another key.
func (n *node) isNamesake(e *entry) bool {
	return n.ownID != none && e.id == n.ownID && e.key != ownKey && !wrong.namesakesArePeers
}

// hasOther: an id other than this one has the key.
func (n *node) hasOther(id, key int) bool {
	for other := range n.index {
		if other != id && n.index[other] == key {
			return true
		}
	}
	return false
}

func (w *world) removeKey(key int) string {
	errno := w.removePeer(key)
	w.node.note(errno)
	if errno != "" {
		return "wireguard: remove peer " + keys[key]
	}
	w.node.endpoints[key] = endpointMemory{}
	return ""
}

func (w *world) removeID(id int) string {
	key := w.node.index[id]
	if key == none {
		return "wireguard: unknown peer ID: " + ids[id]
	}
	if w.removeKey(key) != "" {
		return "wireguard: remove peer " + ids[id]
	}
	w.node.index[id] = none
	return ""
}

// configurePeers: `cancelAfter` is none, or the number of peers that are tried.
func (w *world) configurePeers(entries []entry, cancelAfter int) string {
	for i := range entries {
		if i == cancelAfter {
			return "cancelled"
		}
		w.putPeer(&entries[i])
	}
	return ""
}

// Event types. The last one is unknown to the node.
var eventTypes = []string{"peer_added", "peer_removed", "peer_key_rotated", "peer_endpoint_changed",
	"signing_key_rotated", "peer_renamed"}

// happening is an event, before it is written as an envelope.
type happening struct {
	eventType string
	entry     entry // of the three that carry a peer; of peer_removed its id
	keys      signingKeys
}

// staleAfter is when an event from then is stale, as the clocks stand to each other now.
func (w *world) staleAfter(issued int64) moment {
	return w.now.after(issued + eventWindow - w.now.wall)
}

// takeTurn: an event that was delivered is handled if none issued later was, about the same.
func (w *world) takeTurn(about int, issued int64) bool {
	if issued == unissued || wrong.supersededCount {
		return true
	}
	newest, until := &w.node.newest[about], w.staleAfter(issued)
	if !newest.isPast(w.now) && until.wall < newest.wall {
		return false
	}
	*newest = until
	return true
}

// forgetNonces: those whose events are stale.
func (w *world) forgetNonces() {
	var left []nonce
	for _, seen := range w.node.nonces {
		if !seen.until.isPast(w.now) {
			left = append(left, seen)
		}
	}
	w.node.nonces, w.node.swept = left, w.now.boot
}

// handle: `issued` is when, or unissued if the handler is called without an envelope.
func (w *world) handle(h *happening, issued int64) string {
	n := &w.node
	failed := func(text string) string {
		if text != "" {
			return h.eventType + ": "
		}
		return ""
	}
	switch h.eventType {
	case "peer_added", "peer_key_rotated", "peer_endpoint_changed":
		if !h.entry.isUsable() || n.isNamesake(&h.entry) {
			return h.eventType + ": "
		}
		if !w.takeTurn(h.entry.id, issued) {
			return "superseded"
		}
		n.order++
		n.events[h.entry.id] = event{there: true, order: n.order, entry: h.entry}
		return failed(w.putPeer(&h.entry))
	case "peer_removed":
		if !w.takeTurn(h.entry.id, issued) {
			return "superseded"
		}
		n.order++
		n.events[h.entry.id] = event{there: true, order: n.order, removed: true}
		return failed(w.removeID(h.entry.id))
	case "signing_key_rotated":
		if h.keys.current == badSigner {
			return h.eventType + ": "
		}
		if !w.takeTurn(aboutKeys, issued) {
			return "superseded"
		}
		n.order++
		n.keys, n.keysChanged = h.keys.effective(), n.order
	}
	return ""
}

// effective: without an end there is no previous key.
func (k signingKeys) effective() signingKeys {
	if k.previous == 0 || k.expires == 0 {
		return signingKeys{current: k.current}
	}
	return k
}

// envelope is an event as it is delivered. Its times are relative to when that is.
type envelope struct {
	happening
	issued int64 // seconds after now
	nonce  string
	signer int    // 0: it is not signed
	forged bool   // changed after signing
	lacks  string // the member that is missing; "": none
}

const eventWindow = 300

func (w *world) deliver(e *envelope) string {
	n := &w.node
	switch {
	case e.lacks != "":
		if e.lacks == "event_type" {
			return "malformed"
		}
		return "missing " + e.lacks
	case e.issued < -eventWindow:
		return "stale"
	case e.issued > eventWindow:
		return "future"
	}
	current := n.keys.current != 0 && e.signer == n.keys.current
	previous := n.keys.previous != 0 && e.signer == n.keys.previous && w.now.wall < n.keys.expires
	if e.forged || e.signer == 0 || !current && !previous {
		return "signature"
	}
	// They make room once a second.
	if w.now.boot > n.swept {
		w.forgetNonces()
	}
	issued := w.now.wall + e.issued
	for i := range n.nonces {
		if n.nonces[i].text == e.nonce && !n.nonces[i].until.isPast(w.now) {
			return "duplicate nonce"
		}
	}
	n.nonces = append(n.nonces, nonce{e.nonce, w.staleAfter(issued)})
	return w.handle(&e.happening, issued)
}
