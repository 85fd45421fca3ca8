// SPDX-License-Identifier: Apache-2.0

package main

// The endpoint history of a peer in one process.
type endpointMemory struct {
	there     bool
	hasBase   bool
	base      int // last applied, or first compared
	due       int // was to be set and was not; 0: none
	seen      bool
	handshake int64
	born      int64  // when that was, by the boot clock; one from the future: when it was first seen
	tx        uint64 // when that handshake was first seen
}

const silentAfter = 180

func (m *endpointMemory) isDue(wanted int, p *peer, now moment) bool {
	switch {
	case wanted == 0 || wanted == p.endpoint:
		return false
	case wrong.endpointsAreState:
		return true
	case m.hasBase && m.base != wanted:
		return true
	case m.due == wanted:
		return true
	case p.handshake != 0 && m.ageOf(p, now) <= silentAfter:
		return false
	case !m.seen:
		return true
	case p.handshake != m.handshake:
		return false
	case p.tx < m.tx: // counted anew
		return p.tx > 0
	}
	return p.tx > m.tx
}

// compare records a cycle that compared the peer with the desired one.
func (m *endpointMemory) compare(wanted int, p *peer, now moment) {
	if wanted != 0 && wanted == p.endpoint {
		m.base, m.hasBase, m.due = wanted, true, 0
		return
	}
	if m.isDue(wanted, p, now) {
		m.due = wanted
	}
	if !m.hasBase {
		m.base, m.hasBase = wanted, true
	}
}

// ageOf the peer's handshake: a date is compared with the wall clock once, when it is first seen; one
// from the future counts as now.
func (m *endpointMemory) ageOf(p *peer, now moment) int64 {
	if m.seen && m.handshake == p.handshake && !wrong.wallClockCounts {
		return now.boot - m.born
	}
	if p.handshake > now.wall {
		return 0
	}
	return now.wall - p.handshake
}

func (m *endpointMemory) see(p *peer, now moment) {
	if !m.seen || m.handshake != p.handshake {
		m.born = now.boot - m.ageOf(p, now)
		m.handshake, m.tx = p.handshake, p.tx
	} else if p.tx < m.tx {
		m.tx = 0
	}
	m.there, m.seen = true, true
}

// applied: the peer was written; `fresh`, it was not there before.
func (m *endpointMemory) applied(wanted int, fresh bool) {
	if fresh || !m.there {
		*m = endpointMemory{there: true, hasBase: true, base: wanted}
	} else if wanted != 0 {
		m.base, m.hasBase, m.due = wanted, true, 0
	}
}

func (m *endpointMemory) failed(wanted int) {
	if wanted != 0 {
		m.there, m.due = true, wanted
	}
}
