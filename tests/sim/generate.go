// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// generator makes up a life while it is played, so that each step can refer to the current world.
type generator struct {
	*chance
	script   *script
	life     *life
	document document
	nonces   int
	latest   envelope
	jumped   bool // the clock was set, which replays wait for
}

// newLife is the life of that seed, from its first step to a converged device.
func newLife(seed uint64) *script {
	g := &generator{chance: newChance(seed), life: &life{seed: seed, ownID: none}}
	g.begin()
	g.script = g.life.begin()
	for i := 10 + g.below(30); i > 0; i-- {
		g.take(g.step())
	}
	g.settle()
	return g.script
}

func (g *generator) take(st step) {
	g.life.steps = append(g.life.steps, st)
	g.script.take(&g.life.steps[len(g.life.steps)-1])
}

func (g *generator) begin() {
	if g.percent(50) {
		g.life.mtu = 1380
	}
	if g.percent(30) {
		g.life.ownID = g.below(len(ids))
	}
	if g.percent(80) {
		g.life.keys = g.signingKeys()
	}
	if g.percent(40) {
		return
	}
	g.life.device = g.interfaceChange()
	if g.percent(70) {
		g.life.device.private = privateOwn
	}
	there := map[int]bool{}
	for i := g.below(6); i > 0; i-- {
		c := g.peerChange()
		if !there[c.peer.key] {
			g.life.peers = append(g.life.peers, c)
		}
		there[c.peer.key] = true
	}
}

func plain(do string) step { return step{do: do, cancelAfter: none, crashAfter: none} }

// settle ends a life, with a document that stays.
func (g *generator) settle() {
	g.changeDocument()
	g.take(cycleOf(g.answer()))
	g.script.settle(g.answer())
}

func (g *generator) answer() answer {
	d := document{append([]entry(nil), g.document.entries...), g.document.keys}
	return answer{document: &d}
}

func cycleOf(a answer) step {
	st := plain("reconcile")
	st.answer = a
	return st
}

// step is any step.
func (g *generator) step() step {
	st := g.anyStep()
	switch st.do {
	case "world", "advance", "restart", "fail", "stream":
		return st
	}
	for g.percent(20) && len(st.targets) < 3 {
		st.targets = append(st.targets, target{g.below(12), g.errno()})
	}
	return st
}

func (g *generator) anyStep() step {
	if g.jumped && g.percent(50) {
		g.jumped = false
		return g.replay()
	}
	switch kind := g.below(100); {
	case kind < 34:
		return g.anyCycle()
	case kind < 44:
		st := plain("event")
		st.event = g.happening()
		return st
	case kind < 58:
		return g.delivery()
	case kind < 75:
		return g.worldStep()
	case kind < 81:
		return g.failStep()
	case kind < 87:
		st := plain("advance")
		st.by = pick(g.chance, []int64{1, 60, 179, 181, 299, 301, 3600, 86400})
		return st
	case kind < 91:
		return plain("restart")
	case kind < 93:
		return plain("setup")
	case kind < 94:
		return plain("teardown")
	}
	return g.managerStep()
}

func (g *generator) anyCycle() step {
	st := cycleOf(answer{})
	switch kind := g.below(100); {
	case kind < 70:
		g.changeDocument()
		st.answer = g.answer()
	case kind < 80:
		st.answer.failed = true
	case kind < 85:
		st.answer.refused = pick(g.chance, []string{"null", "7", "[]", "{}",
			`{"peers": {}}`, `{"peers": "none"}`})
	}
	for g.percent(25) && len(st.during) < 4 {
		st.during = append(st.during, g.duringStep())
	}
	if g.percent(8) {
		st.crashAfter = g.below(8)
	}
	return st
}

func (g *generator) duringStep() step {
	switch g.below(4) {
	case 0:
		return g.worldStep()
	case 1:
		return g.delivery()
	case 2:
		if g.percent(30) {
			return g.failStep()
		}
	}
	st := plain("event")
	st.event = g.happening()
	return st
}

