// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// life is the start of a world, and the steps to play.
type life struct {
	seed   uint64
	mtu    int
	ownID  int         // none: the default
	keys   signingKeys // of the file
	device *change     // an existing interface; nil: none
	peers  []change    // set_peer: those it has
	steps  []step
}

// script is a life written as a scenario, with the expectations of the model.
type script struct {
	life    *life
	world   *world
	steps   []string // in JSON
	numbers []int    // the step of the life that each belongs to
	number  int
	cycles  int
	called  []int  // how many calls each step of the life made
	writes  int    // of the latest step
	last    report // of the latest cycle
	// expectAt: only this step has an expectation, and only of this member; 0: all have.
	expectAt     int
	expectMember string
	calls        []string // since they were last expected
}

func (l *life) begin() *script {
	begun := lifeStart.Unix()
	w := &world{now: moment{begun, begun}, mtu: l.mtu, node: newNode(l)}
	if l.device != nil {
		w.device = newDevice()
		l.device.applyInterface(&w.device)
		for i := range l.peers {
			l.peers[i].apply(w)
		}
	}
	return &script{life: l, world: w}
}

// play writes the whole life.
func (l *life) play() *script {
	s := l.begin()
	for i := range l.steps {
		s.take(&l.steps[i])
	}
	return s
}

const settlingCycles = 40

// settle goes on until no fault is left: then the device is what the rules demand, and stays so.
func (s *script) settle(a answer) {
	cycle := func(a answer) {
		s.life.steps = append(s.life.steps, cycleOf(a))
		s.take(&s.life.steps[len(s.life.steps)-1])
	}
	for i := 0; i < settlingCycles && !(s.last.clean && s.writes == 0); i++ {
		cycle(a)
	}
	cycle(answer{})
	if !s.last.clean || s.writes > 0 {
		panic(fmt.Sprintf("the model of life %d does not converge", s.life.seed))
	}
	s.world.check()
}

func (s *script) emit(json string) {
	s.steps = append(s.steps, json)
	s.numbers = append(s.numbers, s.number)
}

// take writes a step and the expectations after it, and plays it in the model.
func (s *script) take(st *step) {
	s.number++
	s.arrangeFaults(st)
	s.world.calls = nil
	text := s.perform(st)
	s.emit(text)
	at := len(s.steps)
	s.called = append(s.called, len(s.world.calls))
	s.writes = 0
	for i := range s.world.calls {
		if c := &s.world.calls[i]; c.isWrite() {
			s.calls = append(s.calls, c.string())
			s.writes++
		}
	}
	if s.expectAt == 0 || s.expectAt == at && s.expectMember != "returns" {
		if expected := s.expectation(st); expected != "" {
			s.emit(expected)
			s.calls = nil
			if st.do == "reconcile" {
				s.world.conflicts = 0
			}
		}
	}
	if st.crashAfter != none {
		s.emit(`{"do": "restart"}`)
		s.world.node = s.world.node.restarted(s.life)
	}
}

// arrangeFaults makes the calls fail that the step is to fail, or all those behind its crash: a
// process that does nothing further leaves the same world as one that is gone.
func (s *script) arrangeFaults(st *step) {
	arrange := func(c call, errno string) {
		f := fault{c.op, errno, 1, c.key}
		s.world.faults = append(s.world.faults, f)
		s.emit(f.json())
	}
	for _, t := range st.targets {
		if calls := s.rehearse(st); len(calls) > 0 {
			arrange(calls[t.at%len(calls)], t.errno)
		}
	}
	for again := st.crashAfter != none; again; {
		again = false
		calls := s.rehearse(st)
		for i := st.crashAfter; i < len(calls); i++ {
			if calls[i].errno == "" {
				arrange(calls[i], "EIO")
				again = true
				break
			}
		}
	}
}

// rehearse returns the calls that the step would make.
func (s *script) rehearse(st *step) []call {
	other := &script{life: s.life, world: s.world.copy()}
	other.perform(st)
	return other.world.calls
}

// returned is the member that says what a step returns.
func (s *script) returned(o *object, text string) {
	switch {
	case s.expectAt != 0 && (s.expectAt != len(s.steps)+1 || s.expectMember != "returns"):
	case text == "":
		o.add("returns", `"ok"`)
	default:
		o.add("returns", quoted("error: "+text))
	}
}

// perform plays the step in the model and returns its JSON.
func (s *script) perform(st *step) string {
	w := s.world
	o := &object{}
	o.add("do", quoted(st.do))
	switch st.do {
	case "setup":
		s.returned(o, w.setup())
	case "teardown":
		s.returned(o, w.teardown())
	case "add_peer", "update_peer":
		o.add("peer", st.entry.json())
		s.returned(o, w.putPeer(&st.entry))
	case "remove_peer":
		o.add("public_key", quoted(keys[st.key]))
		s.returned(o, w.removeKey(st.key))
	case "remove_peer_by_id":
		o.add("peer_id", idsJSON[st.id])
		s.returned(o, w.removeID(st.id))
	case "configure_peers":
		o.add("peers", array(st.entries, func(e entry) string { return e.json() }))
		if st.cancelAfter != none {
			o.add("cancel_after", fmt.Sprint(st.cancelAfter))
		}
		s.returned(o, w.configurePeers(st.entries, st.cancelAfter))
	case "event":
		o.add("event_type", quoted(st.event.eventType))
		o.add("payload", st.event.payload())
		s.returned(o, w.handle(&st.event, unissued))
	case "deliver":
		o.add("data", quoted(st.envelopes[0].json(w.now.wall)))
		s.returned(o, w.deliver(&st.envelopes[0]))
	case "stream":
		o.add("chunks", array(st.chunks(w.now.wall), quoted))
		for i := range st.envelopes {
			w.deliver(&st.envelopes[i])
		}
		s.returned(o, "")
	case "restart":
		w.node = w.node.restarted(s.life)
	case "advance":
		o.add("by", quoted(fmt.Sprint(st.by, "s")))
		w.now = w.now.after(st.by)
	case "world":
		text := st.change.json(w.now.wall)
		st.change.apply(w)
		return text
	case "fail":
		w.faults = append(w.faults, st.fault)
		return st.fault.json()
	case "reconcile":
		s.reconcile(o, st)
	}
	return o.json()
}

