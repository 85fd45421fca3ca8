// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

const entriesKept = 10000

// entry is one request, for tests to inspect. The token is not in it.
type entry struct {
	Number     int               `json:"number"`
	Time       time.Time         `json:"time"`
	Endpoint   string            `json:"endpoint"`
	Node       string            `json:"node"`
	Method     string            `json:"method"`
	Path       string            `json:"path"`
	Headers    map[string]string `json:"headers"`
	HasToken   bool              `json:"has_token"`
	Body       string            `json:"body"`
	Status     int               `json:"status"` // 0: none was sent, or not yet
	Fault      string            `json:"fault,omitempty"`
	Connection string            `json:"connection"` // the other side's address and port
}

type journal struct {
	mu      sync.Mutex
	next    int
	entries []*entry
	counts  map[string]int
}

func (journal *journal) begin(
	endpoint, node string, request *http.Request, body []byte) *entry {
	headers := map[string]string{}
	for name := range request.Header {
		if name != "Authorization" {
			headers[name] = request.Header.Get(name)
		}
	}
	begun := &entry{
		Time:       time.Now().UTC(),
		Endpoint:   endpoint,
		Node:       node,
		Method:     request.Method,
		Path:       request.URL.EscapedPath(),
		Headers:    headers,
		HasToken:   request.Header.Get("Authorization") != "",
		Body:       string(body),
		Connection: request.RemoteAddr,
	}
	journal.mu.Lock()
	defer journal.mu.Unlock()
	journal.next++
	begun.Number = journal.next
	journal.entries = append(journal.entries, begun)
	if len(journal.entries) > 2*entriesKept {
		journal.entries = append([]*entry{}, journal.entries[entriesKept:]...)
	}
	return begun
}

func (journal *journal) note(noted *entry, fault string) {
	journal.mu.Lock()
	defer journal.mu.Unlock()
	noted.Fault = fault
}

func (journal *journal) answered(answered *entry, status int) {
	journal.mu.Lock()
	defer journal.mu.Unlock()
	answered.Status = status
	if journal.counts == nil {
		journal.counts = map[string]int{}
	}
	journal.counts[fmt.Sprintf("%s %d", answered.Endpoint, status)]++
}

func (journal *journal) clear() {
	journal.mu.Lock()
	defer journal.mu.Unlock()
	journal.entries, journal.counts = nil, nil
}

func (journal *journal) snapshotCounts() map[string]int {
	journal.mu.Lock()
	defer journal.mu.Unlock()
	counts := map[string]int{}
	for name, count := range journal.counts {
		counts[name] = count
	}
	return counts
}

// snapshot returns the matching entries; "" matches all.
func (journal *journal) snapshot(endpoint, node string) []entry {
	journal.mu.Lock()
	defer journal.mu.Unlock()
	entries := []entry{}
	for _, kept := range journal.entries {
		if (endpoint == "" || kept.Endpoint == endpoint) && (node == "" || kept.Node == node) {
			entries = append(entries, *kept)
		}
	}
	return entries
}

// recorder is a response that reports its status to the journal.
type recorder struct {
	http.ResponseWriter
	entry   *entry
	journal *journal
	begun   bool
}

func (recorder *recorder) WriteHeader(status int) {
	if !recorder.begun {
		recorder.begun = true
		recorder.journal.answered(recorder.entry, status)
	}
	recorder.ResponseWriter.WriteHeader(status)
}

func (recorder *recorder) Write(bytes []byte) (int, error) {
	if !recorder.begun {
		recorder.WriteHeader(http.StatusOK)
	}
	return recorder.ResponseWriter.Write(bytes)
}

func (recorder *recorder) Flush() {
	recorder.ResponseWriter.(http.Flusher).Flush()
}

func (recorder *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return recorder.ResponseWriter.(http.Hijacker).Hijack()
}
