// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// stream is one open stream of events. Its queue is guarded by the plane's streamsMu.
type stream struct {
	node  string
	queue []string
	wake  chan struct{}
	end   chan bool // to end it: true properly, false in the middle of an event
}

func frameOf(number int, kind string, data []byte) string {
	return fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", number, kind, data)
}

// openStream begins after the last event that the node saw, if it names one; else with the next.
func (plane *plane) openStream(id, lastEventID string, fault *fault) *stream {
	opened := &stream{node: id, wake: make(chan struct{}, 1), end: make(chan bool, 1)}
	plane.world.mu.Lock()
	defer plane.world.mu.Unlock()
	plane.streamsMu.Lock()
	defer plane.streamsMu.Unlock()
	last, err := strconv.Atoi(lastEventID)
	node := plane.world.Nodes[id]
	if node != nil {
		if greeting := fault.greeting(node.NextEvent); greeting != "" {
			opened.queue = append(opened.queue, greeting)
			node.NextEvent++
		}
	}
	if err == nil && node != nil {
		for _, event := range node.Events {
			if event.Number > last {
				opened.queue = append(opened.queue, event.Frame)
			}
		}
	}
	opened.wake <- struct{}{}
	plane.streams[opened] = true
	return opened
}

func (plane *plane) closeStream(closed *stream) {
	plane.streamsMu.Lock()
	defer plane.streamsMu.Unlock()
	delete(plane.streams, closed)
}

func (plane *plane) takeQueue(stream *stream) []string {
	plane.streamsMu.Lock()
	defer plane.streamsMu.Unlock()
	queue := stream.queue
	stream.queue = nil
	return queue
}

// push puts a frame on the open streams of a node and counts them; the caller holds the world's
// mutex.
func (plane *plane) push(id, frame string) (count int) {
	plane.streamsMu.Lock()
	defer plane.streamsMu.Unlock()
	for stream := range plane.streams {
		if stream.node != id {
			continue
		}
		count++
		stream.queue = append(stream.queue, frame)
		select {
		case stream.wake <- struct{}{}:
		default:
		}
	}
	return count
}

// pushEvent numbers an event and stores it; the caller holds the world's mutex.
func (plane *plane) pushEvent(node *node, envelope *envelope) {
	data, err := json.Marshal(envelope)
	fatal(err)
	frame := frameOf(node.NextEvent, envelope.EventType, data)
	node.Events = append(node.Events, oldEvent{node.NextEvent, frame})
	if len(node.Events) > eventsKept {
		node.Events = append([]oldEvent{}, node.Events[len(node.Events)-eventsKept:]...)
	}
	node.NextEvent++
	plane.push(node.ID, frame)
}

// endStreams ends the streams of a node, or all, well or not.
func (plane *plane) endStreams(id string, well bool) {
	plane.streamsMu.Lock()
	defer plane.streamsMu.Unlock()
	for stream := range plane.streams {
		if id == "" || stream.node == id {
			stream.end <- well
			delete(plane.streams, stream)
		}
	}
}

func (plane *plane) openStreams() int {
	plane.streamsMu.Lock()
	defer plane.streamsMu.Unlock()
	return len(plane.streams)
}

func streamHeader(writer http.ResponseWriter) {
	writer.Header().Set("Content-Type", "text/event-stream")
	writer.Header().Set("Cache-Control", "no-store")
	writer.WriteHeader(http.StatusOK)
	writer.(http.Flusher).Flush()
}

func send(writer http.ResponseWriter, text string) {
	writer.Write([]byte(text))
	writer.(http.Flusher).Flush()
}

func (plane *plane) events(
	writer http.ResponseWriter, request *http.Request, id string, fault *fault) {
	stream := plane.openStream(id, request.Header.Get("Last-Event-ID"), fault)
	defer plane.closeStream(stream)
	streamHeader(writer)
	ping := time.NewTicker(plane.ping)
	defer ping.Stop()
	for {
		select {
		case <-stream.wake:
			for _, frame := range plane.takeQueue(stream) {
				send(writer, frame)
			}
		case <-ping.C:
			send(writer, ": ping\n\n")
		case well := <-stream.end:
			if well {
				return
			}
			send(writer, "id: 999999\ndata: {\"event_type\":\"peer_rem")
			panic(http.ErrAbortHandler)
		case <-request.Context().Done():
			return
		}
	}
}
