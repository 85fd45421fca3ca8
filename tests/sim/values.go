// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"sort"
	"time"
)

// A life is played with few values, so that they meet often: each is a number here, and a text in
// the scenario. none is no value where one can be missing.
const none = -1

// ids, in JSON and as they are; the order of their bytes is not that of their numbers.
var ids = []string{"peer-10", "peer-2", "Peer-3", "a", "a ", "z\u00e9", "~", "0"}
var idsJSON = []string{`"peer-10"`, `"peer-2"`, `"Peer-3"`, `"a"`, `"a "`, `"z\u00e9"`, `"~"`, `"\u0030"`}

// Keys: some that peers have, the node's own, and one that no document names.
const (
	wantedKeys  = 8
	ownKey      = 8
	strangerKey = 9
	keyCount    = 10
)

// The public keys of the private keys 32 times 0x01 (the node's) and 32 times 0x77.
const (
	ownPublic   = "pOCSkrZRwni5dyxWn1+puxPZBrRqtoyd+dwrRAn4ogk="
	otherPublic = "HPV5q6RaELodHvBtkfyiqp7QoRUFFWUxVUBdCxjLmmc="
)

var keys = []string{repeated(0x80), repeated(0x02), repeated(0xff), repeated(0x7f), repeated(0x1c),
	repeated(0xf0), repeated(0x42), repeated(0x24), ownPublic, repeated(0x33)}

// psks: 0 is none. Endpoints: 0 is none, then an IP address and a port in several spellings, the
// canonical one first. Prefixes: the same.
var psks = []string{"", repeated(0xa5), repeated(0x5a)}

var endpoints = [][]string{
	{""},
	{"198.51.100.1:51820", "[::ffff:198.51.100.1]:51820", "[::ffff:c633:6401]:51820"},
	{"203.0.113.2:1", "203.0.113.2:1", "[::FFFF:203.0.113.2]:1"},
	{"[2001:db8::3]:65535", "[2001:DB8:0:0::3]:65535", "[2001:0db8::0.0.0.3]:65535"},
	{"[fe80::4%eth0]:4500", "[FE80::4%eth0]:4500", "[fe80:0::4%eth0]:4500"},
	// From here on only on a device: addresses that cannot be sent to.
	{"198.51.100.5:0"},
	{"224.0.0.6:4500"},
	{"[::]:0"},
}

const wantedEndpoints = 5

// The last prefix is the host route to the node's own address.
const (
	prefixCount = 11
	ownPrefix   = prefixCount - 1
)

var prefixes = [prefixCount][]string{
	{"10.0.0.0/8", "10.255.1.1/8", "::ffff:10.0.0.0/104"},
	{"10.1.0.0/16", "10.1.2.3/16", "::FFFF:10.1.0.9/112"},
	{"10.1.2.3/32", "10.1.2.3", "::ffff:10.1.2.3"},
	{"0.0.0.0/0", "1.2.3.4/0", "::ffff:9.9.9.9/96"},
	{"::/0", "fd00::/0", "0:0:0:0:0:0:0:0/0"},
	{"fd00::/64", "FD00:0:0:0::/64", "fd00::1:2:3:4/64"},
	{"fd00::1/128", "fd00::1", "fd00:0::0001/128"},
	{"192.0.2.0/24", "192.0.2.255/24", "::ffff:192.0.2.7/120"},
	{"198.51.100.7/32", "198.51.100.7", "::ffff:c633:6407/128"},
	{"::fffe:0:0/95", "::ffff:1.2.3.4/95", "::FFFF:0:0/95"},
	{"10.100.0.1/32", "10.100.0.1", "::ffff:10.100.0.1/128"},
}

// Addresses of the interface, a bit for each: the mesh address, a stranger's, a link-local one.
var addresses = []string{"10.100.0.1/32", "192.0.2.1/32", "fe80::1/64"}

const (
	addressMesh      = 1 << 0
	addressForeign   = 1 << 1
	addressLinkLocal = 1 << 2
)

const (
	keepaliveDefault = 7
	portDefault      = 51820
	mtuDefault       = 1420
	interfaceName    = "plexd0"
)

// A life begins at the default start of scenarios.
var lifeStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// moment is a time in seconds: by the wall clock, since 1970, and by the boot clock. The latter
// counts on whatever becomes of the former, which others date by.
type moment struct{ wall, boot int64 }

func (m moment) after(seconds int64) moment { return moment{m.wall + seconds, m.boot + seconds} }

// isPast: by either clock, so that no jump brings it about.
func (m moment) isPast(now moment) bool {
	return m.wall < now.wall && (m.boot < now.boot || wrong.wallClockCounts)
}

// Signing keys: 1 and up; 0 is none, badSigner one that is no key.
const (
	signerCount = 4
	badSigner   = signerCount
)

var signers = func() (made [signerCount]ed25519.PrivateKey) {
	for i := 1; i < signerCount; i++ {
		made[i] = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(i)}, ed25519.SeedSize))
	}
	return made
}()

func signerText(signer int) string {
	if signer == badSigner {
		return base64.StdEncoding.EncodeToString([]byte("no key"))
	}
	return base64.StdEncoding.EncodeToString(signers[signer].Public().(ed25519.PublicKey))
}

func repeated(value byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{value}, 32))
}

// inOrder is the numbers below `count` in the order of `less`.
func inOrder(count int, less func(a, b int) bool) []int {
	order := make([]int, count)
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return less(order[i], order[j]) })
	return order
}

var idsInOrder = inOrder(len(ids), func(a, b int) bool { return ids[a] < ids[b] })

var keysInOrder = inOrder(keyCount, func(a, b int) bool {
	x, _ := base64.StdEncoding.DecodeString(keys[a])
	y, _ := base64.StdEncoding.DecodeString(keys[b])
	return bytes.Compare(x, y) < 0
})

// secrets are all forms of the private and preshared keys of a life that could leak.
var secrets = func() (all [][]byte) {
	privateKey := bytes.Repeat([]byte{1}, 32)
	clamped := append([]byte{}, privateKey...)
	clamped[0] &= 248
	clamped[31] = clamped[31]&127 | 64
	secret := [][]byte{privateKey, clamped, bytes.Repeat([]byte{0xa5}, 32), bytes.Repeat([]byte{0x5a}, 32)}
	for _, raw := range secret {
		all = append(all, raw, []byte(hex.EncodeToString(raw)),
			/* A part is enough: a secret may be quoted with a character gone. */
			[]byte(base64.StdEncoding.EncodeToString(raw)[:24]))
	}
	return all
}()