// changeDocument: control planes mostly change little at a time.
func (g *generator) changeDocument() {
	d := &g.document
	if g.percent(20) || len(d.entries) == 0 {
		d.entries = nil
		for i := g.below(12); i > 0; i-- {
			d.entries = append(d.entries, g.documentEntry())
		}
	}
	for i := g.below(4); i > 0; i-- {
		g.changeEntries()
	}
	d.keys = signingKeys{}
	if g.percent(15) {
		d.keys = g.signingKeys()
	}
}

func (g *generator) documentEntry() entry {
	e := newEntry(g.chance)
	if g.percent(12) {
		e.spoil(g.chance)
	}
	return e
}

func (g *generator) changeEntries() {
	d := &g.document
	count := len(d.entries)
	if count == 0 || g.percent(20) {
		d.entries = append(d.entries, g.documentEntry())
		return
	}
	at := g.below(count)
	e := d.entries[at]
	other := newEntry(g.chance)
	if !e.isUsable() || g.percent(20) {
		d.entries = append(append([]entry(nil), d.entries[:at]...), d.entries[at+1:]...)
		return
	}
	switch g.below(6) {
	case 0:
		e.key = other.key
	case 1:
		e.prefixes = other.prefixes
	case 2:
		e.endpoint = other.endpoint
	case 3:
		e.psk = other.psk
	case 4:
		e.keepalive = other.keepalive
	case 5:
		e.spoil(g.chance)
	}
	d.entries = append([]entry(nil), d.entries...)
	d.entries[at] = e
}

func (g *generator) signingKeys() signingKeys {
	k := signingKeys{current: 1 + g.below(signerCount-1)}
	switch {
	case g.percent(10):
		k.current = badSigner
		if g.script == nil { // the file's are sound
			k.current = 1
		}
	case g.percent(50):
		k.previous = 1 + g.below(signerCount-1)
		if g.percent(80) {
			k.expires = lifeStart.Unix() + pick(g.chance, []int64{60, 600, 7200})
		}
	}
	return k
}

// happening is an event: mostly about an id and a key that are known.
func (g *generator) happening() happening {
	h := happening{eventType: pick(g.chance, eventTypes), entry: newEntry(g.chance)}
	switch h.eventType {
	case "signing_key_rotated":
		h.keys = g.signingKeys()
	case "peer_removed":
	default:
		if h.eventType == "peer_endpoint_changed" {
			if key := g.script.world.node.index[h.entry.id]; key != none && g.percent(80) {
				h.entry.key = key
			}
		}
		if g.percent(8) {
			h.entry.spoil(g.chance)
		}
	}
	return h
}

func (g *generator) envelope() envelope {
	now := &g.script.world.node.keys
	e := envelope{happening: g.happening(), signer: now.current}
	if e.entry.id != none && g.latest.entry.id != none && g.percent(40) {
		e.entry.id = g.latest.entry.id
	}
	g.nonces++
	e.nonce = fmt.Sprint("n", g.nonces)
	if e.signer == 0 {
		e.signer = 1 + g.below(signerCount-1)
	}
	e.issued = pick(g.chance, []int64{0, 0, 0, -300, 300, -60, 60})
	switch kind := g.below(100); {
	case kind < 5:
		e.issued = pick(g.chance, []int64{-301, 301, -86400, 86400})
	case kind < 10:
		e.forged = true
	case kind < 15:
		e.lacks = pick(g.chance, []string{"event_type", "event_id", "issued_at", "nonce",
			"signature"})
	case kind < 25:
		e.signer = 1 + g.below(signerCount-1)
	case kind < 35 && now.previous != 0:
		e.signer = now.previous
	case kind < 45 && g.nonces > 1:
		e.nonce = fmt.Sprint("n", g.nonces-1-g.below(min(g.nonces-1, 3)))
	}
	g.latest = e
	return e
}

// replay is the latest envelope once more, as if it were a new one.
func (g *generator) replay() step {
	st := plain("deliver")
	st.envelopes = []envelope{g.latest}
	st.envelopes[0].issued = 0
	return st
}

