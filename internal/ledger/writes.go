package ledger

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"qianshao/internal/id"
)

// rowSum stands for a row's name while a tenant is verified: made with a salt of this run, so that nobody can have
// prepared two names of one sum. A tenant has tens of millions of rows, and this is what is held of each of them.
type rowSum [16]byte

// written says what the newest entry that wrote a row left there, and which entry it is.
type written struct {
	digest  [16]byte
	at, seq int64
	log     uint32 // in writes.logs
}

// writes is every covered row as the logs say it is.
type writes struct {
	salt [16]byte
	logs []id.Key
	last map[rowSum]written
	also map[rowSum][]written // what was written at the same instant before that
	buf  []byte
}

func newWrites() writes {
	w := writes{last: map[rowSum]written{}, also: map[rowSum][]written{}}
	_, _ = rand.Read(w.salt[:]) // never fails
	return w
}

func (w *writes) sum(row string) rowSum {
	w.buf = append(append(w.buf[:0], w.salt[:]...), row...)
	h := sha256.Sum256(w.buf)
	return rowSum(h[:16])
}

// digestOf reads a row's digest. One that is none fits no row.
func (w *writes) digestOf(s string) (d [16]byte) {
	if n, err := base64.RawURLEncoding.Decode(w.room(base64.RawURLEncoding.DecodedLen(len(s))), []byte(s)); err == nil && n == len(d) {
		return [16]byte(w.buf[:n])
	}
	return w.sum(s)
}

func (w *writes) room(n int) []byte {
	w.buf = slices.Grow(w.buf[:0], n)[:n]
	return w.buf
}

func (w *writes) add(r Row, log id.Key, a storedAct) {
	if n := len(w.logs); n == 0 || w.logs[n-1] != log {
		w.logs = append(w.logs, log)
	}
	k := w.sum(r.Key)
	now := written{w.digestOf(r.Digest), a.at, a.seq, uint32(len(w.logs) - 1)} // #nosec G115 -- a tenant has thousands of logs
	old, known := w.last[k]
	switch {
	case known && old.at > now.at:
		return
	case known && old.at == now.at:
		w.also[k] = append(w.also[k], old)
	case known:
		delete(w.also, k)
	}
	w.last[k] = now
}

// take says which entry wrote a row last and whether the row is as it, or another of the same instant, left it; and
// crosses the row off.
func (w *writes) take(row, digest string) (last written, known, fits bool) {
	k, d := w.sum(row), w.digestOf(digest)
	if last, known = w.last[k]; !known {
		return last, false, false
	}
	fits = last.digest == d || slices.ContainsFunc(w.also[k], func(x written) bool { return x.digest == d })
	delete(w.last, k)
	delete(w.also, k)
	return last, true, fits
}

type untaken struct {
	row rowSum
	written
}

// rest are the rows that were not crossed off, by the entries that wrote them.
func (w *writes) rest() []untaken {
	out := make([]untaken, 0, len(w.last))
	for k, x := range w.last {
		out = append(out, untaken{k, x})
	}
	slices.SortFunc(out, func(a, b untaken) int {
		return cmp.Or(cmp.Compare(w.logs[a.log], w.logs[b.log]), cmp.Compare(a.seq, b.seq))
	})
	return out
}
