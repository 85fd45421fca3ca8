// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"sync"
	"time"
)

const eventsKept = 1000

type node struct {
	ID         string     `json:"id"`
	Token      string     `json:"token"`
	Hostname   string     `json:"hostname,omitempty"`
	PublicKey  string     `json:"public_key"`
	MeshIP     string     `json:"mesh_ip"`
	Endpoint   string     `json:"endpoint"`
	AllowedIPs []string   `json:"allowed_ips"`
	Keepalive  int        `json:"persistent_keepalive"`
	Document   []byte     `json:"document,omitempty"` // nil: the full mesh
	Events     []oldEvent `json:"events,omitempty"`
	NextEvent  int        `json:"next_event"`
	orders     orders
}

// oldEvent can be sent again to a node that missed it.
type oldEvent struct {
	Number int    `json:"number"`
	Frame  string `json:"frame"`
}

type orders struct {
	Reconcile  bool `json:"reconcile"`
	RotateKeys bool `json:"rotate_keys"`
}

type peer struct {
	ID         string   `json:"id"`
	PublicKey  string   `json:"public_key"`
	MeshIP     string   `json:"mesh_ip"`
	Endpoint   string   `json:"endpoint"`
	AllowedIPs []string `json:"allowed_ips"`
	PSK        string   `json:"psk"`
	Keepalive  int      `json:"persistent_keepalive,omitempty"`
}

// world holds the nodes and the keys. Its mutex guards nodes too.
type world struct {
	mu        sync.Mutex
	Nodes     map[string]*node `json:"nodes"`
	Keys      signingKeys      `json:"keys"`
	NextNode  int              `json:"next_node"`
	PSKSecret []byte           `json:"psk_secret,omitempty"` // nil: no preshared keys
	path      string
}

func newWorld(path string, psk bool) (*world, error) {
	world := &world{Nodes: map[string]*node{}, NextNode: 1, path: path}
	world.Keys.Current = newSeed()
	if psk {
		world.PSKSecret = newSeed()
	}
	if path == "" {
		return world, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return world, nil
	}
	if err == nil {
		err = json.Unmarshal(text, world)
	}
	return world, err
}

// save is called after each change, with the mutex held.
func (world *world) save() {
	if world.path == "" {
		return
	}
	text, err := json.Marshal(world)
	fatal(err)
	fatal(os.WriteFile(world.path+".new", text, 0o600))
	fatal(os.Rename(world.path+".new", world.path))
}

func (world *world) publicKey() string {
	world.mu.Lock()
	defer world.mu.Unlock()
	return publicKeyOf(world.Keys.Current)
}

func (world *world) addNode(id string) *node {
	added := &node{ID: id, Token: "token-" + id, NextEvent: 1}
	added.MeshIP = fmt.Sprintf("10.99.%d.%d", world.NextNode/250, world.NextNode%250+1)
	world.NextNode++
	world.Nodes[id] = added
	return added
}

func (world *world) nodeWithKey(publicKey string) *node {
	for _, node := range world.Nodes {
		if node.PublicKey == publicKey {
			return node
		}
	}
	return nil
}

func (world *world) sortedIDs() []string {
	ids := []string{}
	for id := range world.Nodes {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

func (world *world) psk(a, b string) string {
	if world.PSKSecret == nil {
		return ""
	}
	if a > b {
		a, b = b, a
	}
	sum := sha256.Sum256([]byte(string(world.PSKSecret) + a + "\x00" + b))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// peerFor is how `viewer` is to see `seen`.
func (world *world) peerFor(viewer, seen *node) peer {
	allowed := seen.AllowedIPs
	if allowed == nil {
		allowed = []string{seen.MeshIP} // without a length it is the host alone
	}
	return peer{seen.ID, seen.PublicKey, seen.MeshIP, seen.Endpoint, allowed,
		world.psk(viewer.ID, seen.ID), seen.Keepalive}
}

func (world *world) peersFor(viewer *node) []peer {
	peers := []peer{}
	for _, id := range world.sortedIDs() {
		if seen := world.Nodes[id]; seen != viewer && seen.PublicKey != "" {
			peers = append(peers, world.peerFor(viewer, seen))
		}
	}
	return peers
}

func (world *world) documentFor(viewer *node) []byte {
	if viewer.Document != nil {
		return viewer.Document
	}
	text, _ := json.Marshal(map[string]any{
		"peers":        world.peersFor(viewer),
		"signing_keys": world.Keys.wire(),
	})
	return text
}

// rotate returns the envelope that announces it, signed by the old key.
func (world *world) rotate(keep time.Duration) (*envelope, error) {
	next := signingKeys{Current: newSeed()}
	if keep > 0 {
		next.Previous, next.Expires = world.Keys.Current, time.Now().Add(keep).UTC()
	}
	payload, err := json.Marshal(next.wire())
	if err != nil {
		return nil, err
	}
	part := signedPart{"signing_key_rotated", "rotation-" + newNonce(), time.Now().UTC(),
		newNonce(), payload}
	envelope, err := world.Keys.sign(part, "")
	if err == nil {
		world.Keys = next
	}
	return envelope, err
}
