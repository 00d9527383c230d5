package likeness

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode"

	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/seal"
	"qianshao/internal/platform/text"
)

// slots are how many of a text's smallest fingerprints a print holds; gram is how many characters each is of.
const (
	slots = 64
	gram  = 3
	bands = 32
	rows  = slots / bands
)

// Print is what is kept of a letter to find others like it: whom it is about, and what of its text is the least under each
// of many orders, all of it keyed. Nothing of the letter can be read from it.
type Print struct {
	Who  uint64 // 0: it does not say
	Text [slots]uint32
	Some bool // the text is long enough to be compared
}

// orders mix a fingerprint into as many orders of all fingerprints.
var orders = func() (m [slots]uint64) {
	x := uint64(0x9e3779b97f4a7c15)
	for i := range m {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		m[i] = x | 1
	}
	return m
}()

// of makes the print of a letter.
func of(l envelope.Letter, d seal.Derived) Print {
	var p Print
	unit := bare(l.Unit)
	if !l.UnitID.Zero() {
		unit = l.UnitID.String() // chosen from the directory: the same however it is called
	}
	// A name tells somebody better than a post, which people call by many words.
	switch name := bare(l.Subject); {
	case unit != "" && name != "":
		p.Who = d.Sum("name\x00" + unit + "\x00" + name)
	case unit != "" && bare(l.Post) != "":
		p.Who = d.Sum("post\x00" + unit + "\x00" + bare(l.Post))
	}
	words := []rune(bare(l.Text + l.Only))
	for i := range p.Text {
		p.Text[i] = math.MaxUint32
	}
	for i := 0; i+gram <= len(words); i++ {
		p.Some = p.Some || i >= 8
		s := d.Sum("text\x00" + string(words[i:i+gram]))
		for k, m := range orders {
			p.Text[k] = min(p.Text[k], uint32((s*m)>>32))
		}
	}
	return p
}

// bare is a text's letters and digits in one form.
func bare(s string) string {
	var out []rune
	for _, r := range text.Fold(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			out = append(out, r)
		}
	}
	return string(out)
}

// alike is how much of two texts is the same, from 0 to 1.
func (p Print) alike(o Print) float64 {
	if !p.Some || !o.Some {
		return 0
	}
	same := 0
	for i := range p.Text {
		if p.Text[i] == o.Text[i] {
			same++
		}
	}
	return float64(same) / slots
}

const size = 8 + 1 + 4*slots

func (p Print) bytes() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, size), p.Who)
	if p.Some {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	for _, t := range p.Text {
		b = binary.BigEndian.AppendUint32(b, t)
	}
	return b
}

func parse(b []byte) (p Print, err error) {
	if len(b) != size {
		return p, errors.New("likeness: no print")
	}
	p.Who, p.Some = binary.BigEndian.Uint64(b), b[8] == 1
	for i := range p.Text {
		p.Text[i] = binary.BigEndian.Uint32(b[9+4*i:])
	}
	return p, nil
}
