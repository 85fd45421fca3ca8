// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// A test that cannot fail shows nothing: if a rule of the model is changed, the program is wrong
// against it, and lives must find that.

// wrong selects the rules of the model that differ from the design.
var wrong struct {
	lastIDWins        bool // the later of two ids has their key
	endpointsAreState bool // an endpoint that differs is always a difference
	fetchUndoesEvents bool // a state undoes events that came after its fetch began
	namesakesArePeers bool // an entry with the node's id is a peer like any other
	namelessRemoves   bool // an entry with neither key nor id withholds no removal
	restartsForget    bool // a restart forgets keys and events
	wallClockCounts   bool // ages are counted by the wall clock, which may jump
	supersededCount   bool // an event is handled though one issued after it was
}

var doubts = []struct {
	name string
	rule *bool
}{
	{"the later of two ids had their key", &wrong.lastIDWins},
	{"endpoints were state", &wrong.endpointsAreState},
	{"a fetch undid the events during it", &wrong.fetchUndoesEvents},
	{"an entry with the node's id were a peer", &wrong.namesakesArePeers},
	{"a nameless entry withheld no removal", &wrong.namelessRemoves},
	{"a restart forgot keys and events", &wrong.restartsForget},
	{"time were what the wall clock shows", &wrong.wallClockCounts},
	{"an event that a newer one superseded counted", &wrong.supersededCount},
}

const (
	doubtLives = 300
	doubtSteps = 15
)

// doubt returns whether lives find the changed rule, and make a short scenario of it.
func doubt(program string, first uint64, rule *bool) (steps int, found bool) {
	*rule = true
	defer func() { *rule = false }()
	for at := uint64(0); at < doubtLives; at += batchSize {
		scripts := newLives(first+at, batchSize)
		verdicts, err := replay(program, scripts)
		if err != nil {
			return 0, false
		}
		for i, v := range verdicts {
			if v.text != "" {
				small := final(shrink(program, scripts[i].life))
				return len(small.steps), len(small.steps) < doubtSteps
			}
		}
	}
	return 0, false
}

// testDoubts returns how many of the changed rules were not found.
func testDoubts(program string, first uint64, number int) (failed int) {
	for _, d := range doubts {
		steps, found := doubt(program, first, d.rule)
		fmt.Printf("# %d steps\n", steps)
		failed += say(found, number, "lives would tell if "+d.name)
		number++
	}
	return failed
}
