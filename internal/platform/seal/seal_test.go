package seal

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"qianshao/internal/fault"
)

func TestSealToTwo(t *testing.T) {
	a, pa, err := NewKey(Age)
	if err != nil {
		t.Fatal(err)
	}
	b, pb, _ := NewKey(Age)
	c, _, _ := NewKey(Age)
	sealed, err := Seal([]byte("举报人：某某"), pa, pb)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{a, b} {
		got, err := Open(sealed, k)
		if err != nil || string(got) != "举报人：某某" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if _, err := Open(sealed, c); err == nil {
		t.Error("a third key opened it")
	}
	sealed[len(sealed)-3] ^= 1
	if _, err := Open(sealed, a); err == nil {
		t.Error("a flipped bit went unnoticed")
	}
	if _, err := Seal([]byte("x")); fault.Code(err) != "key.none" {
		t.Errorf("without a key: %v", err)
	}
}

func TestPad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "b")
		p := pad(b)
		if int64(len(p)) != Padded(int64(len(b))) || len(p) > 256 && float64(len(p)) > float64(len(b)+8)*1.07 {
			t.Fatalf("%d padded to %d", len(b), len(p))
		}
		if got, err := unpad(p); err != nil || !bytes.Equal(got, b) {
			t.Fatal(err)
		}
	})
}

func TestRingForgets(t *testing.T) {
	now := time.Unix(0, 0)
	r := NewRing(time.Minute, func() time.Time { return now })
	r.Unlock("o", "k")
	now = now.Add(50 * time.Second)
	if _, err := r.Keys("o"); err != nil {
		t.Error(err)
	}
	now = now.Add(50 * time.Second)
	if !r.Unlocked("o") {
		t.Error("use did not keep it")
	}
	now = now.Add(61 * time.Second)
	if _, err := r.Keys("o"); fault.Code(err) != "key.locked" {
		t.Errorf("idle: %v", err)
	}
	r.Unlock("o", "k")
	r.Lock("o")
	if r.Unlocked("o") {
		t.Error("locked is locked")
	}
}

// What goes on by itself while a key is unlocked keeps it unlocked no longer.
func TestHeldIsNoUse(t *testing.T) {
	now := time.Date(2026, 10, 12, 9, 0, 0, 0, time.UTC)
	r := NewRing(time.Minute, func() time.Time { return now })
	if _, ok := r.Held("county"); ok || len(r.Organs()) > 0 {
		t.Error("a key that nobody unlocked")
	}
	r.Unlock("county", "a key")
	now = now.Add(50 * time.Second)
	if ks, ok := r.Held("county"); !ok || len(ks) != 1 || len(r.Organs()) == 0 {
		t.Errorf("%v %v", ks, ok)
	}
	now = now.Add(20 * time.Second)
	if _, ok := r.Held("county"); ok {
		t.Error("it is held though nobody used it for longer than that")
	}
	if _, err := r.Keys("county"); err == nil {
		t.Error("looking at it kept it unlocked")
	}
}
