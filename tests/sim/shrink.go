// SPDX-License-Identifier: Apache-2.0

package main

// shrinker reduces a life while it still fails.
type shrinker struct {
	program string
	best    *life
	verdict verdict
	tries   int
}

const shrinkTries = 3000

// fails returns whether the life still fails; if so it is the best one.
func (k *shrinker) fails(l *life) bool {
	if k.tries >= shrinkTries {
		return false
	}
	k.tries++
	verdicts, err := replay(k.program, []*script{l.play()})
	if err != nil || verdicts[0].text == "" {
		return false
	}
	k.best, k.verdict = l, verdicts[0]
	return true
}

func (l *life) copy() *life {
	c := *l
	c.peers = append([]change(nil), l.peers...)
	c.steps = append([]step(nil), l.steps...)
	return &c
}

// change tries the life with a change.
func (k *shrinker) change(do func(l *life)) bool {
	l := k.best.copy()
	do(l)
	return k.fails(l)
}

// without is the elements but for those from `from` to `to`.
func without[T any](all []T, from, to int) []T {
	return append(append([]T(nil), all[:from]...), all[to:]...)
}

// thin takes as many elements out as it can, large pieces first.
func (k *shrinker) thin(length func() int, remove func(l *life, from, to int)) (progress bool) {
	for size := length(); size > 0; size /= 2 {
		for from := length() - size; from >= 0; from -= size {
			if from+size > length() {
				continue
			}
			if k.change(func(l *life) { remove(l, from, from+size) }) {
				progress = true
			}
		}
	}
	return progress
}

// shrink makes the life as small as it can.
func shrink(program string, l *life) *shrinker {
	k := &shrinker{program: program, best: l}
	k.fails(l)
	for progress := true; progress; {
		progress = k.thin(func() int { return len(k.best.steps) }, func(l *life, from, to int) {
			l.steps = without(l.steps, from, to)
		})
		if k.best.keys.current != 0 && k.change(func(l *life) { l.keys = signingKeys{} }) {
			progress = true
		}
		if k.best.ownID != none && k.change(func(l *life) { l.ownID = none }) {
			progress = true
		}
		if k.best.mtu != 0 && k.change(func(l *life) { l.mtu = 0 }) {
			progress = true
		}
		if k.best.device != nil && k.change(func(l *life) { l.device, l.peers = nil, nil }) {
			progress = true
		}
		progress = k.thin(func() int { return len(k.best.peers) }, func(l *life, from, to int) {
			l.peers = without(l.peers, from, to)
		}) || progress
		for i := range k.best.steps {
			progress = k.simplify(i) || progress
		}
	}
	return k
}

// simplify makes a step smaller.
func (k *shrinker) simplify(at int) (progress bool) {
	now := func() *step { return &k.best.steps[at] }
	try := func(is bool, do func(st *step)) {
		if is && k.change(func(l *life) { do(&l.steps[at]) }) {
			progress = true
		}
	}
	try(now().crashAfter != none, toRestart)
	try(now().crashAfter != none, func(st *step) { st.crashAfter = none })
	progress = k.thin(func() int { return len(now().targets) }, func(l *life, from, to int) {
		l.steps[at].targets = without(l.steps[at].targets, from, to)
	}) || progress
	progress = k.thin(func() int { return len(now().during) }, func(l *life, from, to int) {
		l.steps[at].during = without(l.steps[at].during, from, to)
	}) || progress
	if len(now().envelopes) > 1 {
		progress = k.thin(func() int { return len(now().envelopes) - 1 },
			func(l *life, from, to int) {
				l.steps[at].envelopes = without(l.steps[at].envelopes, from, to)
			}) || progress
	}
	if now().do == "stream" || now().do == "deliver" {
		envelopes := now().envelopes
		for i := range envelopes {
			try(len(envelopes) > 1, func(st *step) {
				st.do, st.envelopes = "deliver", envelopes[i:i+1]
			})
			try(true, func(st *step) {
				*st = plain("event")
				st.event = envelopes[i].happening
			})
		}
	}
	if now().do == "event" || now().do == "add_peer" || now().do == "update_peer" {
		progress = k.simplifyEntry(func(l *life) *entry {
			if l.steps[at].do == "event" {
				return &l.steps[at].event.entry
			}
			return &l.steps[at].entry
		}) || progress
	}
	if now().answer.document != nil {
		progress = k.thinDocument(at) || progress
	}
	return progress
}

// toRestart: the process dies before it does anything.
func toRestart(st *step) { *st = plain("restart") }

func (k *shrinker) entries(at int) []entry { return k.best.steps[at].answer.document.entries }

func (k *shrinker) thinDocument(at int) bool {
	set := func(l *life, entries []entry) {
		d := *l.steps[at].answer.document
		d.entries = entries
		l.steps[at].answer.document = &d
	}
	progress := k.best.steps[at].answer.document.keys.current != 0 && k.change(func(l *life) {
		set(l, l.steps[at].answer.document.entries)
		l.steps[at].answer.document.keys = signingKeys{}
	})
	progress = k.thin(func() int { return len(k.entries(at)) }, func(l *life, from, to int) {
		set(l, without(l.steps[at].answer.document.entries, from, to))
	}) || progress
	for i := 0; i < len(k.entries(at)); i++ {
		progress = k.simplifyEntry(func(l *life) *entry {
			set(l, append([]entry(nil), l.steps[at].answer.document.entries...))
			return &l.steps[at].answer.document.entries[i]
		}) || progress
	}
	return progress
}

// simplifyEntry removes as much as possible from the entry that `of` finds.
func (k *shrinker) simplifyEntry(of func(l *life) *entry) (progress bool) {
	for _, simpler := range simplerEntries(*of(k.best.copy())) {
		progress = k.change(func(l *life) {
			e := of(l)
			simpler(e)
		}) || progress
	}
	return progress
}

// simplerEntries are the ways in which the entry can be made simpler, each by itself.
func simplerEntries(e entry) (ways []func(e *entry)) {
	add := func(is bool, way func(e *entry)) {
		if is {
			ways = append(ways, way)
		}
	}
	add(e.spelling != plainSpelling, func(e *entry) { e.spelling = plainSpelling })
	add(e.endpoint != 0, func(e *entry) { e.endpoint = 0 })
	add(e.psk != 0, func(e *entry) { e.psk = 0 })
	add(e.keepalive != keepaliveDefault, func(e *entry) { e.keepalive = keepaliveDefault })
	for i := 0; i < prefixCount; i++ {
		bit := uint(1) << i
		add(e.prefixes&bit != 0, func(e *entry) { e.prefixes &^= bit })
	}
	return ways
}

// final is the shrunk life with only the expectation that fails.
func final(k *shrinker) *script {
	l, v := k.best, k.verdict
	whole := l.play()
	if v.step == 0 || v.step > len(whole.steps) {
		return whole
	}
	s := l.begin()
	s.expectMember = v.member
	// Without the expectations before it the step has another number.
	for _, text := range whole.steps[:v.step] {
		if !isExpectation(text) {
			s.expectAt++
		}
	}
	number := whole.numbers[v.step-1]
	for i := 0; i < number; i++ {
		s.take(&l.steps[i])
	}
	verdicts, err := replay(k.program, []*script{s})
	if err != nil || verdicts[0].text == "" {
		return whole
	}
	return s
}

func isExpectation(text string) bool {
	return len(text) > 15 && text[:15] == `{"do": "expect"`
}