func (s *script) reconcile(o *object, st *step) {
	s.cycles++
	s.last = report{}
	switch a := &st.answer; {
	case a.failed:
		o.add("fetch_error", `"timeout"`)
	case a.refused != "":
		o.add("state", a.refused)
	case a.document != nil:
		o.add("state", a.document.json())
	}
	text := s.world.begin()
	var during []string
	// A fetch that does not take place has no steps during it.
	happens := s
	if text != "" {
		happens = &script{life: s.life, world: s.world.copy(), expectAt: -1}
	}
	for i := range st.during {
		during = append(during, happens.perform(&st.during[i]))
	}
	if len(during) > 0 {
		o.add("during_fetch", "["+strings.Join(during, ", ")+"]")
	}
	if text == "" {
		s.last = s.world.finish(&st.answer)
		if s.last.failed {
			text = "wireguard: reconcile: "
		}
	}
	s.returned(o, text)
}

func peerJSON(d *device, key int) string {
	p := &d.peers[key]
	o := object{}
	o.add("public_key", quoted(keys[key]))
	if p.endpoint == 0 {
		o.add("endpoint", "null")
	} else {
		o.add("endpoint", quoted(endpoints[p.endpoint][0]))
	}
	o.add("allowed_ips", prefixesJSON(d.prefixesOf(key)))
	o.add("psk", pskJSON(p.psk))
	o.add("persistent_keepalive", fmt.Sprint(p.keepalive))
	if p.handshake == 0 {
		o.add("last_handshake", "null")
	} else {
		o.add("last_handshake", quoted(timeText(p.handshake)))
	}
	o.add("tx_bytes", fmt.Sprint(p.tx))
	return o.json()
}

func (d *device) json() string {
	if !d.there {
		return "null"
	}
	o := object{}
	if d.private != privateNone {
		o.add("private_key", privateJSON(d.private))
	}
	o.add("listen_port", fmt.Sprint(d.port))
	o.add("mtu", fmt.Sprint(d.mtu))
	o.add("up", fmt.Sprint(d.up))
	o.add("addresses", addressesJSON(d.addresses))
	var peers []string
	for _, key := range keysInOrder {
		if d.peers[key].there {
			peers = append(peers, peerJSON(d, key))
		}
	}
	o.add("peers", "["+strings.Join(peers, ", ")+"]")
	return o.json()
}

func (n *node) indexJSON() string {
	o := object{}
	for id, key := range n.index {
		if key != none {
			o.add(ids[id], quoted(keys[key]))
		}
	}
	return o.json()
}

func (r *report) driftJSON() string {
	if len(r.drift) == 0 {
		return "null"
	}
	return array(r.drift, func(c correction) string {
		o := object{}
		o.add("type", quoted(c.kind))
		o.add("detail", quoted(c.detail))
		return o.json()
	})
}

// expectation is what holds now, or "" where nothing happened that could change it.
func (s *script) expectation(st *step) string {
	if st.do == "advance" || st.do == "fail" || st.do == "restart" {
		return ""
	}
	o := object{}
	add := func(member string, json func() string) {
		if s.expectAt == 0 || s.expectMember == member {
			o.add(member, json())
		}
	}
	o.add("do", `"expect"`)
	add("ops", func() string { return array(s.calls, quoted) })
	add("device", s.world.device.json)
	add("interface", func() string { return quoted(s.world.node.state) })
	add("index", s.world.node.indexJSON)
	if st.do == "reconcile" {
		add("drift", s.last.driftJSON)
		add("log_count", func() string {
			return fmt.Sprintf(`{"Peers conflict": %d}`, s.world.conflicts)
		})
	}
	return o.json()
}

func (s *script) title() string { return fmt.Sprint("life ", s.life.seed) }

// json is the scenario.
func (s *script) json() []byte {
	o := object{}
	o.add("scenario", quoted(s.title()))
	o.add("version", "1")
	o.add("config", fmt.Sprintf(`{"mtu": %d, "persistent_keepalive": %d}`, s.life.mtu,
		keepaliveDefault))
	if s.life.ownID != none {
		o.add("identity", `{"node_id": `+idsJSON[s.life.ownID]+"}")
	}
	if s.life.keys.current != 0 {
		o.add("signing_keys", s.life.keys.json())
	}
	if d := s.life.device; d != nil {
		peers := array(s.life.peers, func(c change) string {
			return c.peerJSON(lifeStart.Unix())
		})
		text := strings.TrimSuffix(d.interfaceJSON(), "}")
		if text != "{" {
			text += ", "
		}
		o.add("device", text+`"peers": `+peers+"}")
	}
	o.add("steps", "[\n"+strings.Join(s.steps, ",\n")+"\n]")
	return []byte(o.json())
}

// pretty is the scenario as a person reads it.
func (s *script) pretty() []byte {
	var out bytes.Buffer
	if json.Indent(&out, s.json(), "", " ") != nil {
		return s.json()
	}
	out.WriteString("\n")
	return out.Bytes()
}
