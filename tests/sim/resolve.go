// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// The desired peers of the device, by the rules, as plainly as possible.

// wantedPeer is a desired peer.
type wantedPeer struct {
	id, key                  int
	prefixes                 uint
	endpoint, psk, keepalive int
}

func (e *entry) wanted() wantedPeer {
	return wantedPeer{e.id, e.key, e.prefixes, e.endpoint, e.psk, e.keepalive}
}

type resolution struct {
	wanted    [keyCount]*wantedPeer
	kept      [keyCount]bool
	keptName  [keyCount]int // the id of a retained peer; none
	unusable  int           // unusable entries that count
	nameless  bool          // one of them has neither key nor id
	conflicts []string
}

// counted are the entries that count: of two with one id the first, usable or not; pending events
// replace the document's entry of their id.
func (n *node) counted(r *resolution) (counted []*entry) {
	var first [8]int
	for i := range first {
		first[i] = none
	}
	for i := range n.document.entries {
		e := &n.document.entries[i]
		switch {
		case e.id == none:
			counted = append(counted, e)
		case first[e.id] != none:
			r.conflicts = append(r.conflicts, fmt.Sprint("id ", e.id, first[e.id], i))
		default:
			first[e.id] = i
		}
	}
	for _, id := range idsInOrder {
		event := &n.events[id]
		switch {
		case event.there && !event.removed:
			counted = append(counted, &event.entry)
		case !event.there && first[id] != none:
			counted = append(counted, &n.document.entries[first[id]])
		}
	}
	return counted
}

func (n *node) resolve(d *device) *resolution {
	r := &resolution{}
	counted := n.counted(r)
	// Keys: the first id gets the key; no id gets the node's own.
	var candidates []*wantedPeer
	claimed := [keyCount]bool{}
	for i := range counted {
		e := counted[i]
		if wrong.lastIDWins {
			e = counted[len(counted)-1-i]
		}
		if !e.isUsable() {
			continue
		}
		if n.isNamesake(e) {
			r.conflicts = append(r.conflicts, fmt.Sprint("own id ", e.key))
			continue
		}
		switch {
		case e.key == ownKey:
			if e.id != n.ownID {
				r.conflicts = append(r.conflicts, fmt.Sprint("own key ", e.id))
			}
		case claimed[e.key]:
			r.conflicts = append(r.conflicts,
				fmt.Sprint("key ", r.wanted[e.key].id, e.id, e.key))
		default:
			peer := e.wanted()
			r.wanted[e.key] = &peer
			candidates = append(candidates, &peer)
		}
		claimed[e.key] = true
	}
	n.keep(r, counted, d, &claimed)
	n.settlePrefixes(r, candidates, d)
	return r
}

// keep finds the retained peers: those that stay because an entry is unusable.
func (n *node) keep(r *resolution, counted []*entry, d *device, claimed *[keyCount]bool) {
	for i := range r.keptName {
		r.keptName[i] = none
	}
	keep := func(key, id int) {
		if key == none || !d.peers[key].there || claimed[key] {
			return
		}
		if id == none {
			id = n.nameOf(key)
		}
		// Of several ids the first.
		if name := r.keptName[key]; name == none || id != none && ids[id] < ids[name] {
			r.keptName[key] = id
		}
		r.kept[key] = true
	}
	for _, e := range counted {
		if e.isUsable() {
			continue
		}
		r.unusable++
		known := none
		if e.id != none {
			known = n.index[e.id]
		}
		isSelf := n.ownID != none && e.id == n.ownID
		if known == none && e.key == none && !isSelf {
			r.nameless = true
		}
		keep(known, e.id)
		if known == none {
			keep(e.key, e.id)
		} else if e.key != known {
			keep(e.key, none)
		}
	}
}

// settlePrefixes: retained peers keep theirs, the node its own address, then the first id gets it.
func (n *node) settlePrefixes(r *resolution, candidates []*wantedPeer, d *device) {
	var holder [prefixCount]string
	for key := range r.kept {
		for i := range holder {
			if r.kept[key] && d.owner[i] == key {
				holder[i] = fmt.Sprint("id ", r.keptName[key])
				if r.keptName[key] == none {
					holder[i] = fmt.Sprint("key ", key)
				}
			}
		}
	}
	for _, peer := range candidates {
		for i := range holder {
			if peer.prefixes>>i&1 == 0 {
				continue
			}
			if i == ownPrefix {
				holder[i] = "this node"
			}
			if holder[i] == "" {
				holder[i] = fmt.Sprint("id ", peer.id)
				continue
			}
			peer.prefixes &^= 1 << i
			r.conflicts = append(r.conflicts,
				strings.Join([]string{"prefix", fmt.Sprint(i, peer.id), holder[i]}, " "))
		}
	}
}
