package id

import (
	"bytes"
	"testing"
)

func TestKeyHoldsItsInstant(t *testing.T) {
	m := Random()
	for _, micros := range []int64{0, 1_000, 1_789_000_000_123_000, 4_102_444_800_000_000} {
		k := m.New(micros)
		if !ValidKey(k) {
			t.Fatalf("made an invalid key %q", k)
		}
		if got := Micros(k); got != micros {
			t.Errorf("Micros(%s) = %d, want %d", k, got, micros)
		}
	}
}

func TestKeysSortByTime(t *testing.T) {
	m := Random()
	last := ""
	for i := int64(0); i < 1000; i++ {
		k := m.New(1_700_000_000_000_000 + i*1000)
		if k <= last {
			t.Fatalf("%s after %s", k, last)
		}
		last = k
	}
}

func TestParse(t *testing.T) {
	k := Random().New(1_700_000_000_000_000)
	good := ID{42, k}
	got, err := Parse(good.String())
	if err != nil || got != good {
		t.Fatalf("Parse(%s) = %v, %v", good, got, err)
	}
	for _, s := range []string{"", ".", "1.", "." + k, "0." + k, "01." + k, "-1." + k, "+1." + k, "1." + k + "A", "1." + k[1:],
		"1.8" + k[1:], "1." + string(bytes.ToLower([]byte(k))), "99999999999999999999." + k, "1.2." + k, " 1." + k, "1.../../etc/passwd0000000000"} {
		if v, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", s, v)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1.01J0000000000000000000000A")
	f.Add("1.")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err == nil && v.String() != s {
			t.Fatalf("Parse(%q).String() = %q", s, v)
		}
	})
}

func TestFixedSeedRepeats(t *testing.T) {
	a, b := From(bytes.NewReader(make([]byte, 100))), From(bytes.NewReader(make([]byte, 100)))
	if a.New(5000) != b.New(5000) {
		t.Error("same source, different keys")
	}
}
