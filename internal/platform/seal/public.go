package seal

import (
	"errors"

	"filippo.io/age"
)

// Public is the public half of a private key.
func Public(private string) (string, error) {
	k, err := age.ParseHybridIdentity(private)
	if err != nil {
		return "", errors.New("seal: a private key can't be read")
	}
	return k.Recipient().String(), nil
}
