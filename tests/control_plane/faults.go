// SPDX-License-Identifier: Apache-2.0

package main

import (
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// fault is a wrong answer to requests of an endpoint. Of several that match, the one set last
// counts. In JSON, for POST /faults:
//
//	{"endpoint": "state",   state, events, drift, heartbeat, register; missing: any
//	 "node": "node-1",      missing: any
//	 "count": 3,            only so often; missing: until DELETE /faults
//	 "mode": "status",      one of those below
//	 "status": 429, "headers": {"Retry-After": "3"}, "text": "", "bytes": 0, "delay_ms": 0}
//
//	status     that status, with these headers
//	mute       no answer, ever
//	close      no answer, and the connection is closed
//	noise      random bytes, not HTTP at all; then it is closed
//	raw        `text`, byte by byte as it is; then nothing, but it stays open
//	raw_close  the same, and it is closed
//	headers    a header without end
//	stall      the header and half of a body; then nothing
//	cut        the header and half of a body; then it is closed
//	end        the header and an empty body: a stream that ends at once
//	silent     the header; then nothing: a stream without data, not even a ping
//	garbage    random bytes in a good answer
//	body       `text` in a good answer, with these headers
//	endless    a good answer whose body, or whose one event, has no end
//	gzip_bomb  `bytes` (1 GiB) of spaces, compressed
//	huge_event an event of `bytes` (10 MiB); then the correct stream
//	delay      the correct answer, after `delay_ms`
//	paced      the correct answer, `bytes` of it each `delay_ms`
//	paced_read the same, but it is the request's body that is read so
//	drip       a header line each `delay_ms`, without end
//	hollow     a good answer whose compressed body goes on without end and expands to nothing, a block
//	           each `delay_ms`
//	slow       a byte of `text` each `delay_ms`, in a good answer without end
type fault struct {
	Endpoint string            `json:"endpoint"`
	Node     string            `json:"node"`
	Count    int               `json:"count"`
	Mode     string            `json:"mode"`
	Status   int               `json:"status"`
	Headers  map[string]string `json:"headers"`
	Text     string            `json:"text"`
	Bytes    int64             `json:"bytes"`
	DelayMS  int64             `json:"delay_ms"`
}

type faults struct {
	mu   sync.Mutex
	list []*fault
}

type faultAnswer func(fault *fault, writer http.ResponseWriter, request *http.Request)

var faultModes = map[string]faultAnswer{
	"status":    (*fault).answerStatus,
	"mute":      (*fault).answerMute,
	"close":     (*fault).answerClose,
	"noise":     (*fault).answerNoise,
	"raw":       (*fault).answerRaw,
	"raw_close": (*fault).answerRaw,
	"headers":   (*fault).answerHeaders,
	"stall":     (*fault).answerHalf,
	"cut":       (*fault).answerHalf,
	"end":       (*fault).answerEnd,
	"silent":    (*fault).answerSilent,
	"garbage":   (*fault).answerGarbage,
	"body":      (*fault).answerBody,
	"endless":   (*fault).answerEndless,
	"gzip_bomb": (*fault).answerGzipBomb,
	"drip":      (*fault).answerDrip,
	"hollow":    (*fault).answerHollow,
	"slow":      (*fault).answerSlow,
}

func (faults *faults) add(added *fault) error {
	asItShouldBe := map[string]bool{
		"huge_event": true, "delay": true, "paced": true, "paced_read": true}
	if faultModes[added.Mode] == nil && !asItShouldBe[added.Mode] {
		return errors.New("there is no such mode")
	}
	faults.mu.Lock()
	defer faults.mu.Unlock()
	faults.list = append([]*fault{added}, faults.list...)
	return nil
}

func (faults *faults) clear() {
	faults.mu.Lock()
	defer faults.mu.Unlock()
	faults.list = nil
}

// take finds the fault for a request and counts it.
func (faults *faults) take(endpoint, id string) *fault {
	faults.mu.Lock()
	defer faults.mu.Unlock()
	for i, fault := range faults.list {
		if fault.Endpoint != "" && fault.Endpoint != endpoint || fault.Node != "" && fault.Node != id {
			continue
		}
		if fault.Count == 1 {
			faults.list = append(faults.list[:i:i], faults.list[i+1:]...)
		}
		taken := *fault
		fault.Count--
		taken.Endpoint = endpoint
		return &taken
	}
	return nil
}

// apply answers; it returns true if the request gets the correct answer all the same.
func (fault *fault) apply(writer http.ResponseWriter, request *http.Request) bool {
	switch fault.Mode {
	case "delay":
		fault.wait(request)
		return true
	case "huge_event", "paced", "paced_read":
		return true
	}
	faultModes[fault.Mode](fault, writer, request)
	return false
}

// pacedWriter sends so many bytes at a time, and waits.
type pacedWriter struct {
	http.ResponseWriter
	fault   *fault
	request *http.Request
}

func (paced *pacedWriter) Write(text []byte) (int, error) {
	for done := 0; done < len(text); {
		next := done + int(paced.fault.Bytes)
		if next > len(text) {
			next = len(text)
		}
		if _, err := paced.ResponseWriter.Write(text[done:next]); err != nil {
			return done, err
		}
		paced.Flush()
		paced.fault.wait(paced.request)
		done = next
	}
	return len(text), nil
}

func (paced *pacedWriter) Flush() {
	paced.ResponseWriter.(http.Flusher).Flush()
}

// pacedReader reads so many bytes at a time, and waits.
type pacedReader struct {
	inner   io.Reader
	fault   *fault
	request *http.Request
	left    int // until it waits
}

func (paced *pacedReader) Read(buffer []byte) (int, error) {
	if paced.left == 0 {
		paced.fault.wait(paced.request)
		paced.left = int(paced.fault.Bytes)
	}
	if len(buffer) > paced.left {
		buffer = buffer[:paced.left]
	}
	count, err := paced.inner.Read(buffer)
	paced.left -= count
	return count, err
}

// reader is where the request's body is read from.
func (fault *fault) reader(request *http.Request) io.Reader {
	if fault == nil || fault.Mode != "paced_read" {
		return request.Body
	}
	return &pacedReader{inner: request.Body, fault: fault, request: request}
}

// writer is where the answer is written to.
func (fault *fault) writer(writer http.ResponseWriter, request *http.Request) http.ResponseWriter {
	if fault == nil || fault.Mode != "paced" {
		return writer
	}
	return &pacedWriter{writer, fault, request}
}

// greeting is what a stream begins with.
func (fault *fault) greeting(number int) string {
	if fault == nil || fault.Mode != "huge_event" {
		return ""
	}
	length := fault.Bytes
	if length == 0 {
		length = 10 << 20
	}
	return frameOf(number, "huge", []byte(strings.Repeat("x", int(length))))
}

func (fault *fault) wait(request *http.Request) {
	select {
	case <-time.After(time.Duration(fault.DelayMS) * time.Millisecond):
	case <-request.Context().Done():
	}
}

// good is the header of a good answer, and the beginning and the end of its body.
func (fault *fault) good(writer http.ResponseWriter) (string, string) {
	header := writer.Header()
	begin, end := `{"peers":[`, `]}`
	header.Set("Content-Type", "application/json")
	if fault.Endpoint == "events" {
		header.Set("Content-Type", "text/event-stream")
		begin, end = "data: half of an eve", "nt\n\n"
	}
	for name, value := range fault.Headers {
		header.Set(name, value)
	}
	writer.WriteHeader(http.StatusOK)
	writer.(http.Flusher).Flush()
	return begin, end
}

func hang(request *http.Request) {
	<-request.Context().Done()
}

func (fault *fault) answerStatus(writer http.ResponseWriter, request *http.Request) {
	for name, value := range fault.Headers {
		writer.Header().Set(name, value)
	}
	refuse(writer, fault.Status)
}

func (fault *fault) answerMute(writer http.ResponseWriter, request *http.Request) {
	hang(request)
	panic(http.ErrAbortHandler)
}

func (fault *fault) answerClose(writer http.ResponseWriter, request *http.Request) {
	panic(http.ErrAbortHandler)
}

// takeOver gives the bare connection to `use` and closes it after that.
func takeOver(writer http.ResponseWriter, use func(conn io.ReadWriter)) {
	conn, _, err := writer.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	use(conn)
}

func (fault *fault) answerNoise(writer http.ResponseWriter, request *http.Request) {
	takeOver(writer, func(conn io.ReadWriter) {
		io.CopyN(conn, rand.Reader, 4096)
	})
}

func (fault *fault) answerRaw(writer http.ResponseWriter, request *http.Request) {
	takeOver(writer, func(conn io.ReadWriter) {
		io.WriteString(conn, fault.Text)
		if fault.Mode == "raw" {
			io.Copy(io.Discard, conn) // until the other side closes
		}
	})
}

func (fault *fault) answerHeaders(writer http.ResponseWriter, request *http.Request) {
	takeOver(writer, func(conn io.ReadWriter) {
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for i := 0; err == nil; i++ {
			_, err = fmt.Fprintf(conn, "X-Filler-%d: %s\r\n", i, strings.Repeat("x", 100))
		}
	})
}

func (fault *fault) answerHalf(writer http.ResponseWriter, request *http.Request) {
	begin, _ := fault.good(writer)
	send(writer, begin)
	if fault.Mode == "stall" {
		hang(request)
	}
	panic(http.ErrAbortHandler)
}

func (fault *fault) answerEnd(writer http.ResponseWriter, request *http.Request) {
	fault.good(writer)
}

func (fault *fault) answerSilent(writer http.ResponseWriter, request *http.Request) {
	fault.good(writer)
	hang(request)
}

func (fault *fault) answerGarbage(writer http.ResponseWriter, request *http.Request) {
	fault.good(writer)
	io.CopyN(writer, rand.Reader, 4096)
}

func (fault *fault) answerBody(writer http.ResponseWriter, request *http.Request) {
	fault.good(writer)
	io.WriteString(writer, fault.Text)
}

func (fault *fault) answerEndless(writer http.ResponseWriter, request *http.Request) {
	begin, _ := fault.good(writer)
	filler := []byte(strings.Repeat(" ", 64*1024))
	_, err := io.WriteString(writer, begin)
	for err == nil {
		_, err = writer.Write(filler)
	}
}

func (fault *fault) answerGzipBomb(writer http.ResponseWriter, request *http.Request) {
	length := fault.Bytes
	if length == 0 {
		length = 1 << 30
	}
	writer.Header().Set("Content-Encoding", "gzip")
	begin, end := fault.good(writer)
	zip := gzip.NewWriter(writer)
	filler := []byte(strings.Repeat(" ", 64*1024))
	_, err := io.WriteString(zip, begin)
	for ; err == nil && length > 0; length -= int64(len(filler)) {
		_, err = zip.Write(filler)
	}
	io.WriteString(zip, end)
	zip.Close()
}

func (fault *fault) answerSlow(writer http.ResponseWriter, request *http.Request) {
	fault.good(writer)
	for request.Context().Err() == nil {
		for i := range fault.Text {
			send(writer, fault.Text[i:i+1])
			fault.wait(request)
		}
		if fault.Text == "" {
			send(writer, " ")
			fault.wait(request)
		}
	}
}

func (fault *fault) answerDrip(writer http.ResponseWriter, request *http.Request) {
	takeOver(writer, func(conn io.ReadWriter) {
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		for err == nil {
			_, err = io.WriteString(conn, "X: y\r\n")
			time.Sleep(time.Duration(fault.DelayMS) * time.Millisecond)
		}
	})
}

func (fault *fault) answerHollow(writer http.ResponseWriter, request *http.Request) {
	writer.Header().Set("Content-Encoding", "gzip")
	fault.good(writer)
	zip := gzip.NewWriter(writer)
	for request.Context().Err() == nil && zip.Flush() == nil {
		writer.(http.Flusher).Flush()
		fault.wait(request)
	}
}
