package seal

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"
)

// Suites: how things are sealed. The name is stored with every key and every sealed object; a name never changes its meaning.
const (
	Age = "age-pq-1" // age's form: X25519 with ML-KEM-768, ChaCha20-Poly1305
	SM  = "sm-pq-1"  // our own form: SM2 with ML-KEM-768, SM3, SM4-GCM
)

// Suites lists them, the one of a deployment that chose none first.
func Suites() []string { return []string{Age, SM} }

// NewKey makes a key pair of a suite.
func NewKey(suite string) (private, public string, err error) {
	switch suite {
	case Age:
		k, err := age.GenerateHybridIdentity()
		if err != nil {
			return "", "", err
		}
		return k.String(), k.Recipient().String(), nil
	case SM:
		return FromSeed(SM, random(keyLen))
	}
	return "", "", unknown(suite)
}

func unknown(suite string) error { return fmt.Errorf("seal: no suite is called %q", suite) }

// FromSeed is the key pair of 32 secret bytes: the same each time, so that whoever can derive the bytes again needs to keep
// no key.
func FromSeed(suite string, seed []byte) (private, public string, err error) {
	switch suite {
	case Age:
		k, err := age.ParseHybridIdentity(bech32("AGE-SECRET-KEY-PQ-", seed))
		if err != nil {
			return "", "", fmt.Errorf("seal: a seed of %d bytes: %w", len(seed), err)
		}
		return k.String(), k.Recipient().String(), nil
	case SM:
		k, err := smFromSeed(seed)
		if err != nil {
			return "", "", err
		}
		return k.text(), k.public(), nil
	}
	return "", "", unknown(suite)
}

// Public is the public half of a private key.
func Public(text string) (string, error) {
	k, err := parsePrivate(text)
	switch {
	case err != nil:
		return "", errors.New("seal: a private key can't be read")
	case k.sm != nil:
		return k.sm.public(), nil
	}
	return k.age.Recipient().String(), nil
}

// Of is the suite of what is sealed to these public keys: SM as soon as one of them is of it, so that contents are never
// under less than a reader's rules ask for. The others find the content's key sealed to them in their own way.
func Of(publics ...string) string {
	if slices.ContainsFunc(publics, func(p string) bool { return strings.HasPrefix(p, smPublicPrefix) }) {
		return SM
	}
	return Age
}

// OfSealed is the suite that a sealed object is in.
func OfSealed(b []byte) string {
	if strings.HasPrefix(string(b[:min(len(b), len(smHead))]), smHead) {
		return SM
	}
	return Age
}

// public and private are keys as they were read: one of the two.
type public struct {
	age age.Recipient
	sm  *smPublic
}

type private struct {
	age *age.HybridIdentity
	sm  *smPrivate
}

func parsePublic(text string) (public, error) {
	if strings.HasPrefix(text, smPublicPrefix) {
		k, err := parseSMPublic(text)
		return public{sm: &k}, err
	}
	k, err := age.ParseHybridRecipient(text)
	return public{age: k}, err
}

func parsePrivate(text string) (private, error) {
	if strings.HasPrefix(text, smPrivatePrefix) {
		k, err := parseSMPrivate(text)
		return private{sm: &k}, err
	}
	k, err := age.ParseHybridIdentity(text)
	return private{age: k}, err
}
