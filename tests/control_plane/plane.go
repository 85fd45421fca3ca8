// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	requestBytesMax = 64 << 20
	gzipFrom        = 1024
)

// plane answers nodes.
type plane struct {
	world     *world
	joinToken string
	ping      time.Duration
	faults    faults
	journal   journal
	streamsMu sync.Mutex
	streams   map[*stream]bool
}

func newPlane(world *world, joinToken string, ping time.Duration) *plane {
	return &plane{world: world, joinToken: joinToken, ping: ping, streams: map[*stream]bool{}}
}

// route splits the path: the endpoint, "" if there is none, and the node's id.
func route(request *http.Request) (endpoint, id string) {
	parts := strings.Split(request.URL.EscapedPath(), "/")
	if len(parts) == 3 && parts[1] == "v1" && parts[2] == "register" {
		return "register", ""
	}
	if len(parts) != 5 || parts[1] != "v1" || parts[2] != "nodes" {
		return "", ""
	}
	id, err := url.PathUnescape(parts[3])
	if err != nil {
		return "", ""
	}
	return parts[4], id
}

func (plane *plane) serve(writer http.ResponseWriter, request *http.Request) {
	endpoint, id := route(request)
	fault := plane.faults.take(endpoint, id)
	body, _ := io.ReadAll(io.LimitReader(fault.reader(request), requestBytesMax))
	entry := plane.journal.begin(endpoint, id, request, body)
	answer := &recorder{ResponseWriter: writer, entry: entry, journal: &plane.journal}
	if fault != nil {
		plane.journal.note(entry, fault.Mode)
		if !fault.apply(answer, request) {
			return
		}
	}
	plane.answer(fault.writer(answer, request), request, endpoint, id, body, fault)
}

func refuse(writer http.ResponseWriter, status int) {
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(status)
	fmt.Fprintf(writer, "{\"error\":%q}\n", http.StatusText(status))
}

func reply(writer http.ResponseWriter, status int, value any) {
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(status)
	json.NewEncoder(writer).Encode(value)
}

// permit returns the status of an attempt to act as that node; 200 if it may.
func (plane *plane) permit(request *http.Request, id string) int {
	token := strings.TrimPrefix(request.Header.Get("Authorization"), "Bearer ")
	plane.world.mu.Lock()
	defer plane.world.mu.Unlock()
	known := false
	for _, node := range plane.world.Nodes {
		known = known || node.Token == token
	}
	node := plane.world.Nodes[id]
	switch {
	case node != nil && node.Token == token:
		return http.StatusOK
	case !known:
		return http.StatusUnauthorized
	case node == nil:
		return http.StatusNotFound
	default:
		return http.StatusForbidden
	}
}

func (plane *plane) answer(
	writer http.ResponseWriter, request *http.Request, endpoint, id string, body []byte,
	fault *fault) {
	methods := map[string]string{"state": "GET", "events": "GET", "drift": "POST",
		"heartbeat": "POST", "register": "POST"}
	if methods[endpoint] == "" {
		refuse(writer, http.StatusNotFound)
		return
	}
	if methods[endpoint] != request.Method {
		refuse(writer, http.StatusMethodNotAllowed)
		return
	}
	if endpoint == "register" {
		plane.register(writer, body)
		return
	}
	if status := plane.permit(request, id); status != http.StatusOK {
		refuse(writer, status)
		return
	}
	switch endpoint {
	case "state":
		plane.state(writer, request, id)
	case "events":
		plane.events(writer, request, id, fault)
	case "drift":
		plane.drift(writer, body)
	case "heartbeat":
		plane.heartbeat(writer, id, body)
	}
}

func (plane *plane) document(id string) []byte {
	plane.world.mu.Lock()
	defer plane.world.mu.Unlock()
	if node := plane.world.Nodes[id]; node != nil {
		return plane.world.documentFor(node)
	}
	return []byte(`{"peers":[]}`)
}

func (plane *plane) state(writer http.ResponseWriter, request *http.Request, id string) {
	document := plane.document(id)
	sum := sha256.Sum256(document)
	etag := fmt.Sprintf("\"%x\"", sum[:8])
	header := writer.Header()
	header.Set("ETag", etag)
	if request.Header.Get("If-None-Match") == etag {
		writer.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", "application/json")
	if len(document) >= gzipFrom &&
		strings.Contains(request.Header.Get("Accept-Encoding"), "gzip") {
		var packed bytes.Buffer
		zip := gzip.NewWriter(&packed)
		zip.Write(document)
		zip.Close()
		document = packed.Bytes()
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Length", fmt.Sprint(len(document)))
	writer.Write(document)
}

// strictly reads JSON that has these members and no others.
func strictly(body []byte, value any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	return decoder.Decode(value)
}

func (plane *plane) drift(writer http.ResponseWriter, body []byte) {
	var report struct {
		Timestamp   time.Time `json:"timestamp"`
		Corrections []struct {
			Type   string `json:"type"`
			Detail string `json:"detail"`
		} `json:"corrections"`
	}
	if err := strictly(body, &report); err != nil || len(report.Corrections) == 0 {
		refuse(writer, http.StatusBadRequest)
		return
	}
	writer.WriteHeader(http.StatusNoContent)
}

func (plane *plane) heartbeat(writer http.ResponseWriter, id string, body []byte) {
	var heartbeat struct {
		NodeID    string    `json:"node_id"`
		Timestamp time.Time `json:"timestamp"`
		Status    string    `json:"status"`
		Uptime    string    `json:"uptime"`
		Mesh      struct {
			Interface  string `json:"interface"`
			PeerCount  int    `json:"peer_count"`
			ListenPort int    `json:"listen_port"`
		} `json:"mesh"`
	}
	err := strictly(body, &heartbeat)
	if err == nil {
		_, err = time.ParseDuration(heartbeat.Uptime)
	}
	if err != nil || heartbeat.NodeID != id {
		refuse(writer, http.StatusBadRequest)
		return
	}
	plane.world.mu.Lock()
	node := plane.world.Nodes[id]
	answer := node.orders
	node.orders = orders{}
	plane.world.mu.Unlock()
	reply(writer, http.StatusOK, answer)
}

func (plane *plane) register(writer http.ResponseWriter, body []byte) {
	var wish struct {
		Token     string `json:"token"`
		PublicKey string `json:"public_key"`
		Hostname  string `json:"hostname"`
	}
	if err := strictly(body, &wish); err != nil {
		refuse(writer, http.StatusBadRequest)
		return
	}
	if wish.Token != plane.joinToken {
		refuse(writer, http.StatusUnauthorized)
		return
	}
	key, err := base64.StdEncoding.DecodeString(wish.PublicKey)
	if err != nil || len(key) != 32 {
		refuse(writer, http.StatusBadRequest)
		return
	}
	world := plane.world
	world.mu.Lock()
	node := world.nodeWithKey(wish.PublicKey)
	if node == nil {
		node = world.addNode(fmt.Sprintf("node-%d", world.NextNode))
		node.Token = "secret-" + newNonce()
		node.PublicKey, node.Hostname = wish.PublicKey, wish.Hostname
		world.save()
	}
	answer := map[string]any{
		"node_id":            node.ID,
		"mesh_ip":            node.MeshIP,
		"signing_public_key": publicKeyOf(world.Keys.Current),
		"node_secret_key":    node.Token,
		"peers":              world.peersFor(node),
	}
	world.mu.Unlock()
	reply(writer, http.StatusCreated, answer)
}
