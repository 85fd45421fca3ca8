// Plays whole lives of a node: made up from a seed, written down as scenarios together with what an
// independent model says must hold after every step, and run by `plexwg replay`. Prints TAP.
//
//	sim -program PLEXWG [-first SEED] [-lives N] [-keep DIR] [-doubt]
//	sim -first SEED -show
//
// A life that fails is made smaller as long as it fails, and left in DIR as a scenario.
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
	doubt := flag.Bool("doubt", false, "show also that wrong rules would be found")
	flag.Parse()
	if *show {
		os.Stdout.Write(newLife(*first).pretty())
		return
	}
	tests := 1
	if *doubt {
		tests += len(doubts)
	}
	fmt.Printf("1..%d\n", tests)
	failed := say(play(*program, *first, *lives, *keep), 1, "whatever happens in its life, "+
		"a node does what the rules say and nothing that must never happen")
	if *doubt {
		failed += testDoubts(*program, *first, 2)
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

// play is whether all lives hold; it ends with the first batch that does not.
func play(program string, first uint64, lives int, keep string) bool {
	begun := time.Now()
	var sum tally
	held := true
	for at := 0; at < lives && held; at += batchSize {
		n := batchSize
		if at+n > lives {
			n = lives - at
		}
		held = playBatch(program, newLives(first+uint64(at), n), keep, &sum)
	}
	fmt.Printf("# seeds %d to %d: %d lives, %d steps, %d cycles, %.0f s\n", first,
		first+uint64(sum.lives)-1, sum.lives, sum.steps, sum.cycles,
		time.Since(begun).Seconds())
	return held
}

func newLives(first uint64, n int) []*script {
	scripts := make([]*script, n)
	for i := range scripts {
		scripts[i] = newLife(first + uint64(i))
	}
	return scripts
}

func playBatch(program string, scripts []*script, keep string, sum *tally) bool {
	for _, s := range scripts {
		sum.lives++
		sum.steps += len(s.steps)
		sum.cycles += s.cycles
	}
	verdicts, err := replay(program, scripts)
	if err != nil {
		fmt.Println("#", err)
		return false
	}
	for i, v := range verdicts {
		if v.text != "" {
			explain(program, scripts[i].life, keep, v)
			return false // the others may well fail of the same
		}
	}
	return true
}

// explain shrinks the life and leaves it as a scenario.
func explain(program string, l *life, keep string, v verdict) {
	fmt.Printf("# again with -first %d -lives 1\n# %s\n", l.seed, v.text)
	small := final(shrink(program, l))
	file := filepath.Join(keep, fmt.Sprintf("life-%d.json", l.seed))
	if err := os.WriteFile(file, small.pretty(), 0o644); err != nil {
		fmt.Println("#", err)
	}
	fmt.Printf("# shrunk to %d steps: %s\n", len(small.steps), file)
}
