// SPDX-License-Identifier: Apache-2.0

// Plays whole lives of a node: generated from a seed, written as scenarios with expectations that an
// independent model computes for every step, and run by `plexwg replay`. Prints TAP.
//
//	sim -program PLEXWG [-first SEED] [-lives N] [-mishaps N] [-keep DIR] [-doubt]
//	sim -first SEED -show
//
// A life that fails is reduced while it still fails, and stored in DIR as a scenario.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const batchSize = 50

type tally struct{ lives, steps, cycles int }

func main() {
	program := flag.String("program", "plexwg", "the program whose replay runs the lives")
	first := flag.Uint64("first", 1, "the seed of the first life")
	lives := flag.Int("lives", 1, "how many lives, each with the next seed")
	keep := flag.String("keep", ".", "where the scenario of a life that fails is left")
	show := flag.Bool("show", false, "print the scenario of the first life, and no more")
	mishapLives := flag.Int("mishaps", 0, "of how many lives each call is to fail once as well")
	doubt := flag.Bool("doubt", false, "show also that wrong rules would be found")
	flag.Parse()
	if *show {
		os.Stdout.Write(newLife(*first).pretty())
		return
	}
	tests := 1
	if *mishapLives > 0 {
		tests++
	}
	if *doubt {
		tests += len(doubts)
	}
	fmt.Printf("1..%d\n", tests)
	p := player{program: *program, keep: *keep}
	failed := say(p.play(*first, *lives), 1, "whatever happens in its life, "+
		"a node does what the rules say and nothing that must never happen")
	if *mishapLives > 0 {
		failed += say(p.playMishaps(*first, *mishapLives), 2,
			"so it does whichever call fails, and wherever it dies")
	}
	if *doubt {
		failed += testDoubts(*program, *first, tests-len(doubts)+1)
	}
	if failed > 0 {
		os.Exit(1)
	}
}

// say prints a line of TAP and is 1 if the test failed.
func say(passed bool, number int, name string) (failed int) {
	result := "ok"
	if !passed {
		result, failed = "not ok", 1
	}
	fmt.Printf("%s %d - %s\n", result, number, name)
	return failed
}

// player plays lives and counts them.
type player struct{ program, keep string }

// play returns whether all lives hold; it ends with the first batch that does not.
func (p *player) play(first uint64, lives int) bool {
	begun := time.Now()
	var sum tally
	held := true
	for at := 0; at < lives && held; at += batchSize {
		n := batchSize
		if at+n > lives {
			n = lives - at
		}
		held = p.playBatch(newLives(first+uint64(at), n), &sum)
	}
	fmt.Printf("# seeds %d to %d: %s, %.0f s\n", first, first+uint64(sum.lives)-1, sum.text(),
		time.Since(begun).Seconds())
	return held
}

// playMishaps plays the lives once for each of their calls, which fails or is preceded by a crash.
func (p *player) playMishaps(first uint64, lives int) bool {
	begun := time.Now()
	var sum tally
	held := true
	for seed := first; seed < first+uint64(lives) && held; seed++ {
		held = p.playBatch(mishaps(seed), &sum)
	}
	fmt.Printf("# seeds of %d lives with a mishap at each call: %s, %.0f s\n", lives, sum.text(),
		time.Since(begun).Seconds())
	return held
}

func (t *tally) text() string {
	return fmt.Sprintf("%d lives, %d steps, %d cycles", t.lives, t.steps, t.cycles)
}

func newLives(first uint64, n int) []*script {
	scripts := make([]*script, n)
	for i := range scripts {
		scripts[i] = newLife(first + uint64(i))
	}
	return scripts
}

func (p *player) playBatch(scripts []*script, sum *tally) bool {
	for _, s := range scripts {
		sum.lives++
		sum.steps += len(s.steps)
		sum.cycles += s.cycles
	}
	verdicts, err := replay(p.program, scripts)
	if err != nil {
		fmt.Println("#", err)
		return false
	}
	for i, v := range verdicts {
		if v.text != "" {
			p.explain(scripts[i].life, v)
			return false // the others may fail for the same reason
		}
	}
	return true
}

// explain shrinks the life and stores it as a scenario.
func (p *player) explain(l *life, v verdict) {
	fmt.Printf("# again with -first %d -lives 1\n# %s\n", l.seed, v.text)
	small := final(shrink(p.program, l))
	file := filepath.Join(p.keep, fmt.Sprintf("life-%d.json", l.seed))
	if err := os.WriteFile(file, small.pretty(), 0o644); err != nil {
		fmt.Println("#", err)
	}
	fmt.Printf("# shrunk to %d steps: %s\n", len(small.steps), file)
}