func (g *generator) delivery() step {
	st := plain("deliver")
	st.envelopes = []envelope{g.envelope()}
	if g.percent(30) {
		st.do = "stream"
		st.cuts = g.next()
		for i := g.below(3); i > 0; i-- {
			st.envelopes = append(st.envelopes, g.envelope())
		}
	}
	return st
}

func (g *generator) peerChange() change {
	e := newEntry(g.chance)
	e.key = pick(g.chance, []int{e.key, e.key, e.key, strangerKey})
	e.endpoint = g.below(len(endpoints))
	c := change{kind: "set_peer", peer: e.wanted(), handshake: none}
	if g.percent(30) {
		c.handshake = pick(g.chance, []int64{1, 180, 181, 3600, -60, -3600})
		c.bytes = uint64(g.below(3) * 148)
	}
	return c
}

func (g *generator) interfaceChange() *change {
	c := &change{kind: "set_interface"}
	up := g.percent(50)
	switch g.below(6) {
	case 0:
		c.up = &up
	case 1:
		c.mtu = pick(g.chance, []int{mtuDefault, 1380, 9000})
	case 2:
		c.port = 7
	case 3:
		c.private = privateOther
	case 4:
		c.addresses = uint(1 + g.below(7))
	default:
		up = true
		c.up, c.mtu, c.port, c.addresses = &up, 1380, portDefault, addressMesh
	}
	return c
}

func (g *generator) worldStep() step {
	st := plain("world")
	c := &st.change
	c.key = g.below(keyCount)
	if there := g.script.world.device.keysThere(); len(there) > 0 && g.percent(60) {
		c.key = pick(g.chance, there)
	}
	switch kind := g.below(100); {
	case kind < 15:
		c.kind = "remove_peer"
	case kind < 40:
		*c = g.peerChange()
	case kind < 60:
		c.kind, c.endpoint = "handshake", g.below(len(endpoints))
	case kind < 80:
		c.kind, c.bytes = "sent", 148
	case kind < 90:
		*c = *g.interfaceChange()
	case kind < 96:
		c.kind, g.jumped = "set_clock", g.nonces > 0
		c.clock = pick(g.chance, []int64{-86400, -3600, -301, -60, 60, 181, 301, 3600, 86400})
	default:
		c.kind = "delete_interface"
	}
	return st
}

var operations = []string{"create_interface", "delete_interface", "configure_address",
	"set_interface_up", "set_mtu", "add_peer", "remove_peer", "read_device"}

func (g *generator) errno() string {
	return pick(g.chance, []string{"EIO", "EBUSY", "EINTR", "ENODEV", "EPERM", "ENOMEM", "EINVAL",
		"EADDRINUSE", "EOPNOTSUPP"})
}

func (g *generator) failStep() step {
	st := plain("fail")
	st.fault = fault{pick(g.chance, operations), g.errno(), 1 + g.below(4), none}
	if (st.fault.op == "add_peer" || st.fault.op == "remove_peer") && g.percent(50) {
		st.fault.key = g.below(keyCount)
	}
	return st
}

// managerStep calls the manager directly, as a program built on it would.
func (g *generator) managerStep() step {
	st := plain("add_peer")
	st.entry = newEntry(g.chance)
	switch g.below(5) {
	case 0:
		st.do = "update_peer"
		if g.percent(20) {
			for st.entry.spoil(g.chance); spoilers[st.entry.spoiler].member == ""; {
				st.entry = newEntry(g.chance)
				st.entry.spoil(g.chance)
			}
		}
	case 1:
		st.do, st.key = "remove_peer", g.below(keyCount)
	case 2:
		st.do, st.id = "remove_peer_by_id", g.below(len(ids))
	case 3:
		st.do = "configure_peers"
		for i := g.below(5); i > 0; i-- {
			st.entries = append(st.entries, g.documentEntry())
		}
		if g.percent(30) {
			st.cancelAfter = g.below(len(st.entries) + 1)
		}
	}
	return st
}
