package custody

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"path"
	"strings"

	"qianshao/internal/access"
	"qianshao/internal/fault"
	"qianshao/internal/flow"
	"qianshao/internal/id"
	"qianshao/internal/ledger"
	"qianshao/internal/platform/blob"
	"qianshao/internal/platform/db"
	"qianshao/internal/platform/seal"
)

// Take keeps what was sealed elsewhere about a matter, in the transaction that makes the matter. keys are the ids of those
// it is sealed to, with spaces between.
func (k *Keeper) Take(ctx context.Context, tx *ledger.Tx, matter id.Key, what, suite, keys string, sealed []byte) error {
	return tx.Insert(ctx, envelopeTable, tx.NewKey(), matter, what, suite, keys, sealed, int64(tx.Now()))
}

// Reseal closes what a matter holds to another organ and the one above that, in place of those it was sealed to: whoever
// it does not belong to any more can open it no more (D13).
func (k *Keeper) Reseal(ctx context.Context, tx *ledger.Tx, matter id.Key, what string, plain []byte, organ access.Unit) error {
	publics, names, err := k.recipients(ctx, tx, organ)
	if err != nil {
		return err
	}
	sealed, err := seal.Seal(plain, publics...)
	if err != nil {
		return err
	}
	var key id.Key
	var at int64
	if err := tx.Row(ctx, `SELECT id, at FROM envelopes WHERE city_id = $1 AND matter_id = $2 AND what = $3 ORDER BY id DESC LIMIT 1`, matter, what).Scan(&key, &at); err != nil {
		return err
	}
	return tx.Update(ctx, envelopeTable, key, matter, what, seal.Of(publics...), names, sealed, at)
}

// Burn leaves nothing of what is sealed about a matter: the rows stay, and are empty.
func (k *Keeper) Burn(ctx context.Context, tx *ledger.Tx, matter id.Key) error {
	_, err := emptyEnvelopes(ctx, tx, matter)
	return err
}

// ResealFile is Reseal for a content: it makes another one beside it, and returns the name it lies under. The actor is one
// who may open the first.
func (k *Keeper) ResealFile(ctx context.Context, r db.Reader, who access.Actor, m flow.Matter, stored string, organ access.Unit) (string, error) {
	privates, err := k.keysFor(ctx, r, who, m)
	if err != nil {
		return "", err
	}
	publics, _, err := k.recipients(ctx, r, organ)
	if err != nil {
		return "", err
	}
	raw, err := k.Files.Get(stored)
	if errors.Is(err, blob.ErrAltered) {
		return stored, nil // lost or spoilt on its way: whoever takes a file away must not keep the letter back with it
	}
	if err != nil {
		return "", err
	}
	defer raw.Close()
	plain, err := seal.Reader(raw, privates...)
	if err != nil {
		return "", altered(err)
	}
	w, err := k.Files.Create()
	if err != nil {
		return "", err
	}
	defer w.Discard()
	sealed, err := seal.Writer(w, publics...)
	if err != nil {
		return "", err
	}
	if _, err := io.Copy(sealed, plain); err != nil {
		return "", err
	}
	if err := sealed.Close(); err != nil {
		return "", err
	}
	name, _, err := w.Commit()
	return name, err
}

// Content is a file that came with a letter: what the letter says of it, and where its sealed bytes lie.
type Content struct {
	Stored string
	Name   string
	Size   int64
	Digest string // SHA-256 of the contents, hex
}

// Attach keeps a letter's content as a file of the matter that was entered from it, under a name that says nothing of who
// handed it in. It is sealed as the letter is by now, and to the same keys.
func (k *Keeper) Attach(ctx context.Context, tx *ledger.Tx, letter id.Key, m flow.Matter, name string, c Content) error {
	var suite, keys string
	if err := tx.Row(ctx, `SELECT suite, keys FROM envelopes WHERE city_id = $1 AND matter_id = $2 AND what = $3 ORDER BY id DESC LIMIT 1`, letter, Letter).Scan(&suite, &keys); err != nil {
		return err
	}
	ending := strings.ToLower(path.Ext(c.Name))
	if _, ok := types[ending]; !ok {
		ending = ".bin" // kept and handed out as it came, and shown by nothing
	}
	return tx.Insert(ctx, fileTable, tx.NewKey(), m.ID.Key, m.Root, name+ending, "", c.Size, seal.Padded(c.Size), c.Stored, c.Digest, suite, keys, tx.Today(), tx.Actor.Person)
}

// ReadContent opens a content that came with a letter, for whoever may open the letter: an act before anything is shown.
// which finds it in what the letter says.
func (k *Keeper) ReadContent(ctx context.Context, who access.Actor, matter id.ID, what string, which func(r db.Reader, m flow.Matter, plain []byte) (Content, error)) (File, io.ReadCloser, error) {
	var f File
	var c Content
	var privates []string
	_, err := k.Ledger.Write(ctx, who, matter.City, func(tx *ledger.Tx) (ledger.Act, error) {
		m, err := flow.Get(ctx, tx, who, matter.Key)
		if err != nil {
			return ledger.Act{}, err
		}
		if m.Kind != Letter {
			return ledger.Act{}, fault.Hidden()
		}
		plain, err := k.Reveal(ctx, tx, who, m, what)
		if err != nil {
			return ledger.Act{}, err
		}
		if c, err = which(tx, m, plain); err != nil {
			return ledger.Act{}, err
		}
		f = File{Name: c.Name, Size: c.Size, stored: c.Stored}
		privates, err = k.keysFor(ctx, tx, who, m)
		return ledger.Act{Action: "file.read", Organ: m.Organ, Matter: m.ID, Params: map[string]any{"content": c.Stored}}, err
	})
	if err != nil {
		return f, nil, err
	}
	return k.read(f, c.Digest, privates)
}

// read opens a sealed content.
func (k *Keeper) read(f File, digest string, privates []string) (File, io.ReadCloser, error) {
	if k.Files == nil {
		return f, nil, fault.New(fault.Unavailable, "file.nowhere")
	}
	f.Type = types[strings.ToLower(path.Ext(f.Name))].mime
	if f.Type == "" {
		f.Type = "application/octet-stream"
	}
	raw, err := k.Files.Get(f.stored)
	if errors.Is(err, blob.ErrAltered) {
		return f, nil, altered(err)
	}
	if err != nil {
		return f, nil, err
	}
	open, err := seal.Reader(raw, privates...)
	if err != nil {
		return f, nil, errors.Join(altered(err), raw.Close())
	}
	return f, &opened{Closer: raw, plain: bufio.NewReaderSize(io.LimitReader(open, f.Size), heldBack), left: f.Size, sum: sha256.New(), digest: digest}, nil
}
