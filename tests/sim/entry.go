// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// entry is an entry of a state document or the payload of an event, by its values.
type entry struct {
	id        int // none: no readable id
	key       int // none: no readable key
	prefixes  uint
	endpoint  int
	psk       int
	keepalive int
	spoiler   int    // its fault; none: it is usable
	spelling  uint64 // its notation
}

// plainSpelling writes an entry in the usual notation.
const plainSpelling = 0

func (e *entry) isUsable() bool { return e.spoiler == none }

// spoilers: one member, and its invalid value ("" with a missing member). The first ones
// are no object at all.
var spoilers = []struct{ member, value string }{
	{"", "null"}, {"", "7"}, {"", `"peer-2"`}, {"", "[]"},
	{"id", ""}, {"id", `""`}, {"id", "null"}, {"id", "7"},
	{"public_key", ""},
	{"public_key", `"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgJ="`},
	{"public_key", `"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="`},
	{"public_key", "{}"},
	{"mesh_ip", `"10.100.0.7/32"`},
	{"endpoint", `"198.51.100.1"`},
	{"endpoint", `"198.51.100.1:0"`},
	{"endpoint", `"vpn.example.org:51820"`},
	{"endpoint", `"[fe80::4]:4500"`},
	{"endpoint", "51820"},
	{"allowed_ips", ""},
	{"allowed_ips", `"10.0.0.0/8"`},
	{"allowed_ips", `["10.0.0.0/8", "10.0.0.0/33"]`},
	{"allowed_ips", "[null]"},
	{"psk", `"short"`},
	{"psk", "true"},
	{"psk", `"` + psks[1] + `="`},
	{"psk", `"` + psks[2][:42] + `"`},
	{"persistent_keepalive", "65536"},
	{"persistent_keepalive", "-1"},
	{"persistent_keepalive", "1.5"},
	{"persistent_keepalive", `"25"`},
}

// spoil makes the entry unusable in one of the ways above.
func (e *entry) spoil(c *chance) {
	e.spoiler = c.below(len(spoilers))
	switch spoilers[e.spoiler].member {
	case "":
		e.id, e.key = none, none
	case "id":
		e.id = none
	case "public_key":
		e.key = none
	}
}

func newEntry(c *chance) entry {
	e := entry{
		id:        c.below(len(ids)),
		key:       c.below(wantedKeys),
		endpoint:  c.below(wantedEndpoints),
		psk:       c.below(len(psks)),
		keepalive: pick(c, []int{keepaliveDefault, 0, 25, 65535}),
		spoiler:   none,
		spelling:  c.next(),
	}
	if c.percent(5) {
		e.key = ownKey
	}
	for i := c.below(4); i > 0; i-- {
		e.prefixes |= 1 << c.below(prefixCount)
	}
	return e
}

// entryWriter writes an entry the way a control plane might.
type entryWriter struct {
	out    strings.Builder
	chance *chance
	comma  bool
}

func (w *entryWriter) member(name, value string) {
	blanks := []string{"", " ", "\n\t"}
	if w.comma {
		w.out.WriteString(",")
	}
	fmt.Fprintf(&w.out, "%s%q:%s%s", pick(w.chance, blanks), name, pick(w.chance, blanks), value)
	w.comma = true
}

func (w *entryWriter) psk(psk int) {
	switch {
	case psk != 0:
		w.member("psk", quoted(psks[psk]))
	case !w.chance.percent(25):
		w.member("psk", pick(w.chance, []string{`""`, "null", quoted(repeated(0))}))
	}
}

func (w *entryWriter) endpoint(endpoint int) {
	switch {
	case endpoint != 0:
		w.member("endpoint", quoted(pick(w.chance, endpoints[endpoint])))
	case w.chance.percent(50):
		w.member("endpoint", pick(w.chance, []string{`""`, "null"}))
	}
}

// allowedIPs: in any order, in any spelling, some of them twice; none as an empty array or null.
func (w *entryWriter) allowedIPs(set uint) {
	var list []string
	start := w.chance.below(prefixCount)
	for i := 0; i < prefixCount; i++ {
		prefix := (start + i*3) % prefixCount
		for times := 0; set>>prefix&1 == 1 && times < 2; times++ {
			if times == 0 || w.chance.percent(15) {
				list = append(list, quoted(pick(w.chance, prefixes[prefix])))
			}
		}
	}
	if len(list) == 0 && w.chance.percent(50) {
		w.member("allowed_ips", "null")
		return
	}
	w.member("allowed_ips", "["+strings.Join(list, ", ")+"]")
}

// json is the entry as written in a document.
func (e *entry) json() string {
	w := entryWriter{chance: newChance(e.spelling)}
	w.chance.plain = e.spelling == plainSpelling
	spoilt, value := "", ""
	if !e.isUsable() {
		spoilt, value = spoilers[e.spoiler].member, spoilers[e.spoiler].value
		if spoilt == "" {
			return value
		}
	}
	w.out.WriteString("{")
	if e.id != none {
		w.member("id", idsJSON[e.id])
	}
	if e.key != none {
		w.member("public_key", quoted(keys[e.key]))
	}
	if value != "" {
		w.member(spoilt, value)
	}
	if spoilt != "mesh_ip" && w.chance.percent(50) {
		w.member("mesh_ip", `"10.100.0.7"`)
	}
	if spoilt != "endpoint" {
		w.endpoint(e.endpoint)
	}
	if spoilt != "allowed_ips" {
		w.allowedIPs(e.prefixes)
	}
	if spoilt != "psk" {
		w.psk(e.psk)
	}
	if spoilt != "persistent_keepalive" &&
		(e.keepalive != keepaliveDefault || w.chance.percent(20)) {
		w.member("persistent_keepalive", fmt.Sprint(e.keepalive))
	}
	if w.chance.percent(10) {
		w.member("comment", `{"id": [1, "}"]}`)
	}
	w.out.WriteString("}")
	return w.out.String()
}

// document is a state document. Its signing keys are 0 if it has none.
type document struct {
	entries []entry
	keys    signingKeys
}

// signingKeys name the current key, the previous one and the end of its validity.
type signingKeys struct {
	current, previous int
	expires           int64 // 0: the previous key does not count at all
}

func (k *signingKeys) json() string {
	text := `{"current": ` + quoted(signerText(k.current))
	if k.previous != 0 {
		text += `, "previous": ` + quoted(signerText(k.previous))
	}
	if k.expires != 0 {
		text += `, "transition_expires": ` + quoted(timeText(k.expires))
	}
	return text + "}"
}

func (d *document) json() string {
	var list []string
	for i := range d.entries {
		list = append(list, d.entries[i].json())
	}
	text := `{"peers": [` + strings.Join(list, ",\n") + "]"
	if d.keys.current != 0 {
		text += `, "signing_keys": ` + d.keys.json()
	}
	return text + "}"
}
