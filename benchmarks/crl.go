// The question of crl.py asked through Go's crypto/x509: is leaf.pem in list.crl, and is the list signed by issuing.pem?
package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"time"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func certificate(name string) *x509.Certificate {
	data, err := os.ReadFile(name)
	check(err)
	block, _ := pem.Decode(data)
	found, err := x509.ParseCertificate(block.Bytes)
	check(err)
	return found
}

func main() {
	leaf, issuer := certificate("leaf.pem"), certificate("issuing.pem")
	data, err := os.ReadFile("list.crl")
	check(err)
	begin := time.Now()
	list, err := x509.ParseRevocationList(data)
	check(err)
	check(list.CheckSignatureFrom(issuer))
	status := "good"
	for _, entry := range list.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(leaf.SerialNumber) == 0 {
			status = "revoked"
		}
	}
	answer := map[string]any{"seconds": time.Since(begin).Seconds(), "status": status}
	check(json.NewEncoder(os.Stdout).Encode(answer))
}
