// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// The world of a life: a device that obeys the kernel's rules, and the calls that are to fail. Plain
// values, so that a copy is a world of its own.

type peer struct {
	there     bool
	endpoint  int
	psk       int
	keepalive int
	handshake int64 // 0: never
	tx        uint64
}

// Private keys of a device.
const (
	privateNone = iota
	privateOwn
	privateOther
)

type device struct {
	there     bool
	up        bool
	private   int
	port      int
	mtu       int
	addresses uint
	peers     [keyCount]peer
	owner     [prefixCount]int // the key that has the prefix, or none
}

func newDevice() device {
	d := device{there: true, mtu: mtuDefault}
	for i := range d.owner {
		d.owner[i] = none
	}
	return d
}

func (d *device) prefixesOf(key int) (set uint) {
	for i, owner := range d.owner {
		if owner == key {
			set |= 1 << i
		}
	}
	return set
}

// keysThere are those of the peers that it has.
func (d *device) keysThere() (there []int) {
	for key := range d.peers {
		if d.peers[key].there {
			there = append(there, key)
		}
	}
	return there
}

func (d *device) setPrivate(private int) {
	d.private = private
	if private == privateOwn {
		d.removePeer(ownKey)
	}
}

func (d *device) removePeer(key int) {
	d.setPrefixes(key, 0)
	d.peers[key] = peer{}
}

func (d *device) setPrefixes(key int, set uint) {
	for i := range d.owner {
		if set>>i&1 == 1 {
			d.owner[i] = key
		} else if d.owner[i] == key {
			d.owner[i] = none
		}
	}
}

// Fields of a peer, for what an update changes.
const (
	fieldEndpoint = 1 << iota
	fieldPrefixes
	fieldPSK
	fieldKeepalive
	fieldsAll = 1<<iota - 1
)

func (d *device) setPeer(wanted *wantedPeer, fields int, create bool) {
	key := wanted.key
	if key == ownKey && d.private == privateOwn {
		return
	}
	if !d.peers[key].there && !create {
		return
	}
	there := &d.peers[key]
	there.there = true
	if fields&fieldEndpoint != 0 && wanted.endpoint != 0 {
		there.endpoint = wanted.endpoint
	}
	if fields&fieldPSK != 0 {
		there.psk = wanted.psk
	}
	if fields&fieldKeepalive != 0 {
		there.keepalive = wanted.keepalive
	}
	if fields&fieldPrefixes != 0 {
		d.setPrefixes(key, wanted.prefixes)
	}
}

// fault makes the next calls of an operation fail, those for one key if it is not none.
type fault struct {
	op    string
	errno string
	times int
	key   int
}

// call is an operation that was called.
type call struct {
	op    string
	key   int // none but for peers
	text  string
	errno string // "": it succeeded
}

func (c *call) isWrite() bool { return c.op != "read_device" }

// string is the operation as a scenario names it.
func (c *call) string() string {
	if c.errno != "" {
		return c.text + " !" + c.errno
	}
	return c.text
}

type world struct {
	now    moment
	mtu    int // configured; 0: none
	device device
	faults []fault
	calls  []call // since they were last checked
	node   node
	// Conflicts that were logged since they were last expected.
	conflicts int
}

func (w *world) copy() *world {
	c := *w
	c.faults = append([]fault(nil), w.faults...)
	c.calls = nil
	c.node.nonces = append([]nonce(nil), w.node.nonces...)
	return &c
}

// takeFault is the errno that this call is to fail with, or "".
func (w *world) takeFault(op string, key int) string {
	for i := range w.faults {
		f := &w.faults[i]
		if f.op != op || f.key != none && f.key != key {
			continue
		}
		errno := f.errno
		if f.times--; f.times == 0 {
			w.faults = append(w.faults[:i:i], w.faults[i+1:]...)
		}
		return errno
	}
	return ""
}

// operate calls an operation, which does `effect` unless it fails.
func (w *world) operate(op string, key int, argument string, effect func(d *device)) (errno string) {
	errno = w.takeFault(op, key)
	if errno == "" && !w.device.there && op != "create_interface" && op != "delete_interface" {
		errno = "ENODEV"
	}
	text := op + " " + interfaceName
	if argument != "" {
		text += " " + argument
	}
	w.calls = append(w.calls, call{op, key, text, errno})
	if errno == "" {
		effect(&w.device)
	}
	return errno
}

func (w *world) createInterface() string {
	return w.operate("create_interface", none, fmt.Sprint(portDefault), func(d *device) {
		if !d.there {
			*d = newDevice()
		}
		d.setPrivate(privateOwn)
		d.port = portDefault
	})
}

func (w *world) deleteInterface() string {
	return w.operate("delete_interface", none, "", func(d *device) { *d = device{} })
}

func (w *world) configureAddress() string {
	return w.operate("configure_address", none, addresses[0], func(d *device) {
		d.addresses = d.addresses&addressLinkLocal | addressMesh
	})
}

func (w *world) setMTU() string {
	return w.operate("set_mtu", none, fmt.Sprint(w.mtu), func(d *device) { d.mtu = w.mtu })
}

func (w *world) setUp() string {
	return w.operate("set_interface_up", none, "", func(d *device) { d.up = true })
}

func (w *world) addPeer(wanted *wantedPeer, fields int, create bool) string {
	return w.operate("add_peer", wanted.key, keys[wanted.key],
		func(d *device) { d.setPeer(wanted, fields, create) })
}

func (w *world) removePeer(key int) string {
	return w.operate("remove_peer", key, keys[key], func(d *device) { d.removePeer(key) })
}

func (w *world) readDevice() (read device, errno string) {
	errno = w.operate("read_device", none, "", func(d *device) { read = *d })
	return read, errno
}
