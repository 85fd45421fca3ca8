// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"
)

// signedPart is the part of an envelope that the signature covers, as encoding/json writes it.
type signedPart struct {
	EventType string          `json:"event_type"`
	EventID   string          `json:"event_id"`
	IssuedAt  time.Time       `json:"issued_at"`
	Nonce     string          `json:"nonce"`
	Payload   json.RawMessage `json:"payload"`
}

type envelope struct {
	signedPart
	Signature string `json:"signature,omitempty"`
}

// signingKeys are the seeds of the keys; the public ones are what nodes get to see.
type signingKeys struct {
	Current  []byte    `json:"current"`
	Previous []byte    `json:"previous,omitempty"`
	Expires  time.Time `json:"expires"`
}

func newSeed() []byte {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	return seed
}

func publicKeyOf(seed []byte) string {
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	return base64.StdEncoding.EncodeToString(public)
}

func newNonce() string {
	nonce := make([]byte, 16)
	rand.Read(nonce)
	return hex.EncodeToString(nonce)
}

// wire is the form that state documents and signing_key_rotated have.
func (keys *signingKeys) wire() map[string]any {
	wire := map[string]any{"current": publicKeyOf(keys.Current)}
	if keys.Previous != nil {
		wire["previous"] = publicKeyOf(keys.Previous)
		wire["transition_expires"] = keys.Expires
	}
	return wire
}

// sign makes the envelope; `how` is "" or a kind of wrong signature.
func (keys *signingKeys) sign(part signedPart, how string) (*envelope, error) {
	message, err := json.Marshal(part)
	if err != nil {
		return nil, err
	}
	seed := keys.Current
	switch how {
	case "missing":
		return &envelope{signedPart: part}, nil
	case "foreign":
		seed = newSeed()
	case "previous":
		if seed = keys.Previous; seed == nil {
			return nil, errors.New("there is no previous key")
		}
	case "forged":
		message = append(message, ' ')
	case "":
	default:
		return nil, errors.New("signature: forged, foreign, previous or missing")
	}
	signature := ed25519.Sign(ed25519.NewKeyFromSeed(seed), message)
	return &envelope{part, base64.StdEncoding.EncodeToString(signature)}, nil
}
