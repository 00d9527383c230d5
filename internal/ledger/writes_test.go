package ledger

import "testing"

// Of several entries that wrote a row the newest counts, and at one instant any of them.
func TestWrites(t *testing.T) {
	one, two, three := Digest([]any{1}), Digest([]any{2}), Digest([]any{3})
	type put struct {
		digest string
		at     int64
	}
	for _, c := range []struct {
		name        string
		puts        []put
		is          string
		known, fits bool
		seq         int64
	}{
		{"never written", nil, one, false, false, 0},
		{"as written", []put{{one, 5}}, one, true, true, 0},
		{"as it was before", []put{{one, 5}, {two, 6}}, one, true, false, 1},
		{"as the newer one left it", []put{{one, 5}, {two, 6}}, two, true, true, 1},
		{"the older one read later, in another log", []put{{two, 6}, {one, 5}}, two, true, true, 0},
		{"the first of one instant", []put{{one, 5}, {two, 5}}, one, true, true, 1},
		{"the last of one instant", []put{{one, 5}, {two, 5}}, two, true, true, 1},
		{"none of one instant", []put{{one, 5}, {two, 5}}, three, true, false, 1},
		{"one instant, and written again", []put{{one, 5}, {two, 5}, {three, 6}}, one, true, false, 2},
		{"a digest that is none", []put{{"~", 5}}, one, true, false, 0},
		{"a digest cut short", []put{{one[:21], 5}}, one, true, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWrites()
			for i, p := range c.puts {
				w.add(Row{"units/A", p.digest}, "L", storedAct{seq: int64(i), at: p.at})
			}
			got, known, fits := w.take("units/A", c.is)
			if known != c.known || fits != c.fits || known && got.seq != c.seq {
				t.Errorf("known %v, fits %v, entry %d", known, fits, got.seq)
			}
			if n := len(w.rest()) + len(w.also); n != 0 {
				t.Errorf("%d are left", n)
			}
		})
	}
}
