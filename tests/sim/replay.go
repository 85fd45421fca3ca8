// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// verdict is the result of a script: "" if everything held.
type verdict struct {
	text   string
	step   int    // of the scenario; 0: not known
	member string // of an expectation, or "returns"
}

var failedStep = regexp.MustCompile(`: step (\d+)[.0-9]*: (\w+): `)

// replay runs the scripts through `program replay`, in one process, and judges each by what it
// printed and by its trace.
func replay(program string, scripts []*script) ([]verdict, error) {
	dir, err := os.MkdirTemp("", "plexwg-sim-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for i, s := range scripts {
		file := filepath.Join(dir, fmt.Sprintf("%06d.json", i))
		if err := os.WriteFile(file, s.json(), 0o600); err != nil {
			return nil, err
		}
	}
	var errorOutput bytes.Buffer
	command := exec.Command(program, "replay", "--trace", dir)
	command.Stderr = &errorOutput
	output, err := command.Output()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		if len(scripts) > 1 {
			return replayEach(program, scripts)
		}
		return []verdict{{text: fmt.Sprintf("%v: %s", err, errorOutput.String())}}, nil
	}
	return judge(scripts, output)
}

// replayEach finds the script that crashes the program.
func replayEach(program string, scripts []*script) (all []verdict, err error) {
	for _, s := range scripts {
		one, err := replay(program, []*script{s})
		if err != nil {
			return nil, err
		}
		all = append(all, one...)
	}
	return all, nil
}

// judge reads the output: the trace of each scenario, then one line about it, and a second one if
// it failed.
func judge(scripts []*script, output []byte) ([]verdict, error) {
	verdicts := make([]verdict, len(scripts))
	at := 0
	trace := newTraceCheck()
	for len(output) > 0 {
		line := output
		if end := bytes.IndexByte(output, '\n'); end >= 0 {
			line, output = output[:end], output[end+1:]
		} else {
			output = nil
		}
		switch {
		case len(line) > 0 && line[0] == '{':
			if at == len(scripts) {
				return nil, fmt.Errorf("a trace behind the last scenario: %s", line)
			}
			trace.see(scripts[at], line)
		case bytes.HasPrefix(line, []byte("ok ")), bytes.HasPrefix(line, []byte("FAIL ")):
			if at == len(scripts) || !bytes.HasSuffix(line, []byte(scripts[at].title())) {
				return nil, fmt.Errorf("not the scenario that is due: %s", line)
			}
			if line[0] == 'F' {
				end := bytes.IndexByte(output, '\n')
				verdicts[at] = failure(string(output[:end]))
			} else if trace.broken != "" {
				verdicts[at] = verdict{text: trace.broken}
			}
			trace = newTraceCheck()
			at++
		}
	}
	if at != len(scripts) {
		return nil, fmt.Errorf("%d scenarios of %d were played", at, len(scripts))
	}
	return verdicts, nil
}

func failure(text string) verdict {
	v := verdict{text: strings.TrimSpace(text)}
	if match := failedStep.FindStringSubmatch(text); match != nil {
		v.step, _ = strconv.Atoi(match[1])
		v.member = match[2]
	}
	return v
}
