// SPDX-License-Identifier: Apache-2.0

// The same comparison as bench_diff.c makes, the way plexd makes it: maps from peer ID to peer,
// one of what is wanted and one of what is there, every field compared, with keys in base64 and
// addresses as text. Prints two times in milliseconds, each the best of five: the comparison alone,
// and with the building of both maps, which plexd does in every cycle.
//
// Usage: bench_diff [PEERS]
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"time"
)

type peer struct {
	ID                  string
	PublicKey           string
	Endpoint            string
	AllowedIPs          []string
	PSK                 string
	PersistentKeepalive int
}

type diff struct {
	remove, update, add []peer
	unchanged           int
}

func key(number, kind uint64) string {
	var bytes [32]byte
	state := number*2 + kind
	for i := range bytes {
		if i%8 == 0 {
			state += 0x9e3779b97f4a7c15
			state = (state ^ state>>30) * 0xbf58476d1ce4e5b9
			state = (state ^ state>>27) * 0x94d049bb133111eb
			state ^= state >> 31
		}
		bytes[i] = byte(state >> (i % 8 * 8))
	}
	return base64.StdEncoding.EncodeToString(bytes[:])
}

func makePeer(number uint64) peer {
	return peer{
		ID:        fmt.Sprintf("peer-%08d", number),
		PublicKey: key(number, 0),
		Endpoint: fmt.Sprintf("%d.%d.%d.%d:51820", byte(number>>24), byte(number>>16),
			byte(number>>8), byte(number)),
		AllowedIPs: []string{
			fmt.Sprintf("fd00::%x:%x/128", uint16(number>>16), uint16(number)),
			fmt.Sprintf("fd01::%x:%x/128", uint16(number>>16), uint16(number)),
		},
		PSK:                 key(number, 1),
		PersistentKeepalive: 25,
	}
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func makePeers(count, start, step uint64) []peer {
	for gcd(step, count) != 1 {
		step++
	}
	peers := make([]peer, 0, count)
	for at, i := start%count, uint64(0); i < count; at, i = (at+step)%count, i+1 {
		peers = append(peers, makePeer(at))
	}
	return peers
}

func same(a, b peer) bool {
	if a.PublicKey != b.PublicKey || a.Endpoint != b.Endpoint || a.PSK != b.PSK ||
		a.PersistentKeepalive != b.PersistentKeepalive || len(a.AllowedIPs) != len(b.AllowedIPs) {
		return false
	}
	for i := range a.AllowedIPs {
		if a.AllowedIPs[i] != b.AllowedIPs[i] {
			return false
		}
	}
	return true
}

func byID(peers []peer) map[string]peer {
	m := make(map[string]peer, len(peers))
	for _, p := range peers {
		m[p.ID] = p
	}
	return m
}

func compare(wanted, there map[string]peer) diff {
	var d diff
	for id, p := range wanted {
		if q, ok := there[id]; !ok {
			d.add = append(d.add, p)
		} else if !same(p, q) {
			d.update = append(d.update, p)
		} else {
			d.unchanged++
		}
	}
	for id, q := range there {
		if _, ok := wanted[id]; !ok {
			d.remove = append(d.remove, q)
		}
	}
	return d
}

func ms(d time.Duration) float64 {
	return float64(d.Nanoseconds()) / 1e6
}

func main() {
	count := uint64(1000000)
	if len(os.Args) > 1 {
		given, err := strconv.ParseUint(os.Args[1], 10, 32)
		if err != nil || given < 1 {
			fmt.Fprintln(os.Stderr, "usage: bench_diff [PEERS]")
			os.Exit(1)
		}
		count = given
	}
	desired := makePeers(count, 1, 7368787)
	actual := makePeers(count, 5, 15485863)
	var best, bestWhole time.Duration
	for i := 0; i < 5; i++ {
		begin := time.Now()
		wanted, there := byID(desired), byID(actual)
		middle := time.Now()
		d := compare(wanted, there)
		took, whole := time.Since(middle), time.Since(begin)
		if d.unchanged != len(desired) || len(d.add)+len(d.update)+len(d.remove) != 0 {
			fmt.Fprintln(os.Stderr, "bench_diff: the peers are not found unchanged")
			os.Exit(1)
		}
		if i == 0 || took < best {
			best = took
		}
		if i == 0 || whole < bestWhole {
			bestWhole = whole
		}
	}
	fmt.Printf("%.3f %.3f\n", ms(best), ms(bestWhole))
}
