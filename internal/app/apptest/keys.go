package apptest

import (
	"fmt"
	"sync"

	"qianshao/internal/platform/seal"
)

// keyPair is what a process made once.
type keyPair struct{ public, wrapped string }

var (
	keysMu sync.Mutex
	keys   = map[string]keyPair{}
)

// sameKey is the n-th key pair of every World of this process that was made under the passphrase: wrapping four keys
// under passphrases took most of the time that building a World took.
func sameKey(n int, passphrase string) (public, wrapped string, err error) {
	keysMu.Lock()
	defer keysMu.Unlock()
	name := fmt.Sprintf("%d %s", n, passphrase)
	if k, ok := keys[name]; ok {
		return k.public, k.wrapped, nil
	}
	private, public, err := seal.NewKey()
	if err != nil {
		return "", "", err
	}
	if wrapped, err = seal.Wrap(private, passphrase); err != nil {
		return "", "", err
	}
	keys[name] = keyPair{public, wrapped}
	return public, wrapped, nil
}
