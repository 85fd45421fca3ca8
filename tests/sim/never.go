// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// What must never happen, checked in the trace alone, without the model.

// traceCheck follows the trace of one scenario.
type traceCheck struct {
	broken   string
	step     int  // of the scenario
	hasState bool // this process has had one complete desired state
	isRead   bool // the device was read whole in this cycle, without drift
	written  map[string]bool
	failed   bool // a peer operation failed in this cycle
	quiet    bool // the last cycle succeeded, and nothing happened since
}

type traceLine struct {
	Step      string `json:"step"`
	Type      string `json:"type"`
	Operation string `json:"operation"`
	Result    string `json:"result"`
	Error     string `json:"error"`
}

func newTraceCheck() *traceCheck { return &traceCheck{written: map[string]bool{}} }

func (t *traceCheck) breaks(step int, format string, arguments ...any) {
	if t.broken == "" {
		t.broken = fmt.Sprintf("step %d: %s", step, fmt.Sprintf(format, arguments...))
	}
}

// pass goes through the steps of the life up to that of the scenario.
func (t *traceCheck) pass(s *script, step int) {
	for t.step < step && t.step < len(s.steps) {
		t.step++
		text := s.steps[t.step-1]
		t.isRead, t.failed = false, false
		t.written = map[string]bool{}
		switch {
		case strings.HasPrefix(text, `{"do": "restart"`):
			t.hasState, t.quiet = false, false
		case strings.HasPrefix(text, `{"do": "expect"`):
		case !strings.HasPrefix(text, `{"do": "reconcile"`):
			t.quiet = false
		}
	}
}

func (t *traceCheck) see(s *script, text []byte) {
	for _, secret := range secrets {
		if bytes.Contains(text, secret) {
			t.breaks(t.step, "a secret is in %s", text)
		}
	}
	var line traceLine
	if err := json.Unmarshal(text, &line); err != nil {
		t.breaks(t.step, "%v: %s", err, text)
		return
	}
	number, _, isDuring := strings.Cut(line.Step, ".")
	step, err := strconv.Atoi(number)
	if err != nil {
		t.breaks(t.step, "no step: %s", text)
		return
	}
	t.pass(s, step)
	life := &s.life.steps[s.numbers[step-1]-1]
	switch line.Type {
	case "operation":
		t.operation(life, strings.Fields(line.Operation), isDuring)
	case "cycle":
		t.cycle(life, &line)
	}
}

func (t *traceCheck) operation(life *step, words []string, isDuring bool) {
	op, failed := words[0], strings.HasPrefix(words[len(words)-1], "!")
	if words[1] != interfaceName {
		t.breaks(t.step, "%v: another's interface", words)
	}
	if op == "delete_interface" && life.do != "teardown" {
		t.breaks(t.step, "the interface is deleted by a %s", life.do)
	}
	if life.do != "reconcile" || isDuring {
		t.quiet = false
		return
	}
	t.cycleOperation(life, op, words, failed)
}

// cycleOperation is one that the cycle itself called.
func (t *traceCheck) cycleOperation(life *step, op string, words []string, failed bool) {
	switch op {
	case "read_device":
		t.isRead = !failed
		return
	case "add_peer", "remove_peer":
	default:
		t.isRead = false // it must be checked again
		return
	}
	if !t.isRead {
		t.breaks(t.step, "%v: the device was not read", words)
	}
	if t.written[words[2]] {
		t.breaks(t.step, "%v: twice in a cycle", words)
	}
	t.written[words[2]] = true
	if op == "remove_peer" && !t.hasState && life.answer.document == nil {
		t.breaks(t.step, "%v: nobody said what is wanted", words)
	}
	if t.quiet && life.answer.document == nil && len(life.during) == 0 {
		t.breaks(t.step, "%v: the last cycle had done all there was to do", words)
	}
	t.failed = t.failed || failed
}

func (t *traceCheck) cycle(life *step, line *traceLine) {
	if t.failed && line.Result == "ok" {
		t.breaks(t.step, "an operation failed, and the cycle says ok")
	}
	// Once Setup has succeeded, the answer comes into force, whatever happens to the device.
	isFetched := !strings.HasPrefix(line.Error, "wireguard: setup: ")
	t.hasState = t.hasState || isFetched && life.answer.document != nil
	// An event during the fetch wins until the next one.
	t.quiet = t.isRead && line.Result == "ok" && len(life.during) == 0
}
