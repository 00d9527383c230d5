package apptest

import (
	"fmt"
	"sync"

	"qianshao/internal/platform/seal"
)

// keyPair is what a process made once.
type keyPair struct{ private, public, wrapped string }

var (
	keysMu sync.Mutex
	keys   = map[string]keyPair{}
)

// sameKey is the n-th key pair of every World of this process that was made under the secret: wrapping four keys
// under passphrases took most of the time that building a World took.
func sameKey(n int, suite string, s seal.Secret) (keyPair, error) {
	keysMu.Lock()
	defer keysMu.Unlock()
	name := fmt.Sprintf("%d %s %s %s", n, suite, s.Passphrase, s.File)
	if k, ok := keys[name]; ok {
		return k, nil
	}
	private, public, err := seal.NewKey(suite)
	if err != nil {
		return keyPair{}, err
	}
	wrapped, err := seal.Wrap(private, s)
	if err != nil {
		return keyPair{}, err
	}
	keys[name] = keyPair{private, public, wrapped}
	return keys[name], nil
}

// Unlock puts an organ's key on the ring, as its custodian does with the passphrase, which is slow on purpose.
func (w *World) Unlock(organs ...string) {
	w.T.Helper()
	for _, name := range organs {
		u := w.Units[name]
		w.App.Custody.Ring.Unlock(u.ID.String(), w.private[u.ID.Key])
	}
}
