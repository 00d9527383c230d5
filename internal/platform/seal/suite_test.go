package seal

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"qianshao/internal/fault"
)

func pair(tb testing.TB, suite string) (private, public string) {
	tb.Helper()
	private, public, err := NewKey(suite)
	if err != nil {
		tb.Fatal(err)
	}
	if again, err := Public(private); err != nil || again != public {
		tb.Fatalf("%s: the public half is %q, %v", suite, again, err)
	}
	return private, public
}

func sealed(tb testing.TB, plain []byte, publics ...string) []byte {
	tb.Helper()
	var b bytes.Buffer
	w, err := Writer(&b, publics...)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func readAll(b []byte, privates ...string) ([]byte, error) {
	r, err := Reader(bytes.NewReader(b), privates...)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// Both suites: what is sealed opens for its keys and no other; every changed bit and every missing or additional byte is
// noticed.
func TestSuites(t *testing.T) {
	plain := []byte("举报人：某某，电话：略")
	for _, suite := range Suites() {
		t.Run(suite, func(t *testing.T) {
			mine, public := pair(t, suite)
			other, _ := pair(t, suite)
			b := sealed(t, plain, public)
			if Of(public) != suite || OfSealed(b) != suite {
				t.Errorf("%s %s", Of(public), OfSealed(b))
			}
			if got, err := readAll(b, other, mine); err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%q %v", got, err)
			}
			if _, err := readAll(b, other); err == nil {
				t.Error("another key opened it")
			}
			for i := range b {
				for bit := range 8 {
					if i < len(b)-100 && i > 100 && (i+bit)%8 != 0 {
						continue // each byte of the long middle, ML-KEM's, by one bit
					}
					b[i] ^= 1 << bit
					if got, err := readAll(b, mine); err == nil {
						t.Fatalf("bit %d of byte %d changed, and %q was read", bit, i, got)
					}
					b[i] ^= 1 << bit
				}
			}
			for n := range b {
				if _, err := readAll(b[:n], mine); err == nil {
					t.Fatalf("cut to %d of %d bytes, and read", n, len(b))
				}
			}
			if _, err := readAll(append(bytes.Clone(b), 0), mine); err == nil {
				t.Error("a byte behind the end went unnoticed")
			}
		})
	}
}

// Lengths around chunks, written in odd pieces: read back whole; cut between chunks, or two chunks changed over, refused.
func TestChunks(t *testing.T) {
	mine, public := pair(t, SM)
	plain := make([]byte, 3*chunkLen)
	for i := range plain {
		plain[i] = byte(i * 7 / 5)
	}
	for _, n := range []int{0, 1, chunkLen - 1, chunkLen, chunkLen + 1, 2 * chunkLen, 3*chunkLen - 5} {
		var b bytes.Buffer
		w, err := Writer(&b, public)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < n; at += 40_001 {
			if _, err := w.Write(plain[at:min(n, at+40_001)]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte{1}); err == nil {
			t.Error("written to after its end")
		}
		if got, err := readAll(b.Bytes(), mine); err != nil || !bytes.Equal(got, plain[:n]) {
			t.Errorf("%d bytes: %d read, %v", n, len(got), err)
		}
	}
	b := sealed(t, plain, public)
	head := len(b) - 3*(chunkLen+tagLen)
	chunk := func(i int) []byte { return b[head+i*(chunkLen+tagLen) : head+(i+1)*(chunkLen+tagLen)] }
	for name, bad := range map[string][]byte{
		"the last left out": b[:len(b)-chunkLen-tagLen],
		"changed over":      bytes.Join([][]byte{b[:head], chunk(1), chunk(0), chunk(2)}, nil),
		"one twice":         bytes.Join([][]byte{b[:head], chunk(0), chunk(0), chunk(1), chunk(2)}, nil),
		"an end in between": bytes.Join([][]byte{b[:head], chunk(0), chunk(2)}, nil),
	} {
		if _, err := readAll(bad, mine); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

// While one organ has changed over and the one above has not: one object, both open it, and it is of the new suite.
func TestSuitesSideBySide(t *testing.T) {
	sm, smPub := pair(t, SM)
	ag, agPub := pair(t, Age)
	stranger, _ := pair(t, Age)
	for _, to := range [][]string{{smPub, agPub}, {agPub, smPub}} {
		b, err := Seal([]byte("x"), to...)
		if err != nil {
			t.Fatal(err)
		}
		if Of(to...) != SM || OfSealed(b) != SM {
			t.Error("not of the suite that it is said to be of")
		}
		for _, k := range []string{sm, ag} {
			if got, err := Open(b, k); err != nil || string(got) != "x" {
				t.Errorf("%v", err)
			}
		}
		if _, err := Open(b, stranger); err == nil {
			t.Error("a third key opened it")
		}
	}
	// A key of each on the ring, as after changing over: both old and new objects are read.
	for _, to := range []string{smPub, agPub} {
		b, err := Seal([]byte("x"), to)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(b, sm, ag); err != nil {
			t.Errorf("%v", err)
		}
	}
}

// One part for two people can't hold two keys: a head made up so that each would read something else is refused.
func TestOneContentsForAll(t *testing.T) {
	a, aPub := pair(t, SM)
	_, bPub := pair(t, SM)
	b := sealed(t, []byte("x"), aPub, bPub)
	c := sealed(t, []byte("x"), aPub, bPub)
	one := 3 + sm2Sealed + 1088
	at := len(smHead) + 1 + one // the second part
	copy(b[at:at+one], c[at:at+one])
	if _, err := readAll(b, a); err == nil {
		t.Error("another's part was changed, and nobody noticed")
	}
}

// Keys grow from their seed alone, and a character changed in a key is no key.
func TestKeysOfSeed(t *testing.T) {
	for _, suite := range Suites() {
		seed := bytes.Repeat([]byte{7}, 32)
		a, pa, err := FromSeed(suite, seed)
		if err != nil {
			t.Fatal(err)
		}
		b, pb, err := FromSeed(suite, seed)
		if err != nil || a != b || pa != pb {
			t.Errorf("%s: another key, %v", suite, err)
		}
		for _, n := range []int{0, 31, 33} {
			if _, _, err := FromSeed(suite, make([]byte, n)); err == nil {
				t.Errorf("%s: %d bytes were taken for a seed", suite, n)
			}
		}
		for i := range a {
			c := []byte(a)
			if c[i] ^= 1; c[i] == a[i] {
				continue
			}
			if got, err := Public(string(c)); err == nil && got == pa {
				t.Errorf("%s: character %d counts for nothing", suite, i)
			}
		}
	}
	if _, _, err := NewKey("rot13"); err == nil {
		t.Error("a suite nobody has")
	}
	if got, err := Writer(io.Discard, smPublicPrefix+"AAAA"); err == nil {
		t.Errorf("%v", got)
	}
}

// A private key of either suite opens with its passphrase, and with its file if it has one, and with nothing less.
func TestWrap(t *testing.T) {
	file := NewFile()
	for _, suite := range Suites() {
		private, _ := pair(t, suite)
		for _, s := range []Secret{{Passphrase: "一句很长的口令 2026"}, {Passphrase: "一句很长的口令 2026", File: file}} {
			name := fmt.Sprint(suite, " file: ", s.File != nil)
			w, err := Wrap(private, s)
			if err != nil {
				t.Fatal(name, err)
			}
			if NeedsFile(w) != (s.File != nil) {
				t.Error(name, "does not say whether it needs one")
			}
			if got, err := Unwrap(w, s); err != nil || got != private {
				t.Error(name, err)
			}
			for what, bad := range map[string]Secret{"another passphrase": {"别的口令别的口令别的", s.File}, "none": {"", s.File}, "another file": {s.Passphrase, NewFile()}, "no file": {s.Passphrase, nil}} {
				if s.File == nil && (what == "another file" || what == "no file") {
					continue
				}
				if _, err := Unwrap(w, bad); fault.Code(err) != "invalid" {
					t.Errorf("%s, %s: %v", name, what, err)
				}
			}
		}
		// A mark that was taken off leaves a key that the passphrase alone does not open.
		w, err := Wrap(private, Secret{"一句很长的口令 2026", file})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Unwrap(w[len(withFile):], Secret{Passphrase: "一句很长的口令 2026"}); err == nil {
			t.Error(suite, "opened without its file")
		}
	}
	if _, err := Wrap("x", Secret{"一句很长的口令 2026", make([]byte, LeastFile-1)}); fault.Code(err) != "invalid" {
		t.Errorf("a file that can be guessed: %v", err)
	}
}

// What isn't sealed is refused, whatever it is, and takes no memory that it does not bring.
func FuzzReader(f *testing.F) {
	mine, public := pair(f, SM)
	f.Add(sealed(f, []byte("x"), public))
	f.Add([]byte(smHead + "\x01\x01\xff\xff"))
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := readAll(b, mine); err == nil && string(got) != "x" {
			t.Errorf("%q was read", got)
		}
	})
}

func BenchmarkSuites(b *testing.B) {
	for _, suite := range Suites() {
		private, public := pair(b, suite)
		for _, n := range []int{1 << 10, 1 << 20, 16 << 20} {
			plain := make([]byte, n)
			c := sealed(b, plain, public, public)
			b.Run(fmt.Sprintf("%s/seal/%d", suite, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				for b.Loop() {
					w, err := Writer(io.Discard, public, public)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := w.Write(plain); err != nil {
						b.Fatal(err)
					}
					if err := w.Close(); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("%s/open/%d", suite, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				for b.Loop() {
					r, err := Reader(bytes.NewReader(c), private)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := io.Copy(io.Discard, r); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
