// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// stuckAfter: that many cycles in a row with the same operation are a failure.
const stuckAfter = 4

// answer is the answer to a fetch.
type answer struct {
	document *document // nil: "not modified", unless one of the others
	failed   bool
	refused  string // a document that is rejected whole; "": none
}

// report is the result of a cycle, for the expectations.
type report struct {
	drift  []correction
	failed bool
	clean  bool // every operation succeeded
}

type correction struct{ kind, detail string }

// takeAnswer returns whether the cycle fails because of the answer, or of the keys of the document
// in force.
func (n *node) takeAnswer(a *answer) (failed bool) {
	failed = n.takeDocument(a)
	return failed || n.document != nil && n.document.keys.current == badSigner
}

func (n *node) takeDocument(a *answer) (failed bool) {
	if a.failed || a.refused != "" {
		return true
	}
	if a.document == nil {
		if n.document == nil {
			return true
		}
	} else {
		n.document = a.document
	}
	for id := range n.events {
		if n.events[id].order <= n.fetch || wrong.fetchUndoesEvents {
			n.events[id] = event{}
		}
	}
	if a.document == nil || a.document.keys.current == 0 ||
		a.document.keys.current == badSigner {
		return false
	}
	if n.fetch > n.keysChanged {
		n.keys = a.document.keys.effective()
	}
	return false
}

// drifted is the state that the device takes the interface back to; "": no drift.
func (w *world) drifted(d *device) string {
	switch {
	case d.private != privateOwn || d.port != portDefault:
		return "absent"
	case d.addresses&^addressLinkLocal != addressMesh:
		return "created"
	case w.mtu != 0 && d.mtu != w.mtu:
		return "addressed"
	case !d.up:
		return "sized"
	}
	return ""
}

// look reads the device of an interface that is up; if it is not, Setup runs first, once.
func (w *world) look() (d device, ok bool) {
	n := &w.node
	for try := 0; try < 2; try++ {
		if try > 0 && w.setup() != "" {
			return d, false
		}
		if n.state != "up" {
			continue
		}
		read, errno := w.readDevice()
		n.note(errno)
		if errno == "ENODEV" {
			continue
		}
		if errno != "" {
			return d, false
		}
		state := w.drifted(&read)
		if state == "" {
			return read, true
		}
		n.state = state
	}
	return d, false
}

// begin is the first half of a cycle; what happens during the fetch comes between the two.
func (w *world) begin() string {
	if text := w.setup(); text != "" {
		return text
	}
	w.node.order++
	w.node.fetch = w.node.order
	return ""
}

func (w *world) finish(a *answer) report {
	n := &w.node
	r := report{failed: n.takeAnswer(a)}
	if n.document == nil {
		return r
	}
	d, ok := w.look()
	if !ok {
		r.failed = true
		return r
	}
	resolved := n.resolve(&d)
	r.failed = r.failed || resolved.unusable > 0
	w.conflicts += n.noteConflicts(resolved)
	w.execute(&d, resolved, &r)
	return r
}

// noteConflicts returns how many conflicts are new since the last cycle.
func (n *node) noteConflicts(resolved *resolution) (fresh int) {
	stood := n.conflicts
	n.conflicts = map[string]bool{}
	for _, conflict := range resolved.conflicts {
		n.conflicts[conflict] = true
		if !stood[conflict] {
			fresh++
		}
	}
	return fresh
}

// operation is one of a cycle's.
type operation struct {
	kind   string
	key    int
	fields int
	wanted *wantedPeer
	errno  string
}

// difference is the list of operations: removes, updates, adds, each in the order of keys.
func (w *world) difference(d *device, resolved *resolution) []operation {
	var removes, updates, adds []operation
	for _, key := range keysInOrder {
		there, wanted := &d.peers[key], resolved.wanted[key]
		switch {
		case there.there && resolved.isWithheld(&w.node, key):
		case there.there && wanted == nil && !resolved.kept[key]:
			removes = append(removes, operation{kind: "remove", key: key})
		case !there.there && wanted != nil:
			adds = append(adds, operation{"add", key, fieldsAll, wanted, ""})
		case there.there && wanted != nil:
			if fields := w.fieldsThatDiffer(d, wanted); fields != 0 {
				updates = append(updates, operation{"update", key, fields, wanted, ""})
			}
		}
	}
	return append(append(removes, updates...), adds...)
}

// isWithheld: a peer of unknown id may be the one that a nameless entry means.
func (r *resolution) isWithheld(n *node, key int) bool {
	return r.nameless && r.wanted[key] == nil && n.nameOf(key) == none && !wrong.namelessRemoves
}

