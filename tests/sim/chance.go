// SPDX-License-Identifier: Apache-2.0

package main

// chance is a source of random numbers: the same seed gives the same ones on every machine.
type chance struct {
	state uint64
	plain bool // always the first of several, and nothing that need not be
}

func newChance(seed uint64) *chance {
	return &chance{state: seed*0x9e3779b97f4a7c15 + 1}
}

// next is splitmix64.
func (c *chance) next() uint64 {
	c.state += 0x9e3779b97f4a7c15
	mixed := c.state
	mixed = (mixed ^ mixed>>30) * 0xbf58476d1ce4e5b9
	mixed = (mixed ^ mixed>>27) * 0x94d049bb133111eb
	return mixed ^ mixed>>31
}

// below returns 0 to n - 1.
func (c *chance) below(n int) int {
	if c.plain {
		return 0
	}
	return int(c.next() % uint64(n))
}

func (c *chance) percent(p int) bool { return !c.plain && c.below(100) < p }

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func pick[T any](c *chance, from []T) T { return from[c.below(len(from))] }
