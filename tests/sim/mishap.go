// SPDX-License-Identifier: Apache-2.0

package main

// mishaps are the lives of that seed with one more mishap: each call fails once, with an error or a
// lost link, and the process dies before each call of each cycle. Each life must converge all the
// same.
func mishaps(seed uint64) (scripts []*script) {
	whole := newLife(seed)
	add := func(at int, happen func(st *step)) {
		l := whole.life.copy()
		happen(&l.steps[at])
		s := l.play()
		s.settle(lastAnswer(l))
		scripts = append(scripts, s)
	}
	for at, calls := range whole.called {
		for call := 0; call < calls; call++ {
			for _, errno := range []string{"EIO", "ENODEV"} {
				add(at, func(st *step) {
					st.targets = append([]target{{call, errno}}, st.targets...)
				})
			}
			if whole.life.steps[at].do == "reconcile" {
				add(at, func(st *step) { st.crashAfter = call })
			}
		}
	}
	return scripts
}

// lastAnswer is the last document of the life.
func lastAnswer(l *life) (last answer) {
	for i := range l.steps {
		if l.steps[i].answer.document != nil {
			last = l.steps[i].answer
		}
	}
	return last
}
