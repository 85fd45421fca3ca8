// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// adminHandler is the interface for tests; main.go describes it.
type adminHandler struct {
	plane *plane
	front *front
}

type adminAction func(handler *adminHandler, request *http.Request, body []byte) (any, error)

var adminActions = map[string]adminAction{
	"GET nodes":       (*adminHandler).listNodes,
	"POST orders":     (*adminHandler).setOrders,
	"POST events":     (*adminHandler).sendEvent,
	"POST announce":   (*adminHandler).announce,
	"POST raw":        (*adminHandler).sendRaw,
	"POST rotate":     (*adminHandler).rotate,
	"POST cut":        (*adminHandler).cut,
	"POST end":        (*adminHandler).cut,
	"POST faults":     (*adminHandler).addFault,
	"DELETE faults":   (*adminHandler).clearFaults,
	"POST down":       (*adminHandler).goDown,
	"POST up":         (*adminHandler).comeUp,
	"GET requests":    (*adminHandler).listRequests,
	"GET counters":    (*adminHandler).listCounters,
	"DELETE counters": (*adminHandler).clearCounters,
}

func (handler *adminHandler) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	if len(body) == 0 && request.Method == http.MethodPost {
		body = []byte("{}")
	}
	parts := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	var value any
	var err error
	if parts[0] == "nodes" && len(parts) > 1 {
		value, err = handler.serveNode(request.Method, parts[1:], body)
	} else if action := adminActions[request.Method+" "+parts[0]]; action != nil {
		value, err = action(handler, request, body)
	} else {
		err = errors.New("there is no such action")
	}
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	if document, ok := value.([]byte); ok {
		writer.Write(document)
		return
	}
	reply(writer, http.StatusOK, value)
}

// lock holds the world while an action runs, and saves it after that.
func (handler *adminHandler) lock() func() {
	world := handler.plane.world
	world.mu.Lock()
	return func() {
		world.save()
		world.mu.Unlock()
	}
}

func (handler *adminHandler) serveNode(method string, parts []string, body []byte) (any, error) {
	defer handler.lock()()
	world, id := handler.plane.world, parts[0]
	node := world.Nodes[id]
	what := method
	if len(parts) > 1 {
		what += " " + parts[1]
	}
	if node == nil && what != "PUT" {
		return nil, fmt.Errorf("%s: there is no such node", id)
	}
	switch what {
	case "PUT":
		if node == nil {
			node = world.addNode(id)
		}
		changed := *node
		if err := json.Unmarshal(body, &changed); err != nil {
			return nil, err
		}
		changed.ID = id
		*node = changed
	case "DELETE":
		delete(world.Nodes, id)
	case "GET state":
		return world.documentFor(node), nil
	case "PUT state":
		node.Document = body
	case "DELETE state":
		node.Document = nil
	default:
		return nil, errors.New("there is no such action")
	}
	return node, nil
}

func (handler *adminHandler) listNodes(request *http.Request, body []byte) (any, error) {
	defer handler.lock()()
	return handler.plane.world.Nodes, nil
}

func (handler *adminHandler) setOrders(request *http.Request, body []byte) (any, error) {
	defer handler.lock()()
	var wish struct {
		Node string `json:"node"`
		orders
	}
	if err := strictly(body, &wish); err != nil {
		return nil, err
	}
	node := handler.plane.world.Nodes[wish.Node]
	if node == nil {
		return nil, errors.New("there is no such node")
	}
	node.orders = wish.orders
	return true, nil
}

// nodesOf finds the nodes with these ids, or all.
func (handler *adminHandler) nodesOf(ids []string) ([]*node, error) {
	world := handler.plane.world
	if ids == nil {
		ids = world.sortedIDs()
	}
	nodes := []*node{}
	for _, id := range ids {
		if world.Nodes[id] == nil {
			return nil, fmt.Errorf("%s: there is no such node", id)
		}
		nodes = append(nodes, world.Nodes[id])
	}
	return nodes, nil
}

func (handler *adminHandler) sendEvent(request *http.Request, body []byte) (any, error) {
	defer handler.lock()()
	var wish struct {
		Nodes     []string        `json:"nodes"`
		EventType string          `json:"event_type"`
		EventID   string          `json:"event_id"`
		IssuedAt  *time.Time      `json:"issued_at"`
		OffsetS   float64         `json:"offset_s"`
		Nonce     *string         `json:"nonce"`
		Payload   json.RawMessage `json:"payload"`
		Signature string          `json:"signature"`
	}
	if err := strictly(body, &wish); err != nil {
		return nil, err
	}
	nodes, err := handler.nodesOf(wish.Nodes)
	if err != nil {
		return nil, err
	}
	part := signedPart{wish.EventType, wish.EventID, time.Now().UTC(), newNonce(), wish.Payload}
	if part.EventID == "" {
		part.EventID = "event-" + newNonce()
	}
	if part.Payload == nil {
		part.Payload = json.RawMessage("{}")
	}
	if wish.IssuedAt != nil {
		part.IssuedAt = *wish.IssuedAt
	}
	part.IssuedAt = part.IssuedAt.Add(time.Duration(wish.OffsetS * float64(time.Second)))
	if wish.Nonce != nil {
		part.Nonce = *wish.Nonce
	}
	envelope, err := handler.plane.world.Keys.sign(part, wish.Signature)
	if err != nil {
		return nil, err
	}
	for _, node := range nodes {
		handler.plane.pushEvent(node, envelope)
	}
	return envelope, nil
}

