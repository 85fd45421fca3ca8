// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
)

// front is where nodes connect. It can go away and come back at the same addresses.
type front struct {
	handler   http.Handler
	tls       *tls.Config // nil: plain HTTP
	addresses []string    // with their ports, once known
	mu        sync.Mutex
	listeners []net.Listener
	conns     map[net.Conn]bool
}

// trackingListener knows the connections that are open, so that all can be broken at once.
type trackingListener struct {
	net.Listener
	front *front
}

type trackedConn struct {
	net.Conn
	front *front
}

func (listener trackingListener) Accept() (net.Conn, error) {
	conn, err := listener.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tracked := &trackedConn{conn, listener.front}
	listener.front.mu.Lock()
	listener.front.conns[tracked] = true
	listener.front.mu.Unlock()
	return tracked, nil
}

func (conn *trackedConn) Close() error {
	conn.front.mu.Lock()
	delete(conn.front.conns, conn)
	conn.front.mu.Unlock()
	return conn.Conn.Close()
}

// receiveBytes is small, so that a sender to a slow reader has to wait for it.
const receiveBytes = 256 << 10

func listenOnly(address string) (net.Listener, error) {
	config := net.ListenConfig{Control: func(network, address string, conn syscall.RawConn) error {
		var err error
		controlErr := conn.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(
				int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, receiveBytes)
		})
		if controlErr != nil {
			return controlErr
		}
		return err
	}}
	return config.Listen(context.Background(), "tcp", address)
}

func (front *front) open(addresses []string) error {
	front.mu.Lock()
	defer front.mu.Unlock()
	front.addresses = nil
	front.conns = map[net.Conn]bool{}
	for _, address := range addresses {
		listener, err := listenOnly(address)
		if err != nil {
			return err
		}
		front.listeners = append(front.listeners, listener)
		front.addresses = append(front.addresses, listener.Addr().String())
		go front.serve(trackingListener{listener, front})
	}
	return nil
}

// serve speaks HTTP/1.1 only: HTTP/2 would not let a fault take over its connection.
func (front *front) serve(listener net.Listener) {
	server := &http.Server{
		Handler:      front.handler,
		ErrorLog:     log.New(io.Discard, "", 0),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	if front.tls != nil {
		listener = tls.NewListener(listener, front.tls)
	}
	server.Serve(listener)
}

func (front *front) close() {
	front.mu.Lock()
	listeners, conns := front.listeners, front.conns
	front.listeners, front.conns = nil, map[net.Conn]bool{}
	front.mu.Unlock()
	for _, listener := range listeners {
		listener.Close()
	}
	for conn := range conns {
		conn.(*trackedConn).Conn.Close()
	}
}

func (front *front) connections() int {
	front.mu.Lock()
	defer front.mu.Unlock()
	return len(front.conns)
}

func (front *front) urls() []string {
	scheme := "http://"
	if front.tls != nil {
		scheme = "https://"
	}
	urls := []string{}
	for _, address := range front.addresses {
		urls = append(urls, scheme+address)
	}
	return urls
}
