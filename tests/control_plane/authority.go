// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func authorityPath(directory string) string {
	return filepath.Join(directory, "ca.pem")
}

func authorityKeyPath(directory string) string {
	return filepath.Join(directory, "ca.key")
}

// hostsOf returns the hosts of a certificate.
func hostsOf(addresses []string, override string) []string {
	if override != "" {
		return strings.Split(override, ",")
	}
	hosts := []string{"localhost"}
	for _, address := range addresses {
		host, _, err := net.SplitHostPort(address)
		if err == nil {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

func certificateTemplate(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * 365 * time.Hour),
	}
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

func makeAuthority(directory string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := certificateTemplate("plexwg test authority")
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	if err := writePEM(authorityKeyPath(directory), "EC PRIVATE KEY", keyDER); err != nil {
		return err
	}
	return writePEM(authorityPath(directory), "CERTIFICATE", der)
}

func loadAuthority(directory string) (tls.Certificate, *x509.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(authorityPath(directory), authorityKeyPath(directory))
	if err != nil {
		return pair, nil, err
	}
	certificate, err := x509.ParseCertificate(pair.Certificate[0])
	return pair, certificate, err
}

func serverTLS(directory string, hosts []string) (*tls.Config, error) {
	if _, err := os.Stat(authorityPath(directory)); errors.Is(err, os.ErrNotExist) {
		if err := makeAuthority(directory); err != nil {
			return nil, err
		}
	}
	authority, parent, err := loadAuthority(directory)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificateTemplate("plexwg test control plane")
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(
		rand.Reader, template, parent, key.Public(), authority.PrivateKey)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	}, nil
}