func (w *world) fieldsThatDiffer(d *device, wanted *wantedPeer) (fields int) {
	there := &d.peers[wanted.key]
	if w.node.endpoints[wanted.key].isDue(wanted.endpoint, there, w.now) {
		fields |= fieldEndpoint
	}
	if d.prefixesOf(wanted.key) != wanted.prefixes {
		fields |= fieldPrefixes
	}
	if there.psk != wanted.psk {
		fields |= fieldPSK
	}
	if there.keepalive != wanted.keepalive {
		fields |= fieldKeepalive
	}
	return fields
}

// compare records what the device has, before it is changed.
func (w *world) compare(d *device, resolved *resolution) {
	for key := range d.peers {
		memory, there := &w.node.endpoints[key], &d.peers[key]
		if !there.there {
			*memory = endpointMemory{}
			continue
		}
		if wanted := resolved.wanted[key]; wanted != nil {
			memory.compare(wanted.endpoint, there, w.now)
		}
		memory.see(there, w.now)
	}
}

func (w *world) execute(d *device, resolved *resolution, r *report) {
	n := &w.node
	operations := w.difference(d, resolved)
	w.compare(d, resolved)
	before := *n // names are those of before
	r.clean = true
	for i := range operations {
		o := &operations[i]
		if o.kind == "remove" {
			o.errno = w.removePeer(o.key)
		} else {
			o.errno = w.addPeer(o.wanted, o.fields, o.kind == "add")
		}
		if o.errno != "" {
			n.note(o.errno)
			r.failed, r.clean = true, false
			continue
		}
		r.drift = append(r.drift, correction{"peer_" + pastOf[o.kind], before.subject(o)})
		switch {
		case o.kind == "remove":
			n.endpoints[o.key] = endpointMemory{}
		case o.fields&fieldEndpoint != 0:
			n.endpoints[o.key].applied(o.wanted.endpoint, o.kind == "add")
		}
	}
	if n.noteRepeated(operations) {
		r.failed = true
	}
	n.noteIndex(&before, resolved, operations)
}

var pastOf = map[string]string{"remove": "removed", "update": "updated", "add": "added"}

// subject: "peer ID", or "peer KEY" where the id is unknown.
func (n *node) subject(o *operation) string {
	id := n.nameOf(o.key)
	if o.wanted != nil {
		id = o.wanted.id
	}
	if id == none {
		return "peer " + keys[o.key]
	}
	return "peer " + ids[id]
}

// noteRepeated returns whether an operation is sent cycle after cycle.
func (n *node) noteRepeated(operations []operation) (stuck bool) {
	last := n.repeated
	n.repeated = [keyCount]repeatedCall{}
	for _, o := range operations {
		if o.errno != "" {
			continue
		}
		now := repeatedCall{o.kind, o.fields, wantedPeer{}, 1}
		if o.wanted != nil {
			now.wanted = *o.wanted
		}
		if last[o.key].holds(&now) {
			now.cycles = last[o.key].cycles + 1
		}
		n.repeated[o.key] = now
		stuck = stuck || now.cycles >= stuckAfter
	}
	return stuck
}

// holds returns whether a call sent every value that another one sends.
func (c *repeatedCall) holds(other *repeatedCall) bool {
	a, b := &c.wanted, &other.wanted
	same := func(field int, equal bool) bool { return other.fields&field == 0 || equal }
	return c.kind == other.kind && c.fields&other.fields == other.fields &&
		same(fieldEndpoint, a.endpoint == b.endpoint) && same(fieldPrefixes, a.prefixes == b.prefixes) &&
		same(fieldPSK, a.psk == b.psk) && same(fieldKeepalive, a.keepalive == b.keepalive)
}

// noteIndex: peers whose removal failed, retained peers, and desired peers on the device.
func (n *node) noteIndex(before *node, resolved *resolution, operations []operation) {
	for id := range n.index {
		n.index[id] = none
	}
	failedToAdd := [keyCount]bool{}
	for _, o := range operations {
		if id := before.nameOf(o.key); o.kind == "remove" && o.errno != "" && id != none {
			n.index[id] = o.key
		}
		failedToAdd[o.key] = o.kind == "add" && o.errno != ""
	}
	for _, key := range keysInOrder {
		if id := resolved.keptName[key]; resolved.kept[key] && id != none {
			n.index[id] = key
		}
	}
	for key, wanted := range resolved.wanted {
		if wanted != nil && !failedToAdd[key] {
			n.index[wanted.id] = key
		}
	}
}

// check tests the model itself: after a clean cycle the device is what the rules demand.
func (w *world) check() {
	resolved := w.node.resolve(&w.device)
	for key := range w.device.peers {
		there, wanted := &w.device.peers[key], resolved.wanted[key]
		isWithheld := there.there && resolved.isWithheld(&w.node, key)
		if there.there != (wanted != nil || resolved.kept[key] || isWithheld) ||
			wanted != nil && w.device.prefixesOf(key) != wanted.prefixes {
			panic(fmt.Sprintf("the model contradicts itself over %s", keys[key]))
		}
	}
}