func (handler *adminHandler) announce(request *http.Request, body []byte) (any, error) {
	defer handler.lock()()
	var wish struct {
		EventType string `json:"event_type"`
		Node      string `json:"node"`
	}
	if err := strictly(body, &wish); err != nil {
		return nil, err
	}
	world := handler.plane.world
	about := world.Nodes[wish.Node]
	if about == nil && wish.EventType != "peer_removed" {
		return nil, errors.New("there is no such node")
	}
	for _, id := range world.sortedIDs() {
		viewer := world.Nodes[id]
		if id == wish.Node {
			continue
		}
		var payload any = map[string]string{"peer_id": wish.Node}
		if wish.EventType != "peer_removed" {
			payload = world.peerFor(viewer, about)
		}
		text, err := json.Marshal(payload)
		if err != nil {
			return nil, err
		}
		part := signedPart{wish.EventType, "event-" + newNonce(), time.Now().UTC(),
			newNonce(), text}
		envelope, err := world.Keys.sign(part, "")
		if err != nil {
			return nil, err
		}
		handler.plane.pushEvent(viewer, envelope)
	}
	return true, nil
}

func (handler *adminHandler) sendRaw(request *http.Request, body []byte) (any, error) {
	defer handler.lock()()
	var wish struct {
		Nodes []string `json:"nodes"`
		Text  string   `json:"text"`
	}
	if err := strictly(body, &wish); err != nil {
		return nil, err
	}
	nodes, err := handler.nodesOf(wish.Nodes)
	if err != nil {
		return nil, err
	}
	count := 0
	for _, node := range nodes {
		count += handler.plane.push(node.ID, wish.Text)
	}
	return count, nil
}

func (handler *adminHandler) rotate(request *http.Request, body []byte) (any, error) {
	defer handler.lock()()
	var wish struct {
		KeepS    float64 `json:"keep_s"`
		Announce bool    `json:"announce"`
	}
	if err := strictly(body, &wish); err != nil {
		return nil, err
	}
	world := handler.plane.world
	envelope, err := world.rotate(time.Duration(wish.KeepS * float64(time.Second)))
	if err != nil {
		return nil, err
	}
	if wish.Announce {
		for _, id := range world.sortedIDs() {
			handler.plane.pushEvent(world.Nodes[id], envelope)
		}
	}
	return world.Keys.wire(), nil
}

func (handler *adminHandler) cut(request *http.Request, body []byte) (any, error) {
	var wish struct {
		Node string `json:"node"`
	}
	if err := strictly(body, &wish); err != nil {
		return nil, err
	}
	handler.plane.endStreams(wish.Node, request.URL.Path == "/end")
	return true, nil
}

func (handler *adminHandler) addFault(request *http.Request, body []byte) (any, error) {
	added := &fault{}
	if err := strictly(body, added); err != nil {
		return nil, err
	}
	return true, handler.plane.faults.add(added)
}

func (handler *adminHandler) clearFaults(request *http.Request, body []byte) (any, error) {
	handler.plane.faults.clear()
	return true, nil
}

func (handler *adminHandler) goDown(request *http.Request, body []byte) (any, error) {
	handler.front.close()
	return true, nil
}

func (handler *adminHandler) comeUp(request *http.Request, body []byte) (any, error) {
	handler.front.close()
	return true, handler.front.open(handler.front.addresses)
}

func (handler *adminHandler) listRequests(request *http.Request, body []byte) (any, error) {
	query := request.URL.Query()
	return handler.plane.journal.snapshot(query.Get("endpoint"), query.Get("node")), nil
}

func (handler *adminHandler) listCounters(request *http.Request, body []byte) (any, error) {
	return map[string]any{
		"requests":    handler.plane.journal.snapshotCounts(),
		"streams":     handler.plane.openStreams(),
		"connections": handler.front.connections(),
	}, nil
}

func (handler *adminHandler) clearCounters(request *http.Request, body []byte) (any, error) {
	handler.plane.journal.clear()
	return true, nil
}
